"""Configuration: what of it the preview honours. Everything else is about the build, and no change of the preview."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

from preview_core.analysis.forms import Form, names
from preview_core.analysis.graph import literal
from preview_core.analysis.modules import Version
from preview_core.analysis.syntax import json_value

# `honoured.js` and `viteConfigFile.js` of the runtime.
_HONOURED = frozenset(
    {"alias", "assetsInclude", "css", "define", "envDir", "envPrefix", "esbuild", "json", "publicDir"}
)
# `tsconfig.js` of the runtime.
_OPTIONS = (
    "alwaysStrict",
    "baseUrl",
    "experimentalDecorators",
    "jsxImportSource",
    "paths",
    "target",
    "useDefineForClassFields",
)
_ENTRY = re.compile(r"^\s*(?:export\s+)?([\w.-]+)\s*[=:](.*)$", re.MULTILINE)
_SHOWN = re.compile(r"VITE_|CANISTER_|DFX_")
# As for `layout`: Python's parser of HTML is quadratic on hostile markup.
_MAX_PAGE = 64 * 1024


def vite(path: str, content: bytes | None) -> Any:
    """What counts of a vite.config; the same for the same, whatever else is in it."""
    forms = Version(path, content).forms if content is not None else ()
    pairs = tuple(pair for one in forms for pair in _pairs(one))
    named = {name for pair in pairs for name in names(pair)}
    # What the values are made of: constants and functions beside the configuration.
    beside = [one for one in forms if one[0] not in {"import_statement", "export_statement"}]
    return pairs, tuple(one for one in beside if named.intersection(names(one)) and any(True for _ in _declared(one)))


def _declared(statement: Form) -> Iterator[str]:
    for inner in statement[1:]:
        if isinstance(inner, tuple) and inner[0] == "variable_declarator" and isinstance(inner[1], str):
            yield inner[1]
        elif isinstance(inner, str) and statement[0].endswith("_declaration"):
            yield inner


def _pairs(given: Form) -> Iterator[Form]:
    """The outermost entries with a name that counts."""
    rest = [given]
    while rest:
        one = rest.pop()
        if isinstance(one, str):
            continue
        if one[0] == "pair" and one[1] in _HONOURED:
            yield one
        else:
            rest.extend(reversed(one[1:]))


def tsconfig(content: bytes | None) -> Any:
    """None: there is none, or it cannot be read."""
    if content is None:
        return None
    try:
        value = literal(json_value(content))
    except ValueError:
        return None
    if not isinstance(value, dict):
        return None
    options = value.get("compilerOptions")
    kept = {name: options[name] for name in _OPTIONS if name in options} if isinstance(options, dict) else {}
    return value.get("extends"), value.get("references"), kept


def env(content: bytes | None) -> dict[str, str]:
    """The variables that a page may see."""
    found = _ENTRY.findall((content or b"").decode("utf-8", "replace"))
    return {name: value.strip().strip("'\"") for name, value in found if _SHOWN.match(name)}


def page(content: bytes) -> Any:
    """What of an HTML document is no layout and no comment."""
    if len(content) > _MAX_PAGE:
        return content
    reader = _Page()
    try:
        reader.feed(content.decode("utf-8", "replace"))
        reader.close()
    except AssertionError:
        return content  # the parser's way to refuse a malformed `<![…`
    return reader.found


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[Any] = []
        self._verbatim = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._verbatim = tag in {"pre", "textarea", "script", "style"}
        self.found.append((tag, sorted(attrs, key=str)))

    def handle_endtag(self, tag: str) -> None:
        self._verbatim = False
        self.found.append(tag)

    def handle_data(self, data: str) -> None:
        text = data if self._verbatim else " ".join(data.split())
        if text.strip():
            self.found.append(("text", text))

    def handle_decl(self, decl: str) -> None:
        self.found.append(("declaration", decl.lower()))
