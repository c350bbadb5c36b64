"""Faults between a client and a real API server: an HTTP proxy on a real socket that forwards, refuses, or cuts."""

from __future__ import annotations

import base64
import json
import ssl
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum, auto
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

# A watch goes on for minutes; whoever asks has a limit of its own.
_TIMEOUT = aiohttp.ClientTimeout(total=None)


class Cut(Enum):
    """What happens to a call besides an answer."""

    AFTER = auto()  # it is forwarded, and its answer is lost
    BEFORE = auto()  # it is not forwarded, and the connection ends


@dataclass(frozen=True)
class Call:
    """One call, as a fault decides about it. `number` counts calls of this method and kind, from 1."""

    method: str
    path: str
    number: int


# None: forward it. A status (and Retry-After), or a way to lose it.
Fault = Callable[[Call], tuple[int, str | None] | Cut | None]


@dataclass
class Proxy:
    """Use as an async context manager; `kubeconfig` leads through it, with the rights of `behind`."""

    behind: Path
    folder: Path
    fault: Fault = lambda _call: None
    calls: list[Call] = field(default_factory=list)

    async def __aenter__(self) -> Proxy:
        config = json.loads(self.behind.read_text())
        cluster = config["clusters"][0]["cluster"]
        self._server, data = cluster["server"], cluster["certificate-authority-data"]
        context = ssl.create_default_context(cadata=_pem(data))
        self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=context), trust_env=False)
        app = web.Application(client_max_size=64 * 1024 * 1024)
        app.router.add_route("*", "/{path:.*}", self._handle)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        port = self._runner.addresses[0][1]
        config["clusters"][0]["cluster"] = {"server": f"http://127.0.0.1:{port}"}
        self.kubeconfig = self.folder / "proxy.kubeconfig"
        self.kubeconfig.write_text(json.dumps(config))
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()
        await self._session.close()

    def times(self, method: str, part: str) -> int:
        """How many calls there were."""
        return sum(call.method == method and part in call.path for call in self.calls)

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        kind = request.path.split("/namespaces/")[-1].split("/")[1:2]
        same = [call for call in self.calls if call.method == request.method and f"/{kind[0]}" in call.path]
        call = Call(request.method, request.path, len(same) + 1)
        self.calls.append(call)
        fault = self.fault(call)
        if isinstance(fault, tuple):
            status, retry_after = fault
            headers = {"Retry-After": retry_after} if retry_after is not None else {}
            reason = {409: "Conflict", 429: "TooManyRequests"}.get(status, "InternalError")
            return web.json_response(
                {"kind": "Status", "reason": reason, "code": status}, status=status, headers=headers
            )
        if fault is Cut.BEFORE:
            return _cut(request)
        answer = await self._forward(request)
        return _cut(request) if fault is Cut.AFTER else answer

    async def _forward(self, request: web.Request) -> web.StreamResponse:
        dropped = {"host", "content-length", "accept-encoding", "connection"}
        headers = {name: value for name, value in request.headers.items() if name.lower() not in dropped}
        url = f"{self._server}{request.path_qs}"
        # Nothing at all where nothing came: else it has a type, which discovery does not accept.
        sent = await request.read() or None
        async with self._session.request(request.method, url, data=sent, headers=headers, timeout=_TIMEOUT) as answer:
            if "watch" in request.query and answer.status == 200:
                return await _streamed(request, answer)
            body = await answer.read()
            return web.Response(status=answer.status, body=body, content_type=answer.content_type)


async def _streamed(request: web.Request, answer: aiohttp.ClientResponse) -> web.StreamResponse:
    """A watch: what comes is passed on as it comes."""
    passed = web.StreamResponse(headers={"Content-Type": answer.headers["Content-Type"]})
    await passed.prepare(request)
    with suppress(ConnectionError):  # whoever watched has gone
        async for chunk in answer.content.iter_any():
            await passed.write(chunk)
    return passed


def _cut(request: web.Request) -> web.Response:
    assert request.transport is not None
    request.transport.close()
    return web.Response()


def _pem(data: str) -> str:
    return base64.b64decode(data).decode()


def storm(method: str, part: str, answer: Any, times: int = 10**9) -> Fault:
    """The first so many calls of a method on a kind get the same fault."""

    def decide(call: Call) -> Any:
        return answer if call.method == method and part in call.path and call.number <= times else None

    return decide
