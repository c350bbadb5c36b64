"""OpenAPI of bodies that we read ourselves: leniently, and off the event loop when they are big."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from preview_api.schemas import CreateRequest, UpdateRequest

REFERENCE = "#/components/schemas/{model}"
BODIES: tuple[type[BaseModel], ...] = (CreateRequest, UpdateRequest)

DESCRIPTION = """Files in, a live preview with hot module replacement out.

Every error has the shape of `Problem`. Times are epoch milliseconds. A session's id is the only capability there is:
keep it secret."""


def body_of(model: type[BaseModel]) -> dict[str, Any]:
    """What a route says about its body."""
    schema = {"$ref": REFERENCE.format(model=model.__name__)}
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


def describe(app: FastAPI) -> None:
    """Adds the bodies' models to the application's OpenAPI."""
    generate = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = generate()
            _, definitions = models_json_schema(
                [(model, "validation") for model in BODIES], by_alias=True, ref_template=REFERENCE
            )
            document["components"]["schemas"].update(definitions["$defs"])
            app.openapi_schema = document
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]
