"""The product under test: a real `kontext-preview up`, in a process of its own with a state folder of its own."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Sequence
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from e2e.modules import CHECKOUT
from e2e.processes import free_port, start, stop

# The first start on a machine installs the runtime and pre-bundles the catalogue: up to 90 s on a warm package cache.
START_SECONDS = 120
_COMMAND = (sys.executable, "-c", "from preview_api.cli import main; main()")


class Server:
    """`start` returns when the server answers `GET /readyz` with 200."""

    def __init__(
        self, folder: Path, *, origins: Sequence[str] = (), port: int | None = None, warm: int | None = None
    ) -> None:
        """`warm`: runtimes that wait for a create; None leaves it to the product."""
        self.folder = folder
        self.warm = warm
        self.port = port or free_port()
        self.origins = tuple(origins)
        self.process: subprocess.Popen[str] | None = None

    @property
    def url(self) -> str:
        """Base URL of the API. An address, not a name: pages on `localhost` are then of another site."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def base_url(self) -> str:
        """For clients that do not resolve names below `localhost`."""
        return self.url

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def cold(self) -> bool:
        """Connections wait in the kernel while a child starts."""
        return False

    @property
    def folders(self) -> tuple[str, ...]:
        """That no answer may name."""
        return (str(self.folder),)

    @property
    def log(self) -> Path:
        """What the server wrote to stdout and stderr."""
        return self.folder / "server.log"

    def start(self) -> None:
        """Start it. RuntimeError with the log's end when it does not become ready."""
        self.folder.mkdir(parents=True, exist_ok=True)
        command = [*_COMMAND, "up", "--port", str(self.port), "--state-dir", str(self.folder / "state")]
        for origin in self.origins:
            command += ["--allow-origin", origin]
        if self.warm is not None:
            command += ["--warm", str(self.warm)]
        self.process = start(command, cwd=CHECKOUT, env={"PYTHONPATH": "core:api"}, log=self.log, piped=False)
        deadline = time.monotonic() + START_SECONDS
        while not self._ready():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise RuntimeError(f"the server did not become ready:\n{self.log.read_text()[-4000:]}")
            time.sleep(0.05)

    def metrics(self) -> str:
        """What `GET /metrics` answers."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", "/metrics")
            return connection.getresponse().read().decode()
        finally:
            connection.close()

    def stop(self) -> None:
        """Stop it and every process that it left."""
        if self.process is not None:
            stop(self.process)
            self.process = None

    def _ready(self) -> bool:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=2)
        try:
            connection.request("GET", "/readyz")
            return connection.getresponse().status == 200
        except (OSError, HTTPException):
            return False
        finally:
            connection.close()
