"""Every answer that is not 2xx, in the one shape of the contract."""

from __future__ import annotations

from typing import Any, ClassVar

import structlog
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from preview_api.context import request_id
from preview_api.schemas import Problem
from preview_core.errors import InvalidRequest, PreviewError

log = structlog.get_logger(__name__)

REASONS = {404: "There is no such path", 405: "The method is not allowed here"}


class NotFound(PreviewError):
    """No route."""

    code, status, default = "NOT_FOUND", 404, REASONS[404]


class MethodNotAllowed(PreviewError):
    code, status, default = "METHOD_NOT_ALLOWED", 405, REASONS[405]


class HostRefused(InvalidRequest):
    """A Host that we do not answer for: DNS rebinding, or a proxy without configuration."""

    status: ClassVar[int] = 403
    default: ClassVar[str] = "The Host of the request is not one of this server's"


ROUTING: dict[int, type[PreviewError]] = {404: NotFound, 405: MethodNotAllowed}


def answer(error: PreviewError, headers: dict[str, str] | None = None) -> JSONResponse:
    """The response of one error."""
    headers = dict(headers or {})
    if error.retry_after is not None:
        headers["Retry-After"] = str(error.retry_after)
    body = Problem(
        error=error.message,
        code=error.code,
        retryable=error.retryable,
        request_id=request_id(),
        fallback=error.fallback,
    )
    return JSONResponse(body.model_dump(by_alias=True, exclude_none=True), error.status, headers)


def install(app: FastAPI) -> None:
    """Makes the application answer its errors here."""
    app.add_exception_handler(PreviewError, _preview_error)
    app.add_exception_handler(HTTPException, _http_exception)
    app.add_exception_handler(Exception, _unexpected)


async def _preview_error(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, PreviewError)  # noqa: S101 - registered for it
    return answer(error)


async def _http_exception(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for it
    problem = ROUTING.get(error.status_code, InvalidRequest)
    return answer(problem(), dict(error.headers or {}))


async def _unexpected(_request: Request, _error: Exception) -> JSONResponse:
    return answer(PreviewError())


def documented(*errors: type[PreviewError]) -> dict[int | str, dict[str, Any]]:
    """What a route's OpenAPI says about its errors: one entry per status, naming the codes."""
    found: dict[int | str, dict[str, Any]] = {}
    for error in errors:
        entry = found.setdefault(error.status, {"model": Problem, "description": ""})
        entry["description"] = ", ".join(filter(None, (entry["description"], f"`{error.code}`")))
    return found
