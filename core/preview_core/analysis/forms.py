"""What of a module's source means something when it runs: its syntax tree without layout, comments and types.

A form is a leaf's text, or a tuple of its kind and the forms in it. Two sources with equal forms do the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from tree_sitter import Node

from preview_core.analysis.syntax import text

Form = Any  # str | tuple[str, *tuple[Form, ...]]: recursive types of tuples are beyond mypy

# A tree as deep as this was made by no person, and Python's stack is finite: below it the text counts.
_DEEPEST = 150

_TYPES = frozenset(
    {
        "abstract_method_signature",
        "accessibility_modifier",
        "ambient_declaration",
        "asserts_annotation",
        "function_signature",
        "implements_clause",
        "index_signature",
        "interface_declaration",
        "method_signature",
        "override_modifier",
        "type_alias_declaration",
        "type_annotation",
        "type_arguments",
        "type_parameters",
        "type_predicate_annotation",
    }
)
# Around an expression, and nothing when it runs.
_WRAPPERS = frozenset(
    {"as_expression", "non_null_expression", "parenthesized_expression", "satisfies_expression", "type_assertion"}
)
_LAYOUT = frozenset({"(", ")", ";", "readonly", "abstract", "declare"})
_NAME = re.compile(r"[A-Za-z_$][\w$]*")


def form(node: Node, depth: int = 0) -> Form | None:
    """None for what does nothing: a comment, a type, a JSX text of line ends."""
    kind = node.type
    if kind == "comment" or kind in _TYPES:
        return None
    if depth > _DEEPEST:
        return (kind, text(node))
    if kind in _WRAPPERS:
        inner = unwrapped(node)
        return form(inner, depth + 1) if inner.type not in _WRAPPERS else None
    special = _SPECIAL.get(kind)
    if special is not None:
        return special(node, depth)
    if not node.child_count:
        return text(node)
    return (kind, *_children(node, depth))


def unwrapped(node: Node) -> Node:
    """What a node is when it runs: without parentheses and casts."""
    while node.type in _WRAPPERS:
        inner = [child for child in node.named_children if child.type != "comment"]
        if not inner:
            return node
        node = inner[-1 if node.type == "type_assertion" else 0]
    return node


def significant(node: Node) -> list[Node]:
    """The children that do something."""
    found = []
    before = "["
    for child in node.children:
        kind = child.type
        # Of commas only holes say something: `[, a]`.
        skipped = kind in _LAYOUT or kind in _TYPES or (kind == "," and before not in {",", "["})
        if kind != "comment":
            before = kind
            if not skipped:
                found.append(child)
    return found


def _children(node: Node, depth: int) -> list[Form]:
    forms = (form(child, depth + 1) for child in significant(node))
    return [inner for inner in forms if inner is not None]


def _string(node: Node, _: int) -> Form:
    inner = "".join(text(child) for child in node.named_children)
    return ("string", inner.replace("\\'", "'").replace('\\"', '"'))


def _fragment(node: Node, _: int) -> Form:
    return ("string_fragment", text(node))


def _key(node: Node, depth: int) -> Form:
    """`'a': 1` is `a: 1`."""
    children = _children(node, depth)
    if children and isinstance(children[0], tuple) and children[0][0] == "string" and _NAME.fullmatch(children[0][1]):
        children[0] = children[0][1]
    return ("pair", *children)


def _arrow(node: Node, depth: int) -> Form:
    """`x => x` is `(x) => x`."""
    single = node.child_by_field_name("parameter")
    children = [
        ("formal_parameters", ("parameter", text(child))) if child == single else form(child, depth + 1)
        for child in node.children
    ]
    return ("arrow_function", *(child for child in children if child is not None))


def _parameter(node: Node, depth: int) -> Form:
    """An access modifier makes a field of it."""
    fields = [text(child) for child in node.children if child.type == "accessibility_modifier"]
    return ("parameter", *fields, *(child for child in _children(node, depth) if child != "?"))


def _field(node: Node, depth: int) -> Form:
    return ("field", *(child for child in _children(node, depth) if child not in {"?", "!"}))


def _import(node: Node, depth: int) -> Form | None:
    if any(child.type == "type" for child in node.children):
        return None
    children = _children(node, depth)
    # `import {type A} from 'a'`: with all of it erased nothing is imported, not even for its effects.
    if any(child.type == "import_clause" for child in node.children) and not any(
        isinstance(child, tuple) and child[0] == "import_clause" for child in children
    ):
        return None
    return ("import_statement", *children)


def _clause(node: Node, depth: int) -> Form | None:
    children = _children(node, depth)
    return ("import_clause", *children) if children else None


def _specifiers(node: Node, depth: int) -> Form | None:
    """`{}` was written so, `{type A}` was not."""
    kept = [child for child in _children(node, depth) if isinstance(child, tuple)]
    if not kept and any(child.is_named for child in node.children):
        return None
    return (node.type, *sorted(kept))


def _specifier(node: Node, depth: int) -> Form | None:
    if any(child.type == "type" for child in node.children):
        return None
    return ("specifier", *_children(node, depth))


def _export(node: Node, depth: int) -> Form | None:
    if any(child.type == "type" for child in node.children):
        return None
    children = _children(node, depth)
    return ("export_statement", *children) if any(child not in {"export", "default"} for child in children) else None


def _opening(node: Node, depth: int) -> list[Form]:
    return [child for child in _children(node, depth) if child not in {"<", ">", "/>", "</", "/"}]


def _element(node: Node, depth: int) -> Form:
    """`<A></A>` is `<A />`."""
    if node.type == "jsx_self_closing_element":
        return ("jsx", ("tag", *_opening(node, depth)))
    tag, *content = pieces(node)
    inside = (("text", one) if isinstance(one, str) else form(one, depth + 1) for one in content)
    opening = _opening(tag, depth) if isinstance(tag, Node) else ()
    return ("jsx", ("tag", *opening), *(one for one in inside if one is not None))


def pieces(node: Node) -> list[Node | str]:
    """The opening tag of an element and what it holds, with texts as the browser gets them: `{' '}` is one too."""
    found: list[Node | str] = []
    for child in node.children:
        if child.type == "jsx_closing_element" or (child.type == "jsx_expression" and not significant_value(child)):
            continue
        said = _said(child)
        if said is None:
            found.append(child)
        elif said and found and isinstance(found[-1], str):
            found[-1] += said
        elif said:
            found.append(said)
    return found


def significant_value(expression: Node) -> bool:
    """`{/* a comment */}` has none."""
    return any(child.type != "comment" for child in expression.named_children)


def _said(node: Node) -> str | None:
    """What a piece of an element is as a text; None if it is none."""
    if node.type == "jsx_text":
        return _jsx_text(text(node))
    if node.type == "html_character_reference":
        return text(node)
    if node.type == "jsx_expression":
        inner = [child for child in node.named_children if child.type != "comment"]
        if len(inner) == 1 and inner[0].type == "string":
            return str(_string(inner[0], 0)[1])
    return None


def _jsx_text(given: str) -> str:
    """Lines without the space around line ends, joined by one: as JSX defines it."""
    lines = given.expandtabs(1).split("\n")
    last = len(lines) - 1
    kept = [
        (line.lstrip(" ") if at > 0 else line).rstrip(" ") if at < last else (line.lstrip(" ") if at > 0 else line)
        for at, line in enumerate(lines)
    ]
    return " ".join(line for line in kept if line)


def _is_string(expression: Form) -> bool:
    return len(expression) == 2 and isinstance(expression[1], tuple) and expression[1][0] == "string"


def _expression(node: Node, depth: int) -> Form | None:
    children = [child for child in _children(node, depth) if child not in {"{", "}"}]
    return ("jsx_expression", *children) if children else None


def _attribute(node: Node, depth: int) -> Form:
    """`a={"b"}` is `a="b"`."""
    children = _children(node, depth)
    value = children[-1]
    if isinstance(value, tuple) and value[0] == "jsx_expression" and _is_string(value):
        children[-1] = value[1]
    return ("attribute", *children)


_SPECIAL: dict[str, Any] = {
    "string": _string,
    "string_fragment": _fragment,
    "pair": _key,
    "arrow_function": _arrow,
    "required_parameter": _parameter,
    "optional_parameter": _parameter,
    "public_field_definition": _field,
    "import_statement": _import,
    "import_clause": _clause,
    "named_imports": _specifiers,
    "import_specifier": _specifier,
    "export_specifier": _specifier,
    "export_clause": _specifiers,
    "export_statement": _export,
    "jsx_element": _element,
    "jsx_self_closing_element": _element,
    "jsx_expression": _expression,
    "jsx_attribute": _attribute,
}


def names(given: Form) -> Iterator[str]:
    """Every leaf, which is every name and more. Iterative: forms are as deep as sources."""
    rest = [given]
    while rest:
        one = rest.pop()
        if isinstance(one, str):
            yield one
        else:
            rest.extend(one[1:])
