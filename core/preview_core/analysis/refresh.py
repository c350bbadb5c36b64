"""What Fast Refresh makes of a module: whether its updates end there, and whose state they cost.

It keeps a component's state while its signature stays: the hooks that it calls, in order, with the names that their
results get, and the first value of a `useState` (the second of a `useReducer`). The same holds for a hook of the
project, whose users lose their state with its signature. A class is always built anew.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tree_sitter import Node

from preview_core.analysis.forms import Form, form
from preview_core.analysis.syntax import captures, text

_COMPONENT = re.compile(r"[A-Z]\w*")
_HOOK = re.compile(r"use[A-Z]\w*")
_FUNCTIONS = frozenset(
    {
        "arrow_function",
        "function_declaration",
        "function_expression",
        "generator_function",
        "generator_function_declaration",
        "method_definition",
    }
)
_DECLARATIONS = frozenset({"function_declaration", "generator_function_declaration", "class_declaration"})
_VARIABLES = frozenset({"lexical_declaration", "variable_declaration"})
# Every evaluation makes another one, and what is rendered below it is new to React.
_MAKERS = re.compile(r"(?:React\.)?createContext")
# The value that a hook begins with: another one, and Fast Refresh begins anew.
_FIRST_VALUE = {"useState": 0, "useReducer": 1}
# What a page shows of a value that nobody named.
_ANONYMOUS = "default"

_CALLS = """
(call_expression function: (identifier) @name (#match? @name "^use[A-Z]")) @call
(call_expression
  function: (member_expression property: (property_identifier) @name) (#match? @name "^use[A-Z]")) @call
"""

Signature = tuple[Form, ...]


@dataclass(frozen=True)
class Facts:
    """Of one version of a module."""

    signatures: Mapping[str, Signature]  # of the top level's components and hooks, those without hooks too
    classes: Mapping[str, Form]  # of components that are classes
    contexts: tuple[str, ...]
    exports: frozenset[str]
    is_anonymous: bool  # what it exports by default is a function or class without a name

    @property
    def takes_updates(self) -> bool:
        """All that it exports are components with names of their own."""
        return bool(self.exports) and all(map(_COMPONENT.fullmatch, self.exports))


def facts(path: str, root: Node) -> Facts:
    """Of a module that parses."""
    declared = [one for statement in root.named_children for one in _declared(statement)]
    named = {name: node for name, node in declared if _COMPONENT.fullmatch(name) or _HOOK.fullmatch(name)}
    return Facts(
        signatures=_signatures(path, root, {name: node for name, node in named.items() if not _is_class(node)}),
        classes={name: form(node) for name, node in named.items() if _is_class(node)},
        contexts=tuple(name for name, node in declared if _makes_context(node)),
        exports=frozenset(name for statement in root.named_children for name in _exported(statement)),
        is_anonymous=any(map(_is_anonymous, root.named_children)),
    )


def remounts(old: Facts, new: Facts) -> str | None:
    """What of a module loses its state when another version of it comes, and why; None: nothing."""
    for name, found in new.classes.items():
        if name in old.classes and old.classes[name] != found:
            return f"{name} is a class"
    for name, signature in new.signatures.items():
        if name in old.signatures and old.signatures[name] != signature:
            return f"{name} calls other hooks, or the same ones in another way"
    if new.is_anonymous:
        return "A component without a name is another one with every update"
    if new.contexts:
        return f"{new.contexts[0]} is made anew, and with it what is rendered below it"
    return None


def _declared(statement: Node) -> Iterator[tuple[str, Node]]:
    """(name, declaration or value) of what a statement of the top level declares."""
    if statement.type == "export_statement":
        inner = statement.child_by_field_name("declaration")
        if inner is not None:
            yield from _declared(inner)
    elif statement.type in _DECLARATIONS:
        name = statement.child_by_field_name("name")
        if name is not None:
            yield text(name), statement
    elif statement.type in _VARIABLES:
        for declarator in statement.named_children:
            name, value = declarator.child_by_field_name("name"), declarator.child_by_field_name("value")
            if name is not None and value is not None:
                yield text(name), value


def _exported(statement: Node) -> Iterator[str]:
    """The names that React sees: of a default export that of its value. Types have none."""
    if statement.type != "export_statement" or any(child.type == "type" for child in statement.children):
        return
    value = statement.child_by_field_name("value")
    declaration = statement.child_by_field_name("declaration")
    if value is not None:
        yield _name_of(value)
    elif declaration is not None:
        yield from (name for name, _ in _declared(declaration))
        if declaration.type == "enum_declaration":
            yield _ANONYMOUS  # a value, whatever its name
        elif any(child.type == "default" for child in statement.children) and not list(_declared(declaration)):
            yield _ANONYMOUS
    for child in statement.children:
        if child.type in {"*", "namespace_export"}:
            yield "*"
        elif child.type == "export_clause":
            yield from _specified(child)


def _specified(clause: Node) -> Iterator[str]:
    for specifier in clause.named_children:
        name, alias = specifier.child_by_field_name("name"), specifier.child_by_field_name("alias")
        if name is None or any(child.type == "type" for child in specifier.children):
            continue
        yield text(name if alias is None or text(alias) == "default" else alias)


def _is_anonymous(statement: Node) -> bool:
    if statement.type != "export_statement":
        return False
    value = statement.child_by_field_name("value") or statement.child_by_field_name("declaration")
    callable_ = value is not None and (_function_in(value) is not None or value.type == "class")
    return callable_ and _ANONYMOUS in _exported(statement)


def _name_of(value: Node) -> str:
    """`App` of `App` and of `memo(App)`."""
    if value.type == "identifier":
        return text(value)
    if value.type == "call_expression":
        arguments = value.child_by_field_name("arguments")
        first = arguments.named_children[0] if arguments is not None and arguments.named_children else None
        if first is not None and first.type == "identifier":
            return text(first)
    name = value.child_by_field_name("name")
    return text(name) if name is not None else _ANONYMOUS


def _is_class(node: Node) -> bool:
    if node.type not in {"class_declaration", "class"}:
        return False
    return any("Component" in text(child) for child in node.children if child.type == "class_heritage")


def _makes_context(node: Node) -> bool:
    callee = node.child_by_field_name("function") if node.type == "call_expression" else None
    return callee is not None and _MAKERS.fullmatch(text(callee)) is not None


def _signatures(path: str, root: Node, named: Mapping[str, Node]) -> dict[str, Signature]:
    functions = {function.id: name for name, node in named.items() if (function := _function_in(node)) is not None}
    found: dict[str, list[Form]] = {name: [] for name in functions.values()}
    calls = captures(path, root, _CALLS).get("call", [])
    for call in sorted(calls, key=lambda node: (node.start_byte, -node.end_byte)):
        name = functions.get(_enclosing(call))
        if name is not None:
            found[name].append(_hook(call))
    return {name: tuple(hooks) for name, hooks in found.items()}


def _function_in(node: Node) -> Node | None:
    """The function itself, or the one in `memo(forwardRef(…))`."""
    while node.type not in _FUNCTIONS:
        arguments = node.child_by_field_name("arguments") if node.type == "call_expression" else None
        if arguments is None or not arguments.named_children:
            return None
        node = arguments.named_children[0]
    return node


def _enclosing(node: Node) -> int:
    """The id of the function that a node is in, 0 at the top level."""
    above = node.parent
    while above is not None and above.type not in _FUNCTIONS:
        above = above.parent
    return above.id if above is not None else 0


def _hook(call: Node) -> Form:
    callee, arguments, above = call.child_by_field_name("function"), call.child_by_field_name("arguments"), call.parent
    name = text(callee).rpartition(".")[2] if callee is not None else ""
    target = above.child_by_field_name("name") if above is not None and above.type == "variable_declarator" else None
    at = _FIRST_VALUE.get(name)
    values = arguments.named_children if arguments is not None else []
    first = form(values[at]) if at is not None and at < len(values) else None
    return (name, form(target) if target is not None else None, first)
