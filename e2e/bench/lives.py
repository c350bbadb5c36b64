"""What a session's life on a cluster takes, without a browser: created from what waits or cold, asleep, back."""

from __future__ import annotations

import time
from collections.abc import Callable

from e2e.bench.measure import Samples
from e2e.bench.onkubernetes import OnKubernetes

WARM = "warm create → entry module served"
COLD_ENTRY = "cold create → entry module served"
SERVED = "cold create → preview served"
RESUMED = "resume → preview served, one waits"
RESUMED_COLD = "resume → preview served, none waits"
IDLE = "pods of a session that sleeps"


class Lives:
    """Measures one session after the other; `report` is called with a line of progress."""

    def __init__(self, system: OnKubernetes, samples: Samples, report: Callable[[str], None]) -> None:
        self._system = system
        self._samples = samples
        self._report = report

    def run(self, number: int) -> None:
        """`number` warm creates, and half as many of everything else."""
        for name, warm, times in ((WARM, 1, number), (COLD_ENTRY, 0, number // 2), (SERVED, 0, number // 2)):
            self._report(name)
            self._system.warm = warm
            for _ in range(times):
                self._create(name)
        for name, warm in ((RESUMED, 1), (RESUMED_COLD, 0)):
            self._report(name)
            self._system.warm = warm
            self._resumes(name, number // 2)

    def _create(self, name: str) -> None:
        self._system.rest()
        began = time.perf_counter()
        self._system.create()
        (self._system.served if name == SERVED else self._system.entry_served)()
        self._note(name, (time.perf_counter() - began) * 1000)
        self._system.end()

    def _resumes(self, name: str, times: int) -> None:
        """Of one session, which sleeps as often. A first visit is what wakes it."""
        self._system.create()
        self._system.served()
        for _ in range(times):
            self._system.sleep()
            self._note(IDLE, self._system.pods())
            self._system.rest()
            began = time.perf_counter()
            self._system.served()
            self._note(name, (time.perf_counter() - began) * 1000)
        self._system.end()

    def _note(self, name: str, value: float) -> None:
        self._samples[name][self._system.name].append(value)
