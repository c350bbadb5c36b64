"""Sources as syntax trees, by tree-sitter's grammars: they never fail, and mark what they do not understand."""

from __future__ import annotations

import re
from functools import lru_cache

import tree_sitter_scss
import tree_sitter_typescript
from tree_sitter import Language, Node, Parser, Query, QueryCursor

_TSX = Language(tree_sitter_typescript.language_tsx())
_TYPESCRIPT = Language(tree_sitter_typescript.language_typescript())
_SCSS = Language(tree_sitter_scss.language())

MODULE = re.compile(r".+\.[cm]?[jt]sx?", re.IGNORECASE)
TYPED = re.compile(r".+\.([cm]?ts|tsx)", re.IGNORECASE)
_NO_JSX = re.compile(r".+\.[cm]?ts", re.IGNORECASE)  # `<T>x` is a cast there

_ELEMENTS = "(jsx_element open_tag: (jsx_opening_element) @open close_tag: (jsx_closing_element) @close)"


def module(path: str, content: bytes) -> Node:
    """The root of a JavaScript or TypeScript source."""
    return Parser(_grammar(path)).parse(content).root_node


def captures(path: str, root: Node, pattern: str) -> dict[str, list[Node]]:
    """What a tree-sitter query finds in a module, by the names that it gives."""
    return QueryCursor(_query(_grammar(path), pattern)).captures(root)


@lru_cache
def _query(grammar: Language, pattern: str) -> Query:
    return Query(grammar, pattern)


def _grammar(path: str) -> Language:
    return _TYPESCRIPT if _NO_JSX.fullmatch(path) else _TSX


def json_value(content: bytes) -> Node:
    """The root of a JSON text that may hold comments and trailing commas (tsconfig.json)."""
    return Parser(_TYPESCRIPT).parse(b"(" + content + b"\n)").root_node


def scss(content: bytes) -> Node:
    """The root of a Sass source with braces."""
    return Parser(_SCSS).parse(content).root_node


def fault(root: Node) -> int | None:
    """The line (from 1) of the first thing that is not understood; None when all of it is."""
    if not root.has_error:
        return None
    node = root
    while not (node.is_error or node.is_missing):
        inner = next((child for child in node.children if child.has_error or child.is_error or child.is_missing), None)
        if inner is None:
            break
        node = inner
    return int(node.start_point[0]) + 1


def mismatch(path: str, root: Node) -> int | None:
    """The line (from 1) of the first closing tag that names another element than its opening tag."""
    for _, found in QueryCursor(_query(_grammar(path), _ELEMENTS)).matches(root) if _has_jsx(path) else ():
        opening, closing = found["open"][0], found["close"][0]
        names = [one.child_by_field_name("name") for one in (opening, closing)]
        if len({None if name is None else text(name) for name in names}) > 1:
            return int(closing.start_point[0]) + 1
    return None


def _has_jsx(path: str) -> bool:
    return _NO_JSX.fullmatch(path) is None


def text(node: Node) -> str:
    """As it is written; what is no UTF-8 is replaced."""
    return (node.text or b"").decode("utf-8", "replace")
