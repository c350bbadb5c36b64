"""`python e2e/bench`: measure the three systems in one run, interleaved, and print one table."""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from playwright.sync_api import sync_playwright
from rich.console import Console

from e2e import chromium
from e2e.bench import mounted, results
from e2e.bench.lives import Lives
from e2e.bench.measure import COLD_PAINT, FIRST_PAINT, Bench, Samples
from e2e.bench.onkubernetes import OnKubernetes
from e2e.bench.product import Product
from e2e.bench.project import TEXT
from e2e.bench.systems import BareVite, NaiveServer, System
from e2e.bench.table import table
from e2e.modules import Modules, installed

_FACTORIES: dict[str, Callable[[Path, Modules], System]] = {
    BareVite.name: BareVite,
    NaiveServer.name: NaiveServer,
    Product.name: Product,
    OnKubernetes.name: OnKubernetes,
}
_LOCAL = [BareVite.name, NaiveServer.name, Product.name]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the bench; 1 when an update through this product did not reach the page, else 0."""
    options = _options(arguments)
    console = Console(width=max(Console().width, 130))
    machine = _machine()
    samples, lost = _measure(options, console)
    columns = [*options.system, *([mounted.NAME] if OnKubernetes.name in options.system else [])]
    console.print(table(samples, columns, BareVite.name))
    for system, updates in lost.items():
        console.print(f"[bold]{system} lost {len(updates)} updates:[/bold]", *updates, sep="\n  ")
    if options.results:
        section = results.section(samples, columns, BareVite.name, machine)
        title = "On Kubernetes" if OnKubernetes.name in options.system else "On one machine"
        before = options.results.read_text() if options.results.exists() else ""
        options.results.write_text(results.replaced(before, title, section))
    if options.json:
        report = {"machine": machine, "samples": samples, "lost": lost}
        options.json.write_text(json.dumps(report, indent=1) + "\n")
    return 1 if lost[Product.name] or lost[OnKubernetes.name] else 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="sessions for each system (default 5)")
    parser.add_argument("--updates", type=int, default=6, help="updates of each kind in a session (default 6)")
    parser.add_argument("--quick", action="store_true", help="2 rounds of 3 updates: a look, not a figure")
    parser.add_argument(
        "--kubernetes", action="store_true", help="on a real cluster, beside bare Vite and a mounted ConfigMap"
    )
    parser.add_argument("--mounted", type=int, default=3, help="updates by a mounted ConfigMap, a minute each")
    parser.add_argument("--lives", type=int, default=20, help="warm creates on the cluster, half as many resumes")
    parser.add_argument(
        "--results",
        type=Path,
        metavar="FILE",
        help="put the tables into this Markdown document, in place of earlier ones",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write every single value")
    parser.add_argument("--system", action="append", choices=list(_FACTORIES), help="only this one (repeatable)")
    options = parser.parse_args(arguments)
    if options.quick:
        options.rounds, options.updates, options.lives = 2, 3, 4
    options.system = options.system or ([BareVite.name, OnKubernetes.name] if options.kubernetes else _LOCAL)
    return options


def _measure(options: argparse.Namespace, console: Console) -> tuple[Samples, dict[str, list[str]]]:
    with (
        tempfile.TemporaryDirectory(prefix="kontext-bench-") as folder,
        sync_playwright() as playwright,
        _running(options.system, Path(folder)) as systems,
        console.status("") as status,
    ):
        browser = playwright.chromium.launch(executable_path=chromium.executable(), args=list(chromium.ARGUMENTS))
        # A run takes minutes: into a file it tells where it is, too.
        report = status.update if console.is_terminal else partial(print, file=sys.stderr, flush=True)
        with _cold(options.system, Path(folder)) as cold_product:
            bench = Bench(browser, systems, report, cold_product)
            samples = bench.run(rounds=options.rounds, updates=options.updates)
        if cold_product is not None:
            samples[COLD_PAINT][BareVite.name] = samples[FIRST_PAINT][BareVite.name]
        for system in systems:
            if isinstance(system, OnKubernetes):
                Lives(system, samples, report).run(options.lives)
                report("a mounted ConfigMap")
                samples[TEXT][mounted.NAME] = mounted.measure(system.cluster, browser, options.mounted)
        return samples, bench.lost


@contextmanager
def _cold(names: Sequence[str], folder: Path) -> Iterator[Product | None]:
    """This product without anything that waits, where it is one of the systems."""
    product = Product(folder / "cold", installed(), warm=0) if Product.name in names else None
    try:
        if product is not None:
            product.start()
        yield product
    finally:
        if product is not None:
            product.stop()


@contextmanager
def _running(names: Sequence[str], folder: Path) -> Iterator[list[System]]:
    modules = installed()
    systems: list[System] = []
    try:
        for number, name in enumerate(names):
            system = _FACTORIES[name](folder / str(number), modules)
            systems.append(system)
            system.start()
        yield systems
    except BaseException:
        for log in folder.rglob("*.log"):
            sys.stderr.write(f"--- {log.name}\n{log.read_text()[-4000:]}\n")
        raise
    finally:
        for system in systems:
            system.stop()


def _machine() -> dict[str, object]:
    return {
        "date": time.strftime("%Y-%m-%d"),
        "processors": f"{os.cpu_count()} × {_processor()}",
        "memory": f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB",
        "kernel": platform.release(),
        "python": platform.python_version(),
        "load before": f"{os.getloadavg()[0]:.1f}",
    }


def _processor() -> str:
    found = re.search(r"^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return found[1] if found else platform.machine()
