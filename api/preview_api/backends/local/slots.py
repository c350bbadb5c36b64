"""The bounded number of children: who gets one, and who makes room."""

from __future__ import annotations

import asyncio
import time
from typing import Protocol

from preview_core.errors import Capacity

LIMIT = 20  # issue: default bound; about 3.5 GB with every session loaded
RETRY_AFTER_S = 10
# Starts are CPU-bound (0.4 s each): more at once only makes each of them slower.
STARTS_AT_ONCE = 4
# Waiting pages ask again every second, and each question costs one to every child: once for all of them is enough.
PAUSE_S = 0.9


class Tenant(Protocol):
    """Who holds a slot."""

    @property
    def id(self) -> str: ...

    async def idle_since(self) -> float | None:
        """When it was last used (any growing number), None while it is in use."""

    async def suspend(self) -> None:
        """Ends its child."""


class Slots:
    """At most `limit` tenants. A tenant that was chosen to leave keeps the newcomer waiting until it has left."""

    def __init__(self, limit: int = LIMIT) -> None:
        self._limit = limit
        self._held: dict[str, Tenant] = {}
        self._leaving: set[asyncio.Task[None]] = set()
        self._choosing = asyncio.Lock()
        self._full_until = 0.0
        self.starts = asyncio.Semaphore(STARTS_AT_ONCE)

    async def reserve(self, tenant: Tenant) -> None:
        """Gives the tenant a slot, quickly. Raises Capacity when all are taken and none is idle. Idempotent."""
        async with self._choosing:
            if tenant.id in self._held:
                return
            if len(self._held) >= self._limit:
                victim = await self._least_recently_used() if time.monotonic() >= self._full_until else None
                if victim is None:
                    self._note_full()
                    raise Capacity(retry_after=RETRY_AFTER_S)
                # It may have left on its own while the others were asked.
                self._held.pop(victim.id, None)
                leaving = asyncio.create_task(victim.suspend())
                self._leaving.add(leaving)
                leaving.add_done_callback(self._leaving.discard)
            self._held[tenant.id] = tenant

    def has_room(self) -> bool:
        """Whether a slot is free."""
        return len(self._held) < self._limit

    def reserve_free(self, tenant: Tenant) -> bool:
        """Gives the tenant a slot if that costs nobody one."""
        if self.has_room():
            self._held[tenant.id] = tenant
        return tenant.id in self._held

    async def vacated(self) -> None:
        """Waits until whoever made room has really left: the bound on children holds at every moment."""
        if self._leaving:
            await asyncio.wait(tuple(self._leaving))

    def release(self, tenant: Tenant) -> None:
        """Gives the slot back. Idempotent."""
        self._held.pop(tenant.id, None)

    async def _least_recently_used(self) -> Tenant | None:
        tenants = list(self._held.values())
        since = await asyncio.gather(*(tenant.idle_since() for tenant in tenants))
        idle = [(when, tenant.id, tenant) for when, tenant in zip(since, tenants, strict=True) if when is not None]
        return min(idle)[2] if idle else None

    def _note_full(self) -> None:
        # Not prolonged by those who are refused because of it: somebody has to ask again.
        if time.monotonic() >= self._full_until:
            self._full_until = time.monotonic() + PAUSE_S
