"""Passes that an API server disturbs."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest
from tests.unit.operator.rig import Rig
from tests.unit.operator.world import ID, OWNER, T0

from preview_core.kube.client import Object
from preview_core.kube.errors import AlreadyExists, Conflict, KubeError, NotFound, Refused, Unavailable
from preview_core.kube.resource import CONFIG_MAPS, INGRESSES, NETWORK_POLICIES, PODS, RUNTIMES, SESSIONS, Resource
from preview_core.naming import new_session_id
from preview_core.objects import names
from preview_core.resources.session import PreviewSession
from preview_core.resources.timestamp import rfc3339
from preview_operator.expiry import ORPHAN_MS
from preview_operator.quiet import QUIET_MS


def refused(status: int = 422, message: str = "no") -> Refused:
    return Refused(f"PATCH of the API server: {status}", status=status, message=message)


@pytest.fixture
def rig() -> Rig:
    return Rig()


def status(rig: Rig, plural: str = SESSIONS.plural, name: str = ID) -> dict[str, Any]:
    found: dict[str, Any] = rig.kube.objects[plural, name]["status"]
    return found


def reason(rig: Rig, kind: str, plural: str = SESSIONS.plural, name: str = ID) -> str:
    return next(str(found["reason"]) for found in status(rig, plural, name)["conditions"] if found["type"] == kind)


async def test_a_pass_over_a_new_session_makes_what_it_needs(rig: Rig) -> None:
    rig.runtime()
    rig.session()
    assert await rig.look() is not None
    assert (PODS.plural, names.pod_name(ID, 1)) in rig.kube.objects
    rig.now += QUIET_MS
    await rig.look()
    assert reason(rig, "PodAssigned") == "Creating"


async def test_the_next_pass_sees_what_this_one_made_before_any_watch_tells(rig: Rig) -> None:
    rig.runtime()
    rig.session()
    for _ in range(3):
        await rig.look()
    assert list(rig.kube.called("create")) == [names.pod_name(ID, 1)]


async def test_a_session_that_nobody_knows_is_no_fault(rig: Rig) -> None:
    assert await rig.look() is None
    assert rig.kube.calls == []
    assert rig.cache.sessions == {}


async def test_a_pod_made_by_an_operator_that_was_killed_is_taken_over(rig: Rig) -> None:
    rig.runtime()
    rig.session()
    rig.kube.put(PODS, names.pod_name(ID, 1), metadata={"labels": names.labels(ID, names.POD)})
    rig.kube.faults["create"].append(AlreadyExists("POST of the API server: 409"))
    await rig.look()
    assert list(rig.cache.sessions[ID].pods) == [names.pod_name(ID, 1)]


async def test_a_pod_that_is_refused_is_said_and_not_tried_in_a_loop(rig: Rig) -> None:
    rig.runtime()
    rig.session()
    rig.kube.faults["create"] = [refused(403, "exceeded quota: pods")] * 100
    for _ in range(50):
        await rig.look()
    assert reason(rig, "PodAssigned") == "PodRefused"
    pods = [name for method, plural, name in rig.kube.calls if (method, plural) == ("create", PODS.plural)]
    assert len(pods) == 3


async def test_a_route_that_is_refused_is_said_and_the_pauses_grow(rig: Rig) -> None:
    rig.runtime()
    rig.session()
    half = {"labels": names.labels(ID, names.ROUTE)}
    rig.cache.put(INGRESSES, rig.kube.put(INGRESSES, names.route_name(ID), metadata=half, spec={}))
    rig.kube.faults["apply"] = [refused(403, "denied by a webhook")] * 2
    first = await rig.look()
    assert rig.memories.of(ID).route_refusal == "denied by a webhook"
    delays = [first]
    for _ in range(20):
        rig.kube.faults["apply"] = [refused()] * 2
        delays.append(await rig.look())
    assert max(delay for delay in delays if delay is not None) == 10.0


async def test_who_asks_for_something_new_does_not_wait_for_what_could_not_be_done_before(rig: Rig) -> None:
    rig.runtime()
    rig.session()
    half = {"labels": names.labels(ID, names.ROUTE)}
    rig.cache.put(INGRESSES, rig.kube.put(INGRESSES, names.route_name(ID), metadata=half, spec={}))

    async def look() -> float | None:
        rig.kube.faults["apply"] = [refused()] * 2
        return await rig.look()

    for _ in range(20):
        pause = await look()
    assert pause == 10.0
    changed = rig.session(seen=False)
    changed["metadata"]["generation"] = 2
    rig.cache.put(SESSIONS, changed)
    assert await look() == 0.02


async def test_a_pod_whose_creation_got_no_answer_is_asked_for_under_the_same_name(rig: Rig) -> None:
    """It may be there: another name would be a second pod."""
    rig.runtime()
    rig.session()
    rig.kube.faults["create"].append(Unavailable("POST of the API server: TimeoutError"))
    with pytest.raises(Unavailable):
        await rig.look()
    await rig.look()
    assert list(rig.kube.called("create")) == [names.pod_name(ID, 1)] * 2


async def test_sessions_that_are_looked_at_at_once_do_not_take_the_same_room(rig: Rig) -> None:
    rig.runtime(limits={"pods": 2})
    ids = [new_session_id() for _ in range(6)]
    for session_id in ids:
        spec = {"runtimeRef": {"name": "default"}, "owner": OWNER, "claimedAt": rfc3339(T0)}
        rig.cache.put(SESSIONS, rig.kube.put(SESSIONS, session_id, spec=spec))
    await asyncio.gather(*(rig.look(name=session_id) for session_id in ids))
    assert sum(plural == PODS.plural for plural, _ in rig.kube.objects) == 2
    assert rig.reconciler.making["default"] == 0


async def test_room_that_was_taken_for_a_pod_that_failed_is_given_back(rig: Rig) -> None:
    rig.runtime(limits={"pods": 1})
    rig.session()
    rig.kube.faults["create"].append(Unavailable("POST of the API server: 503"))
    with pytest.raises(Unavailable):
        await rig.look()
    await rig.look()
    assert (PODS.plural, names.pod_name(ID, 1)) in rig.kube.objects


async def test_an_api_server_that_is_away_fails_the_pass(rig: Rig) -> None:
    rig.runtime()
    rig.session()
    rig.kube.faults["create"].append(Unavailable("POST of the API server: 503"))
    with pytest.raises(Unavailable):
        await rig.look()


async def test_a_status_that_is_refused_keeps_no_pod_from_its_files(rig: Rig) -> None:
    rig.runtime()
    rig.session()
    await rig.look()
    rig.kube.faults["apply"] = [refused()]
    session = rig.cache.sessions[ID].session
    assert isinstance(session, PreviewSession)
    await rig.applier.write_status(session, session.status)
    assert rig.counted("status", "Refused") == 1


@pytest.mark.parametrize("error", [NotFound("404"), Conflict("409")])
async def test_a_status_of_a_session_that_is_gone_is_not_written(rig: Rig, error: KubeError) -> None:
    rig.session()
    session = rig.cache.sessions[ID].session
    assert isinstance(session, PreviewSession)
    rig.kube.faults["apply"].append(error)
    await rig.applier.write_status(session, session.status)
    assert list(rig.kube.called("create")) == []


async def test_an_event_that_is_refused_is_counted_and_the_pass_goes_on(rig: Rig) -> None:
    rig.session()
    rig.kube.faults["create"].append(refused(403))
    await rig.look()
    assert reason(rig, "Accepted") == "RuntimeNotFound"
    assert rig.counted("event", "Refused") == 1


async def test_a_session_that_is_deleted_meanwhile_does_not_come_back(rig: Rig) -> None:
    rig.runtime()
    rig.session()
    await rig.look()
    session = rig.cache.sessions[ID].session
    assert isinstance(session, PreviewSession)
    gone = rig.kube.objects[SESSIONS.plural, ID]["metadata"]
    rig.cache.drop(SESSIONS, {**gone, "resourceVersion": str(rig.kube.version + 1)})
    await rig.applier.write_status(session, session.status)
    assert ID not in dict(rig.cache.valid_sessions())


async def test_expiry_loses_against_whoever_used_the_session_just_now(rig: Rig) -> None:
    rig.runtime()
    rig.session()
    rig.index()
    rig.now = T0 + 25 * 3600 * 1000
    rig.kube.faults["patch"].append(Conflict("PATCH of the API server: 409"))
    await rig.look()
    assert "ended" not in rig.kube.objects[SESSIONS.plural, ID]["spec"]
    assert list(rig.kube.called("delete")) == []
    await rig.look()
    assert rig.kube.objects[SESSIONS.plural, ID]["spec"]["ended"]["reason"] == "Expired"


async def test_an_interrupted_create_is_removed(rig: Rig) -> None:
    rig.runtime()
    rig.session()
    rig.now = T0 + ORPHAN_MS + 1
    await rig.look()
    assert (SESSIONS.plural, ID) not in rig.kube.objects


async def test_g42_a_watch_that_lost_the_index_does_not_cost_the_session(rig: Rig) -> None:
    rig.runtime()
    rig.session()
    rig.index(seen=False)
    rig.now = T0 + ORPHAN_MS + 1
    await rig.look()
    assert (SESSIONS.plural, ID) in rig.kube.objects
    assert rig.cache.sessions[ID].index is not None
    await rig.look()
    assert (PODS.plural, names.pod_name(ID, 1)) in rig.kube.objects


async def test_g42_a_damaged_index_does_not_cost_the_session(rig: Rig) -> None:
    rig.runtime()
    rig.session()
    found = rig.index(seen=False)
    found["metadata"]["annotations"] = {}
    rig.cache.put(CONFIG_MAPS, found)
    rig.now = T0 + ORPHAN_MS + 1
    for _ in range(3):
        await rig.look()
    assert (SESSIONS.plural, ID) in rig.kube.objects
    assert reason(rig, "FilesSynced") == "FilesMissing"


async def test_a_damaged_index_that_is_written_anew_is_no_fault_any_more(rig: Rig) -> None:
    rig.runtime()
    rig.session()
    found = rig.index(seen=False)
    found["metadata"]["annotations"] = {}
    rig.cache.put(CONFIG_MAPS, found)
    await rig.look()
    rig.index(revision=2)
    await rig.look()
    assert reason(rig, "FilesSynced") == "Behind"


async def test_the_files_of_a_tombstone_go_the_index_last(rig: Rig) -> None:
    rig.runtime()
    rig.session(ended={"at": rfc3339(T0), "reason": "Closed"})
    rig.index("1-a", "1-b")
    rig.shard("1-a")
    rig.shard("1-b")
    await rig.look()
    deleted = rig.kube.called("delete")
    assert set(deleted) == {names.files_name(ID), names.shard_name(ID, "1-a"), names.shard_name(ID, "1-b")}
    assert deleted[-1] == names.files_name(ID)


async def test_an_invalid_session_is_told_so_once(rig: Rig) -> None:
    rig.session(owner="")
    for _ in range(5):
        assert await rig.look() is None
    assert list(rig.kube.called("apply")) == [ID]
    assert reason(rig, "Accepted") == "InvalidSpec"


async def test_an_invalid_session_whose_status_is_refused_is_not_tried_for_ever(rig: Rig) -> None:
    rig.session(owner="")
    rig.kube.faults["apply"] = [refused()] * 10
    for _ in range(5):
        assert await rig.look() is None
    assert list(rig.kube.called("apply")) == [ID]


async def test_a_runtime_gets_its_policy_and_its_status(rig: Rig) -> None:
    rig.runtime()
    await rig.look("runtime", "default")
    assert (NETWORK_POLICIES.plural, "preview-runtime-default") in rig.kube.objects
    assert reason(rig, "Accepted", RUNTIMES.plural, "default") == "Valid"


async def test_a_policy_is_written_when_it_changes_and_every_few_minutes(rig: Rig) -> None:
    def written() -> int:
        return sum(plural == NETWORK_POLICIES.plural for _, plural, _ in rig.kube.calls)

    rig.runtime()
    await rig.look("runtime", "default")
    await rig.look("runtime", "default")
    assert written() == 1
    rig.runtime(egress={"dns": True})
    await rig.look("runtime", "default")
    assert written() == 2
    rig.now += 300_000
    await rig.look("runtime", "default")
    assert written() == 3


async def test_a_runtime_with_faults_says_so_instead_of_failing_at_its_policy(rig: Rig) -> None:
    rig.runtime(egress={"allow": [{"cidr": "999.1.1.1/8"}]})
    await rig.look("runtime", "default")
    assert (NETWORK_POLICIES.plural, "preview-runtime-default") not in rig.kube.objects
    assert reason(rig, "Accepted", RUNTIMES.plural, "default") == "InvalidSpec"


@pytest.mark.parametrize("error", [NotFound("404"), Conflict("409")])
async def test_a_runtime_that_is_gone_is_not_asked_for_in_a_hot_loop(rig: Rig, error: KubeError) -> None:
    rig.runtime(egress={"allow": [{"cidr": "999.1.1.1/8"}]})
    rig.kube.faults["apply"].append(error)
    again = await rig.look("runtime", "default")
    assert again is not None
    assert again >= 1.0


async def test_sessions_of_a_runtime_that_goes_are_looked_at(rig: Rig) -> None:
    rig.session()
    await rig.look("runtime", "default")
    assert (("session", ID), 0.0) in rig.wished


async def test_the_next_pod_after_crashes_of_its_predecessors_waits(rig: Rig) -> None:
    rig.runtime()
    rig.session()
    for _ in range(6):
        await rig.look()
        for name in list(rig.cache.sessions[ID].pods):
            rig.cache.drop(PODS, {"name": name, "labels": names.labels(ID, names.POD)})
    pods = [name for method, plural, name in rig.kube.calls if (method, plural) == ("create", PODS.plural)]
    assert len(pods) == 3


async def test_g38_no_id_and_no_words_of_the_api_server_are_in_the_logs(
    rig: Rig, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    rig.runtime()
    rig.session()
    rig.kube.faults["create"].append(refused(422, f"pod preview-{ID}-1 is wrong"))
    rig.kube.faults["apply"] = [refused(422, f"service preview-{ID} is wrong")] * 3
    await rig.look()
    rig.reconciler.failed(("session", ID), RuntimeError(f"about {ID}"))
    rig.reconciler.failed(("session", ID), Unavailable("GET of the API server: 503"))
    rig.now = T0 + ORPHAN_MS + 1
    await rig.look()
    written = caplog.text + "".join(capsys.readouterr())
    assert written
    assert ID not in written


async def test_a_change_that_the_answer_to_a_status_tells_first_is_looked_at(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The watch comes later, with an object that is known by then."""
    apply = rig.kube.apply

    async def overtaken(resource: Resource, namespace: str, body: Object, subresource: str | None = None) -> Object:
        if subresource == "status":
            name = body["metadata"]["name"]
            before = rig.kube.objects[resource.plural, name]
            changed = {**before["metadata"], "generation": before["metadata"]["generation"] + 1}
            rig.kube.put(resource, name, metadata=changed, spec=before["spec"])
        return await apply(resource, namespace, body, subresource)

    rig.runtime()
    rig.session(suspended=True)
    await rig.look()
    await rig.look("runtime", "default")
    rig.runtime(limits={"pods": 5})
    rig.session(lastCallAt=rfc3339(T0 + 1))
    monkeypatch.setattr(rig.kube, "apply", overtaken)
    for kind, name in (("session", ID), ("runtime", "default")):
        again = await rig.look(kind, name)
        assert again is not None
        assert again < 0.1
