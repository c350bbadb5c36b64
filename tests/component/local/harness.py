"""Real servers for the tests: `up` as a process of its own, and the local backend inside the test."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

import httpx2
from platformdirs import user_cache_path

T = TypeVar("T")

REPOSITORY = Path(__file__).parents[3]
ORIGIN = "http://localhost:5173"
CREATE = "/kontext/preview"
PATIENCE_S = 30.0
PAUSE_S = 0.05

APP = "export default function App() { return <h1>first</h1> }\n"
PROJECT = {
    "src/frontend/package.json": '{"name": "tiny", "dependencies": {"react": "^18.2.0", "react-dom": "^18.2.0"}}',
    "src/frontend/src/index.tsx": (
        "import { createRoot } from 'react-dom/client'\nimport App from './App'\nimport './styles.css'\n"
        "createRoot(document.getElementById('root')!).render(<App />)\n"
    ),
    "src/frontend/src/App.tsx": APP,
    "src/frontend/src/styles.css": "h1 { color: red }\n",
}
MODULE = "/src/App.tsx"


def sent(files: dict[str, str]) -> list[dict[str, str]]:
    """As a request carries them."""
    return [{"name": name, "content": content} for name, content in files.items()]


def eventually(what: Callable[[], T], until: Callable[[T], bool]) -> T:
    """Asks until the answer fits. Fails with the last answer."""
    deadline = time.monotonic() + PATIENCE_S
    while not until(answer := what()):
        assert time.monotonic() < deadline, f"still {answer!r}"
        time.sleep(PAUSE_S)
    return answer


async def eventually_async(what: Callable[[], Awaitable[T]], until: Callable[[T], bool]) -> T:
    """As `eventually`."""
    deadline = time.monotonic() + PATIENCE_S
    while not until(answer := await what()):
        assert time.monotonic() < deadline, f"still {answer!r}"
        await asyncio.sleep(PAUSE_S)
    return answer


class Page:
    """A preview as a browser asks for it; Python does not resolve names below localhost."""

    def __init__(self, preview_url: str) -> None:
        self.url = httpx2.URL(preview_url)
        assert self.url.port is not None
        self.port: int = self.url.port
        self.host = f"{self.url.host}:{self.port}"

    def get(self, path: str = "/", **headers: str) -> httpx2.Response:
        return httpx2.get(
            f"http://127.0.0.1:{self.port}{path}", headers={"Host": self.host, **headers}, trust_env=False, timeout=10
        )

    def navigate(self) -> httpx2.Response:
        return self.get("/", **{"Sec-Fetch-Mode": "navigate", "Accept": "text/html"})

    def text(self, path: str = "/") -> str:
        """Empty while the preview does not serve."""
        try:
            response = self.get(path)
        except httpx2.TransportError:
            # A connection that a killed child had accepted.
            return ""
        return response.text if response.status_code == 200 else ""

    async def text_async(self, path: str = "/") -> str:
        return await asyncio.to_thread(self.text, path)


class Server:
    """`kontext-preview up` on a free port; `warm` runtimes wait for a create."""

    def __init__(self, state: Path, *options: str, log: Path | None = None, warm: int = 0) -> None:
        self.state = state
        self.log = log or state.with_suffix(".log")
        # Appended: one log for all servers of a test.
        with self.log.open("ab") as errors:
            self.process = subprocess.Popen(
                [*CLI, "up", "--port", "0", "--state-dir", str(state), "-o", "json", "--warm", str(warm), *options],
                env=environment(),
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, self.log.read_text()
        self.started: dict[str, Any] = json.loads(line)
        self.api = httpx2.Client(
            base_url=self.started["url"].replace("localhost", "127.0.0.1"),
            headers={"Origin": ORIGIN},
            trust_env=False,
            timeout=60,
        )

    def __enter__(self) -> Server:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def kill(self) -> None:
        """As kill -9, the server alone."""
        self.process.kill()
        self.process.wait()
        self._close()

    def stop(self) -> int:
        """As Ctrl-C; the exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(timeout=20)
        finally:
            self.process.kill()
            self._close()

    def create(self, files: dict[str, str] = PROJECT, **more: Any) -> dict[str, Any]:
        response = self.api.post(CREATE, json={"files": sent(files), **more})
        assert response.status_code == 200, response.text
        answer: dict[str, Any] = response.json()
        return answer

    def update(self, session_id: str, files: dict[str, str]) -> dict[str, Any]:
        response = self.api.post(f"{CREATE}/{session_id}/update", json={"files": sent(files)})
        assert response.status_code == 200, response.text
        answer: dict[str, Any] = response.json()
        return answer

    def status(self, session_id: str) -> dict[str, Any]:
        answer: dict[str, Any] = self.api.get(f"{CREATE}/{session_id}").json()
        return answer

    def ready(self, session_id: str) -> dict[str, Any]:
        return eventually(lambda: self.status(session_id), lambda status: status["phase"] == "Ready")

    def children(self) -> list[int]:
        """Pids of the sessions' processes, and of those that wait for one."""
        return children(self.process.pid)

    def waiting(self) -> int:
        """How many runtimes wait for a create."""
        return warm_runtimes(self.api.get("/metrics").text)

    def _close(self) -> None:
        self.api.close()
        if self.process.stdout is not None:
            self.process.stdout.close()


CLI = [sys.executable, "-c", "from preview_api.cli import main; main()"]


def environment(**more: str) -> dict[str, str]:
    """Finds the packages in a checkout that is not installed."""
    path = os.pathsep.join(str(REPOSITORY / name) for name in ("core", "api"))
    kept = {name: value for name, value in os.environ.items() if name != "KUBERNETES_SERVICE_HOST"}
    return {**kept, "PYTHONPATH": path, "KONTEXT_PREVIEW_CACHE_DIR": str(user_cache_path("kontext-preview")), **more}


def warm_runtimes(metrics: str) -> int:
    """As `/metrics` tells."""
    [line] = [line for line in metrics.splitlines() if line.startswith("kontext_preview_warm_runtimes ")]
    return int(float(line.split()[1]))


def cli(*arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    """One command, ended."""
    return subprocess.run(
        [*CLI, *arguments], env=environment(**more), capture_output=True, text=True, timeout=120, check=False
    )


def children(pid: int) -> list[int]:
    """Living session processes among the children of a process; pytest itself has others too (a control plane)."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
            command = (stat.parent / "cmdline").read_bytes()
        except OSError:
            continue
        if int(fields[1]) == pid and fields[0] != "Z" and b"main.js" in command:
            found.append(int(stat.parent.name))
    return found


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
