"""Kubernetes Events on transitions only."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.operator.world import T0, live, ready

from preview_core.resources.conditions import Condition, ConditionStatus, Finding, Reason, settle
from preview_operator.quiet import QUIET_MS
from preview_operator.transitions import NORMAL, WARNING, happenings

FALSE = ConditionStatus.FALSE


def conditions(**reasons: str) -> tuple[Condition, ...]:
    return settle((), {kind: Finding(FALSE, reason) for kind, reason in reasons.items()}, now=T0, generation=1)


def test_the_same_again_tells_nothing() -> None:
    found = conditions(PodAssigned=Reason.UNSCHEDULABLE)
    assert happenings(found, found) == []


def test_a_new_reason_tells_once_though_ready_has_it_too() -> None:
    found = happenings((), conditions(Accepted=Reason.RUNTIME_NOT_FOUND))
    assert [(happening.kind, happening.reason) for happening in found] == [(WARNING, "RuntimeNotFound")]


def test_a_new_message_is_no_transition() -> None:
    before = settle((), {"PodAssigned": Finding(FALSE, Reason.UNSCHEDULABLE, "0/1")}, now=T0, generation=1)
    after = settle(before, {"PodAssigned": Finding(FALSE, Reason.UNSCHEDULABLE, "0/2")}, now=T0, generation=1)
    assert happenings(before, after) == []


@pytest.mark.parametrize(
    "reason", [Reason.CREATING, Reason.STARTING, Reason.BEHIND, Reason.NO_POD, Reason.NOT_ROUTED, Reason.UNCLAIMED]
)
def test_steps_on_the_way_are_no_news(reason: Reason) -> None:
    assert happenings((), conditions(PodAssigned=reason)) == []


@pytest.mark.parametrize(
    "reason",
    [
        Reason.UNSCHEDULABLE,
        Reason.CAPACITY,
        Reason.POD_LOST,
        Reason.POD_REFUSED,
        Reason.FILES_MISSING,
        Reason.RUNTIME_FAILED,
        Reason.CRASH_LOOP,
        Reason.IMAGE_UNAVAILABLE,
        Reason.ROUTE_REFUSED,
        Reason.INVALID_SPEC,
        Reason.RUNTIME_NOT_ACCEPTED,
    ],
)
def test_what_somebody_should_look_at_is_a_warning(reason: Reason) -> None:
    assert [happening.kind for happening in happenings((), conditions(Serving=reason))] == [WARNING]


@pytest.mark.parametrize("reason", [Reason.SUSPENDED, Reason.CLOSED, Reason.EXPIRED, Reason.READY])
def test_what_was_meant_is_normal(reason: Reason) -> None:
    before = conditions(PodAssigned=Reason.CREATING)
    assert [happening.kind for happening in happenings(before, conditions(PodAssigned=reason))] == [NORMAL]


@given(st.dictionaries(st.sampled_from(["A", "B", "C"]), st.sampled_from(list(Reason))))
def test_no_reason_is_told_twice_in_one_pass(reasons: dict[str, Reason]) -> None:
    told = [happening.reason for happening in happenings((), conditions(**reasons))]
    assert len(told) == len(set(told))


def test_a_create_that_goes_as_all_do_tells_nothing() -> None:
    world = live()
    world.settle()
    assert ready(world)
    assert world.reasons == []


def test_one_that_waited_for_an_owner_is_ready_without_a_word() -> None:
    waits = conditions(FilesSynced=Reason.UNCLAIMED)
    ready = settle(waits, {"Ready": Finding(ConditionStatus.TRUE, Reason.READY)}, now=T0, generation=2, steps=())
    assert happenings(waits, ready) == []


def test_one_that_took_long_tells_that_it_is_ready_and_nothing_else() -> None:
    world = live()
    world.step()
    (container,) = world.containers.values()
    container.runs_at = container.answers_at = world.now + 2 * QUIET_MS
    world.settle()
    assert ready(world)
    assert world.reasons == ["Ready"]


def test_a_lost_pod_tells_that_and_that_it_is_ready_again() -> None:
    world = live()
    world.settle()
    world.reasons.clear()
    world.lose_pods()
    world.settle()
    assert world.reasons == ["PodLost", "Ready"]
