"""Who imports whom in a tree, from the sources alone."""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property, lru_cache
from typing import Any

from tree_sitter import Node

from preview_core.analysis.syntax import MODULE, captures, json_value, module, text
from preview_core.filetree import File, FileTree
from preview_core.layout import layout
from preview_core.root import join

_EXTENSIONS = (".mjs", ".js", ".mts", ".ts", ".jsx", ".tsx", ".json")  # Vite's, in its order
STYLE = re.compile(r".+\.(css|scss|sass|less|pcss)", re.IGNORECASE)
_STYLE_EXTENSIONS = (".scss", ".sass", ".css", ".less")
_STYLE_IMPORT = re.compile(
    rb"@(?:import|use|forward|config|plugin|reference|source)\s+(?:url\(\s*)?[\"']?([^\"')\s;]+)|url\(\s*[\"']?([^\"')\s]+)"
)
_PACKAGE = re.compile(r"(@[a-z0-9~][\w.~-]*/)?[a-z0-9~][\w.~-]*", re.IGNORECASE)
# Folders that everybody's alias means, and what the runtime gives every project.
_ALIASES = {"@": "src", "~": "src", "declarations": "../declarations"}
_FETCHED = re.compile(r"[a-z][a-z+.-]*:|//", re.IGNORECASE)
# Of one session a few hundred, of a replica's busy sessions some thousand.
_REMEMBERED = 20_000

_CALLED = re.compile(rb"import\s*[(.]|require\s*\(|URL\s*\(")
_CALLS = """
(call_expression function: (import) arguments: (arguments . (string) @import))
(call_expression function: (identifier) @require (#eq? @require "require") arguments: (arguments . (string) @import))
(new_expression constructor: (identifier) @url (#eq? @url "URL") arguments: (arguments . (string) @import))
(call_expression
  function: (member_expression object: (meta_property) property: (property_identifier) @name (#eq? @name "glob"))
  arguments: (arguments . [(string) @glob (array (string) @glob)]))
"""


@dataclass(frozen=True)
class Imports:
    """What a file asks for, as written."""

    names: frozenset[str]
    globs: frozenset[str] = frozenset()


class _Content:
    """A file's content as a key: by its hash, which a tree has computed already."""

    def __init__(self, file: File) -> None:
        self._file: File | None = file
        self._key = (posixpath.splitext(file.path)[1].lower(), file.sha256)

    def __hash__(self) -> int:
        return hash(self._key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Content) and self._key == other._key

    def take(self) -> File:
        """The file itself, once: what is remembered of it must not hold its content."""
        file, self._file = self._file, None
        if file is None:
            raise RuntimeError("taken before")
        return file


def imports_of(file: File) -> Imports:
    return _imports_of(_Content(file))


@lru_cache(maxsize=_REMEMBERED)
def _imports_of(content: _Content) -> Imports:
    file = content.take()
    if STYLE.fullmatch(file.path):
        found = _STYLE_IMPORT.findall(file.content)
        return Imports(frozenset(name.decode("utf-8", "replace") for pair in found for name in pair if name))
    if not MODULE.fullmatch(file.path):
        return Imports(frozenset())
    root = module(file.path, file.content)
    calls = captures(file.path, root, _CALLS) if _CALLED.search(file.content) else {}
    static = (_source(node) for node in root.named_children)
    return Imports(
        frozenset((*filter(None, static), *(_unquoted(node) for node in calls.get("import", ())))),
        frozenset(_unquoted(node) for node in calls.get("glob", ())),
    )


def _source(statement: Node) -> str | None:
    """Of a static import or export; of types alone none."""
    if statement.type not in {"import_statement", "export_statement"}:
        return None
    source = statement.child_by_field_name("source")
    typed = any(child.type == "type" for child in statement.children)
    return None if source is None or typed else _unquoted(source)


def _unquoted(node: Node) -> str:
    return text(node)[1:-1]


class Graph:
    """The imports of one tree's visible files."""

    def __init__(self, tree: FileTree) -> None:
        self.tree = tree.visible()
        self.layout = layout(tree)
        self.root = self.layout.root
        self._files = frozenset(self.tree)

    @cached_property
    def reached(self) -> frozenset[str]:
        """The files that the page consists of."""
        seen = set(self._starts)
        rest = list(seen)
        while rest:
            for path in self.edges(rest.pop()):
                if path not in seen:
                    seen.add(path)
                    rest.append(path)
        return frozenset(seen)

    @cached_property
    def _starts(self) -> frozenset[str]:
        entry = self.layout.entry
        starts = {join(self.root, name) for name in ("index.html", *((entry,) if entry else ()))}
        return frozenset(starts & self._files)

    @cached_property
    def importers(self) -> dict[str, set[str]]:
        """Of every reached file the reached ones that import it."""
        found: dict[str, set[str]] = {}
        for path in self.reached:
            for imported in self.edges(path):
                found.setdefault(imported, set()).add(path)
        return found

    def edges(self, path: str) -> set[str]:
        """The files that one imports."""
        wanted = imports_of(self.tree[path])
        found = {target for name in wanted.names if (target := self.resolve(name, path)) is not None}
        return found | (self._matching(wanted.globs, path) if wanted.globs else set())

    def _matching(self, patterns: Iterable[str], importer: str) -> set[str]:
        absolute = {_open(found) for pattern in patterns if (found := self._absolute(pattern, importer)) is not None}
        return {path for path in self._files for pattern in absolute if fnmatchcase(path, pattern)} - {importer}

    def missing(self, path: str) -> list[str]:
        """What a file asks for by a path of the project, and is not there."""
        return sorted(
            name
            for name in imports_of(self.tree[path]).names
            if self._absolute(name, path) is not None and self.resolve(name, path) is None
        )

    def packages(self, path: str) -> set[str]:
        """The packages that a module imports."""
        if not MODULE.fullmatch(path):
            return set()
        names = (name for name in imports_of(self.tree[path]).names if self._absolute(name, path) is None)
        return {found for name in names if (found := package_of(name)) is not None}

    def resolve(self, name: str, importer: str) -> str | None:
        """The file of the tree that an import means; None: a package, an address, or nothing."""
        target = self._absolute(name, importer)
        if target is None:
            return None
        if target in self._files:
            return target
        endings = (_STYLE_EXTENSIONS if STYLE.fullmatch(importer) else ()) + _EXTENSIONS
        folder, last = posixpath.split(target)
        candidates = [target, *(target + end for end in endings)]
        candidates += [join(target, f"index{end}") for end in endings]
        candidates += [join(folder, f"_{last}{end}") for end in ("", *_STYLE_EXTENSIONS)]  # Sass' partials
        if target.endswith((".js", ".jsx")):  # TypeScript's way to name a .ts
            stem = posixpath.splitext(target)[0]
            candidates += [f"{stem}.ts", f"{stem}.tsx"]
        return next((one for one in candidates if one in self._files), None)

    def _absolute(self, name: str, importer: str) -> str | None:
        """The tree path that an import by path or alias means, its extension perhaps missing."""
        name = name.partition("?")[0]
        if _FETCHED.match(name) or not name:
            return None
        if name.startswith("."):
            return _inside(posixpath.join(posixpath.dirname(importer), name))
        if name.startswith("/"):
            return _inside(join(self.root, name.lstrip("/")))
        for alias, target in self.aliases.items():
            if name == alias or name.startswith(alias.rstrip("/") + "/"):
                return _inside(join(target, name[len(alias) :].lstrip("/")))
        if STYLE.fullmatch(importer) and not name.startswith("@"):
            # In CSS a bare name is a file beside it; where there is none it may be a package's.
            return _inside(posixpath.join(posixpath.dirname(importer), name))
        return None

    @cached_property
    def aliases(self) -> dict[str, str]:
        """Longest first: name -> folder or file of the tree."""
        found = {name: _inside(join(self.root, target)) for name, target in _ALIASES.items()}
        found |= dict(self._paths())
        usual = {name: target for name, target in found.items() if target is not None}
        return dict(sorted(usual.items(), key=lambda item: -len(item[0])))

    def _paths(self) -> Iterator[tuple[str, str | None]]:
        """What tsconfig and vite.config add."""
        for name in ("tsconfig.json", "jsconfig.json", "tsconfig.app.json"):
            file = self.tree.get(join(self.root, name))
            if file is not None:
                yield from _tsconfig_paths(file.content, self.root)
        for path in self._files:
            if posixpath.dirname(path) == self.root and posixpath.basename(path).startswith("vite.config."):
                yield from _vite_aliases(self.tree[path], self.root)


def package_of(name: str) -> str | None:
    """`@scope/name` of `@scope/name/part`; None for what is no package: `virtual:x`, Node's own modules."""
    found = _PACKAGE.match(name)
    return found[0] if found is not None and name[len(found[0]) :][:1] in {"", "/"} else None


def _inside(path: str) -> str | None:
    normal = posixpath.normpath(path)
    return None if normal.startswith("..") else normal.lstrip("/")


def _open(pattern: str) -> str:
    """`**` is any folders, none of them included; fnmatch's `*` takes slashes too."""
    return pattern.replace("**/", "*")


def _tsconfig_paths(content: bytes, root: str) -> Iterator[tuple[str, str | None]]:
    try:
        value: Any = literal(json_value(content))
        options = value["compilerOptions"]
        base = str(options.get("baseUrl", "."))
        for name, targets in options.get("paths", {}).items():
            if name != "*" and targets:
                yield (
                    name.removesuffix("*").rstrip("/"),
                    _inside(join(root, posixpath.join(base, targets[0])).removesuffix("*")),
                )
    except (AttributeError, KeyError, TypeError, ValueError):
        return  # no such thing in it


def literal(node: Node) -> object:
    """The value of a JSON-like expression. Raises ValueError for anything else."""
    kind, inner = node.type, [child for child in node.named_children if child.type != "comment"]
    if kind in {"program", "expression_statement", "parenthesized_expression"} and len(inner) == 1:
        return literal(inner[0])
    if kind == "object":
        pairs = [[one for one in pair.named_children if one.type != "comment"] for pair in inner]
        return {str(literal(key)): literal(value) for key, value in pairs}
    if kind == "array":
        return [literal(one) for one in inner]
    if kind == "property_identifier":
        return text(node)
    return json.loads(text(node))


_ALIAS_PAIRS = """
(pair key: (property_identifier) @key (#eq? @key "alias") value: (object (pair) @alias))
(pair key: (property_identifier) @key (#eq? @key "alias") value: (array (object) @rule))
"""


def _vite_aliases(file: File, root: str) -> Iterator[tuple[str, str | None]]:
    """Names and the last text in their values: `path.resolve(__dirname, './src')`, `new URL('./src', …)`."""
    tree = module(file.path, file.content)
    found = captures(file.path, tree, _ALIAS_PAIRS)
    for pair in found.get("alias", ()):
        key, value = pair.child_by_field_name("key"), pair.child_by_field_name("value")
        if key is not None and value is not None:
            yield from _alias(text(key).strip("'\""), value, root)
    for rule in found.get("rule", ()):
        pairs = {
            text(pair.named_children[0]): pair.named_children[-1] for pair in rule.named_children if pair.type == "pair"
        }
        if "find" in pairs and "replacement" in pairs and pairs["find"].type == "string":
            yield from _alias(_unquoted(pairs["find"]), pairs["replacement"], root)


def _alias(name: str, value: Node, root: str) -> Iterator[tuple[str, str | None]]:
    texts = list(_strings(value))
    if texts and texts[-1].startswith((".", "/", "src")):
        yield name, _inside(join(root, texts[-1].lstrip("/")))


def _strings(node: Node) -> Iterable[str]:
    if node.type == "string":
        return [_unquoted(node)]
    return [one for child in node.named_children for one in _strings(child)]
