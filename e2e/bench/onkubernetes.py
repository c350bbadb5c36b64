"""This product on a real cluster in the bench: the chart, a pod for each session, everything through the ingress."""

from __future__ import annotations

import time
from pathlib import Path
from urllib.parse import urlsplit

from e2e.bench import project
from e2e.bench.systems import HttpClient, named
from e2e.cluster.api import fetch
from e2e.cluster.installed import ORIGINS, Installed
from e2e.modules import Modules
from e2e.processes import Memory, memory

# A cold pod takes 3 s: beyond this something is broken, not slow.
_SERVED_SECONDS = 60
SERVED = "cold create → preview served"
_POLL_SECONDS = 0.02


class OnKubernetes:
    """`make cluster`: what runs already is used, and left running."""

    name = "on Kubernetes"

    def __init__(self, folder: Path, modules: Modules) -> None:
        del folder, modules
        self.cluster = Installed()
        self._session = ""
        self._host = ""

    def start(self) -> None:
        self.cluster.__enter__()
        headers = {"Origin": ORIGINS[0], "Host": self.cluster.api.host}
        self._http = HttpClient(self.cluster.port, headers=headers)

    def rest(self) -> None:
        """It does nothing ahead."""

    def create(self) -> str:
        body = {"files": named(project.files()), "packageJson": project.package_json(), "projectType": "icpstudio"}
        answer = self._http.call("POST", "/kontext/preview", body)
        self._session = answer["sessionId"]
        self._host = urlsplit(answer["previewUrl"]).netloc
        return str(answer["previewUrl"])

    def served(self) -> None:
        """Waits until the preview's own page is there, and not the one that waits for it."""
        deadline = time.monotonic() + _SERVED_SECONDS
        while True:
            page = fetch("127.0.0.1", self.cluster.port, self._host, "/", {"Accept": "text/html"})
            if page.status == 200 and b"/@vite/client" in page.body:
                return
            if time.monotonic() > deadline:
                raise RuntimeError("the preview is not served")
            time.sleep(_POLL_SECONDS)

    def update(self, edit: project.Edit) -> None:
        self._http.call("POST", f"/kontext/preview/{self._session}/update", {"files": named(edit.files)})

    def waiting(self) -> Memory:
        """None waits: sessions are born cold."""
        return Memory(0, 0)

    def loaded(self) -> Memory:
        return memory(self._pid())

    def shared(self) -> Memory | None:
        return None

    def end(self) -> None:
        self._http.call("DELETE", f"/kontext/preview/{self._session}")

    def stop(self) -> None:
        self.cluster.__exit__(None, None, None)

    def _pid(self) -> int:
        """Of the session's process, whose environment has its public URL."""
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            try:
                environment = (entry / "environ").read_bytes().split(b"\0")
            except OSError:
                continue  # it ended while /proc was read
            if f"KP_PUBLIC_URL=http://{self._host}/".encode() in environment:
                return int(entry.name)
        raise RuntimeError("the session's process is not on this machine")


def cold(system: OnKubernetes, creates: int) -> list[float]:
    """Milliseconds from a create to the preview's page, one session after the other."""
    took = []
    for _ in range(creates):
        began = time.perf_counter()
        system.create()
        system.served()
        took.append((time.perf_counter() - began) * 1000)
        system.end()
    return took
