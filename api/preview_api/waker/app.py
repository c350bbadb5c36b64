"""The edge: one ASGI application, no framework. Request bodies are not read, and no path is logged."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence

from starlette.types import Receive, Scope, Send

from preview_api.waker.answers import ALIVE, FORBIDDEN, Answer, Found, Request, answer
from preview_core.address import PublicAddress

HEALTH = "/healthz"


class Waker:
    """`visit` tells what there is under a session's id, after it has woken it if it is wanted."""

    def __init__(
        self, address: PublicAddress, allowed_origins: Sequence[str], visit: Callable[[str, bool], Awaitable[Found]]
    ) -> None:
        self._address = address
        self._origins = tuple(allowed_origins)
        self._visit = visit
        # A page of a suspended session asks for its socket every second: refusing it is all that is ever done.
        logging.getLogger("uvicorn.error").addFilter(_is_no_upgrade)

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise RuntimeError("only HTTP is served here")
        found = await self._answer(scope)
        headers = {"Content-Length": str(len(found.body)), "Connection": "close", **found.headers}
        raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": found.status, "headers": raw})
        await send({"type": "http.response.body", "body": found.body})

    async def _answer(self, scope: Scope) -> Answer:
        sent = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        session_id = self._address.session_id(sent.get("host", ""))
        request = Request(scope["method"], scope["path"], sent)
        if session_id is not None:
            return answer(request, await self._visit(session_id, request.is_wish), self._origins)
        if request.target == HEALTH:
            # Of the kubelet, which names the pod's address as the host.
            return ALIVE
        if self._is_below_the_domain(sent.get("host", "")):
            return answer(request, Found.UNKNOWN, self._origins)
        return FORBIDDEN

    def _is_below_the_domain(self, host: str) -> bool:
        name = host.lower().partition(":")[0].removesuffix(".")
        return name.endswith("." + self._address.domain.lower())


def _is_no_upgrade(record: logging.LogRecord) -> bool:
    return not str(record.msg).startswith(("Unsupported upgrade request", "No supported WebSocket library"))
