"""Pushes of one session: one at a time, and those that wait go together."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace

import pytest

from preview_api.backends.base import Phase, Record, Snapshot
from preview_api.backends.delivery import silent
from preview_api.pushes import Pushes
from preview_core.filetree import FileTree
from preview_core.wire import Outcome

RECORD = Record(
    id="a",
    owner="",
    created_at=0,
    last_activity_at=0,
    expires_at=0,
    revision=0,
    digest=FileTree().digest,
    preview_url="",
    ws_url="",
    phase=Phase.READY,
)


def at(revision: int, session_id: str = "a") -> Snapshot:
    return Snapshot(replace(RECORD, id=session_id, revision=revision), FileTree())


@dataclass
class Runtime:
    """Takes each push when it is let, and notes what it was asked for."""

    asked: list[tuple[str, int, int]] = field(default_factory=list)
    let: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(0))
    fault: Exception | None = None

    async def push(self, base: Snapshot, new: Snapshot) -> Outcome | None:
        self.asked.append((new.record.id, base.record.revision, new.record.revision))
        await self.let.acquire()
        if self.fault is not None:
            raise self.fault
        return silent(new)


async def turns() -> None:
    """Lets everything that can go on do so."""
    for _ in range(10):
        await asyncio.sleep(0)


async def test_what_comes_during_a_push_goes_out_with_the_next_and_has_its_outcome() -> None:
    runtime = Runtime()
    pushes = Pushes(runtime.push)
    first = pushes.join(at(1), at(2))
    await turns()
    others = [pushes.join(at(number), at(number + 1)) for number in (2, 3, 4)]
    runtime.let.release()
    runtime.let.release()
    outcomes = await asyncio.gather(first, *others)
    assert runtime.asked == [("a", 1, 2), ("a", 2, 5)]
    assert [outcome and outcome.revision for outcome in outcomes] == [2, 5, 5, 5]


async def test_a_session_does_not_wait_for_another() -> None:
    runtime = Runtime()
    pushes = Pushes(runtime.push)
    both = [pushes.join(at(1), at(2)), pushes.join(at(1, "b"), at(2, "b"))]
    await turns()
    assert runtime.asked == [("a", 1, 2), ("b", 1, 2)]
    runtime.let.release()
    runtime.let.release()
    await asyncio.gather(*both)


async def test_a_caller_that_goes_away_takes_nothing_from_the_others() -> None:
    runtime = Runtime()
    pushes = Pushes(runtime.push)

    async def wait(base: Snapshot, new: Snapshot) -> Outcome | None:
        return await pushes.join(base, new)

    gone = asyncio.create_task(wait(at(1), at(2)))
    stays = asyncio.create_task(wait(at(2), at(3)))
    await turns()
    gone.cancel()
    runtime.let.release()
    outcome = await stays
    assert outcome is not None
    assert outcome.revision == 3


async def test_a_fault_is_told_to_all_of_its_pass_and_the_next_begins_anew() -> None:
    runtime = Runtime(fault=RuntimeError("away"))
    pushes = Pushes(runtime.push)
    both = [pushes.join(at(1), at(2)), pushes.join(at(2), at(3))]
    runtime.let.release()
    for one in both:
        with pytest.raises(RuntimeError, match="away"):
            await one
    runtime.fault = None
    after = pushes.join(at(3), at(4))
    runtime.let.release()
    assert (await after) is not None
    assert runtime.asked == [("a", 1, 3), ("a", 3, 4)]


async def test_settled_waits_for_what_was_under_way_and_what_waited() -> None:
    runtime = Runtime()
    pushes = Pushes(runtime.push)
    await pushes.settled("a")
    first = pushes.join(at(1), at(2))
    await turns()
    second = pushes.join(at(2), at(3))
    settled = asyncio.create_task(pushes.settled("a"))
    runtime.let.release()
    await first
    await turns()
    assert not settled.done()
    runtime.let.release()
    await settled
    assert (await second) is not None
