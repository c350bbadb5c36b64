"""The one table that the bench prints, and the figures behind it."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from rich.table import Table

from e2e.bench.measure import Samples


@dataclass(frozen=True)
class Figure:
    """Median, quartiles and extremes of one system's values (milliseconds, or MiB for memory)."""

    median: float
    low_quartile: float
    high_quartile: float
    lowest: float
    highest: float
    p95: float
    count: int


def figure(values: Sequence[float]) -> Figure:
    """The figure of at least one value."""
    low, _, high = statistics.quantiles(values, n=4, method="inclusive") if len(values) > 1 else (values[0],) * 3
    p95 = statistics.quantiles(values, n=20, method="inclusive")[-1] if len(values) > 1 else values[0]
    return Figure(statistics.median(values), low, high, min(values), max(values), p95, len(values))


def unit(name: str) -> str:
    """Of the values of a row: " MiB", " ms", or none for a number of things."""
    return {"memory": " MiB", "pods": ""}.get(name.split()[0].rstrip(","), " ms")


def rows(samples: Samples) -> list[tuple[str, dict[str, list[float]]]]:
    """In the order to show them: times first."""
    return sorted(samples.items(), key=lambda item: unit(item[0]) != " ms")


def table(samples: Samples, systems: Sequence[str], reference: str) -> Table:
    """Rows are figures, columns are systems: median, quartiles, and the ratio to `reference`."""
    title = "median (middle half; lowest-highest; p95), × = ratio to " + reference
    view = Table("", *systems, title=title, title_justify="left")
    for name, by_system in rows(samples):
        cells = [_cell(by_system.get(system, []), by_system.get(reference, []), unit(name)) for system in systems]
        view.add_row(name, *cells)
    return view


def _cell(values: Sequence[float], reference: Sequence[float], unit: str) -> str:
    if not values:
        return "-"
    it = figure(values)
    times = ratio(values, reference)
    beside = f"  ×{times:.2f}" if times is not None else ""
    return f"[bold]{it.median:.0f}{unit}[/bold]{beside}\n({spread(it)}; n={it.count})"


def ratio(values: Sequence[float], reference: Sequence[float]) -> float | None:
    """Of the medians; None for the reference itself, and beside nothing."""
    return statistics.median(values) / statistics.median(reference) if reference and reference is not values else None


def spread(it: Figure) -> str:
    """The middle half, the extremes, and the 95th percentile, in words as short as a table wants them."""
    return f"{it.low_quartile:.0f}-{it.high_quartile:.0f}; {it.lowest:.0f}-{it.highest:.0f}; p95 {it.p95:.0f}"
