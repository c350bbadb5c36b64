"""python -m e2e.suites: every test of the project, in stages; what `make test` runs after lint.

The suites of a stage run side by side: one of them mostly waits, for an API server or for containers, so that two cores
are enough for both. Where the machine can have no cluster, the tests that want one do not run; the last line says so.

A few tests that fail are run once more, alone: on a machine that does other things some deadline is always missed. The
last lines name them, because each is a fault, of the test at least. What promises that nothing is lost is tried once.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import pytest

from e2e.cluster.obstacle import obstacle
from e2e.modules import CHECKOUT

_PYTEST = (sys.executable, "-m", "pytest")
_WITH_API_SERVER = tuple(f"tests/component/{name}" for name in ("api_kubernetes", "kubernetes", "operator"))
_BROWSER = ("e2e/browser", "e2e/corpus")
# More than these is no deadline that was missed.
FEW = 3
# Lost updates, two owners of one session: chance finds them, and a second try would not.
ONCE = ("test_chaos", "test_races")


@dataclass(frozen=True)
class Suite:
    """One command. `cluster`: it wants a whole one. `cache`: of pytest, which notes there what failed."""

    name: str
    command: Sequence[str]
    folder: str = "."
    cluster: bool = False
    cache: Path | None = None


@dataclass(frozen=True)
class Outcome:
    """`failed`: suites. `flaky`: tests that failed, and then did not."""

    failed: tuple[str, ...] = ()
    flaky: tuple[str, ...] = ()


def of_pytest(name: str, *arguments: str, cluster: bool = False) -> Suite:
    """What pytest is asked to run, with a cache of its own: several run side by side."""
    cache = CHECKOUT / ".pytest_cache" / name.replace(" ", "-")
    return Suite(name, (*_PYTEST, "-o", f"cache_dir={cache}", *arguments), cluster=cluster, cache=cache)


# In the last two nothing runs beside: how long things take there is what is tested (G2, G10, G13).
STAGES: tuple[tuple[Suite, ...], ...] = (
    (
        of_pytest("tests with an API server", *_WITH_API_SERVER),
        of_pytest("all other tests", "tests", *(f"--ignore={folder}" for folder in _WITH_API_SERVER)),
    ),
    (
        Suite("the runtime's own tests", ("node", "--test", "--test-reporter=dot", "test/"), "runtime"),
        of_pytest("making a cluster", "e2e/cluster", cluster=True),
    ),
    (of_pytest("the browser in local mode", *_BROWSER),),
    (of_pytest("the whole on a cluster", *_BROWSER, "e2e/guarantees", "--on", "cluster", cluster=True),),
)


# What a machine with two quiet cores is asked for, the cluster's build not counted.
_PATIENCE_MIN = 20


def main() -> int:
    """0 when all that could run passed."""
    began = time.monotonic()
    because = obstacle()
    outcomes = [run([one for one in stage if because is None or not one.cluster]) for stage in STAGES]
    failed = [name for outcome in outcomes for name in outcome.failed]
    for name in failed:
        print(f"FAILED: {name}", file=sys.stderr)
    for name in (name for outcome in outcomes for name in outcome.flaky):
        print(f"FLAKY: {name} failed, and passed when it was run again", file=sys.stderr)
    if because is not None:
        print(f"\nNOT RUN: the tests on a real cluster (e2e/cluster, e2e/guarantees): {because}.", file=sys.stderr)
    took = (time.monotonic() - began) / 60
    if took > _PATIENCE_MIN:
        print(f"\nSLOW: {took:.0f} minutes; {_PATIENCE_MIN} are wanted, which this machine cannot.", file=sys.stderr)
    return 1 if failed else 0


def run(suites: Iterable[Suite]) -> Outcome:
    """Side by side; what they print comes one after the other, each as a whole. A second try is when all have ended."""
    with ExitStack() as stack:
        logs = [(suite, stack.enter_context(tempfile.TemporaryFile("w+"))) for suite in suites]
        running = [(suite, _start(suite, (), log), log) for suite, log in logs]
        ended = [(suite, _ended(suite, process, log)) for suite, process, log in running]
    failed: list[str] = []
    flaky: list[str] = []
    for suite, code in ended:
        if code == 0:
            continue
        # Interrupted, or broken off by an error of its own, it has not run everything: what failed so far is not all.
        tests = _to_try_again(suite) if code == pytest.ExitCode.TESTS_FAILED else []
        if tests and _passes(suite, tests):
            flaky += tests
        else:
            failed.append(suite.name)
    return Outcome(tuple(failed), tuple(flaky))


def _to_try_again(suite: Suite) -> list[str]:
    """Tests that failed, if they are few and all of them may."""
    noted = suite.cache / "v" / "cache" / "lastfailed" if suite.cache is not None else None
    if noted is None or not noted.exists():
        return []
    tests = list(json.loads(noted.read_text()))
    return tests if len(tests) <= FEW and not any(once in test for test in tests for once in ONCE) else []


def _passes(suite: Suite, tests: Sequence[str]) -> bool:
    with tempfile.TemporaryFile("w+") as log:
        again = Suite(f"{suite.name}, once more: {', '.join(tests)}", suite.command, suite.folder)
        return _ended(again, _start(again, ("--last-failed", "--last-failed-no-failures=none"), log), log) == 0


def _start(suite: Suite, more: Sequence[str], log: IO[str]) -> subprocess.Popen[str]:
    # What an earlier run noted must not be taken for this one's.
    first = ("--cache-clear",) if suite.cache is not None else ()
    command = (*suite.command, *first, *more)
    return subprocess.Popen(command, cwd=CHECKOUT / suite.folder, stdout=log, stderr=log, text=True)


def _ended(suite: Suite, process: subprocess.Popen[str], log: IO[str]) -> int:
    code = process.wait()
    log.seek(0)
    print(f"\n--- {suite.name}\n{log.read()}", flush=True)
    return code


if __name__ == "__main__":
    sys.exit(main())
