"""One uvicorn server: its sockets, its signals, its end. The same for every command that serves."""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp

from preview_api.cli.output import CommandError

KEEP_ALIVE_S = 60  # the caller's page pauses between edits; a new connection costs it a round trip
BACKLOG = 256
# Every family, each with a socket of its own: one for both would show IPv4 callers as `::ffff:192.0.2.1`.
ANY = ("0.0.0.0", "::")  # noqa: S104 - in a pod: who may connect is for the network policy to say


def bind(host: str, port: int, other: str) -> socket.socket:
    """A listening socket. Raises CommandError, which names what sets another port: `other`."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        # The protocol is named: asyncio sets TCP_NODELAY only then, and without it every answer takes 40 ms longer.
        listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    except OSError as error:
        raise CommandError(f"{host} cannot be used: {error.strerror}") from error
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family is socket.AF_INET6:
            listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listening.bind((host, port))
        # Now, not when uvicorn does: who connects from here on is served.
        listening.listen(BACKLOG)
    except OSError as error:
        listening.close()
        raise CommandError(f"port {port} cannot be used: {error.strerror}; choose another with {other}") from error
    return listening


def bind_any(port: int, other: str) -> list[socket.socket]:
    """Listening sockets of all address families that the machine has (G8). Raises CommandError when there is none."""
    bound: list[socket.socket] = []
    failed: list[CommandError] = []
    for host in ANY:
        try:
            bound.append(bind(host, port, other))
        except CommandError as error:
            failed.append(error)
    if not bound:
        raise failed[0]
    return bound


class Server(uvicorn.Server):
    """uvicorn raises a caught signal again at its end; here the end is ours, with status 0.

    `linger_s`: after SIGTERM new connections are served for so long, because a load balancer learns late that this
    process ends. `drain_s`: open requests then get so long.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        drain_s: int,
        linger_s: float = 0.0,
        lifespan: bool = True,
        trusted_proxies: Sequence[str] = (),
    ) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                log_config=None,
                access_log=False,
                server_header=False,
                lifespan="on" if lifespan else "off",
                ws="none",
                timeout_keep_alive=KEEP_ALIVE_S,
                timeout_graceful_shutdown=drain_s,
                # Only these may say in a header on whose behalf they ask.
                proxy_headers=bool(trusted_proxies),
                forwarded_allow_ips=list(trusted_proxies),
            )
        )
        self._linger_s = linger_s
        self._announce: Callable[[], None] | None = None
        self._announcing: asyncio.Task[None] | None = None

    async def run(self, sockets: list[socket.socket]) -> None:  # type: ignore[override]
        """Serves until SIGTERM or SIGINT. Raises CommandError when it does not start."""
        await self.serve(sockets)
        if not self.started:
            raise CommandError("the server did not start; see the log above")

    async def run_announced(self, sockets: list[socket.socket], announce: Callable[[], None]) -> None:
        """As `run`; `announce` is called in a thread once the server answers. Raises what it raises."""
        self._announce = announce
        await self.run(sockets)
        if self._announcing is not None:
            await self._announcing

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started and self._announce is not None:
            # In a thread: it calls the server.
            self._announcing = asyncio.create_task(asyncio.to_thread(self._announce))
            self._announcing.add_done_callback(self._announced)

    def _announced(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and task.exception() is not None:
            self.should_exit = True

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGINT, self._leave)
        loop.add_signal_handler(signal.SIGTERM, self._leave_later)
        try:
            yield
        finally:
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.remove_signal_handler(number)

    def _leave_later(self) -> None:
        asyncio.get_running_loop().call_later(self._linger_s, self._leave)

    def _leave(self) -> None:
        # The second signal does not wait for open connections.
        self.force_exit = self.should_exit
        self.should_exit = True
