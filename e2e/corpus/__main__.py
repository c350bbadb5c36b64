"""python -m e2e.corpus: plays every project and writes docs/corpus.md."""

from __future__ import annotations

import sys

import pytest

from e2e.corpus import document
from e2e.corpus.results import measured


class _Reports:
    """What pytest reports, in order."""

    def __init__(self) -> None:
        self.seen: list[object] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.seen.append(report)


def main() -> int:
    """The tests' own exit code. The document names what did not pass."""
    reports = _Reports()
    code = int(pytest.main(["e2e/corpus", "-q", *sys.argv[1:]], plugins=[reports]))
    played = measured(reports.seen)
    if played:
        document.write(played)
    return code


if __name__ == "__main__":
    sys.exit(main())
