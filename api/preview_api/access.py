"""One line per request, one id per request, and the last resort for errors. Never a path: it holds a session id."""

from __future__ import annotations

import time
import traceback
from http import HTTPStatus

import structlog
from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from preview_api.context import new_request_id
from preview_api.metrics import Metrics

log = structlog.get_logger("preview_api.access")

# Asked every few seconds by machines: not worth a line.
QUIET = frozenset({"/healthz", "/readyz", "/metrics"})
UNMATCHED = "unmatched"
# Methods are the caller's text: as a label they would be unbounded.
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class AccessLog:
    """Adds `X-Request-Id`, logs the route's template, counts."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        identifier = new_request_id()
        status = HTTPStatus.INTERNAL_SERVER_ERROR.value
        began = time.perf_counter()

        async def observed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)["X-Request-Id"] = identifier
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=identifier):
            try:
                await self._app(scope, receive, observed)
            except ClientDisconnect:
                log.info("client_gone")
            except Exception as error:  # noqa: BLE001 - the outermost place: answered already, only the log is missing
                _log_unexpected(error)
            self._note(scope, status, time.perf_counter() - began)

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", UNMATCHED)
        method = scope["method"] if scope["method"] in METHODS else "other"
        self._metrics.requests.labels(method, route, str(status)).inc()
        self._metrics.request_seconds.labels(method, route).observe(seconds)
        if route not in QUIET:
            log.info("request", method=method, route=route, status=status, ms=round(seconds * 1000, 1))


def _log_unexpected(error: Exception) -> None:
    """Type and place only: a message or a local variable may hold an id or a file (G38)."""
    frames = traceback.extract_tb(error.__traceback__)
    log.error(
        "unexpected_error",
        error=type(error).__name__,
        at=[f"{frame.name}:{frame.lineno}" for frame in frames[-6:]],
    )
