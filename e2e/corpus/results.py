"""How a test hands what it measured to whoever writes the table: as a property of its report."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict

import pytest

from e2e.corpus.play import Played

_KEY = "corpus"


def property_of(played: Played) -> tuple[str, object]:
    """For `record_property`: plain data, which survives a worker process."""
    return _KEY, asdict(played)


def measured(reports: Iterable[object]) -> list[Played]:
    """What passed tests recorded, in the order they ran."""
    return [
        Played(**value)
        for report in reports
        if isinstance(report, pytest.TestReport) and report.when == "call" and report.passed
        for key, value in report.user_properties
        if key == _KEY and isinstance(value, dict)
    ]
