"""The order of the measurements: every round visits every system for every figure, so that drift hits all alike."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Sequence

from playwright.sync_api import Browser

from e2e.bench.page import BenchPage, NeverShown, open_page
from e2e.bench.project import Edit, Edits
from e2e.bench.systems import System
from e2e.processes import Memory

FIRST_PAINT = "create → first paint"
COLD_PAINT = "create → first paint, nothing warm"
WAITING = "memory, waiting"
LOADED = "memory, loaded"
SHARED = "memory, shared by all sessions"
# Work that a system does after the page shows an update (an answer, a write, a collection) must not fall into the next
# system's turn.
SETTLE_SECONDS = 0.4

# figure -> system -> values in milliseconds (or MiB of PSS for the two memory figures), in the order measured
Samples = dict[str, dict[str, list[float]]]


class Bench:
    """Measures `systems`; `report` is called with a line of progress."""

    def __init__(
        self, browser: Browser, systems: Sequence[System], report: Callable[[str], None], cold: System | None = None
    ) -> None:
        """`cold`: one more system, of which only the first paint is measured."""
        self._browser = browser
        self._systems = list(systems)
        self._report = report
        self._cold = cold
        self._edits = Edits()
        self._samples: Samples = defaultdict(lambda: defaultdict(list))
        self.lost: dict[str, list[str]] = defaultdict(list)  # system -> updates that never arrived, one line each

    def run(self, *, rounds: int, updates: int) -> Samples:
        """`rounds` sessions for each system after one that is not counted, `updates` of each kind in each session."""
        self._report("warm-up")
        self._round(0, 1)
        self._samples = defaultdict(lambda: defaultdict(list))
        self._waiting()
        for number in range(rounds):
            self._report(f"round {number + 1} of {rounds}")
            self._round(number, updates)
        return self._samples

    def _waiting(self) -> None:
        # The systems are between two sessions here: nothing of the warm-up round is left in them.
        for system in self._systems:
            self._remember(WAITING, system, system.waiting())

    def _round(self, number: int, updates: int) -> None:
        turn = number % len(self._systems)
        order = self._systems[turn:] + self._systems[:turn]
        pages = {system.name: self._create(system, FIRST_PAINT) for system in order}
        try:
            for _ in range(updates):
                for make in (self._edits.text, self._edits.rule, self._edits.utility, self._edits.many):
                    for system in order:
                        self._update(system, pages[system.name], make())
            for system in order:
                self._remember(LOADED, system, system.loaded())
                shared = system.shared()
                if shared is not None:
                    self._remember(SHARED, system, shared)
        finally:
            for page in pages.values():
                page.close()
        for system in order:
            system.end()
        if self._cold is not None:
            self._create(self._cold, COLD_PAINT).close()
            self._cold.end()

    def _create(self, system: System, figure: str) -> BenchPage:
        page = open_page(self._browser.new_context())
        system.rest()
        took = page.first_paint(system.create)
        self._samples[figure][system.name].append(took)
        # Right after the first paint systems still finish the rest of the page, and make up for what the create took.
        time.sleep(2 * SETTLE_SECONDS)
        system.rest()
        return page

    def _update(self, system: System, page: BenchPage, edit: Edit) -> None:
        page.page.bring_to_front()
        try:
            took = page.shows(edit, lambda: system.update(edit))
        except NeverShown as error:
            self.lost[system.name].append(str(error))
        else:
            self._samples[edit.kind][system.name].append(took)
        time.sleep(SETTLE_SECONDS)

    def _remember(self, figure: str, system: System, used: Memory) -> None:
        self._samples[figure][system.name].append(used.pss)
        self._samples[f"{figure} (RSS)"][system.name].append(used.rss)
