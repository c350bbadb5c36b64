"""A page without a browser: what Vite's client and our script in it do, as far as the runtime can tell."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from tests.runtime.harness import CALLER, Runtime
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

# What was sent is there within milliseconds; a message that a test waits for in vain is reported after this.
PATIENCE_S = 10

_TOKEN = re.compile(r'wsToken = "([^"]+)"')
_GENERATION = re.compile(r"let generation = (\d+)")
_LOADED = "kontext-preview:loaded"
_VISIBLE = "kontext-preview:visible"


@dataclass
class Socket:
    """One WebSocket of the preview's port, and what it has received."""

    connection: ClientConnection
    frames: list[dict[str, Any]] = field(default_factory=list)

    def until(self, kind: str) -> dict[str, Any]:
        """Receives up to the next frame of this type; it. TimeoutError if none comes."""
        while True:
            frame: dict[str, Any] = json.loads(self.connection.recv(timeout=PATIENCE_S))
            self.frames.append(frame)
            if frame["type"] == kind:
                return frame

    def kinds(self) -> list[str]:
        """Types of what was received, without greetings."""
        return [frame["type"] for frame in self.frames if frame["type"] != "connected"]

    def drained(self) -> list[str]:
        """`kinds` with all that was sent before this call: frames are in order, and this asks for one more."""
        assert self.connection.ping().wait(PATIENCE_S)
        with suppress(TimeoutError):
            while True:
                self.frames.append(json.loads(self.connection.recv(timeout=0)))
        return self.kinds()


@dataclass
class Page:
    """A page as it was served: `opened` is its socket, after it has loaded its modules."""

    runtime: Runtime
    html: str
    token: str
    generation: int

    @classmethod
    def of(cls, runtime: Runtime) -> Page:
        """Asks for the page and for Vite's client."""
        html = runtime.get("/", accept="text/html").body
        token, generation = _TOKEN.search(runtime.get("/@vite/client").body), _GENERATION.search(html)
        assert token is not None
        assert generation is not None, html
        return cls(runtime, html, token[1], int(generation[1]))

    def opened(self) -> AbstractContextManager[Socket]:
        """Its socket, greeted."""
        origin = self.runtime.public_url.rstrip("/")
        return _greeted(self.runtime, f"/hmr?token={self.token}", origin, [Subprotocol("vite-hmr")])

    def loaded(self, opened: Socket) -> None:
        """Tells what its script tells once all of it is there, after the messages that `opened` has received."""
        known = self.generation + sum(kind == "update" for kind in opened.kinds())
        event = {"type": "custom", "event": _LOADED, "data": {"generation": known}}
        opened.connection.send(json.dumps(event))

    def tells(self, opened: Socket, *, visible: bool) -> None:
        """What its script tells when the tab is shown or hidden. Returns when the runtime has heard it."""
        event = {"type": "custom", "event": _VISIBLE, "data": {"visible": visible}}
        opened.connection.send(json.dumps(event))
        assert opened.connection.ping().wait(PATIENCE_S)


def observer(runtime: Runtime) -> AbstractContextManager[Socket]:
    """The caller's page's socket, greeted."""
    return _greeted(runtime, "/hmr", CALLER, None)


@contextmanager
def _greeted(runtime: Runtime, path: str, origin: str, subprotocols: list[Subprotocol] | None) -> Iterator[Socket]:
    with connect(
        f"ws://{runtime.host}{path}",
        sock=socket.create_connection(("127.0.0.1", runtime.preview_port), timeout=PATIENCE_S),
        origin=Origin(origin),
        subprotocols=subprotocols,
        proxy=None,
    ) as connection:
        opened = Socket(connection)
        opened.until("connected")
        yield opened
