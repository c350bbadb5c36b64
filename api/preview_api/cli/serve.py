"""`up`: the server process, from the checks before its start to the end of its children."""

from __future__ import annotations

import asyncio
import os
import resource
import signal
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import uvicorn

from preview_api.app import create_app
from preview_api.backends.local.backend import LocalBackend, LocalSettings
from preview_api.backends.local.installation import Installation, InstallationFailed, ensure
from preview_api.backends.local.store import StateFolderInUse, StateFolderUnusable, Store
from preview_api.cli.folders import ServerNote, read_server_note, remove_server_note
from preview_api.cli.output import CommandError
from preview_api.settings import Settings

LOOPBACK = ("127.0.0.1", "localhost", "::1")
# Open connections get this long to end; the children get their own grace after it.
DRAIN_S = 3
KEEP_ALIVE_S = 60  # the caller's page pauses between edits; a new connection costs it a round trip
BACKLOG = 256


@dataclass(frozen=True)
class Serving:
    """The options of `up`."""

    host: str
    port: int
    state: Path
    cache: Path
    origins: Sequence[str]
    max_processes: int


def refuse_cluster() -> None:
    """Raises CommandError inside a cluster: there a session needs a pod of its own, not our rights."""
    if os.environ.get("KUBERNETES_SERVICE_HOST"):
        raise CommandError("`up` runs the callers' code with your rights, so it refuses to run inside a cluster")


def listen(host: str, port: int) -> socket.socket:
    """The server's own socket. Raises CommandError."""
    if host not in LOOPBACK:
        raise CommandError(f"only the loopback interface is served ({', '.join(LOOPBACK)}), not {host}")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # The protocol is named: asyncio sets TCP_NODELAY only then, and without it every answer takes 40 ms longer.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        # Now, not when uvicorn does: who connects from here on is served.
        listening.listen(BACKLOG)
    except OSError as error:
        listening.close()
        raise CommandError(f"port {port} cannot be used: {error.strerror}; choose another with --port") from error
    return listening


def open_store(state: Path) -> Store:
    """Raises CommandError."""
    try:
        return Store(state)
    except StateFolderInUse as error:
        known = read_server_note(state)
        where = f" at {known.url} (process {known.pid})" if known else ""
        raise CommandError(f"a server is already running{where}; stop it, or choose another --state-dir") from error
    except StateFolderUnusable as error:
        raise CommandError(str(error)) from error
    except OSError as error:
        raise CommandError(f"the state folder {state} cannot be used: {error.strerror}") from error


def install(cache: Path, progress: Callable[[str], None]) -> Installation:
    """Raises CommandError."""
    try:
        return ensure(cache, progress)
    except InstallationFailed as error:
        raise CommandError(str(error)) from error
    except OSError as error:
        raise CommandError(f"the cache folder {cache} cannot be used: {error.strerror}") from error


def run(
    serving: Serving, installation: Installation, store: Store, listening: socket.socket, started: Callable[[str], None]
) -> None:
    """Serves until SIGTERM or SIGINT. `started` is called in a thread with the server's URL, once it answers."""
    _raise_file_limit()
    backend = LocalBackend(
        LocalSettings(state_folder=serving.state, allowed_origins=serving.origins, max_processes=serving.max_processes),
        installation,
        store,
    )
    app = create_app(Settings(allowed_origins=tuple(serving.origins)), backend)
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        lifespan="on",
        ws="none",
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=DRAIN_S,
        # No proxy stands before a server on the loopback interface: nobody may say who they are in a header.
        proxy_headers=False,
    )
    url = f"http://localhost:{listening.getsockname()[1]}"

    def announce() -> None:
        ServerNote(url, os.getpid()).write(serving.state)
        started(url)

    try:
        asyncio.run(_serve(_Server(config, announce), listening))
    finally:
        remove_server_note(serving.state)


class _Server(uvicorn.Server):
    """uvicorn raises a caught signal again at its end; here the end is ours, with status 0."""

    def __init__(self, config: uvicorn.Config, announce: Callable[[], None]) -> None:
        super().__init__(config)
        self._announce = announce
        self.announcing: asyncio.Task[None] | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            # In a thread: it calls the server.
            self.announcing = asyncio.create_task(asyncio.to_thread(self._announce))
            self.announcing.add_done_callback(self._announced)

    def _announced(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and task.exception() is not None:
            self.should_exit = True

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        signals = (signal.SIGINT, signal.SIGTERM)
        for number in signals:
            loop.add_signal_handler(number, self._leave)
        try:
            yield
        finally:
            for number in signals:
                loop.remove_signal_handler(number)

    def _leave(self) -> None:
        # The second signal does not wait for open connections.
        self.force_exit = self.should_exit
        self.should_exit = True


async def _serve(server: _Server, listening: socket.socket) -> None:
    await server.serve([listening])
    if server.announcing is None:
        raise CommandError("the server did not start; see the log above")
    await server.announcing


def _raise_file_limit() -> None:
    """Each session keeps a socket open, each child three pipes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
