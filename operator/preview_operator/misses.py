"""Creates that found no session waiting, counted by what they wrote: their sessions say so."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from preview_core.objects import names
from preview_operator.members import Member


class Misses:
    """By runtime, since this process looked first. A session is counted once: its id never comes again."""

    def __init__(self) -> None:
        self._known: dict[str, frozenset[str]] = {}
        self._total: Counter[str] = Counter()

    def count(self, runtime: str, members: Iterable[Member]) -> int:
        """Takes in the sessions that there are now; all misses so far."""
        there = frozenset(
            member.session.metadata.name
            for member in members
            if member.session.metadata.labels.get(names.WARM_LABEL) == names.MISSED
        )
        # What was there before the first look was counted by another process.
        self._total[runtime] += len(there - self._known.get(runtime, there))
        self._known[runtime] = there
        return self._total[runtime]

    @property
    def total(self) -> int:
        """Of all runtimes."""
        return self._total.total()
