"""The things that are compared: each starts, creates one session, applies updates, and stops.

The order is `start`, then sessions one after the other: `rest`, `create`, `update`…, (`loaded`), `end`; `waiting` only
between two sessions; at last `stop`.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from http.client import HTTPConnection
from pathlib import Path
from select import select
from typing import Any, Protocol

from e2e.bench import project
from e2e.modules import Modules
from e2e.processes import Memory, free_port, memory, start, stop

_BASELINE = Path(__file__).parent / "baseline" / "server.mjs"
_INDEX = (
    "<!doctype html>\n<html>\n  <head><meta charset='utf-8'><title>bench</title></head>\n"
    '  <body><div id="root"></div><script type="module" src="/src/index.tsx"></script></body>\n</html>\n'
)
# What `npm create vite` writes, on one machine's loopback. The folder is not in a workspace and its packages are links
# into the shared installation, so the check of served folders is off; it is not part of what is measured.
_VITE_CONFIG = (
    "import { defineConfig } from 'vite';\nimport react from '@vitejs/plugin-react';\n\n"
    "export default defineConfig({ plugins: [react()], server: { fs: { strict: false } } });\n"
)


class System(Protocol):
    """One way to get a live preview."""

    name: str

    def start(self) -> None:
        """Bring up what is there before any session."""

    def rest(self) -> None:
        """Returns when nothing is left to do of what the system does ahead of a create."""

    def create(self) -> str:
        """A new session with the project at its first state; answers the URL to open as soon as the system knows it."""

    def update(self, edit: project.Edit) -> None:
        """Apply one update to the session."""

    def waiting(self) -> Memory:
        """Memory of what waits for a session while there is none."""

    def loaded(self) -> Memory:
        """The same memory with one session that has a page open."""

    def shared(self) -> Memory | None:
        """Memory that all sessions share and that the other two figures leave out; None where there is no such part."""

    def end(self) -> None:
        """End the session."""

    def stop(self) -> None:
        """Stop everything that `start` and `create` started."""


class BareVite:
    """The stock Vite command on a project on disk, its dependency cache warm; an update is a file written."""

    name = "bare Vite"

    def __init__(self, folder: Path, modules: Modules) -> None:
        self._folder = folder
        self._root = folder / project.ROOT
        self._modules = modules
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        links = self._root / "node_modules"
        links.mkdir(parents=True)
        _link_packages(self._modules.catalogue, links)
        _link_packages(self._modules.runtime, links)
        self._write(project.files())
        (self._root / "index.html").write_text(_INDEX)
        (self._root / "vite.config.mjs").write_text(_VITE_CONFIG)

    def rest(self) -> None:
        """It does nothing ahead."""

    def create(self) -> str:
        # The project is on disk already, as it is for somebody who works on it; bringing it back is not measured here,
        # `end` does it.
        port = free_port()
        command = ["node", str(self._root / "node_modules/vite/bin/vite.js")]
        command += ["--host", "127.0.0.1", "--port", str(port), "--strictPort"]
        self._process = start(command, cwd=self._root, env={"NO_COLOR": "1"}, log=self._folder / "bare.log")
        _await_line(self._process, "Local:")
        return f"http://127.0.0.1:{port}/"

    def update(self, edit: project.Edit) -> None:
        self._write(edit.files)

    def waiting(self) -> Memory:
        self.create()
        used = _memory_of(self._process)
        self.end()
        return used

    def loaded(self) -> Memory:
        return _memory_of(self._process)

    def shared(self) -> Memory | None:
        return None

    def end(self) -> None:
        if self._process is not None:
            stop(self._process)
            self._process = None
        self._write(project.files())

    def stop(self) -> None:
        if self._process is not None:
            stop(self._process)

    def _write(self, files: dict[str, str]) -> None:
        for path, text in files.items():
            target = self._folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            _overwrite(target, text.encode())


class HttpClient:
    """One kept connection that posts JSON, as a browser would keep it."""

    def __init__(self, port: int, *, headers: dict[str, str] | None = None) -> None:
        self._connection = HTTPConnection("127.0.0.1", port, timeout=60)
        self._headers = {"Content-Type": "application/json", **(headers or {})}

    def call(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        """The answer's JSON object; RuntimeError unless it is a success."""
        self._drop_if_closed()
        self._connection.request(method, path, None if body is None else json.dumps(body), self._headers)
        response = self._connection.getresponse()
        text = response.read().decode()
        answer: dict[str, Any] = json.loads(text) if text.startswith("{") else {}
        if response.status != 200 or not answer.get("success"):
            raise RuntimeError(f"{method} {path} answered {response.status}: {text[:500]}")
        return answer

    def _drop_if_closed(self) -> None:
        # Servers close idle connections (Node after 5 s). A closed one is readable; `request` then opens a new one.
        sock = self._connection.sock
        if sock is not None and select([sock], [], [], 0)[0]:
            self._connection.close()


class NaiveServer:
    """The seed's server (`baseline/server.mjs`): all sessions in one process, HTTP in."""

    name = "naive server"

    def __init__(self, folder: Path, modules: Modules) -> None:
        self._folder = folder
        self._modules = modules
        self._process: subprocess.Popen[str] | None = None
        self._client: HttpClient | None = None
        self._session = ""

    def start(self) -> None:
        self._folder.mkdir(parents=True)
        # Node resolves imports from where a script lies: next to the packages it needs.
        shutil.copy(_BASELINE, self._folder / "server.mjs")
        (self._folder / "node_modules").symlink_to(self._modules.runtime)
        self._launch()

    def rest(self) -> None:
        """It does nothing ahead."""

    def create(self) -> str:
        answer = self._http.call("POST", "/create", {"files": named(project.files())})
        self._session = answer["sessionId"]
        return str(answer["previewUrl"])

    def update(self, edit: project.Edit) -> None:
        self._http.call("POST", "/update", {"sessionId": self._session, "files": named(edit.files)})

    def waiting(self) -> Memory:
        return _memory_of(self._process)

    def loaded(self) -> Memory:
        return _memory_of(self._process)

    def shared(self) -> Memory | None:
        return None

    def end(self) -> None:
        # The seed never ends a session. A new process for each keeps its memory figure that of one session.
        self.stop()
        self._launch()

    def stop(self) -> None:
        if self._process is not None:
            stop(self._process)
            self._process = None

    @property
    def _http(self) -> HttpClient:
        if self._client is None:
            raise RuntimeError("the naive server was not started")
        return self._client

    def _launch(self) -> None:
        port = free_port()
        env = {
            "PORT": str(port),
            "FIRST_VITE_PORT": str(free_port()),
            "CATALOGUE_NODE_MODULES": str(self._modules.catalogue),
            "TMPDIR": str(self._folder),
        }
        command = ["node", "server.mjs"]
        self._process = start(command, cwd=self._folder, env=env, log=self._folder / "naive.log")
        _await_line(self._process, "listening")
        self._client = HttpClient(port)


def named(files: dict[str, str]) -> list[dict[str, str]]:
    return [{"name": path, "content": text} for path, text in files.items()]


def _overwrite(path: Path, content: bytes) -> None:
    """Replace a file's content without a moment in which it is empty.

    Python's own `write_text` truncates first. Under load stock Vite then reads the empty file, and its watcher drops
    the second event as too close to the first: about 1 update in 100 was lost for good, and none of them measured.
    """
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT, 0o644)
    try:
        os.pwrite(descriptor, content, 0)
        os.ftruncate(descriptor, len(content))
    finally:
        os.close(descriptor)


def _memory_of(process: subprocess.Popen[str] | None) -> Memory:
    if process is None:
        raise RuntimeError("nothing is running")
    return memory(process.pid)


def _await_line(process: subprocess.Popen[str], part: str) -> None:
    """Read stdout up to the line that contains `part`. RuntimeError when the process ends first."""
    if process.stdout is not None:
        for line in process.stdout:
            if part in line:
                return
    raise RuntimeError(f"the process ended before it wrote {part!r}; its log is beside its folder")


def _link_packages(source: Path, links: Path) -> None:
    """Link every package of one node_modules folder into another; a package that is there already stays."""
    for package in source.iterdir():
        target = links / package.name
        if package.name.startswith("@"):
            target.mkdir(exist_ok=True)
            _link_packages(package, target)
        elif not package.name.startswith(".") and not target.exists():
            target.symlink_to(package)
