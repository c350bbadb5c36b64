"""Keys to look at: each at most once in the queue, never twice at the same time, again if it says so or fails."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)

# A pass mostly waits for the API server or for a runtime.
WORKERS = 32
FIRST_RETRY_S = 0.2
LONGEST_RETRY_S = 30.0


class KeyedQueue(Generic[Key]):
    """`handle` looks at one key and says after how many seconds to look again (None: when something happens).

    `failed` is told of its exceptions; the key is tried again, at growing distances, for as long as it fails: it is the
    API server or a runtime that is away, and both come back. `late` is told by how many seconds each key is looked at
    after its time: what grows when there are more keys than workers.
    """

    def __init__(
        self,
        handle: Callable[[Key], Awaitable[float | None]],
        failed: Callable[[Key, Exception], None],
        late: Callable[[float], None],
    ) -> None:
        self._handle = handle
        self._failed = failed
        self._late = late
        self._due: dict[Key, float] = {}
        self._heap: list[tuple[float, int, Key]] = []  # may hold entries that an earlier wish has overtaken
        self._count = 0  # keys need not be comparable
        self._busy: dict[Key, float | None] = {}  # with the time at which to look again
        self._failures: dict[Key, int] = {}
        self._wake = asyncio.Event()

    def __len__(self) -> int:
        return len(self._due)

    def add(self, key: Key, delay_s: float = 0.0) -> None:
        """The earliest of several wishes holds. A key that is being looked at is looked at once more after that."""
        due = asyncio.get_running_loop().time() + delay_s
        if key in self._busy:
            wished = self._busy[key]
            self._busy[key] = due if wished is None else min(wished, due)
        elif due < self._due.get(key, float("inf")):
            self._due[key] = due
            self._count += 1
            heapq.heappush(self._heap, (due, self._count, key))
            self._wake.set()

    async def run(self) -> None:
        """Until cancelled."""
        slots = asyncio.Semaphore(WORKERS)
        async with asyncio.TaskGroup() as group:
            while True:
                await slots.acquire()
                key = await self._next()
                self._busy[key] = None
                group.create_task(self._work(key)).add_done_callback(lambda _: slots.release())

    async def _next(self) -> Key:
        loop = asyncio.get_running_loop()
        while True:
            self._wake.clear()
            while self._heap and self._due.get(self._heap[0][2]) != self._heap[0][0]:
                heapq.heappop(self._heap)
            if self._heap and self._heap[0][0] <= loop.time():
                due, _, key = heapq.heappop(self._heap)
                del self._due[key]
                self._late(loop.time() - due)
                return key
            pause = self._heap[0][0] - loop.time() if self._heap else None
            try:
                # Not wait_for: on 3.11 that loses a cancellation that comes together with the wake.
                async with asyncio.timeout(pause):
                    await self._wake.wait()
            except TimeoutError:
                continue

    async def _work(self, key: Key) -> None:
        again: float | None = None
        try:
            again = await self._handle(key)
            self._failures.pop(key, None)
        except Exception as error:  # noqa: BLE001 - one session's fault must not end the operator: told, counted, retried
            self._failed(key, error)
            failures = self._failures[key] = self._failures.get(key, 0) + 1
            again = min(FIRST_RETRY_S * 2 ** min(failures - 1, 10), LONGEST_RETRY_S)
        finally:
            wished = self._busy.pop(key)
        if wished is not None:
            self.add(key, max(0.0, wished - asyncio.get_running_loop().time()))
        if again is not None:
            self.add(key, again)
