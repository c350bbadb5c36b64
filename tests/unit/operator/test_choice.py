"""Which pod is the pod."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.operator.world import T0, index, observed, pod, pod_revision, report, session

from preview_core.wire import RuntimePhase, Status
from preview_operator.choice import STARTING_MS, UNREACHABLE_MS, UNREACHABLE_READY_MS, Choice, choose, is_behind
from preview_operator.observed import Memory, Observed
from preview_operator.routes import make_service
from preview_operator.seen import CRASH_LOOP, PodSeen

OLD = "0" * 16
STARTING = RuntimePhase.STARTING


def chosen(
    *pods: PodSeen, reports: dict[PodSeen, Status] | None = None, routed: PodSeen | None = None, **given: Any
) -> Choice:
    found = observed(
        pods=pods,
        reports={found.name: answer for found, answer in (reports or {}).items()},
        service=make_service(session(), routed.name if routed is not None else None),
        **given,
    )
    return choose(found, T0)


def test_no_pod_no_choice() -> None:
    assert chosen() == Choice(None, (), outdated=False)


def test_the_only_pod_is_the_pod_whatever_it_does() -> None:
    for only in (pod(), pod(running=False, ips=()), pod(runtime_revision=OLD)):
        assert chosen(only).best == only


@pytest.mark.parametrize("changed", [{"ended": True}, {"lost": True}, {"waiting": CRASH_LOOP, "running": False}])
def test_a_pod_that_will_not_come_back_goes(changed: dict[str, Any]) -> None:
    dead = pod(**changed)
    assert chosen(dead) == Choice(None, (dead,), outdated=False)


def test_a_pod_that_is_going_is_not_sent_away_again() -> None:
    assert chosen(pod(deleting=True)) == Choice(None, (), outdated=False)


def test_a_pod_that_works_beats_one_that_starts() -> None:
    old, new = pod(1), pod(2)
    assert chosen(old, new, reports={old: report(0, STARTING), new: report()}).best == new


def test_a_pod_with_the_newest_files_beats_one_that_is_behind() -> None:
    old, new = pod(1), pod(2)
    assert chosen(old, new, reports={old: report(1), new: report(2)}, index=index(2)).best == new


def test_of_two_that_work_the_newest_revision_wins_and_the_other_goes() -> None:
    old, new = pod(1, runtime_revision=OLD), pod(2)
    found = chosen(old, new, reports={old: report(), new: report()}, routed=old)
    assert found == Choice(new, (old,), outdated=False)


def test_rollover_the_old_pod_serves_until_the_new_one_works() -> None:
    old, new = pod(1, runtime_revision=OLD), pod(2)
    for answers in ({old: report()}, {old: report(), new: report(0, STARTING)}, {old: report(), new: report(0)}):
        assert chosen(old, new, reports=answers, routed=old) == Choice(old, (), outdated=False)


def test_rollover_an_update_on_its_way_does_not_hand_over_to_a_pod_that_starts() -> None:
    old, new = pod(1, runtime_revision=OLD), pod(2)
    answers = {old: report(1), new: report(0, STARTING)}
    assert chosen(old, new, reports=answers, routed=old, index=index(2)).best == old


def test_rollover_one_missed_probe_does_not_hand_over_to_a_pod_that_starts() -> None:
    old, new = pod(1, runtime_revision=OLD), pod(2)
    for answers in ({new: report(0, STARTING)}, {}):
        found = chosen(old, new, reports=answers, routed=old)
        assert found.best == old
        assert found.extra == ()


def test_rollover_a_silent_pod_makes_room_for_one_that_works() -> None:
    old, new = pod(1, runtime_revision=OLD), pod(2)
    assert chosen(old, new, reports={new: report()}, routed=old).best == new


def test_rollover_there_is_one_successor_at_a_time() -> None:
    old, new, third = pod(1, runtime_revision=OLD), pod(2), pod(3)
    found = chosen(old, new, third, reports={old: report()}, routed=old)
    assert (found.best, found.extra) == (old, (third,))


def test_rollover_a_successor_of_a_revision_that_is_old_by_now_goes() -> None:
    old, middle = pod(1, runtime_revision=OLD), pod(2, runtime_revision="1" * 16)
    found = chosen(old, middle, reports={old: report()}, routed=old)
    assert found == Choice(old, (middle,), outdated=True)


def test_a_pod_of_an_earlier_revision_is_outdated_until_a_successor_is_under_way() -> None:
    old = pod(1, runtime_revision=OLD)
    assert chosen(old, reports={old: report()}).outdated
    assert not chosen(old, pod(2), reports={old: report()}).outdated


def test_without_a_runtime_nothing_is_outdated() -> None:
    assert not chosen(pod(runtime_revision=OLD), runtime=None).outdated


def test_of_two_alike_the_one_that_visitors_are_led_to_stays() -> None:
    one, two = pod(1), pod(2)
    for routed in (one, two):
        assert chosen(one, two, reports={one: report(), two: report()}, routed=routed).best == routed


def test_of_two_alike_the_older_one_stays_and_in_one_second_the_lower_number() -> None:
    assert chosen(pod(1, created_at=T0), pod(2, created_at=T0 - 1000)).best == pod(2, created_at=T0 - 1000)
    assert chosen(pod(10, created_at=T0), pod(2, created_at=T0)).best == pod(2, created_at=T0)


def test_a_pod_that_was_heard_of_has_some_seconds_to_answer_again() -> None:
    silent = pod()
    for ago, stays in ((UNREACHABLE_MS - 1, True), (UNREACHABLE_MS, False)):
        memory = Memory(unreachable_since={silent.name: T0 - ago}, answered=frozenset({silent.name}))
        assert (chosen(silent, memory=memory).best == silent) is stays


def test_a_pod_that_was_never_heard_of_has_a_minute() -> None:
    silent = pod()
    for ago, stays in ((STARTING_MS - 1, True), (STARTING_MS, False)):
        memory = Memory(unreachable_since={silent.name: T0 - ago})
        assert (chosen(silent, memory=memory).best == silent) is stays


def test_after_a_restart_of_the_operator_the_status_tells_who_was_heard_of() -> None:
    silent = pod()
    known = session(status={"podName": silent.name, "servedRevision": 1})
    memory = Memory(unreachable_since={silent.name: T0 - UNREACHABLE_MS})
    assert chosen(silent, memory=memory, session=known).best is None


@pytest.mark.parametrize(
    ("answer", "stored", "behind"),
    [
        (report(1), index(1), False),
        (report(1), index(2), True),
        (report(0), index(1), True),
        (report(2), index(1), False),
        (report(1), None, False),
        (report(1, digest="f" * 64), index(1), True),
        (report(2, digest="f" * 64), index(1), False),
    ],
    ids=["same", "older", "empty", "ahead", "nothing stored", "damaged", "ahead and other"],
)
def test_who_is_behind(answer: Status, stored: Any, behind: bool) -> None:
    assert is_behind(answer, observed(index=stored)) is behind


PODS = st.lists(
    st.tuples(
        st.sampled_from([OLD, "1" * 16, pod_revision()]),
        st.sampled_from(["works", "starting", "behind", "silent", "pending", "ended", "deleting", "lost", "crash"]),
        st.integers(0, 3),
    ),
    max_size=5,
)


def assembled(states: list[tuple[str, str, int]], routed: int) -> Observed:
    pods, reports = [], {}
    for number, (revision, state, age) in enumerate(states, 1):
        changes: dict[str, dict[str, Any]] = {
            "pending": {"running": False, "ips": ()},
            "ended": {"ended": True},
            "deleting": {"deleting": True},
            "lost": {"lost": True},
            "crash": {"running": False, "waiting": CRASH_LOOP},
        }
        found = pod(number, runtime_revision=revision, created_at=T0 - age * 1000, **changes.get(state, {}))
        pods.append(found)
        answer = {"works": report(2), "starting": report(0, STARTING), "behind": report(1)}.get(state)
        if answer is not None:
            reports[found.name] = answer
    target = pods[routed % len(pods)].name if pods and routed else None
    return observed(
        pods=tuple(pods), reports=reports, index=index(2), service=make_service(session(), target), ingress=None
    )


@given(PODS, st.integers(0, 6))
def test_every_pod_is_the_best_one_a_successor_or_goes(states: list[tuple[str, str, int]], routed: int) -> None:
    found = assembled(states, routed)
    choice = choose(found, T0)
    kept = [one for one in found.pods if one.alive and one not in choice.extra]
    assert len(kept) <= 2
    assert (choice.best is None) == (kept == [])
    assert choice.best is None or choice.best in kept
    assert choice.best not in choice.extra
    assert not any(one.deleting for one in choice.extra)
    assert len(choice.extra) == len(set(choice.extra))
    if len(kept) == 2:
        assert {one.runtime_revision == pod_revision() for one in kept} == {True, False}


@given(PODS, st.integers(0, 6))
def test_make_before_break_a_pod_that_works_only_goes_for_one_that_works(
    states: list[tuple[str, str, int]], routed: int
) -> None:
    found = assembled(states, routed)
    choice = choose(found, T0)
    working = {one for one in found.pods if one.alive and found.reports.get(one.name) == report(2)}
    if working:
        assert choice.best in working


@given(PODS, st.integers(0, 6), st.randoms(use_true_random=False))
def test_the_choice_does_not_depend_on_the_order_of_pods(
    states: list[tuple[str, str, int]], routed: int, random: Random
) -> None:
    found = assembled(states, routed)
    shuffled = Observed(**{**vars(found), "pods": tuple(random.sample(found.pods, len(found.pods)))})
    one, two = choose(found, T0), choose(shuffled, T0)
    assert (one.best, one.outdated) == (two.best, two.outdated)


@given(PODS, st.integers(0, 6))
def test_what_remains_is_chosen_again(states: list[tuple[str, str, int]], routed: int) -> None:
    found = assembled(states, routed)
    choice = choose(found, T0)
    left = Observed(**{**vars(found), "pods": tuple(one for one in found.pods if one not in choice.extra)})
    again = choose(left, T0)
    assert (again.best, again.extra) == (choice.best, ())


def test_a_pod_that_kubelet_still_hears_is_not_replaced_because_we_do_not() -> None:
    memory = Memory(unreachable_since={pod().name: T0 - UNREACHABLE_MS}, answered=frozenset({pod().name}))
    assert chosen(pod(), memory=memory).best is None
    heard = pod(ready=True)
    assert chosen(heard, memory=memory).best == heard
    long_silent = Memory(unreachable_since={heard.name: T0 - UNREACHABLE_READY_MS}, answered=memory.answered)
    assert chosen(heard, memory=long_silent).best is None
