"""The listening socket of a session: bound once by the server, lent to whichever child runs.

The server never lets go of it, so the preview URL is never refused: connections wait in the kernel while a child
starts, and `Doorkeeper` accepts them while none does.
"""

from __future__ import annotations

import asyncio
import errno
import random
import socket
import time
from collections.abc import Callable, Sequence
from contextlib import suppress

import structlog

from preview_api.backends.local import waiting

log = structlog.get_logger(__name__)

LOOPBACK = "127.0.0.1"
# Below Linux's and macOS' range for outgoing connections (32768+, 49152+): a port kept for a day must not be taken
# by somebody's outgoing connection while the server restarts. Above everything that browsers refuse to open.
PORTS = range(15_000, 30_000)
TRIES = 50
BACKLOG = 128
HEAD_LIMIT = 16 * 1024  # as Node's own limit for a request's head
HEAD_TIMEOUT_S = 5.0
REBIND_S = 3.0  # a child sees the end of its server at once and closes in well under a second
REBIND_PAUSE_S = 0.05
CONNECTIONS = 64  # of one preview at the same time while it waits; a page opens six


class PortTaken(Exception):
    """The session's port cannot be bound."""


def bind_new() -> tuple[socket.socket, int]:
    """A listening socket on a free port. Raises PortTaken when there is none."""
    for port in random.sample(PORTS, TRIES):
        try:
            return bind(port), port
        except PortTaken:
            continue
    raise PortTaken("no free port on the loopback interface")


def bind(port: int) -> socket.socket:
    """A listening socket on `port`. Raises PortTaken."""
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        # Connections of the previous server may be in TIME_WAIT.
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((LOOPBACK, port))
        listening.listen(BACKLOG)
        listening.setblocking(False)
    except OSError as error:
        listening.close()
        if error.errno in (errno.EADDRINUSE, errno.EACCES):
            raise PortTaken(f"port {port} is in use") from error
        raise
    return listening


async def rebind(ports: Sequence[int]) -> dict[int, socket.socket]:
    """Listening sockets on the ports that can be had within REBIND_S: a child of the previous server may be ending."""
    bound: dict[int, socket.socket] = {}
    deadline = time.monotonic() + REBIND_S
    while missing := [port for port in ports if port not in bound]:
        for port in missing:
            with suppress(PortTaken):
                bound[port] = bind(port)
        if len(bound) == len(set(ports)) or time.monotonic() > deadline:
            break
        await asyncio.sleep(REBIND_PAUSE_S)
    return bound


class Doorkeeper:
    """Answers on a session's socket while no child does; `wake` is called for every request that deserves one."""

    def __init__(
        self, listening: socket.socket, host: str, allowed_origins: Sequence[str], wake: Callable[[], None]
    ) -> None:
        self._listening = listening
        self._host = host
        self._origins = tuple(allowed_origins)
        self._wake = wake
        self._server: asyncio.Server | None = None
        self._connections = 0

    async def open(self) -> None:
        """Starts to accept. Idempotent."""
        if self._server is None:
            # asyncio closes the socket that it is given: it gets a duplicate.
            self._server = await asyncio.start_server(self._serve, sock=self._listening.dup(), limit=HEAD_LIMIT)

    def shut(self) -> None:
        """Stops to accept; what was accepted is answered. Idempotent."""
        if self._server is not None:
            self._server.close()
            self._server = None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._connections += 1
        try:
            if self._connections <= CONNECTIONS:
                await self._answer(reader, writer)
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, TimeoutError) as error:
            log.debug("waiting_page_connection", error=type(error).__name__)
        finally:
            self._connections -= 1
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with asyncio.timeout(HEAD_TIMEOUT_S):
            head = await reader.readuntil(b"\r\n\r\n")
            response, wakes = waiting.answer(waiting.parse(head[:-4]), self._host, self._origins)
            if wakes:
                self._wake()
            writer.write(response)
            await writer.drain()
