"""python -m e2e.suites: every test of the project, in stages; what `make test` runs after lint.

The suites of a stage run side by side: one of them mostly waits, for an API server or for containers, so that two cores
are enough for both. Where the machine can have no cluster, the tests that want one do not run; the last line says so.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import IO

from e2e.cluster.obstacle import obstacle
from e2e.modules import CHECKOUT

_PYTEST = (sys.executable, "-m", "pytest")
_WITH_API_SERVER = tuple(f"tests/component/{name}" for name in ("api_kubernetes", "kubernetes", "operator"))
_BROWSER = ("e2e/browser", "e2e/corpus")


@dataclass(frozen=True)
class Suite:
    """One command. `cluster`: it wants a whole one."""

    name: str
    command: Sequence[str]
    folder: str = "."
    cluster: bool = False


# In the last two nothing runs beside: how long things take there is what is tested (G2, G10, G13).
STAGES: tuple[tuple[Suite, ...], ...] = (
    (
        Suite("tests with an API server", (*_PYTEST, *_WITH_API_SERVER)),
        Suite("all other tests", (*_PYTEST, "tests", *(f"--ignore={folder}" for folder in _WITH_API_SERVER))),
    ),
    (
        Suite("the runtime's own tests", ("node", "--test", "--test-reporter=dot", "test/"), "runtime"),
        Suite("making a cluster", (*_PYTEST, "e2e/cluster"), cluster=True),
    ),
    (Suite("the browser, in local mode", (*_PYTEST, *_BROWSER)),),
    (Suite("the whole on a cluster", (*_PYTEST, *_BROWSER, "e2e/guarantees", "--on", "cluster"), cluster=True),),
)


# What a machine with two quiet cores is asked for, the cluster's build not counted.
_PATIENCE_MIN = 20


def main() -> int:
    """0 when all that could run passed."""
    began = time.monotonic()
    because = obstacle()
    failed = [
        suite.name for stage in STAGES for suite in _run([one for one in stage if because is None or not one.cluster])
    ]
    for name in failed:
        print(f"FAILED: {name}", file=sys.stderr)
    if because is not None:
        print(f"\nNOT RUN: the tests on a real cluster (e2e/cluster, e2e/guarantees): {because}.", file=sys.stderr)
    took = (time.monotonic() - began) / 60
    if took > _PATIENCE_MIN:
        print(f"\nSLOW: {took:.0f} minutes; {_PATIENCE_MIN} are wanted, which this machine cannot.", file=sys.stderr)
    return 1 if failed else 0


def _run(suites: Iterable[Suite]) -> list[Suite]:
    """Those that failed. What they print comes one after the other, each as a whole."""
    with ExitStack() as stack:
        logs = [(suite, stack.enter_context(tempfile.TemporaryFile("w+"))) for suite in suites]
        running = [(suite, _start(suite, log), log) for suite, log in logs]
        return [suite for suite, process, log in running if _ended(suite, process, log) != 0]


def _start(suite: Suite, log: IO[str]) -> subprocess.Popen[str]:
    return subprocess.Popen(suite.command, cwd=CHECKOUT / suite.folder, stdout=log, stderr=log, text=True)


def _ended(suite: Suite, process: subprocess.Popen[str], log: IO[str]) -> int:
    code = process.wait()
    log.seek(0)
    print(f"\n--- {suite.name}\n{log.read()}", flush=True)
    return code


if __name__ == "__main__":
    sys.exit(main())
