"""Sessions that nobody owns yet, each with a runtime that has served the stand-in: a create takes one.

They hold slots like everybody, but only ones that nobody else wants, and are the first to give theirs back. One is
made at a time, and not while the machine is busy with the session that took the last one.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Generic, Protocol, TypeVar

import structlog

from preview_api.backends.local.backoff import Backoff
from preview_api.backends.local.slots import Slots
from preview_api.backends.local.supervisor import Supervisor
from preview_core.errors import BackendUnavailable

log = structlog.get_logger(__name__)

# One waits with about 150 MB. Two creates of one page (React's strict mode sends them so) both find one.
SIZE = 2
# A page has painted within a second of its create, and its user looks at it before the first edit.
QUIET_S = 3.0
# Somebody who never pauses gets new ones all the same: making one takes two seconds of a core.
LONGEST_S = 20.0
# Slots become free without telling: a pool that is not full looks again this often.
LOOK_S = 2.0


class Spare(Protocol):
    """A session without an owner."""

    supervisor: Supervisor | None


T = TypeVar("T", bound=Spare)


def refill_at(busy_at: float, wanted_since: float) -> float:
    """When the next one may be made: after a quiet moment, which is not waited for without a bound."""
    return min(busy_at + QUIET_S, wanted_since + LONGEST_S)


class Pool(Generic[T]):
    """At most `size` spares. `make` opens one (raises BackendUnavailable), `end` closes what it opened."""

    def __init__(self, size: int, slots: Slots, make: Callable[[], T], end: Callable[[T], Awaitable[None]]) -> None:
        self._size = size
        self._slots = slots
        self._make = make
        self._end = end
        self._spares: dict[T, asyncio.Task[None]] = {}
        self._task: asyncio.Task[None] | None = None
        self._changed = asyncio.Event()
        self._busy_at = float("-inf")
        self._wanted_since = time.monotonic()
        self._backoff = Backoff()

    def start(self) -> None:
        if self._size > 0:
            self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        await asyncio.gather(*(self._discard(spare) for spare in list(self._spares)))

    def take(self) -> T | None:
        """One that waits, else one that is on its way: still sooner there than a new one. It is the caller's."""
        usable = [spare for spare in self._spares if spare.supervisor is not None and spare.supervisor.is_spare]
        found = next((spare for spare in usable if spare.supervisor and spare.supervisor.waits), None)
        found = found or next(iter(usable), None)
        if found is not None:
            self._spares.pop(found).cancel()
            self._wanted_since = time.monotonic()
            self._changed.set()
        return found

    def busy(self) -> None:
        """Somebody was served just now."""
        self._busy_at = time.monotonic()

    @property
    def waiting(self) -> int:
        """How many are ready to be taken."""
        return sum(1 for spare in self._spares if spare.supervisor is not None and spare.supervisor.waits)

    # --- the task ---

    async def _run(self) -> None:
        while True:
            self._changed.clear()
            if len(self._spares) >= self._size:
                await self._changed.wait()
            elif not self._slots.has_room():
                await self._changes_within(LOOK_S)
            elif (pause := self._pause()) > 0:
                await self._changes_within(pause)
            else:
                await self._add()

    def _pause(self) -> float:
        return refill_at(self._busy_at, self._wanted_since) - time.monotonic()

    async def _changes_within(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._changed.wait()

    async def _add(self) -> None:
        """Makes one and waits until it waits, is taken, or has failed: one at a time."""
        try:
            spare = self._make()
        except BackendUnavailable:
            return await self._failed(0.0)
        began = time.monotonic()
        supervisor = spare.supervisor
        if supervisor is None or not self._slots.reserve_free(supervisor):
            return await self._end(spare)
        supervisor.wake()
        self._spares[spare] = asyncio.create_task(self._watch(spare, supervisor))
        if await supervisor.prepared():
            self._backoff = Backoff()
        elif not supervisor.is_owned:
            await self._failed(time.monotonic() - began)
        return None

    async def _failed(self, after_s: float) -> None:
        self._backoff = self._backoff.after(after_s)
        log.warning("no_spare_runtime", failures=self._backoff.failures, retry_in_s=self._backoff.delay_s)
        await asyncio.sleep(self._backoff.delay_s)

    async def _watch(self, spare: T, supervisor: Supervisor) -> None:
        """Until its child ends, or somebody wanted the slot more."""
        await supervisor.over()
        # Not by this task: discarding cancels it.
        if self._spares.pop(spare, None) is not None:
            self._wanted_since = time.monotonic()
            await self._end(spare)
            self._changed.set()

    async def _discard(self, spare: T) -> None:
        watch = self._spares.pop(spare, None)
        if watch is not None:
            watch.cancel()
            await self._end(spare)
