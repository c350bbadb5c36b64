"""Level-triggered: from every state, whoever was killed in between, the same end."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st
from tests.unit.operator.world import (
    ID,
    SECRET,
    SETTINGS,
    T0,
    World,
    digest,
    index,
    live,
    ready,
    runtime,
    selector,
    session,
    settings,
)

from preview_core.objects import names
from preview_core.resources.timestamp import rfc3339
from preview_operator.memory import Note
from preview_operator.pods import make_pod
from preview_operator.routes import make_ingress, make_service

WAKER = {"preview.coinnation.io/part": "waker"}
ENDED = {"at": rfc3339(T0), "reason": "Closed"}
OLD = runtime(image="runtime:0")
LATER = 2**60

POD = st.tuples(
    st.sampled_from(["works", "behind", "empty", "starting", "pending", "hung", "ended", "deleting", "lost", "crash"]),
    st.booleans(),  # of an earlier revision
)
STATES = st.fixed_dictionaries(
    {
        "pods": st.lists(POD, max_size=4),
        "service": st.sampled_from(["none", "waker", "first", "last", "gone", "other"]),
        "ingress": st.booleans(),
        "status": st.sampled_from(["wiped", "first", "gone"]),
    }
)


def assembled(state: dict[str, Any], revision: int = 3, **spec: Any) -> World:
    """A world that somebody left in `state`."""
    world = live(revision, **spec)
    for number, (kind, old) in enumerate(state["pods"], 1):
        _add(world, number, kind, OLD if old else runtime(), revision)
    here = list(world.pods)
    targets = {"waker": None, "first": here[0] if here else None, "last": here[-1] if here else None, "gone": "gone"}
    found = world.session
    assert found is not None
    if state["service"] in targets:
        world.service = make_service(found, targets[state["service"]])
    if state["service"] == "other":
        world.service = {**make_service(found, None), "spec": {"selector": {"app": "other"}}}
    world.ingress = make_ingress(found, SETTINGS) if state["ingress"] else None
    if state["status"] != "wiped":
        name = here[0] if here and state["status"] == "first" else names.pod_name(ID, 9)
        world.session = session(status={"podName": name, "servedRevision": 1, "revision": revision}, **spec)
    return world


def _add(world: World, number: int, kind: str, made_from: Any, revision: int) -> None:
    name = world.add_pod(make_pod(session(), made_from, number, SETTINGS, SECRET))
    manifest, container = world.pods[name], world.containers[name]
    container.runs_at, container.answers_at = T0, None
    if kind in ("works", "behind", "empty"):
        container.answers_at = T0
        container.revision = {"works": revision, "behind": 1, "empty": 0}[kind]
        container.digest = digest(container.revision)
    elif kind == "starting":
        container.answers_at = T0 + 500
    elif kind == "pending":
        container.runs_at, container.answers_at = T0 + 700, T0 + 900
    elif kind == "ended":
        manifest["status"] = {"phase": "Failed", "reason": "Evicted"}
    elif kind == "deleting":
        manifest["metadata"]["deletionTimestamp"] = rfc3339(T0)
    elif kind == "lost":
        manifest["status"] = {"phase": "Running", "reason": "NodeLost"}
    elif kind == "crash":
        waiting = {"name": "runtime", "restartCount": 3, "state": {"waiting": {"reason": "CrashLoopBackOff"}}}
        manifest["status"] = {"phase": "Running", "podIP": "10.9.9.9", "containerStatuses": [waiting]}


@given(STATES)
@examples(max_examples=200)
def test_from_every_state_a_live_session_becomes_ready_and_rests(state: dict[str, Any]) -> None:
    world = assembled(state)
    world.settle()
    assert ready(world)
    assert world.step().actions == ()


@given(STATES, st.lists(st.integers(0, 5), max_size=6))
@examples(max_examples=100)
def test_from_every_state_a_session_behind_a_wildcard_ends_without_an_ingress(
    state: dict[str, Any], kills: list[int]
) -> None:
    world = assembled(state)
    world.settings = settings(routing="wildcard")
    for after in kills:
        world.step(killed_after=after)
    world.settle()
    assert ready(world)
    assert "ApplyIngress" not in world.writes


@given(STATES)
@examples(max_examples=100)
def test_from_every_state_an_ended_session_leaves_only_its_tombstone(state: dict[str, Any]) -> None:
    world = assembled(state, ended=ENDED)
    world.settle()
    assert (world.pods, world.service, world.ingress, world.index) == ({}, None, None, None)
    assert world.session is not None
    assert str(world.session.status.phase) == "Ended"


@given(STATES)
@examples(max_examples=100)
def test_from_every_state_a_suspended_session_has_no_pod_and_leads_to_the_waker(state: dict[str, Any]) -> None:
    world = assembled(state, suspended=True)
    world.settle()
    assert world.pods == {}
    # Without any route of its own the wildcard leads there.
    assert (world.service is None) == (world.ingress is None)
    assert world.service is None or selector(world.service) == WAKER
    assert world.index is not None
    assert "CreatePod" not in world.writes


@given(STATES)
@examples(max_examples=100)
def test_from_every_state_without_a_runtime_no_pod_is_made_and_none_that_works_is_lost(state: dict[str, Any]) -> None:
    world = assembled(state)
    world.runtime = None
    works = any(kind == "works" for kind, _ in state["pods"])
    for _ in range(40):
        world.step()
        world.now += 500
    assert "CreatePod" not in world.writes
    assert world.session is not None
    assert (world.session.status.conditions[0].type, world.session.status.conditions[0].status) == ("Accepted", "False")
    assert not works or any(world.containers[found.name].revision == 3 for found in world.living())


@given(STATES, st.lists(st.integers(0, 5), min_size=1, max_size=12))
@examples(max_examples=300)
def test_killed_between_any_two_writes_the_next_passes_finish_the_same_work(
    state: dict[str, Any], kills: list[int]
) -> None:
    world = assembled(state)
    for after in kills:
        world.step(killed_after=after)
        world.now += 100
    world.settle()
    assert ready(world)


@given(STATES, st.lists(st.integers(0, 4), min_size=1, max_size=8))
@examples(max_examples=100)
def test_g30_killed_between_any_two_writes_an_ended_session_is_removed_all_the_same(
    state: dict[str, Any], kills: list[int]
) -> None:
    world = assembled(state, ended=ENDED)
    for after in kills:
        world.step(killed_after=after)
        world.now += 100
    world.settle()
    assert (world.pods, world.service, world.ingress, world.index) == ({}, None, None, None)


FAULTS = st.lists(
    st.sampled_from(
        [
            "pods lost",
            "service lost",
            "ingress lost",
            "status wiped",
            "operator killed",
            "update",
            "restart",
            "new image",
            "suspend",
            "resume",
        ]
    ),
    max_size=10,
)


def happen(world: World, fault: str) -> None:
    assert world.session is not None
    match fault:
        case "pods lost":
            world.lose_pods()
        case "service lost" | "ingress lost":
            setattr(world, fault.removesuffix(" lost"), None)
        case "status wiped":
            world.session = world.session.model_copy(update={"status": session().status})
        case "operator killed":
            world.note = Note()
        case "update":
            assert world.index is not None
            world.index = index(world.index.revision + 1)
        case "restart":
            for container in world.containers.values():
                container.revision, container.digest = 0, digest(0)
        case "new image":
            world.runtime = runtime(image=f"runtime:{world.now}")
        case "suspend" | "resume":
            spec = world.session.spec.model_copy(update={"suspended": fault == "suspend"})
            world.session = world.session.model_copy(update={"spec": spec})


@given(FAULTS, st.integers(0, 6))
@examples(max_examples=200)
def test_g42_whatever_happens_to_a_live_session_its_newest_files_are_served_in_the_end(
    faults: list[str], between: int
) -> None:
    world = live()
    for fault in faults:
        happen(world, fault)
        for _ in range(between):
            world.step()
            world.now += 200
    happen(world, "resume")
    world.settle()
    assert ready(world)
    assert world.index is not None
    assert world.index.revision == 1 + faults.count("update")


def test_make_before_break_a_new_image_never_takes_visitors_from_a_working_pod() -> None:
    world = live()
    world.settle()
    happen(world, "new image")
    for _ in range(200):
        world.step()
        world.now += 50
        assert world.service is not None
        target = selector(world.service)[names.POD_LABEL]
        assert target in {found.name for found in world.living()}
        assert world.containers[target].revision == 1
    assert ready(world)


def test_rollover_updates_that_arrive_meanwhile_do_not_break_it() -> None:
    """Durable first, pushed a moment later: in between every pod looks as if it were behind."""
    world = live()
    world.settle()
    happen(world, "new image")
    for number in range(40):
        if number % 2 == 0:
            happen(world, "update")
        world.step()
        world.now += 100
        assert world.service is not None
        assert world.containers[selector(world.service)[names.POD_LABEL]].revision > 0
    world.settle()
    assert ready(world)


def unowned() -> World:
    """As the operator makes one to wait."""
    return World(session(owner=None, claimedAt=None), runtime())


def claim(world: World) -> None:
    assert world.session is not None
    status = world.session.status.manifest()
    world.session = session(claimedAt=rfc3339(world.now), status=status)


def test_a_session_without_an_owner_serves_the_stand_in_is_routed_and_never_ends() -> None:
    world = unowned()
    world.settle()
    assert world.session is not None
    assert str(world.session.status.phase) == "Warm"
    assert [container.stand_in for container in world.containers.values()] == [True]
    assert world.service is not None
    assert selector(world.service) == {names.POD_LABEL: names.pod_name(ID, 1)}
    world.now += 400 * 24 * 3600 * 1000
    assert world.step().actions == ()
    assert str(world.session.status.phase) == "Warm"
    assert world.session.status.expires_at is None


@given(st.integers(0, 6), st.integers(0, 6), st.booleans())
@examples(max_examples=60)
def test_killed_before_and_after_its_claim_a_session_becomes_ready_in_the_pod_that_waited(
    before: int, after: int, reads_files_late: bool
) -> None:
    world = unowned()
    world.step(killed_after=before)
    world.settle()
    claim(world)
    if reads_files_late:
        world.step(killed_after=after)
    world.index = index(1)
    world.step(killed_after=after)
    world.settle()
    assert ready(world)
    assert list(world.pods) == [names.pod_name(ID, 1)]
    assert world.writes.count("CreatePod") == 1


def test_a_claimed_session_whose_files_never_came_is_removed_with_its_pod() -> None:
    world = unowned()
    world.settle()
    claim(world)
    world.step()
    assert world.session is not None
    world.now += 130_000
    world.settle()
    assert world.session is None
    assert world.pods == {}


def test_a_waiting_pod_that_was_given_files_keeps_them() -> None:
    """The operator saw it empty and the API was faster."""
    world = unowned()
    world.settle()
    (container,) = world.containers.values()
    container.revision, container.digest, container.stand_in = 1, digest(1), False
    world.step()
    assert (container.revision, container.stand_in) == (1, False)


def test_a_pod_that_never_answers_is_given_up_and_the_pauses_grow() -> None:
    world = live()
    original = world.add_pod
    made: list[int] = []

    def broken(manifest: Any, **_: Any) -> str:
        made.append(world.now)
        return original(manifest, answers=False)

    world.add_pod = broken  # type: ignore[method-assign]
    for _ in range(3000):
        world.step()
        world.now += 500
    gaps = [later - earlier for earlier, later in pairwise(made)]
    assert len(made) > 4
    assert min(gaps) > 8_000


@pytest.mark.parametrize("hung", ["hung", "crash"])
def test_a_pod_that_hangs_is_replaced(hung: str) -> None:
    world = assembled({"pods": [(hung, False)], "service": "first", "ingress": True, "status": "first"})
    world.settle()
    assert ready(world)
    assert names.pod_name(ID, 1) not in world.pods


def test_g20_nothing_that_is_made_asks_for_a_port_of_a_node() -> None:
    world = live()
    world.settle()
    everything = repr((world.pods, world.service, world.ingress))
    assert "nodePort" not in everything
    assert "hostPort" not in everything
    assert "LoadBalancer" not in everything


def test_a_session_that_comes_back_has_a_pod_of_another_name_and_so_another_token() -> None:
    world = live()
    world.settle()
    first = set(world.pods)
    happen(world, "suspend")
    world.settle()
    happen(world, "resume")
    world.settle()
    assert ready(world)
    assert first.isdisjoint(world.pods)
