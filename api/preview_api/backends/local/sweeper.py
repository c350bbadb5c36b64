"""What happens by itself: pages that are looked at count as activity, sessions that nobody uses give up their process
and in the end expire, tombstones go, lost ports are tried again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Protocol

import structlog

from preview_api.backends.base import Ended, Record
from preview_api.backends.local.store import Row
from preview_api.backends.local.supervisor import Supervisor
from preview_api.expiry import extended, is_expired, is_forgotten
from preview_core.errors import BackendUnavailable

log = structlog.get_logger(__name__)

PERIOD_S = 30.0  # half of the minute that an expiry promises too much: an open page never runs into it


class SweptSession(Protocol):
    row: Row
    supervisor: Supervisor | None


class Swept(Protocol):
    """The part of the backend that is swept."""

    def live_sessions(self) -> Sequence[SweptSession]: ...
    def tombstones(self) -> Sequence[Row]: ...
    async def end(self, session_id: str, how: Ended, at: int) -> Record | None: ...
    async def forget(self, session_ids: Sequence[str]) -> None: ...
    async def note_activity(self, session_id: str, at: int, expires_at: int) -> None: ...
    async def listen_again(self) -> None: ...


class Sweeper:
    """Runs until it is stopped. An error of the store postpones the work by one period."""

    def __init__(self, swept: Swept, clock: Callable[[], int], suspend_after_s: float) -> None:
        self._swept = swept
        self._clock = clock
        self._suspend_after_s = suspend_after_s
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def sweep(self) -> None:
        """Once through everything. Pages are asked first: who is looked at does not expire."""
        await asyncio.gather(*(self._note_activity(session) for session in self._swept.live_sessions()))
        await self.expire_due()
        await asyncio.gather(*(self._suspend_unused(session) for session in self._swept.live_sessions()))
        await self._swept.listen_again()

    async def expire_due(self) -> None:
        now = self._clock()
        for session in list(self._swept.live_sessions()):
            if is_expired(session.row.expires_at, now):
                await self._swept.end(session.row.id, Ended.EXPIRED, now)
        forgotten = [row.id for row in self._swept.tombstones() if is_forgotten(row.ended_at or 0, now)]
        if forgotten:
            await self._swept.forget(forgotten)

    async def _note_activity(self, session: SweptSession) -> None:
        if session.supervisor is None:
            return
        status = await session.supervisor.check(session.row.revision, session.row.digest)
        if status is None:
            return
        now = self._clock()
        # Not later than now: a child's clock is ours, but a project's code can lie about it.
        at = now if status.clients.watching else min(now, status.last_activity_at)
        if at > session.row.last_activity_at:
            await self._swept.note_activity(session.row.id, at, extended(session.row.expires_at, at))

    async def _suspend_unused(self, session: SweptSession) -> None:
        if session.supervisor is not None and await session.supervisor.suspend_unused(self._suspend_after_s):
            log.info("session_suspended")

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(PERIOD_S)
            try:
                await self.sweep()
            except BackendUnavailable as error:
                log.warning("sweep_postponed", code=error.code)
