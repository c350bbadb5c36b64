"""When a session that nobody uses gives up its pod (G30)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.operator.world import SETTINGS, T0, live, observed, pod, ready, report, runtime, session

from preview_core.resources.timestamp import rfc3339
from preview_core.wire import Clients
from preview_operator.expiry import last_activity
from preview_operator.idleness import PATIENCE_MS, Cause, cause
from preview_operator.observed import Observed, Suspend
from preview_operator.plan import plan
from preview_operator.seen import CRASH_LOOP

AFTER_S = 900
AFTER_MS = AFTER_S * 1000
USED: dict[str, Any] = {"claimedAt": rfc3339(T0 - 60_000), "lastCallAt": rfc3339(T0)}


def idle(**changed: Any) -> Observed:
    """A session that works and was last used at T0."""
    return observed(**{"session": session(**USED), "runtime": runtime(suspendAfterSeconds=AFTER_S), **changed})


def decided(given: Observed, now: int) -> Cause | None:
    return cause(given, last_activity(given.session, given.reports.values(), now), now)


def test_a_session_is_suspended_when_the_runtimes_time_is_over_and_not_before() -> None:
    assert decided(idle(), T0 + AFTER_MS - 1) is None
    assert decided(idle(), T0 + AFTER_MS) is Cause.IDLE


def test_nothing_else_is_done_in_the_pass_that_suspends() -> None:
    behind = idle(reports={pod().name: report(0)})
    assert plan(behind, SETTINGS, T0 + AFTER_MS).actions == (Suspend("idle"),)
    assert plan(behind, SETTINGS, T0 + AFTER_MS).status is None


def test_0_seconds_is_never() -> None:
    assert decided(idle(runtime=runtime(suspendAfterSeconds=0)), T0 + 100 * AFTER_MS) is None


@pytest.mark.parametrize(
    "kept",
    [
        idle(runtime=None),
        idle(session=session(owner=None, claimedAt=None)),
        idle(session=session(suspended=True)),
        idle(session=session(ended={"at": rfc3339(T0), "reason": "Closed"})),
    ],
    ids=["no runtime", "nobody's", "suspended", "ended"],
)
def test_some_are_none_to_suspend(kept: Observed) -> None:
    assert decided(kept, T0 + AFTER_MS) is None


@pytest.mark.parametrize(
    "used",
    [
        {"session": session(**{**USED, "lastCallAt": rfc3339(T0 + 1)})},
        {"reports": {pod().name: report(last_activity_at=T0 + 1)}},
        {"reports": {pod().name: report(clients=Clients(hmr=1, watching=1, observers=0))}},
        {"session": session(status={"lastActivityAt": rfc3339(T0 + 1)}, **USED)},
    ],
    ids=["call", "page load", "page that is looked at", "what was seen before"],
)
def test_any_use_puts_it_off(used: dict[str, Any]) -> None:
    assert decided(idle(**used), T0 + AFTER_MS) is None


def test_a_hidden_page_counts_from_the_moment_that_it_was_hidden() -> None:
    hidden = report(clients=Clients(hmr=3, watching=0, observers=2), last_activity_at=T0 + 5_000)
    given = idle(reports={pod().name: hidden})
    assert decided(given, T0 + 5_000 + AFTER_MS - 1) is None
    assert decided(given, T0 + 5_000 + AFTER_MS) is Cause.IDLE


def test_of_two_pods_in_a_rollover_the_one_with_the_page_counts() -> None:
    looked_at = report(clients=Clients(hmr=1, watching=1, observers=0))
    given = idle(pods=(pod(1), pod(2)), reports={pod(1).name: report(), pod(2).name: looked_at})
    assert decided(given, T0 + AFTER_MS) is None


def test_a_runtime_that_does_not_answer_is_given_time_and_not_for_ever() -> None:
    silent = idle(reports={})
    assert decided(silent, T0 + AFTER_MS + PATIENCE_MS - 1) is None
    assert decided(silent, T0 + AFTER_MS + PATIENCE_MS) is Cause.SILENT
    half = idle(pods=(pod(1), pod(2)), reports={pod(1).name: report()})
    assert decided(half, T0 + AFTER_MS) is None


@pytest.mark.parametrize(
    "nobody",
    [
        (),
        (pod(running=False, ips=()),),
        (pod(ended=True),),
        (pod(deleting=True),),
        (pod(lost=True),),
        (pod(running=False, waiting=CRASH_LOOP),),
    ],
    ids=["no pod", "starting", "ended", "going", "lost", "crash loop"],
)
def test_there_is_nobody_to_ask_where_nothing_runs(nobody: tuple[Any, ...]) -> None:
    assert decided(idle(pods=nobody, reports={}), T0 + AFTER_MS) is Cause.IDLE


def test_a_session_that_ends_is_not_suspended_first() -> None:
    expired = idle(runtime=runtime(suspendAfterSeconds=10, expireAfterSeconds=10))
    assert [type(action).__name__ for action in plan(expired, SETTINGS, T0 + 10_000).actions] == ["End"]


@given(st.lists(st.integers(0, 3), max_size=6))
def test_killed_between_any_two_writes_the_next_passes_finish_a_suspension(kills: list[int]) -> None:
    world = live()
    world.settle()
    world.now += AFTER_MS
    for after in kills:
        world.step(killed_after=after)
        world.now += 100
    world.settle()
    assert world.session is not None
    assert world.session.spec.suspended
    assert (world.pods, world.index) == ({}, live().index)
    assert str(world.session.status.phase) == "Suspended"


@given(st.integers(0, 4), st.integers(0, 3))
def test_whoever_wakes_it_at_any_moment_of_a_suspension_gets_his_preview_with_all_files(
    passes: int, killed_after: int
) -> None:
    world = live(7)
    world.settle()
    world.now += AFTER_MS
    for _ in range(passes):
        world.step()
        world.now += 20
    world.step(killed_after=killed_after)
    assert world.session is not None
    spec = world.session.spec.model_copy(update={"suspended": False, "last_call_at": world.now})
    world.session = world.session.model_copy(update={"spec": spec})
    world.settle()
    assert ready(world)
    assert {container.revision for container in world.containers.values()} == {7}


def test_one_that_is_woken_before_its_pod_went_keeps_it() -> None:
    asleep = idle(session=session(suspended=True))
    woken = replace(asleep, session=session(**USED))
    assert plan(woken, SETTINGS, T0).actions == ()
