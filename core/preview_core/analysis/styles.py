"""Two versions of a stylesheet: whether they say the same, and whether the new one can be read."""

from __future__ import annotations

import re
from typing import Any

import tinycss2
from tree_sitter import Node

from preview_core.analysis.syntax import fault, scss, text

_PLAIN = re.compile(r".+\.p?css", re.IGNORECASE)
_SASS = re.compile(r".+\.scss", re.IGNORECASE)
MODULE_STYLE = re.compile(r".+\.module\.\w+", re.IGNORECASE)
# Space beside them is layout. Not before a colon: `a :hover` is another element than `a:hover`.
_TIGHT = frozenset("{};,")


def same(path: str, old: bytes, new: bytes) -> bool:
    """Whether only layout and comments differ."""
    if _PLAIN.fullmatch(path):
        return bool(_plain(old) == _plain(new))
    if _SASS.fullmatch(path):
        return bool(_nested(scss(old)) == _nested(scss(new)))
    return old.split() == new.split()  # indentation is what Sass' other syntax consists of; Less is close to CSS


def broken(path: str, content: bytes) -> str | None:
    """Why a stylesheet cannot be compiled, None when nothing speaks against it."""
    if _PLAIN.fullmatch(path):
        return _broken_plain(content.decode("utf-8", "replace"))
    if not _SASS.fullmatch(path):
        return None
    # The grammar wants a semicolon behind the last declaration; Sass does not.
    lines = [fault(scss(content + end)) for end in (b"", b";")]
    return f"line {lines[0]} is not understood" if None not in lines else None


def _broken_plain(content: str) -> str | None:
    values = tinycss2.parse_component_value_list(content)
    error = next((value for value in values if value.type == "error"), None)
    if error is not None:
        return f"line {error.source_line}: {error.message}"
    # CSS closes what is open at its end; compilers refuse it. What the parser added tells.
    written = tinycss2.serialize(values)
    return "a block is not closed" if any(written.count(end) > content.count(end) for end in "}])") else None


def _plain(content: bytes) -> list[Any]:
    return _tokens(tinycss2.parse_component_value_list(content.decode("utf-8", "replace"), skip_comments=True))


def _tokens(values: list[Any]) -> list[Any]:
    found: list[Any] = []
    for value in values:
        if value.type == "comment":
            continue
        if value.type == "whitespace":
            if found and found[-1] != " " and found[-1] not in (";", ",", ":"):
                found.append(" ")
            continue
        mark = _mark(value)
        if found and found[-1] == " " and (mark[0] == "{} block" if isinstance(mark, list) else mark in _TIGHT):
            found.pop()
        if mark == ";" and (not found or found[-1] == ";"):
            continue
        found.append(mark)
    while found and found[-1] in (" ", ";"):
        found.pop()
    return found


def _mark(value: Any) -> Any:
    inner = getattr(value, "content", None) if value.type.endswith("block") else getattr(value, "arguments", None)
    if inner is not None:
        return [value.type, getattr(value, "lower_name", ""), *_tokens(inner)]
    return value.value if value.type in {"literal", "string"} else value.serialize()


def _nested(node: Node) -> Any:
    if node.type.endswith("comment"):
        return None
    if not node.child_count:
        return text(node)
    children = [found for child in node.children if (found := _nested(child)) is not None and found != ";"]
    return (node.type, *children)
