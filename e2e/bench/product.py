"""This product in the bench: the real server in its own process; create and update through HTTP and durable writes."""

from __future__ import annotations

import time
from pathlib import Path

from e2e.bench import project
from e2e.bench.systems import HttpClient, named
from e2e.modules import Modules
from e2e.processes import Memory, free_port, memory
from e2e.runtime import Runtime
from e2e.server import Server
from preview_core.naming import new_session_id

_ORIGIN = "http://localhost:5173"
# A runtime listens after 0.3 s and is at rest soon after: this is when nothing of its start is left to do.
REST_SECONDS = 2


class Product:
    """`kontext-preview up`: one process for the API, one for each session."""

    name = "kontext-preview"

    def __init__(self, folder: Path, modules: Modules) -> None:
        del modules  # the server finds its own installation
        self._folder = folder
        self._server = Server(folder, origins=[_ORIGIN])
        self._session = ""

    def start(self) -> None:
        self._server.start()
        self._http = HttpClient(self._server.port, headers={"Origin": _ORIGIN})

    def create(self) -> str:
        body = {"files": named(project.files()), "packageJson": project.package_json(), "projectType": "icpstudio"}
        answer = self._http.call("POST", "/kontext/preview", body)
        self._session = answer["sessionId"]
        return str(answer["previewUrl"])

    def update(self, edit: project.Edit) -> None:
        self._http.call("POST", f"/kontext/preview/{self._session}/update", {"files": named(edit.files)})

    def waiting(self) -> Memory:
        """Memory of a session's process without a project. The local server keeps none waiting: one is started."""
        url = f"http://preview-{new_session_id()}.localhost/"
        runtime = Runtime(self._folder / "waiting", public_url=url, origins=[_ORIGIN], preview_port=free_port())
        runtime.start()
        try:
            time.sleep(REST_SECONDS)
            return memory(runtime.pid)
        finally:
            runtime.stop()

    def loaded(self) -> Memory:
        return memory(self._pid) - self._api()

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

    def _api(self) -> Memory:
        return memory(self._pid, children=False)
