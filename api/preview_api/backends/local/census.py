"""What /proc says of the children and of everything that they started, read at most once per second for all of them."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Mapping
from pathlib import Path

from preview_api.backends.local.vitals import Vitals

FRESH_S = 0.9  # each supervisor asks once per second
PROC = Path("/proc")
# Interruptible sleep, stopped, traced. Not R (runs, or would like to), not D (waits for the disk, as when swapping).
ASLEEP = frozenset("STt")


class Census:
    """A child leads a session of processes (`start_new_session`); what it starts belongs to it unless it leaves it."""

    def __init__(self) -> None:
        self._counted_at = -FRESH_S
        self._found: Mapping[int, Vitals] = {}
        self._counting = asyncio.Lock()

    async def of(self, pid: int) -> Vitals | None:
        """None for a process that is gone, and where there is no /proc."""
        async with self._counting:
            if time.monotonic() - self._counted_at >= FRESH_S:
                self._found = await asyncio.to_thread(count)
                self._counted_at = time.monotonic()
        return self._found.get(pid)


def count(proc: Path = PROC) -> dict[int, Vitals]:
    """By leader of a session of processes."""
    found: dict[int, Vitals] = {}
    ticks, page = os.sysconf("SC_CLK_TCK"), os.sysconf("SC_PAGESIZE")
    for folder in proc.glob("[0-9]*"):
        try:
            stat = (folder / "stat").read_text()
        except OSError:
            continue  # it has ended
        # The second field is the name in parentheses and may contain anything; what follows are fields 3 and up.
        fields = stat.rpartition(")")[2].split()
        session, rss_bytes = int(fields[3]), int(fields[21]) * page
        so_far = found.get(session, Vitals(0.0, asleep=False, rss_bytes=0, processes=0))
        leads = int(folder.name) == session
        found[session] = Vitals(
            cpu_s=(int(fields[11]) + int(fields[12])) / ticks if leads else so_far.cpu_s,
            asleep=fields[0] in ASLEEP if leads else so_far.asleep,
            rss_bytes=so_far.rss_bytes + rss_bytes,
            processes=so_far.processes + 1,
        )
    return found
