"""Real asyncio; what is asserted is order, never time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from preview_operator import queue as queue_module
from preview_operator.queue import LONGEST_RETRY_S, WORKERS, KeyedQueue

Handler = Callable[[str], Awaitable[float | None]]


@dataclass
class Log:
    began: list[str] = field(default_factory=list)
    failed: list[tuple[str, str]] = field(default_factory=list)
    late: list[float] = field(default_factory=list)
    active: set[str] = field(default_factory=set)
    most: int = 0

    def note_failure(self, key: str, error: Exception) -> None:
        self.failed.append((key, type(error).__name__))


@asynccontextmanager
async def running(log: Log, handle: Handler) -> AsyncIterator[KeyedQueue[str]]:
    async def watched(key: str) -> float | None:
        assert key not in log.active, "twice at once"
        log.active.add(key)
        log.began.append(key)
        log.most = max(log.most, len(log.active))
        try:
            return await handle(key)
        finally:
            log.active.discard(key)

    queue = KeyedQueue(watched, log.note_failure, log.late.append)
    task = asyncio.create_task(queue.run())
    try:
        yield queue
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert task.cancelled(), "it ends when it is told to, and not before"


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - any condition, and no event for it
            await asyncio.sleep(0.001)


async def nothing(_: str) -> float | None:
    return None


async def test_a_key_is_looked_at_once() -> None:
    log = Log()
    async with running(log, nothing) as queue:
        queue.add("a")
        await until(lambda: log.began == ["a"])
        await asyncio.sleep(0.02)
    assert log.began == ["a"]


async def test_how_late_a_key_is_looked_at_is_told_once_for_each_look() -> None:
    release = asyncio.Event()

    async def blocked(_: str) -> float | None:
        await release.wait()
        return None

    log = Log()
    async with running(log, blocked) as queue:
        for number in range(WORKERS):
            queue.add(f"busy {number}")
        await until(lambda: len(log.began) == WORKERS)
        queue.add("waits")
        await asyncio.sleep(0.05)
        assert len(log.late) == WORKERS
        release.set()
        await until(lambda: "waits" in log.began)
    assert len(log.late) == WORKERS + 1
    # It could not be looked at before a worker was free.
    assert log.late[-1] >= 0.05
    assert all(seconds >= 0 for seconds in log.late)


async def test_many_wishes_for_one_key_are_one() -> None:
    log = Log()
    async with running(log, nothing) as queue:
        for _ in range(100):
            queue.add("a")
        queue.add("b")
        await until(lambda: "b" in log.began)
    assert log.began == ["a", "b"]


async def test_keys_are_looked_at_in_the_order_of_their_times() -> None:
    log = Log()
    async with running(log, nothing) as queue:
        queue.add("late", 0.06)
        queue.add("soon", 0.03)
        queue.add("now")
        await until(lambda: len(log.began) == 3)
    assert log.began == ["now", "soon", "late"]


async def test_the_earliest_wish_wins() -> None:
    log = Log()
    async with running(log, nothing) as queue:
        queue.add("a", 60)
        queue.add("a", 0.01)
        queue.add("a", 60)
        await until(lambda: log.began == ["a"])
    assert len(queue) == 0


async def test_a_later_wish_does_not_move_an_earlier_one() -> None:
    log = Log()
    async with running(log, nothing) as queue:
        queue.add("a", 0.02)
        queue.add("a", 60)
        await until(lambda: log.began == ["a"])
    assert len(queue) == 0


async def test_a_key_that_is_being_looked_at_is_never_looked_at_by_another() -> None:
    log = Log()

    async def slow(_: str) -> float | None:
        await asyncio.sleep(0.005)
        return None

    async with running(log, slow) as queue:
        for _ in range(60):
            queue.add("a")
            queue.add("b")
            await asyncio.sleep(0.001)
        await until(lambda: not log.active and len(queue) == 0)
    assert log.began.count("a") > 2


async def test_what_happens_meanwhile_is_looked_at_once_more_after_that() -> None:
    log, gate = Log(), asyncio.Event()

    async def waits(_: str) -> float | None:
        await gate.wait()
        return None

    async with running(log, waits) as queue:
        queue.add("a")
        await until(lambda: log.began == ["a"])
        for _ in range(5):
            queue.add("a")
        await asyncio.sleep(0.01)
        assert log.began == ["a"]
        gate.set()
        await until(lambda: log.began == ["a", "a"])
        await asyncio.sleep(0.02)
    assert log.began == ["a", "a"]


async def test_a_key_comes_back_when_it_says_so() -> None:
    log = Log()

    async def twice(_: str) -> float | None:
        return 0.01 if len(log.began) == 1 else None

    async with running(log, twice) as queue:
        queue.add("a")
        await until(lambda: log.began == ["a", "a"])
        await until(lambda: not log.active)
        assert len(queue) == 0


async def test_a_wish_for_now_beats_the_keys_own_wish_for_later() -> None:
    log = Log()

    async def later(key: str) -> float | None:
        if len(log.began) == 1:
            queue.add(key)
        return 60

    async with running(log, later) as queue:
        queue.add("a")
        await until(lambda: len(log.began) == 2)


async def test_a_failure_is_told_and_tried_again_until_it_works() -> None:
    log = Log()

    async def at_last(_: str) -> float | None:
        if len(log.began) < 3:
            raise ConnectionError
        return None

    async with running(log, at_last) as queue:
        queue.add("a")
        await until(lambda: log.began == ["a"] * 3)
        await until(lambda: not log.active)
        assert len(queue) == 0
    assert log.failed == [("a", "ConnectionError")] * 2


async def test_one_keys_failure_is_nobody_elses() -> None:
    log = Log()

    async def picky(key: str) -> float | None:
        if key == "bad":
            raise RuntimeError
        return None

    async with running(log, picky) as queue:
        for key in ("bad", "a", "b"):
            queue.add(key)
        await until(lambda: {"a", "b"} <= set(log.began))
        queue.add("c")
        await until(lambda: "c" in log.began)


async def test_failures_are_tried_again_at_growing_bounded_distances(monkeypatch: pytest.MonkeyPatch) -> None:
    log, wished = Log(), []
    original = KeyedQueue.add

    def noted(self: KeyedQueue[str], key: str, delay_s: float = 0.0) -> None:
        wished.append(delay_s)
        original(self, key, min(delay_s, 0.0))

    monkeypatch.setattr(queue_module.KeyedQueue, "add", noted)

    async def never(_: str) -> float | None:
        raise ConnectionError

    async with running(log, never) as queue:
        queue.add("a")
        await until(lambda: len(wished) > 20)
    delays = wished[1:]
    assert delays[:5] == [0.2, 0.4, 0.8, 1.6, 3.2]
    assert delays == sorted(delays)
    assert max(delays) == LONGEST_RETRY_S


async def test_a_success_ends_the_history_of_failures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue_module, "FIRST_RETRY_S", 0.001)
    log, outcomes = Log(), [True, True, False, True]

    async def mixed(_: str) -> float | None:
        if outcomes.pop(0):
            raise ConnectionError
        return None

    async with running(log, mixed) as queue:
        queue.add("a")
        await until(lambda: len(log.began) == 3 and not log.active)
        assert queue._failures == {}
        queue.add("a")
        await until(lambda: queue._failures == {"a": 1})


async def test_many_keys_are_looked_at_at_once_but_not_more_than_there_are_workers() -> None:
    log, gate = Log(), asyncio.Event()

    async def waits(_: str) -> float | None:
        await gate.wait()
        return None

    async with running(log, waits) as queue:
        for number in range(WORKERS * 2):
            queue.add(str(number))
        await until(lambda: log.most == WORKERS)
        await asyncio.sleep(0.02)
        assert log.most == WORKERS
        gate.set()
        await until(lambda: len(log.began) == WORKERS * 2)


async def test_nothing_is_left_over_of_keys_that_are_done() -> None:
    log = Log()
    async with running(log, nothing) as queue:
        for number in range(500):
            queue.add(str(number), 0.001)
            queue.add(str(number))
        await until(lambda: len(log.began) == 500 and not log.active)
        queue.add("last")
        await until(lambda: "last" in log.began)
        await until(lambda: not queue._heap)
        assert (queue._due, queue._busy, queue._failures) == ({}, {}, {})


async def test_it_ends_while_keys_are_being_looked_at() -> None:
    log = Log()

    async def endless(_: str) -> float | None:
        await asyncio.Event().wait()
        return None

    async with running(log, endless) as queue:
        for number in range(5):
            queue.add(str(number))
        await until(lambda: len(log.active) == 5)
    assert log.active == set()
