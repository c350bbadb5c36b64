"""What `make test` makes of tests that fail."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from e2e import suites
from e2e.suites import FEW, Outcome, Suite

# Fails until it has been run so often; the count is kept beside it.
_TEST = """
from pathlib import Path
import pytest

@pytest.mark.parametrize("number", range({tests}))
def test_it(number):
    runs = Path(__file__).parent / f"runs-{{number}}"
    before = len(runs.read_text()) if runs.exists() else 0
    runs.write_text("x" * (before + 1))
    assert before >= {failures}
"""

# Ends after its first test, the first time.
_BROKEN_OFF = """
from pathlib import Path

ONCE = Path(__file__).parent / "once"

def pytest_runtest_teardown(item):
    item.session.shouldstop = False if ONCE.exists() else "broken off"

def pytest_sessionfinish(session):
    if not ONCE.exists():
        ONCE.touch()
        session.exitstatus = 3
"""


def suite(folder: Path, *, failures: int, tests: int = 1, name: str = "test_some.py") -> Suite:
    (folder / name).write_text(_TEST.format(tests=tests, failures=failures))
    cache = folder / "cache"
    command = (sys.executable, "-m", "pytest", "-q", "-o", f"cache_dir={cache}", "-c", "/dev/null", name)
    return Suite("some tests", command, str(folder), cache=cache)


def test_what_passes_is_run_once(tmp_path: Path) -> None:
    assert suites.run([suite(tmp_path, failures=0)]) == Outcome()
    assert (tmp_path / "runs-0").read_text() == "x"


def test_what_fails_once_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert suites.run([suite(tmp_path, failures=1)]) == Outcome(flaky=("test_some.py::test_it[0]",))
    assert "once more: test_some.py::test_it[0]" in capsys.readouterr().out


def test_what_fails_twice_has_failed(tmp_path: Path) -> None:
    assert suites.run([suite(tmp_path, failures=2)]) == Outcome(failed=("some tests",))
    assert (tmp_path / "runs-0").read_text() == "xx"


def test_many_that_fail_have_no_second_try(tmp_path: Path) -> None:
    assert suites.run([suite(tmp_path, failures=1, tests=FEW + 1)]) == Outcome(failed=("some tests",))
    assert (tmp_path / "runs-0").read_text() == "x"


@pytest.mark.parametrize("name", [f"{once}.py" for once in suites.ONCE])
def test_a_promise_that_nothing_is_lost_has_no_second_try(tmp_path: Path, name: str) -> None:
    assert suites.run([suite(tmp_path, failures=1, name=name)]) == Outcome(failed=("some tests",))


def test_what_an_earlier_run_noted_does_not_count(tmp_path: Path) -> None:
    noted = tmp_path / "cache" / "v" / "cache"
    noted.mkdir(parents=True)
    (noted / "lastfailed").write_text('{"test_other.py::test_that_was": true}')
    assert suites.run([suite(tmp_path, failures=9)]) == Outcome(failed=("some tests",))


def test_a_run_that_was_broken_off_has_failed_whatever_passes_then(tmp_path: Path) -> None:
    """It has noted what failed until then, and run nothing of the rest."""
    (tmp_path / "conftest.py").write_text(_BROKEN_OFF)
    assert suites.run([suite(tmp_path, failures=1, tests=2)]) == Outcome(failed=("some tests",))


def test_a_command_that_is_not_pytest_has_no_second_try(tmp_path: Path) -> None:
    assert suites.run([Suite("a command", ("false",), str(tmp_path))]) == Outcome(failed=("a command",))
