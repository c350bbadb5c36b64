"""Processes that outlive the command that started them, known by pid and start time: a pid is used again."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_PAUSE_SECONDS = 0.05


@dataclass(frozen=True)
class Daemons:
    """Their pid files and logs are in `folder`."""

    folder: Path

    def start(self, name: str, command: Sequence[str], env: Mapping[str, str] | None = None) -> None:
        """In a session of its own. What runs already is kept."""
        if self.pid(name) is not None:
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        with self.log(name).open("a") as log:
            process = subprocess.Popen(
                list(command),
                cwd=self.folder,
                env={**os.environ, **(env or {})},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._file(name).write_text(f"{process.pid} {_started(process.pid)}")

    def stop(self, name: str, patience: float) -> None:
        """SIGTERM, and SIGKILL after so many seconds. Returns when it is gone."""
        pid = self.pid(name)
        if pid is not None:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
                deadline = time.monotonic() + patience
                while self.pid(name) is not None and time.monotonic() < deadline:
                    time.sleep(_PAUSE_SECONDS)
                if self.pid(name) is not None:
                    os.kill(pid, signal.SIGKILL)
                while self.pid(name) is not None:
                    time.sleep(_PAUSE_SECONDS)
        self._file(name).unlink(missing_ok=True)

    def pid(self, name: str) -> int | None:
        """Its pid if it runs."""
        with suppress(FileNotFoundError, ValueError):
            pid, started = self._file(name).read_text().split()
            if _started(int(pid)) == started:
                return int(pid)
        return None

    def log(self, name: str) -> Path:
        return self.folder / f"{name}.log"

    def _file(self, name: str) -> Path:
        return self.folder / f"{name}.pid"


def _started(pid: int) -> str:
    """Start time in ticks since boot; empty if it is gone or only waits to be reaped, which PID 1 may do late."""
    with suppress(FileNotFoundError, ProcessLookupError):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return "" if fields[0] == "Z" else fields[19]
    return ""
