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
ACCEPT_PAUSE_S = 1.0  # as asyncio's own servers
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
        self._open = False
        self._again: asyncio.TimerHandle | None = None
        self._answering: set[asyncio.Task[None]] = set()

    def open(self) -> None:
        """Starts to accept. Idempotent.

        Not an `asyncio.Server`: one that is closed in the moment between accepting a connection and attaching it
        leaves that connection open and unanswered (CPython 3.11), and a create closes the door just when the first
        page comes.
        """
        if not self._open:
            self._open = True
            asyncio.get_running_loop().add_reader(self._listening, self._accept)

    def shut(self) -> None:
        """Stops to accept; what was accepted is answered. Idempotent."""
        if self._again is not None:
            self._again.cancel()
            self._again = None
        if self._open:
            self._open = False
            asyncio.get_running_loop().remove_reader(self._listening)

    def _accept(self) -> None:
        try:
            connection, _ = self._listening.accept()
        except (BlockingIOError, InterruptedError, ConnectionAbortedError):
            return
        except OSError as error:
            # Out of descriptors: the connection stays in the queue, and asking for it again at once would spin.
            log.warning("waiting_page_accept", error=errno.errorcode.get(error.errno or 0, "?"))
            self.shut()
            self._again = asyncio.get_running_loop().call_later(ACCEPT_PAUSE_S, self.open)
            return
        connection.setblocking(False)
        task = asyncio.create_task(self._serve(connection))
        self._answering.add(task)
        task.add_done_callback(self._answering.discard)

    async def _serve(self, connection: socket.socket) -> None:
        reader, writer = await asyncio.open_connection(sock=connection, limit=HEAD_LIMIT)
        try:
            if len(self._answering) <= CONNECTIONS:
                await self._answer(reader, writer)
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, TimeoutError) as error:
            log.debug("waiting_page_connection", error=type(error).__name__)
        finally:
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with asyncio.timeout(HEAD_TIMEOUT_S):
            head = await reader.readuntil(b"\r\n\r\n")
            response, wakes = waiting.answer(waiting.parse(head[:-4]), self._host, self._origins)
            if wakes:
                self._wake()
            writer.write(response)
            await writer.drain()
