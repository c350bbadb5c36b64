"""This product on a real cluster in the bench: the chart, a pod for each session, everything through the ingress."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from e2e.bench import project
from e2e.bench.pool import Pool
from e2e.bench.systems import HttpClient, named
from e2e.cluster.api import fetch
from e2e.cluster.installed import ORIGINS, Installed
from e2e.modules import Modules
from e2e.processes import Memory, memory

# A cold pod takes 3 s: beyond this something is broken, not slow.
_SERVED_SECONDS = 60
# The operator acts at once, kubelet ends a pod within its grace period.
_ASLEEP_SECONDS = 60
_POLL_SECONDS = 0.02
# Where Vite serves the entry.
_ENTRY = "/src/index.tsx"
# One that has begun to wait has done its work, and collects its garbage now and then.
_REST_SECONDS = 2


class OnKubernetes:
    """`make cluster`: what runs already is used, and left running. `warm` sessions wait for a create."""

    name = "on Kubernetes"

    def __init__(self, folder: Path, modules: Modules) -> None:
        del folder, modules
        self.cluster = Installed()
        self.warm = 1
        self._session = ""
        self._host = ""
        self._marker = ""
        self._created = 0

    def start(self) -> None:
        self.cluster.__enter__()
        headers = {"Origin": ORIGINS[0], "Host": self.cluster.api.host}
        self._http = HttpClient(self.cluster.port, headers=headers)
        self._pool = Pool(self.cluster)

    def rest(self) -> None:
        """Returns when all that shall wait for a create do, and nothing else."""
        self._pool.keep(self.warm)
        time.sleep(_REST_SECONDS)

    def create(self) -> str:
        self._created += 1
        # In what Vite makes of the entry, and in no other session's.
        self._marker = f"benchCreate{self._created}"
        files = project.files()
        files[f"{project.ROOT}{_ENTRY}"] += f"\nObject.assign(window, {{ {self._marker}: true }});\n"
        body = {"files": named(files), "packageJson": project.package_json(), "projectType": "icpstudio"}
        answer = self._http.call("POST", "/kontext/preview", body)
        self._session = answer["sessionId"]
        self._host = urlsplit(answer["previewUrl"]).netloc
        return str(answer["previewUrl"])

    def entry_served(self) -> None:
        """Waits until the session's own entry module is there."""
        self._wait(lambda: self._has(_ENTRY, "*/*", self._marker), "the entry module is not served", _SERVED_SECONDS)

    def served(self) -> None:
        """Waits until the preview's own page is there, and not the one that waits for it."""
        self._wait(lambda: self._has("/", "text/html", "/@vite/client"), "the preview is not served", _SERVED_SECONDS)

    def update(self, edit: project.Edit) -> None:
        self._http.call("POST", f"/kontext/preview/{self._session}/update", {"files": named(edit.files)})

    def sleep(self) -> None:
        """Puts the session to sleep, and waits until the waker answers for it and none of its pods is left."""
        patch = '{"spec":{"suspended":true}}'
        self.cluster.kubectl(
            "patch", "previewsession", self._session, "-n", self.cluster.sessions, "--type=merge", f"--patch={patch}"
        )
        self._wait(lambda: self.pods() == 0 and self._is_waker(), "the session does not sleep", _ASLEEP_SECONDS)

    def pods(self) -> int:
        """Of the session, whatever they do."""
        selector = f"--selector=preview.coinnation.io/session={self._session},preview.coinnation.io/part=pod"
        return len(self.cluster.kubectl("get", "pods", "-n", self.cluster.sessions, selector, "-o", "name").split())

    def waiting(self) -> Memory:
        self.rest()
        return memory(_pid(self._pool.hosts()[0]))

    def loaded(self) -> Memory:
        return memory(_pid(self._host))

    def shared(self) -> Memory | None:
        return None

    def end(self) -> None:
        self._http.call("DELETE", f"/kontext/preview/{self._session}")

    def stop(self) -> None:
        self._pool.give_back()
        self.cluster.__exit__(None, None, None)

    def _has(self, path: str, accept: str, text: str) -> bool:
        page = fetch("127.0.0.1", self.cluster.port, self._host, path, {"Accept": accept})
        return page.status == 200 and text.encode() in page.body

    def _is_waker(self) -> bool:
        # A module, which wakes nobody.
        return fetch("127.0.0.1", self.cluster.port, self._host, _ENTRY, {"Accept": "*/*"}).status == 503

    @staticmethod
    def _wait(condition: Callable[[], bool], otherwise: str, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                raise RuntimeError(otherwise)
            time.sleep(_POLL_SECONDS)


def _pid(host: str) -> int:
    """Of a session's process, whose environment has its public URL."""
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            environment = (entry / "environ").read_bytes().split(b"\0")
        except OSError:
            continue  # it ended while /proc was read
        if f"KP_PUBLIC_URL=http://{host}/".encode() in environment:
            return int(entry.name)
    raise RuntimeError("the session's process is not on this machine")
