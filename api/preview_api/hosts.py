"""Which `Host` we answer for, as ASGI middleware: a page whose name was bent to 127.0.0.1 gets nothing."""

from __future__ import annotations

import re
from collections.abc import Sequence

from starlette.types import ASGIApp, Receive, Scope, Send

from preview_api.problems import HostRefused, answer

PORT = re.compile(r":\d*$")


class AllowedHosts:
    """`names` without ports, lower case; IPv6 in brackets."""

    def __init__(self, app: ASGIApp, names: Sequence[str]) -> None:
        self._app = app
        self._names = frozenset(name.lower() for name in names)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not self._is_ours(scope):
            await answer(HostRefused())(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _is_ours(self, scope: Scope) -> bool:
        hosts = [value for name, value in scope["headers"] if name == b"host"]
        return len(hosts) == 1 and PORT.sub("", hosts[0].decode("latin-1").lower()) in self._names
