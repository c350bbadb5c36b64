"""Child processes of tests: started in their own group, always stopped by id; free ports; memory from /proc."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

# A process that has not gone this many seconds after SIGTERM is stuck: killed, so that it cannot outlive its test.
STOP_SECONDS = 10
_MIB = 1024 * 1024


def free_port() -> int:
    """A TCP port of 127.0.0.1 that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def start(
    command: Sequence[str], *, cwd: Path, env: Mapping[str, str] | None = None, log: Path, piped: bool = True
) -> subprocess.Popen[str]:
    """Start `command`: stdin a pipe, stderr appended to `log`, stdout a pipe of text (`piped`) or appended as well.

    A pipe that nobody reads stops its writer when it is full: ask for one only to read it.
    """
    with log.open("a") as errors:
        return subprocess.Popen(
            list(command),
            cwd=cwd,
            env={**os.environ, **(env or {})},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE if piped else errors,
            stderr=errors,
            text=True,
            start_new_session=True,
        )


def stop(process: subprocess.Popen[str]) -> None:
    """SIGTERM, then SIGKILL for the whole group; returns when the process has been reaped."""
    if process.poll() is None:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(STOP_SECONDS)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()


@dataclass(frozen=True)
class Memory:
    """Resident memory in MiB: `rss` counts shared pages for every process, `pss` counts them once."""

    rss: float
    pss: float

    def __sub__(self, other: Memory) -> Memory:
        return Memory(self.rss - other.rss, self.pss - other.pss)


def family(pid: int) -> list[int]:
    """`pid` and all its living descendants."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            # A process may end while /proc is read.
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
                children.setdefault(parent, []).append(int(entry.name))
    found = [pid]
    for member in found:
        found += children.get(member, [])
    return found


def memory(pid: int, *, children: bool = True) -> Memory:
    """Memory of `pid`, and of its descendants unless `children` is false."""
    rss = pss = 0
    for member in family(pid) if children else [pid]:
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            sums = Path(f"/proc/{member}/smaps_rollup").read_text()
            rss += _kib(sums, "Rss:")
            pss += _kib(sums, "Pss:")
    return Memory(rss * 1024 / _MIB, pss * 1024 / _MIB)


def _kib(text: str, field: str) -> int:
    return sum(int(line.split()[1]) for line in text.splitlines() if line.startswith(field))
