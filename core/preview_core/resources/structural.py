"""A Pydantic model as a *structural* OpenAPI v3 schema, the dialect of custom resource definitions.

Kubernetes knows no references, no unions and no null types here; optional means absent. Whatever this module does not
know it refuses, so that a model cannot grow a bound that the API server would silently not have.
"""

from __future__ import annotations

import re
from typing import Any

from pydantic import BaseModel

Schema = dict[str, Any]

# In the order in which they stand in the file.
_COPIED = (
    "type",
    "format",
    "nullable",
    "enum",
    "default",
    "minimum",
    "maximum",
    "minLength",
    "maxLength",
    "pattern",
    "minItems",
    "maxItems",
    "minProperties",
    "maxProperties",
    "required",
    "x-kubernetes-list-type",
    "x-kubernetes-list-map-keys",
    "x-kubernetes-validations",
)
_HANDLED = {"$defs", "$ref", "title", "description", "anyOf", "const", "items", "properties", "additionalProperties"}
_INT32_MAX = 2**31 - 1


def structural(model: type[BaseModel], *, defaults: bool = True) -> Schema:
    """The schema of `model`. `defaults=False` for a status: the API server would write them as if they were observed.

    Raises ValueError for what the dialect cannot say.
    """
    schema = model.model_json_schema(by_alias=True)
    return _node(schema, schema.get("$defs", {}), defaults, model.__name__)


def _node(schema: Schema, definitions: Schema, defaults: bool, path: str) -> Schema:
    schema = _without_null(_resolved(schema, definitions), definitions, path)
    unknown = schema.keys() - _HANDLED - set(_COPIED)
    if unknown:
        raise ValueError(f"{path}: a structural schema has no {', '.join(sorted(unknown))}")
    found: Schema = {}
    if "description" in schema:
        found["description"] = paragraphs(schema["description"])
    found |= {key: schema[key] for key in _COPIED if key in schema}
    if "const" in schema:
        found["enum"] = [schema["const"]]
    if found.get("type") == "integer":
        found["format"] = "int32" if found.get("maximum", _INT32_MAX + 1) <= _INT32_MAX else "int64"
    default = _without_unset(found.pop("default", None))
    if defaults and default not in (None, [], ()):
        found["default"] = default
    return found | _children(schema, definitions, defaults, path)


def _children(schema: Schema, definitions: Schema, defaults: bool, path: str) -> Schema:
    found: Schema = {}
    if "items" in schema:
        found["items"] = _node(schema["items"], definitions, defaults, f"{path}[]")
    if "properties" in schema:
        found["properties"] = {
            name: _node(value, definitions, defaults, f"{path}.{name}") for name, value in schema["properties"].items()
        }
    elif isinstance(schema.get("additionalProperties"), dict):
        found["additionalProperties"] = _node(schema["additionalProperties"], definitions, defaults, f"{path}{{}}")
    return found


def _resolved(schema: Schema, definitions: Schema) -> Schema:
    """What a reference points to, under what stands beside it."""
    if "$ref" not in schema:
        return schema
    name = schema["$ref"].removeprefix("#/$defs/")
    return {**definitions[name], **{key: value for key, value in schema.items() if key != "$ref"}}


def _without_null(schema: Schema, definitions: Schema, path: str) -> Schema:
    """`X | None` is an X that may be absent."""
    if "anyOf" not in schema:
        return schema
    choices = [choice for choice in schema["anyOf"] if choice != {"type": "null"}]
    if len(choices) != 1:
        raise ValueError(f"{path}: a structural schema has no unions")
    rest = {key: value for key, value in schema.items() if key != "anyOf"}
    return {**_resolved(choices[0], definitions), **rest}


def _without_unset(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_unset(inner) for key, inner in value.items() if inner is not None}
    return value


def paragraphs(text: str) -> str:
    """Lines of a docstring are wrapped for the source; kubectl wraps for the terminal."""
    return "\n\n".join(" ".join(part.split()) for part in re.split(r"\n\s*\n", text.strip()))
