"""Cross-origin rules (contract, section 2): Starlette's middleware, outermost, so that errors carry them too (G5)."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.datastructures import MutableHeaders
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

METHODS = ("GET", "POST", "DELETE", "OPTIONS")
MAX_AGE_S = 600


class Cors:
    """Credentials for exactly the allowed origins; `Vary: Origin` on everything, so that no cache mixes them up."""

    def __init__(self, app: ASGIApp, origins: Sequence[str]) -> None:
        self._app = CORSMiddleware(
            app,
            allow_origins=origins,
            allow_credentials=True,
            allow_methods=METHODS,
            allow_headers=["*"],
            expose_headers=["X-Request-Id", "Retry-After"],
            max_age=MAX_AGE_S,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def varied(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).add_vary_header("Origin")
            await send(message)

        await self._app(scope, receive, varied)
