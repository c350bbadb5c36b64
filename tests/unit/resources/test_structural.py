"""Every node of the schemas follows the API server's rules for structural schemas, and has bounds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field

from preview_core.resources import crd
from preview_core.resources.structural import structural

Node = tuple[str, dict[str, Any]]

# What apiextensions.k8s.io/v1 refuses in a structural schema, or does not know.
FORBIDDEN = {
    "$ref", "$defs", "definitions", "title", "anyOf", "oneOf", "allOf", "not", "const", "examples", "uniqueItems",
    "patternProperties", "prefixItems", "exclusiveMinimum", "exclusiveMaximum", "dependencies", "deprecated", "id",
    "readOnly", "writeOnly", "additionalItems", "contentEncoding", "x-kubernetes-preserve-unknown-fields",
}  # fmt: skip


def _root(index: int) -> dict[str, Any]:
    (version,) = crd.manifest(crd.DEFINITIONS[index])["spec"]["versions"]
    schema: dict[str, Any] = version["schema"]["openAPIV3Schema"]
    return schema


def _walk(schema: dict[str, Any], path: str) -> Iterator[Node]:
    yield path, schema
    for name, value in schema.get("properties", {}).items():
        yield from _walk(value, f"{path}.{name}")
    if "items" in schema:
        yield from _walk(schema["items"], f"{path}[]")
    if "additionalProperties" in schema:
        yield from _walk(schema["additionalProperties"], f"{path}{{}}")


NODES = [
    node
    for index, definition in enumerate(crd.DEFINITIONS)
    for node in _walk(_root(index), definition.names.kind)
    # Kubernetes checks these itself and lets us say nothing about them.
    if not node[0].endswith((".apiVersion", ".kind", ".metadata"))
]
each_node = pytest.mark.parametrize(("path", "node"), NODES, ids=[path for path, _ in NODES])


@each_node
def test_a_node_has_one_type_and_no_forbidden_keyword(path: str, node: dict[str, Any]) -> None:
    assert node["type"] in {"object", "array", "string", "integer", "boolean"}
    assert not FORBIDDEN & node.keys()


@each_node
def test_a_node_is_bounded(path: str, node: dict[str, Any]) -> None:
    match node["type"]:
        case "string":
            assert "maxLength" in node or "enum" in node
            # Kubernetes 1.20, built with a later Go, takes an empty text for null, and null is refused.
            assert node.get("minLength", 0) or {"enum", "format", "pattern"} & node.keys()
        case "integer":
            assert node["minimum"] <= node["maximum"]
            assert node["format"] == ("int32" if node["maximum"] < 2**31 else "int64")
        case "array":
            assert "maxItems" in node
            assert "x-kubernetes-list-type" in node
        case "object":
            assert ("properties" in node) != ("additionalProperties" in node)
            assert "additionalProperties" not in node or "maxProperties" in node


@each_node
def test_a_field_is_described(path: str, node: dict[str, Any]) -> None:
    if path.endswith((".metadata.name", "[]")):
        return
    assert node["description"].endswith(".")
    assert "  " not in node["description"]


@each_node
def test_what_is_required_exists_and_has_no_default(path: str, node: dict[str, Any]) -> None:
    for name in node.get("required", []):
        assert "default" not in node["properties"][name]


def test_the_api_server_makes_up_no_status() -> None:
    assert not [path for path, node in NODES if ".status" in path and "default" in node]


def test_the_part_of_a_status_that_comes_and_goes_may_be_null() -> None:
    # Server-side apply on 1.20 leaves null where the last field of an object was dropped.
    assert [path for path, node in NODES if node.get("nullable")] == ["PreviewSession.status.lastError"]


def test_what_the_dialect_cannot_say_is_refused() -> None:
    class Union(BaseModel):
        value: int | str

    class Excluded(BaseModel):
        value: Annotated[int, Field(gt=0)]

    for model, text in ((Union, "no unions"), (Excluded, "exclusiveMinimum")):
        with pytest.raises(ValueError, match=text):
            structural(model)


def test_maps_literals_and_nested_optionals_become_plain() -> None:
    class Inner(BaseModel):
        """Wrapped
        lines."""

        kind: Literal["a"] = "a"

    class Outer(BaseModel):
        labels: Annotated[dict[str, Annotated[str, Field(max_length=3)]], Field(max_length=2)]
        inner: Inner | None = None

    assert structural(Outer) == {
        "type": "object",
        "required": ["labels"],
        "properties": {
            "labels": {
                "type": "object",
                "maxProperties": 2,
                "additionalProperties": {"type": "string", "maxLength": 3},
            },
            "inner": {
                "description": "Wrapped lines.",
                "type": "object",
                "properties": {"kind": {"type": "string", "enum": ["a"], "default": "a"}},
            },
        },
    }
