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
    """The tests' own exit code; the document is written only when all of them passed."""
    reports = _Reports()
    code = int(pytest.main(["e2e/corpus", "-q", *sys.argv[1:]], plugins=[reports]))
    if code == 0:
        document.write(measured(reports.seen))
    return code


if __name__ == "__main__":
    sys.exit(main())
