"""What no watch tells, and a watch that tells nothing."""

from __future__ import annotations

import asyncio

import pytest
from tests.unit.operator.rig import Rig
from tests.unit.operator.world import ID, T0

from preview_core.kube.errors import NotFound, Refused, Unavailable
from preview_core.kube.resource import CONFIG_MAPS, PODS, SESSIONS
from preview_core.objects import names
from preview_operator import resync as resync_module
from preview_operator.resync import PASS_MS, SHARD_ORPHAN_MS, Resync


@pytest.fixture
def rig() -> Rig:
    return Rig()


@pytest.fixture
def resync(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> Resync:
    monkeypatch.setattr(resync_module, "_SETTLE_S", 0.0)
    return Resync(rig.kube, "previews", rig.cache, rig.memories, rig.intake, rig.metrics, rig.clock)


def shards(rig: Rig) -> set[str]:
    return {name for plural, name in rig.kube.objects if plural == CONFIG_MAPS.plural} - {names.files_name(ID)}


async def test_at_the_start_everything_that_is_there_is_known(rig: Rig, resync: Resync) -> None:
    rig.session(seen=False)
    rig.kube.put(PODS, names.pod_name(ID, 1), metadata={"labels": names.labels(ID, names.POD)})
    await resync.load()
    assert list(rig.cache.sessions[ID].pods) == [names.pod_name(ID, 1)]
    assert rig.cache.runtime_of(SESSIONS, ID) == "default"


async def test_at_the_start_an_api_server_that_is_away_is_no_empty_cluster(rig: Rig, resync: Resync) -> None:
    rig.kube.faults["list"].append(Unavailable("GET of the API server: 503"))
    with pytest.raises(Unavailable):
        await resync.load()


async def test_every_session_is_looked_at_once_in_a_while(rig: Rig, resync: Resync) -> None:
    rig.session()
    rig.memories.of(ID).looked_at = T0
    rig.now = T0 + PASS_MS - 1
    resync._look()
    assert rig.wished == []
    rig.now += 1
    resync._look()
    assert rig.wished == [(("session", ID), 0.0)]


async def test_a_change_that_the_watch_missed_is_caught_up_with(rig: Rig, resync: Resync) -> None:
    rig.session(seen=False)
    await resync.compare()
    assert ID in dict(rig.cache.valid_sessions())
    assert resync.behind[SESSIONS.plural] == 1
    assert resync.dead_watches == []


async def test_a_watch_that_misses_something_twice_in_a_row_is_dead(rig: Rig, resync: Resync) -> None:
    for _ in range(2):
        rig.session(seen=False)
        await resync.compare()
    assert resync.dead_watches == [SESSIONS.plural]


async def test_a_watch_that_catches_up_lives(rig: Rig, resync: Resync) -> None:
    rig.session(seen=False)
    await resync.compare()
    await resync.compare()
    rig.session(seen=False)
    await resync.compare()
    assert resync.dead_watches == []


async def test_what_the_watch_tells_a_moment_later_was_not_missed(
    rig: Rig, resync: Resync, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = rig.session(seen=False)

    async def told(seconds: float) -> None:
        if seconds == 99.0:
            rig.intake.event(SESSIONS, "ADDED", found)

    monkeypatch.setattr(resync_module, "_SETTLE_S", 99.0)
    monkeypatch.setattr(asyncio, "sleep", told)
    await resync.compare()
    assert resync.behind[SESSIONS.plural] == 0
    assert list(rig.kube.called("get")) == []


async def test_what_went_while_no_watch_was_open_is_forgotten(rig: Rig, resync: Resync) -> None:
    rig.session()
    del rig.kube.objects[SESSIONS.plural, ID]
    await resync.compare()
    assert rig.cache.sessions == {}
    assert (("session", ID), 0.0) in rig.wished
    assert resync.behind[SESSIONS.plural] == 0


async def test_objects_of_nobody_are_not_missed(rig: Rig, resync: Resync) -> None:
    rig.kube.put(PODS, "waker", metadata={"labels": {names.PART_LABEL: names.WAKER}})
    for _ in range(3):
        await resync.compare()
    assert resync.dead_watches == []


async def test_what_is_gone_by_the_time_it_is_asked_for_was_not_missed(rig: Rig, resync: Resync) -> None:
    rig.session(seen=False)
    rig.kube.faults["get"].append(NotFound("GET of the API server: 404"))
    await resync.compare()
    assert resync.behind[SESSIONS.plural] == 0


async def test_shards_of_a_commit_that_was_given_up_are_removed(rig: Rig, resync: Resync) -> None:
    rig.index("1-a")
    rig.shard("1-a")
    rig.shard("2-b")
    rig.now = T0 + SHARD_ORPHAN_MS + 1
    await resync.remove_shards()
    assert shards(rig) == {names.shard_name(ID, "1-a")}


async def test_shards_of_a_commit_that_may_be_under_way_stay(rig: Rig, resync: Resync) -> None:
    rig.index("1-a")
    rig.shard("1-a")
    rig.shard("2-b")
    rig.now = T0 + SHARD_ORPHAN_MS
    await resync.remove_shards()
    assert len(shards(rig)) == 2


async def test_g42_shards_of_an_index_that_the_watch_missed_stay(rig: Rig, resync: Resync) -> None:
    rig.index("1-a")
    rig.shard("1-a")
    rig.shard("2-b")
    rig.index("1-a", "2-b", revision=2, seen=False)
    rig.now = T0 + SHARD_ORPHAN_MS + 1
    await resync.remove_shards()
    assert len(shards(rig)) == 2


async def test_g42_shards_without_an_index_are_left_to_their_session(rig: Rig, resync: Resync) -> None:
    rig.index("1-a")
    rig.shard("2-b")
    del rig.kube.objects[CONFIG_MAPS.plural, names.files_name(ID)]
    rig.now = T0 + SHARD_ORPHAN_MS + 1
    await resync.remove_shards()
    assert shards(rig) == {names.shard_name(ID, "2-b")}


async def test_without_stale_shards_nothing_is_asked(rig: Rig, resync: Resync) -> None:
    rig.index("1-a")
    rig.shard("1-a")
    rig.now = T0 + SHARD_ORPHAN_MS + 1
    await resync.remove_shards()
    assert rig.kube.calls == []


async def test_a_chore_that_fails_is_counted_and_does_not_end_the_operator(rig: Rig, resync: Resync) -> None:
    rig.index("1-a")
    rig.shard("2-b")
    rig.now = T0 + SHARD_ORPHAN_MS + 1
    rig.kube.faults["delete"].append(Refused("DELETE of the API server: 403", status=403, message=""))
    await resync._tried(resync.remove_shards())
    assert rig.counted("resync", "Refused") == 1
