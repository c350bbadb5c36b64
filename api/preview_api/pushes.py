"""Pushes of each session, one at a time: what is committed while one is under way goes out with the next, together.

Every commit stays a batch of its own, durable under its own revision. A push brings the runtime from one committed tree
to a later one, so it never carries half a batch, and the pages get one message for all of it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextvars import Context
from dataclasses import dataclass, field

from preview_api.backends.base import Snapshot
from preview_core.wire import Outcome

Push = Callable[[Snapshot, Snapshot], Awaitable[Outcome | None]]


@dataclass
class _Pass:
    """From the tree before the first of its commits to the tree after the last."""

    base: Snapshot
    new: Snapshot
    outcome: asyncio.Future[Outcome | None] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


@dataclass
class _Lane:
    """Of one session: what is being pushed, and what goes next."""

    running: _Pass | None = None
    waiting: _Pass | None = None
    task: asyncio.Task[None] | None = None  # held: the loop itself keeps no task alive


class Pushes:
    """`push` brings a runtime from a snapshot to a later one; None when the runtime did not take it."""

    def __init__(self, push: Push) -> None:
        self._push = push
        self._lanes: dict[str, _Lane] = {}

    def join(self, base: Snapshot, new: Snapshot) -> Awaitable[Outcome | None]:
        """The outcome of the pass that brings the runtime to `new`, or past it. Raises what `push` raises.

        Called in the order of the commits. It takes its place at once, not when it is awaited; a caller that goes away
        takes nothing from the others of its pass.
        """
        session_id = new.record.id
        lane = self._lanes.get(session_id)
        if lane is None:
            lane = self._lanes[session_id] = _Lane()
            # Without the context of the request that began it: it works for those that come later too.
            lane.task = asyncio.create_task(self._run(session_id, lane), context=Context())
        if lane.waiting is None:
            lane.waiting = _Pass(base, new)
        else:
            lane.waiting.new = new
        return asyncio.shield(lane.waiting.outcome)

    async def settled(self, session_id: str) -> None:
        """Waits for what is under way and what waits now, whatever comes of it."""
        lane = self._lanes.get(session_id)
        passes = [one for one in (lane.running, lane.waiting) if one is not None] if lane is not None else []
        if passes:
            await asyncio.wait([one.outcome for one in passes])

    async def _run(self, session_id: str, lane: _Lane) -> None:
        try:
            while (current := lane.waiting) is not None:
                lane.running, lane.waiting = current, None
                await self._finish(current)
        finally:
            # Nothing waits between the last look and this: whoever joins next begins anew.
            del self._lanes[session_id]
            if lane.waiting is not None:
                lane.waiting.outcome.cancel()

    async def _finish(self, current: _Pass) -> None:
        try:
            outcome = await self._push(current.base, current.new)
        except asyncio.CancelledError:
            current.outcome.cancel()
            raise
        except Exception as error:  # noqa: BLE001 - it belongs to those who wait for the pass
            current.outcome.set_exception(error)
            # All of them may have gone away: then it is nobody's.
            current.outcome.exception()
        else:
            current.outcome.set_result(outcome)
