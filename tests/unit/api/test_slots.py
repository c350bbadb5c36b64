from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import pytest

from preview_api.backends.local.slots import Slots
from preview_core.errors import Capacity


@dataclass
class Tenant:
    id: str
    since: float | None = 0.0
    left: asyncio.Event = field(default_factory=asyncio.Event)
    asked: asyncio.Event = field(default_factory=asyncio.Event)

    async def idle_since(self) -> float | None:
        return self.since

    async def suspend(self) -> None:
        self.asked.set()
        await self.left.wait()


async def test_the_least_recently_used_idle_tenant_makes_room() -> None:
    slots = Slots(3)
    old, older, busy = Tenant("old", 5.0), Tenant("older", 1.0), Tenant("busy", None)
    for tenant in (old, older, busy):
        await slots.reserve(tenant)
    await slots.reserve(Tenant("new"))
    await older.asked.wait()
    assert not old.asked.is_set()
    older.left.set()


async def test_a_newcomer_waits_until_the_other_has_left() -> None:
    slots = Slots(1)
    first, second = Tenant("first"), Tenant("second")
    await slots.reserve(first)
    await slots.reserve(second)
    vacated = asyncio.create_task(slots.vacated())
    await first.asked.wait()
    assert not vacated.done()
    first.left.set()
    await vacated


async def test_there_is_no_room_when_nobody_is_idle() -> None:
    slots = Slots(2)
    for name in "ab":
        await slots.reserve(Tenant(name, None))
    with pytest.raises(Capacity) as caught:
        await slots.reserve(Tenant("c"))
    assert caught.value.retry_after


async def test_a_released_slot_is_free_again_and_a_second_reservation_costs_nothing() -> None:
    slots = Slots(1)
    tenant = Tenant("a", None)
    await slots.reserve(tenant)
    await slots.reserve(tenant)
    slots.release(tenant)
    await slots.reserve(Tenant("b", None))


async def test_parallel_newcomers_never_share_a_slot() -> None:
    slots = Slots(2)
    admitted = await asyncio.gather(
        *(slots.reserve(Tenant(str(number), None)) for number in range(10)), return_exceptions=True
    )
    assert [isinstance(result, Capacity) for result in admitted].count(False) == 2


async def test_a_free_slot_is_taken_only_where_it_costs_nobody_one() -> None:
    slots = Slots(2)
    idle, spare, late = Tenant("idle"), Tenant("spare"), Tenant("late")
    await slots.reserve(idle)
    assert slots.has_room()
    assert slots.reserve_free(spare)
    assert slots.reserve_free(spare)
    assert not slots.has_room()
    assert not slots.reserve_free(late)
    assert not idle.asked.is_set()
