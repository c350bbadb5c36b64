from __future__ import annotations

from e2e.bench import results
from e2e.bench.lives import IDLE, WARM
from e2e.bench.measure import FIRST_PAINT
from e2e.bench.table import figure, unit

MACHINE = {"date": "2026-11-28", "processors": 2}
SYSTEMS = ("bare Vite", "on Kubernetes")


def section(**milliseconds: float) -> str:
    samples = {FIRST_PAINT: {"bare Vite": [1000.0] * 5, "on Kubernetes": [milliseconds["paint"]] * 5}}
    samples[WARM] = {"on Kubernetes": [200.0] * 19 + [milliseconds["slowest"]]}
    samples[IDLE] = {"on Kubernetes": [milliseconds["pods"]] * 3}
    return results.section(samples, SYSTEMS, "bare Vite", MACHINE)


def test_a_target_that_is_not_reached_is_said_to_be_so() -> None:
    good, bad = section(paint=450, slowest=800, pods=0), section(paint=451, slowest=20_000, pods=1)
    assert "not met" not in good
    for target in ("first paint ≤ 0.45", "≤ 800 ms p95", "0 pods"):
        [line] = [line for line in bad.splitlines() if target in line]
        assert line.endswith("**not met** |")
        assert "not met" not in next(line for line in good.splitlines() if target in line)


def test_a_table_has_a_row_for_each_figure_with_its_ratio_unit_spread_and_number() -> None:
    lines = section(paint=450, slowest=800, pods=0).splitlines()
    [row] = [line for line in lines if line.startswith(f"| {FIRST_PAINT} | **1000 ms**")]
    assert row.endswith("| **450 ms**, × 0.45 (450-450; 450-450; p95 450; n=5) |")
    assert any(line.startswith(f"| {IDLE} | – | **0** (") for line in lines)
    assert lines[0] == "date 2026-11-28; processors 2."


def test_a_run_replaces_its_own_section_and_keeps_the_other() -> None:
    first = results.replaced("", "On Kubernetes", "old")
    both = results.replaced(first, "On one machine", "local\n\n| a |")
    again = results.replaced(both, "On Kubernetes", "new")
    assert "old" not in again
    assert (
        again.index("## On one machine") < again.index("local") < again.index("## On Kubernetes") < again.index("new")
    )
    assert results.replaced(again, "On Kubernetes", "new") == again
    assert again.startswith("# Results\n")


def test_the_95th_percentile_is_of_the_values_and_not_beyond_them() -> None:
    it = figure([float(value) for value in range(1, 101)])
    assert (it.median, it.lowest, it.highest) == (50.5, 1.0, 100.0)
    assert 95 <= it.p95 <= 96
    assert figure([7.0]).p95 == 7.0


def test_units_are_told_by_the_name_of_a_row() -> None:
    assert [unit(name) for name in ("memory, loaded (RSS)", IDLE, WARM)] == [" MiB", "", " ms"]
