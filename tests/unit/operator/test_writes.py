"""What a session costs the API server. A hundred thousand of them share one etcd."""

from __future__ import annotations

from collections import Counter

from tests.unit.operator.world import T0, live, ready, runtime, session

from preview_core.resources.timestamp import rfc3339


def test_a_create_costs_few_writes() -> None:
    world = live()
    world.settle()
    assert ready(world)
    assert Counter(world.writes) == {"CreatePod": 1, "ApplyService": 1, "ApplyIngress": 1, "Hydrate": 1, "Status": 1}
    assert world.reasons == []


def test_an_idle_session_that_keeps_its_pod_costs_no_writes_at_all() -> None:
    world = live()
    world.runtime = runtime(suspendAfterSeconds=0)
    world.settle()
    world.writes.clear()
    for _ in range(120):
        world.now += 30_000
        world.step()
    assert world.writes == []


def test_g30_a_suspension_and_a_return_cost_few_writes_and_tell_each_once() -> None:
    world = live()
    world.settle()
    world.writes.clear()
    world.now += 15 * 60_000
    world.settle()
    assert Counter(world.writes) == {"Suspend": 1, "ApplyService": 1, "DeletePod": 1, "Status": 1}
    assert world.session is not None
    world.writes.clear()
    spec = world.session.spec.model_copy(update={"suspended": False, "last_call_at": world.now})
    world.session = world.session.model_copy(update={"spec": spec})
    world.settle()
    assert ready(world)
    assert Counter(world.writes) == {"CreatePod": 1, "ApplyService": 1, "Hydrate": 1, "Status": 3}
    assert world.reasons == ["Suspended", "Resuming", "Ready"]


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
