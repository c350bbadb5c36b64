"""Liveness by a change that has to come back through the watch."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.operator.memory_kube import MemoryKube

from preview_core.kube.errors import Unavailable
from preview_core.kube.resource import SERVICES
from preview_operator.canary import BEAT, NAME, SILENCE_MS, Canary


class Clock:
    now = 1_000_000

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def kube() -> MemoryKube:
    return MemoryKube()


@pytest.fixture
def canary(kube: MemoryKube, clock: Clock) -> Canary:
    return Canary(kube, "previews", clock)


def written(kube: MemoryKube) -> dict[str, Any]:
    return kube.objects[SERVICES.plural, NAME]


def test_before_the_first_beat_nothing_is_dead(canary: Canary, clock: Clock) -> None:
    clock.now += 10**9
    assert not canary.dead


async def test_a_beat_that_comes_back_is_life(canary: Canary, kube: MemoryKube, clock: Clock) -> None:
    await canary._beat()
    canary.event(written(kube))
    clock.now += SILENCE_MS * 2
    assert not canary.dead


async def test_a_beat_that_does_not_come_back_is_death_after_a_while(canary: Canary, clock: Clock) -> None:
    await canary._beat()
    clock.now += SILENCE_MS
    assert not canary.dead
    clock.now += 1
    assert canary.dead


async def test_later_beats_do_not_hide_the_silence(canary: Canary, clock: Clock) -> None:
    for _ in range(5):
        await canary._beat()
        clock.now += SILENCE_MS // 4
    assert canary.dead


async def test_an_old_beat_is_no_proof(canary: Canary, kube: MemoryKube, clock: Clock) -> None:
    await canary._beat()
    old = written(kube)
    clock.now += 1_000
    await canary._beat()
    canary.event(old)
    clock.now += SILENCE_MS
    assert canary.dead


async def test_services_of_sessions_are_no_proof(canary: Canary, clock: Clock) -> None:
    await canary._beat()
    canary.event({"metadata": {"name": "preview-x", "annotations": {BEAT: str(clock.now)}}})
    clock.now += SILENCE_MS + 1
    assert canary.dead


async def test_somebodys_canary_without_a_beat_is_no_fault(canary: Canary) -> None:
    canary.event({"metadata": {"name": NAME}})
    assert not canary.dead


async def test_what_could_not_be_written_need_not_come_back(canary: Canary, kube: MemoryKube) -> None:
    kube.faults["apply"].append(Unavailable("PATCH of the API server: 503"))
    with pytest.raises(Unavailable):
        await canary._beat()


async def test_the_canary_leads_nowhere(canary: Canary, kube: MemoryKube) -> None:
    await canary._beat()
    spec = written(kube)["spec"]
    assert spec["clusterIP"] == "None"
    assert "selector" not in spec
