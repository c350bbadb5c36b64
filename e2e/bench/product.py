"""This product in the bench: the real server in its own process; create and update through HTTP and durable writes."""

from __future__ import annotations

import re
import time
from pathlib import Path

from e2e.bench import project
from e2e.bench.systems import HttpClient, named
from e2e.modules import Modules
from e2e.processes import Memory, family, memory
from e2e.server import Server

_ORIGIN = "http://localhost:5173"
# One that waits has done its work and collects its garbage now and then.
REST_SECONDS = 2
# The pool waits up to 20 s for a quiet moment, and takes 3 s for each.
FILL_SECONDS = 60


class Product:
    """`kontext-preview up`: one process for the API, one for each session, and `warm` that wait for one."""

    name = "kontext-preview"

    def __init__(self, folder: Path, modules: Modules, warm: int = 1) -> None:
        del modules  # the server finds its own installation
        self._warm = warm
        self._server = Server(folder, origins=[_ORIGIN], warm=warm)
        self._session = ""
        self._runtime = 0

    def start(self) -> None:
        self._server.start()
        self._http = HttpClient(self._server.port, headers={"Origin": _ORIGIN})

    def rest(self) -> None:
        """Returns when all that shall wait for a create do."""
        deadline = time.monotonic() + FILL_SECONDS
        while self._filled() < self._warm:
            if time.monotonic() > deadline:
                raise RuntimeError("the server does not fill its pool")
            time.sleep(0.1)
        time.sleep(REST_SECONDS)

    def create(self) -> str:
        body = {"files": named(project.files()), "packageJson": project.package_json(), "projectType": "icpstudio"}
        # The one that waits is the one that the session gets.
        self._runtime = next(iter(family(self._pid)[1:]), 0)
        answer = self._http.call("POST", "/kontext/preview", body)
        self._session = answer["sessionId"]
        return str(answer["previewUrl"])

    def update(self, edit: project.Edit) -> None:
        self._http.call("POST", f"/kontext/preview/{self._session}/update", {"files": named(edit.files)})

    def waiting(self) -> Memory:
        """Of one process that waits."""
        self.rest()
        return memory(self._pid) - self._api()

    def loaded(self) -> Memory:
        return memory(self._runtime)

    def shared(self) -> Memory:
        return self._api()

    def end(self) -> None:
        self._http.call("DELETE", f"/kontext/preview/{self._session}")

    def stop(self) -> None:
        self._server.stop()

    @property
    def _pid(self) -> int:
        if self._server.process is None:
            raise RuntimeError("the server is not running")
        return self._server.process.pid

    def _filled(self) -> int:
        found = re.search(r"^kontext_preview_warm_runtimes (\d+)", self._server.metrics(), re.MULTILINE)
        return int(found[1]) if found else 0

    def _api(self) -> Memory:
        return memory(self._pid, children=False)
