"""`up`: the server process, from the checks before its start to the end of its children."""

from __future__ import annotations

import asyncio
import os
import resource
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from preview_api.app import create_app
from preview_api.backends.local.backend import LocalBackend, LocalSettings
from preview_api.backends.local.installation import Installation, InstallationFailed, ensure
from preview_api.backends.local.store import StateFolderInUse, StateFolderUnusable, Store
from preview_api.cli.folders import ServerNote, read_server_note, remove_server_note
from preview_api.cli.output import CommandError
from preview_api.cli.server import Server, bind
from preview_api.settings import Settings

LOOPBACK = ("127.0.0.1", "localhost", "::1")
# Open connections get this long to end; the children get their own grace after it.
DRAIN_S = 3


@dataclass(frozen=True)
class Serving:
    """The options of `up`."""

    host: str
    port: int
    state: Path
    cache: Path
    origins: Sequence[str]
    max_processes: int
    warm: int


def refuse_cluster() -> None:
    """Raises CommandError inside a cluster: there a session needs a pod of its own, not our rights."""
    if os.environ.get("KUBERNETES_SERVICE_HOST"):
        raise CommandError("`up` runs the callers' code with your rights, so it refuses to run inside a cluster")


def listen(host: str, port: int) -> socket.socket:
    """The server's own socket. Raises CommandError."""
    if host not in LOOPBACK:
        raise CommandError(f"only the loopback interface is served ({', '.join(LOOPBACK)}), not {host}")
    return bind(host, port, "--port")


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


def install(cache: Path, catalogue: Path | None, progress: Callable[[str], None]) -> Installation:
    """Raises CommandError."""
    try:
        return ensure(cache, progress, catalogue=catalogue)
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
        LocalSettings(
            state_folder=serving.state,
            allowed_origins=serving.origins,
            max_processes=serving.max_processes,
            warm=serving.warm,
        ),
        installation,
        store,
    )
    app = create_app(Settings(allowed_origins=tuple(serving.origins)), backend)
    server = Server(app, drain_s=DRAIN_S)
    url = f"http://localhost:{listening.getsockname()[1]}"

    def announce() -> None:
        ServerNote(url, os.getpid()).write(serving.state)
        started(url)

    try:
        asyncio.run(server.run_announced([listening], announce))
    finally:
        remove_server_note(serving.state)


def _raise_file_limit() -> None:
    """Each session keeps a socket open, each child three pipes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
