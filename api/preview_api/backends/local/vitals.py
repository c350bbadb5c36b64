"""When a child is ended from outside: pure.

The runtime breaks endless loops itself, and knows better what is one (`watchdog.js`). Left for here is what it cannot
see or do: a thread that waits in the kernel for ever, memory that is not JavaScript's, processes without end.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

# The runtime's own watchdog takes 4 s, more for a large project, and tells the sockets; this one is for code that got
# rid of it.
SILENT_S = 20.0
# A machine that is overloaded lets a healthy child wait for as long: only one that had the processor meanwhile loops.
BUSY_S = 16.0
# Without /proc neither is known.
SILENT_UNKNOWN_S = 60.0
# Loaded sessions have 130-190 MB, pre-bundling peaks at 700; above this, one session costs the machine.
MEMORY_BYTES = 1_500 * 2**20
# A child has one process of its own (esbuild), npm a handful for moments.
PROCESSES = 64

HANGS = "it hung"
MEMORY = "too much memory"
FORKS = "too many processes"


@dataclass(frozen=True)
class Vitals:
    """Of a child and of what it started. `cpu_s`: processor time of the child itself. `asleep`: its main thread waits
    for something that is neither the processor nor the disk, or is stopped."""

    cpu_s: float
    asleep: bool
    rss_bytes: int
    processes: int


@dataclass(frozen=True)
class Silence:
    """A child does not answer, since `since` (monotonic). `cpu_s` is what it had used then, None when not known.
    `asleep_since`: at every look since then (monotonic); None when it was not at the last one."""

    since: float
    cpu_s: float | None
    asleep_since: float | None


def heard(silence: Silence | None, asked_at: float, answered: bool, vitals: Vitals | None) -> Silence | None:
    """The silence after one more question."""
    if answered:
        return None
    if silence is None:
        silence = Silence(asked_at, vitals.cpu_s if vitals else None, None)
    if vitals is None or not vitals.asleep:
        return replace(silence, asleep_since=None)
    return silence if silence.asleep_since is not None else replace(silence, asleep_since=asked_at)


def verdict(silence: Silence | None, now: float, vitals: Vitals | None) -> str | None:
    """Why the child must end, None when it may go on."""
    if vitals is not None and vitals.processes > PROCESSES:
        return FORKS
    if vitals is not None and vitals.rss_bytes > MEMORY_BYTES:
        return MEMORY
    return HANGS if silence is not None and _hangs(silence, now, vitals) else None


def _hangs(silence: Silence, now: float, vitals: Vitals | None) -> bool:
    silent_s = now - silence.since
    if vitals is None or silence.cpu_s is None:
        return silent_s >= SILENT_UNKNOWN_S
    if silence.asleep_since is not None and now - silence.asleep_since >= SILENT_S:
        return True
    return silent_s >= SILENT_S and vitals.cpu_s - silence.cpu_s >= BUSY_S
