"""Two versions of a module: what kind of change lies between them.

Most of a module does not change, and its trees are large: they are walked side by side, into what differs as written
and nowhere else.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from tree_sitter import Node

from preview_core.analysis import refresh
from preview_core.analysis.forms import Form, form, pieces, significant, unwrapped
from preview_core.analysis.syntax import TYPED, captures, fault, mismatch, module, text

_CLASSES = frozenset({"className", "class"})
# What helps to write class names: their strings are some.
_CLASS_HELPERS = frozenset({"cn", "clsx", "cx", "classNames", "classnames", "twMerge", "twJoin", "cva", "tv"})
_TEXTS = frozenset({"text", "string", "string_fragment"})
_ELEMENTS = frozenset({"jsx_element"})
_USED = "[(identifier) (shorthand_property_identifier)] @used"
# Words as deep as this are no program, and Python's stack is finite.
_DEEPEST = 150


class Version:
    """One content of a module."""

    def __init__(self, path: str, content: bytes) -> None:
        self.path = path
        self.root = module(path, content)

    @cached_property
    def fault(self) -> int | None:
        """The line (from 1) that no compiler takes; None: nothing speaks against it."""
        line = fault(self.root)
        return mismatch(self.path, self.root) if line is None else line

    @cached_property
    def statements(self) -> list[Node]:
        return [node for node in self.root.named_children if node.type != "comment"]

    @cached_property
    def facts(self) -> refresh.Facts:
        return refresh.facts(self.path, self.root)

    @cached_property
    def forms(self) -> tuple[Form, ...]:
        return tuple(self.forms_of(self.statements))

    def forms_of(self, statements: Iterable[Node]) -> Iterator[Form]:
        """In a typed module an import that only types use is none."""
        for node in statements:
            found = form(node)
            if found is not None and node.type == "import_statement" and TYPED.fullmatch(self.path):
                found = self._imported(found)
            if found is not None:
                yield found

    @cached_property
    def _used(self) -> frozenset[str]:
        """Names outside of imports. Those of types are another kind of node."""
        imports = [node for node in self.statements if node.type == "import_statement"]
        spans = [(node.start_byte, node.end_byte) for node in imports]
        found = captures(self.path, self.root, _USED).get("used", ())
        return frozenset(
            text(node) for node in found if not any(start <= node.start_byte < end for start, end in spans)
        )

    def _imported(self, found: Form) -> Form | None:
        clause = next((one for one in found if isinstance(one, tuple) and one[0] == "import_clause"), None)
        if clause is None:
            return found
        kept = [one for one in _bindings(clause) if one[0] in self._used]
        return ("import_statement", *kept, found[-1]) if kept else None


def _bindings(clause: Form) -> Iterator[tuple[str, Form]]:
    """(local name, what of a module it is) of an import."""
    for one in clause[1:]:
        if isinstance(one, str):
            yield one, "default"
        elif one[0] == "namespace_import":
            yield one[-1], "*"
        else:
            for specifier in one[1:]:
                yield specifier[-1], specifier[1]


@dataclass(frozen=True)
class Difference:
    """Between two versions that both parse. `kinds`: of `style`, `content`, `structure`; empty: nothing that runs."""

    kinds: frozenset[str]
    remounts: str | None = None  # what loses its state, and why


def compare(old: Version, new: Version) -> Difference:
    """Layout, comments and types are no difference."""
    gone, came = _middle(old.statements, new.statements)
    if len(gone) == len(came) and _imports(gone) == _imports(came):
        kinds = {kind for pair in zip(gone, came, strict=True) for kind in _walk(*pair)}
    else:
        before, after = tuple(old.forms_of(gone)), tuple(new.forms_of(came))
        kinds = set() if before == after else _kinds(before, after)
    return Difference(frozenset(kinds), refresh.remounts(old.facts, new.facts) if kinds else None)


def _middle(old: Sequence[Node], new: Sequence[Node]) -> tuple[Sequence[Node], Sequence[Node]]:
    """Without the statements that both begin and end with."""
    if _imports(old) != _imports(new):
        return old, new  # whether an import counts depends on all of the module
    start = 0
    while start < min(len(old), len(new)) and old[start].text == new[start].text:
        start += 1
    end = 0
    while end < min(len(old), len(new)) - start and old[-1 - end].text == new[-1 - end].text:
        end += 1
    return old[start : len(old) - end], new[start : len(new) - end]


def _imports(statements: Sequence[Node]) -> list[bytes | None]:
    return [node.text for node in statements if node.type == "import_statement"]


def _walk(old: Node, new: Node, place: str = "", depth: int = 0) -> Iterator[str]:
    """What kinds of change lie between two nodes. `place`: what they are in, as far as it says what a text is for."""
    if old.text == new.text:
        return
    old, new = unwrapped(old), unwrapped(new)
    pairs = _pairs(old, new) if depth < _DEEPEST else None
    if pairs is None:
        yield from _differences(form(old), form(new), place)
        return
    place = _place(old, new, place)
    for inner, other in pairs:
        if isinstance(inner, Node) and isinstance(other, Node):
            yield from _walk(inner, other, place, depth + 1)
        elif inner != other:
            yield "style" if place else "content"


def _pairs(old: Node, new: Node) -> list[tuple[Node | str, Node | str]] | None:
    """What of two nodes stands in for each other; None where only their forms tell."""
    if old.type != new.type:
        return None
    inside = pieces if old.type in _ELEMENTS else significant
    before, after = inside(old), inside(new)
    if not before or len(before) != len(after):
        return None
    pairs = list(zip(before, after, strict=True))
    return pairs if all(_kind(one) == _kind(other) for one, other in pairs) else None


def _kind(piece: Node | str) -> str:
    return "text" if isinstance(piece, str) else unwrapped(piece).type


def _place(old: Node, new: Node, place: str) -> str:
    if old.type == "jsx_attribute":
        name = text(old.named_children[0])
        if name != text(new.named_children[0]):
            return ""
        return "class" if name in _CLASSES else "style" if name == "style" else ""
    if old.type == "call_expression":
        return _called(text(old.named_children[0]), place)
    return place


def _called(name: str, place: str) -> str:
    """What is called in a style is logic; what joins class names takes class names."""
    return "class" if name in _CLASS_HELPERS else "" if place == "style" else place


def _kinds(before: Sequence[Form], after: Sequence[Form]) -> set[str]:
    if len(before) != len(after):
        return {"structure"}
    return {kind for old, new in zip(before, after, strict=True) for kind in _differences(old, new)}


def _differences(old: Form | None, new: Form | None, place: str = "") -> Iterator[str]:
    """The same of two forms."""
    if old == new:
        return
    if not (isinstance(old, tuple) and isinstance(new, tuple) and old[0] == new[0] and len(old) == len(new)):
        yield "style" if place and _is_literal(old) and _is_literal(new) else "structure"
        return
    kind = old[0]
    if kind in _TEXTS:
        yield "style" if place else "content"
        return
    if kind == "attribute" and old[1] == new[1]:
        place = "class" if old[1] in _CLASSES else "style" if old[1] == "style" else ""
    if kind == "call_expression" and isinstance(old[1], str):
        place = _called(old[1], place)
    for inner, other in zip(old[1:], new[1:], strict=True):
        yield from _differences(inner, other, place)


def _is_literal(given: Form | None) -> bool:
    if isinstance(given, str):
        return re.fullmatch(r"-?[\d.]+\w*", given) is not None
    return given is not None and given[0] in _TEXTS
