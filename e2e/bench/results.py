"""The latest tables as one Markdown document, and what they say of the targets: pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from e2e.bench.lives import IDLE, RESUMED, WARM
from e2e.bench.measure import FIRST_PAINT, LOADED, WAITING, Samples
from e2e.bench.onkubernetes import OnKubernetes
from e2e.bench.product import Product
from e2e.bench.project import KINDS
from e2e.bench.table import Figure, figure, ratio, rows, spread, unit

_HEAD = """# Results

The latest run of the bench, which writes this file (`make bench`); what is measured stands in docs/performance.md.
Median (middle half; lowest-highest; 95th percentile of n); × is the ratio to bare Vite in the same run.
"""
_MIB = 2**20
# Of the issues, and of docs/performance.md.
_MEMORY_MIB = 180e6 / _MIB


@dataclass(frozen=True)
class Target:
    """`of` a figure of one system (and of the reference's) is at most `limit`."""

    text: str
    row: str
    system: str
    limit: float
    of: Callable[[Figure, Figure | None], float | None]


def _median(it: Figure, _: Figure | None) -> float:
    return it.median


def _p95(it: Figure, _: Figure | None) -> float:
    return it.p95


def _ratio(it: Figure, reference: Figure | None) -> float | None:
    return it.median / reference.median if reference is not None else None


TARGETS = (
    *(Target(f"{kind} ≤ 1.2 × bare Vite", kind, Product.name, 1.2, _ratio) for kind in KINDS),
    Target("create → first paint ≤ 0.45 × bare Vite", FIRST_PAINT, Product.name, 0.45, _ratio),
    Target("RSS of a loaded session ≤ 180 MB", f"{LOADED} (RSS)", Product.name, _MEMORY_MIB, _median),
    Target("RSS of a waiting one ≤ 180 MB", f"{WAITING} (RSS)", Product.name, _MEMORY_MIB, _median),
    *(Target(f"{kind} ≤ 1.4 × bare Vite", kind, OnKubernetes.name, 1.4, _ratio) for kind in KINDS),
    Target("create → first paint ≤ 0.45 × bare Vite", FIRST_PAINT, OnKubernetes.name, 0.45, _ratio),
    Target("warm create → entry module served ≤ 300 ms p50", WARM, OnKubernetes.name, 300, _median),
    Target("warm create → entry module served ≤ 800 ms p95", WARM, OnKubernetes.name, 800, _p95),
    Target("resume ≤ 3 s p95", RESUMED, OnKubernetes.name, 3000, _p95),
    Target("a session that sleeps has 0 pods", IDLE, OnKubernetes.name, 0, _median),
)


def replaced(document: str, title: str, section: str) -> str:
    """`document` with that section instead of the one of the same title."""
    parts = dict(re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", document, re.MULTILINE | re.DOTALL))
    parts[title] = f"\n{section.strip()}\n\n"
    return _HEAD + "".join(f"\n## {name}\n{parts[name].rstrip()}\n" for name in sorted(parts, reverse=True))


def section(samples: Samples, systems: Sequence[str], reference: str, machine: Mapping[str, object]) -> str:
    """One run: the machine, the table, the targets."""
    about = "; ".join(f"{name} {value}" for name, value in machine.items())
    head = f"| | {' | '.join(systems)} |\n|---|{'---|' * len(systems)}"
    lines = [f"| {name} | {' | '.join(_cells(name, found, systems, reference))} |" for name, found in rows(samples)]
    return "\n".join(
        [about + ".", "", head, *lines, "", "| target | reached | |", "|---|---|---|", *_targets(samples, reference)]
    )


def _cells(name: str, found: Mapping[str, list[float]], systems: Sequence[str], reference: str) -> list[str]:
    return [_cell(found.get(system, []), found.get(reference, []), unit(name)) for system in systems]


def _cell(values: Sequence[float], reference: Sequence[float], unit: str) -> str:
    if not values:
        return "–"
    it = figure(values)
    times = ratio(values, reference)
    beside = f", × {times:.2f}" if times is not None else ""
    return f"**{it.median:.0f}{unit}**{beside} ({spread(it)}; n={it.count})"


def _targets(samples: Samples, reference: str) -> list[str]:
    lines = []
    for target in TARGETS:
        found = samples.get(target.row, {})
        if not found.get(target.system):
            continue
        beside = figure(found[reference]) if found.get(reference) else None
        reached = target.of(figure(found[target.system]), beside)
        if reached is not None:
            verdict = "met" if reached <= target.limit else "**not met**"
            lines.append(f"| {target.text} | {reached:.2f} | {verdict} |")
    return lines
