"""What a session costs the API server. A hundred thousand of them share one etcd."""

from __future__ import annotations

from collections import Counter

from tests.unit.operator.world import T0, live, ready, session

from preview_core.resources.timestamp import rfc3339


def test_a_create_costs_few_writes() -> None:
    world = live()
    world.settle()
    assert ready(world)
    assert Counter(world.writes) == {"CreatePod": 1, "ApplyService": 2, "ApplyIngress": 1, "Hydrate": 1, "Status": 3}
    assert world.reasons == ["Ready"]


def test_an_idle_session_costs_no_writes_at_all() -> None:
    world = live()
    world.settle()
    world.writes.clear()
    for _ in range(120):
        world.now += 30_000
        world.step()
    assert world.writes == []


def test_an_open_page_costs_one_write_a_minute_at_most() -> None:
    world = live()
    world.hmr = 1
    world.settle()
    world.writes.clear()
    for _ in range(120):
        world.now += 30_000
        world.step()
    assert Counter(world.writes) == {"Status": 60}


def test_an_update_that_was_pushed_costs_one_write() -> None:
    world = live()
    world.settle()
    world.writes.clear()
    assert world.index is not None
    newer = live(2).index
    assert newer is not None
    world.index = newer
    for container in world.containers.values():
        container.revision, container.digest = newer.revision, newer.digest
    world.settle()
    assert world.writes == ["Status"]


def test_a_call_that_the_api_records_costs_one_write_at_most() -> None:
    world = live()
    world.settle()
    world.writes.clear()
    assert world.session is not None
    world.now += 60_000
    called = session(claimedAt=rfc3339(T0), lastCallAt=rfc3339(world.now))
    world.session = called.model_copy(update={"status": world.session.status})
    world.settle()
    assert len(world.writes) <= 1


def test_a_suspended_session_and_a_tombstone_cost_nothing_while_they_wait() -> None:
    for spec in ({"suspended": True}, {"ended": {"at": rfc3339(T0), "reason": "Closed"}}):
        world = live(**spec)
        world.settle()
        world.writes.clear()
        for _ in range(60):
            world.now += 30_000
            world.step()
        assert world.writes == []
