"""Passes over a runtime that keeps sessions warm, and what an API server does to them."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.operator.rig import Rig
from tests.unit.operator.world import ID, OWNER, T0, report

from preview_core.kube.client import Object
from preview_core.kube.errors import AlreadyExists, KubeError, Refused, Unavailable
from preview_core.kube.resource import PODS, RUNTIMES, SESSIONS
from preview_core.objects import names
from preview_core.resources.timestamp import rfc3339
from preview_core.wire import RuntimePhase
from preview_operator.warm import AT_ONCE


@pytest.fixture
def rig() -> Rig:
    return Rig()


def sessions(rig: Rig) -> list[Object]:
    return [found for (plural, _), found in rig.kube.objects.items() if plural == SESSIONS.plural]


def works(rig: Rig) -> None:
    """Every session that waits."""
    for found in sessions(rig):
        if found["spec"].get("owner") is None:
            given = {"metadata": found["metadata"], "spec": found["spec"], "status": {"phase": "Warm"}}
            rig.cache.put(SESSIONS, rig.kube.put(SESSIONS, found["metadata"]["name"], **given))


def status(rig: Rig) -> dict[str, Any]:
    found: dict[str, Any] = rig.kube.objects[RUNTIMES.plural, "default"]["status"]
    return found


async def test_a_pass_makes_sessions_without_owner_and_has_them_looked_at(rig: Rig) -> None:
    rig.runtime(warm={"minimum": 2})
    await rig.look("runtime", "default")
    made = sessions(rig)
    assert [found["spec"].get("owner") for found in made] == [None, None]
    for found in made:
        assert found["metadata"]["labels"] == {
            names.MANAGED_BY: names.MANAGER,
            names.RUNTIME_LABEL: "default",
            names.WARM_LABEL: names.WAITING,
        }
        assert (("session", found["metadata"]["name"]), 0.0) in rig.wished
    await rig.look("runtime", "default")
    assert len(sessions(rig)) == 2
    assert (status(rig)["desired"], status(rig)["warm"], status(rig)["ready"]) == (2, 2, 0)
    works(rig)
    await rig.look("runtime", "default")
    assert status(rig)["ready"] == 2


async def test_so_many_are_made_in_one_pass_and_the_rest_as_those_work(rig: Rig) -> None:
    rig.runtime(warm={"minimum": AT_ONCE + 1})
    for expected in (AT_ONCE, AT_ONCE):
        await rig.look("runtime", "default")
        assert len(sessions(rig)) == expected
    works(rig)
    await rig.look("runtime", "default")
    assert len(sessions(rig)) == AT_ONCE + 1


async def test_killed_between_two_creates_the_next_operator_makes_the_rest(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    create = rig.kube.create

    async def once(*given: Any) -> Object:
        if sessions(rig):
            raise Unavailable("killed")
        return await create(*given)

    monkeypatch.setattr(rig.kube, "create", once)
    rig.runtime(warm={"minimum": 3})
    with pytest.raises(Unavailable):
        await rig.look("runtime", "default")
    assert len(sessions(rig)) == 1

    monkeypatch.undo()
    successor = Rig(kube=rig.kube)
    for resource in (RUNTIMES, SESSIONS):
        for found in (await rig.kube.list(resource, "")).items:
            successor.cache.put(resource, found)
    await successor.look("runtime", "default")
    assert len(sessions(successor)) == 3


async def test_a_create_whose_answer_was_lost_is_one_session(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    create = rig.kube.create

    async def lost(*given: Any) -> Object:
        await create(*given)
        raise AlreadyExists("POST of the API server: 409 AlreadyExists")

    monkeypatch.setattr(rig.kube, "create", lost)
    rig.runtime(warm={"minimum": 1})
    await rig.look("runtime", "default")
    await rig.look("runtime", "default")
    assert len(sessions(rig)) == 1


@pytest.mark.parametrize("fault", [Refused("403", status=403, message="quota"), Unavailable("away")])
async def test_a_session_that_is_refused_is_a_failed_pass_after_everything_else(rig: Rig, fault: KubeError) -> None:
    rig.runtime(warm={"minimum": 1})
    rig.kube.faults["create"] = [fault]
    with pytest.raises(type(fault)):
        await rig.look("runtime", "default")
    assert status(rig)["desired"] == 1


async def test_one_that_was_claimed_since_it_was_seen_is_not_given_up(rig: Rig) -> None:
    rig.runtime(warm={"minimum": 1})
    await rig.look("runtime", "default")
    (made,) = sessions(rig)
    # The watch has not told yet.
    claimed = {"metadata": made["metadata"], "spec": {**made["spec"], "owner": OWNER, "claimedAt": rfc3339(T0)}}
    rig.kube.put(SESSIONS, made["metadata"]["name"], **claimed)
    rig.runtime(warm={"minimum": 0})
    await rig.look("runtime", "default")
    (kept,) = sessions(rig)
    assert kept["spec"]["owner"] == OWNER


async def test_those_of_a_runtime_that_is_gone_go_too(rig: Rig) -> None:
    rig.runtime(warm={"minimum": 2})
    await rig.look("runtime", "default")
    rig.session()
    rig.cache.drop(RUNTIMES, {"name": "default"})
    rig.kube.objects.pop((RUNTIMES.plural, "default"))
    await rig.look("runtime", "default")
    assert [found["metadata"]["name"] for found in sessions(rig)] == [ID]


async def test_nobodys_session_leaves_the_last_room_to_one_that_has_an_owner(rig: Rig) -> None:
    rig.runtime(warm={"minimum": 2}, limits={"pods": 2})
    await rig.look("runtime", "default")
    rig.session()
    rig.index()
    first, second = [found["metadata"]["name"] for found in sessions(rig) if found["metadata"]["name"] != ID]
    await rig.look("session", first)
    await rig.look("session", second)
    assert {name for plural, name in rig.kube.objects if plural == PODS.plural} == {names.pod_name(first, 1)}
    await rig.look()
    assert (PODS.plural, names.pod_name(ID, 1)) in rig.kube.objects


async def test_a_session_that_finds_no_room_has_a_waiting_one_given_up_and_gets_its_pod(rig: Rig) -> None:
    rig.runtime(warm={"minimum": 1}, limits={"pods": 1})
    await rig.look("runtime", "default")
    (waits,) = [found["metadata"]["name"] for found in sessions(rig)]
    await rig.look("session", waits)
    rig.session()
    rig.index()
    await rig.look()
    assert (("runtime", "default"), 0.0) in rig.wished
    assert (PODS.plural, names.pod_name(ID, 1)) not in rig.kube.objects

    # Its object has another version since its status was written: what was seen of that counts.
    await rig.look("runtime", "default")
    assert [found["metadata"]["name"] for found in sessions(rig)] == [ID]
    metadata = {"name": names.pod_name(waits, 1), "labels": names.labels(waits, names.POD)}
    rig.intake.event(SESSIONS, "DELETED", {"metadata": {"name": waits}})
    rig.wished.clear()
    rig.intake.event(PODS, "DELETED", {"metadata": metadata})
    assert ("runtime", "default") in [key for key, _ in rig.wished]
    await rig.look("runtime", "default")
    assert (("session", ID), 0.0) in rig.wished
    await rig.look()
    assert (PODS.plural, names.pod_name(ID, 1)) in rig.kube.objects


async def test_an_empty_pod_without_an_owner_is_sent_the_stand_in_and_one_with_an_owner_is_not(rig: Rig) -> None:
    rig.runtime(warm={"minimum": 1})
    await rig.look("runtime", "default")
    (waits,) = [found["metadata"]["name"] for found in sessions(rig)]
    rig.session()
    for session_id in (waits, ID):
        await rig.look("session", session_id)
        rig.probe.answers[names.pod_name(session_id, 1)] = report(0, RuntimePhase.STARTING)
        await rig.look("session", session_id)
    assert rig.probe.stand_ins == [names.pod_name(waits, 1)]
    assert rig.probe.hydrated == []
