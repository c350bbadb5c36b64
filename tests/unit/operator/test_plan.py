"""One pass: what is planned for what is seen."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.unit.operator.world import (
    ID,
    SETTINGS,
    T0,
    digest,
    index,
    observed,
    pod,
    pod_revision,
    report,
    runtime,
    session,
    settings,
)

from preview_core.resources.session import EndReason
from preview_core.resources.timestamp import rfc3339
from preview_core.wire import Diagnostic, RuntimePhase
from preview_operator.observed import (
    Action,
    ApplyIngress,
    ApplyService,
    CreatePod,
    DeleteFiles,
    DeleteIngress,
    DeletePod,
    DeleteRoute,
    DeleteSession,
    End,
    Hydrate,
    Memory,
    Observed,
    Plan,
)
from preview_operator.plan import ASKING_MS, PENDING_MS, QUICK_MS, SILENT_MS, STARTING_MS, plan
from preview_operator.quiet import BUSY_MS, QUIET_MS
from preview_operator.routes import make_ingress, make_service
from preview_operator.seen import CRASH_LOOP

OLD = "0" * 16
STARTING = RuntimePhase.STARTING
ENDED = {"at": rfc3339(T0), "reason": "Closed"}


def planned(given: Observed, now: int = T0) -> Plan:
    return plan(given, SETTINGS, now)


def actions(given: Observed, now: int = T0) -> tuple[Action, ...]:
    return planned(given, now).actions


def new(**changed: Any) -> Observed:
    """A session of which there is nothing but itself and its files."""
    return observed(**{"pods": (), "reports": {}, "service": None, "ingress": None, **changed})


def test_nothing_is_done_for_a_session_that_works() -> None:
    assert actions(observed()) == ()


def test_what_was_written_is_not_written_again() -> None:
    first = planned(observed())
    assert first.status is not None
    again = planned(observed(session=session().model_copy(update={"status": first.status})), T0 + 500)
    assert again == Plan()


def test_a_new_session_gets_a_pod_and_no_route_before_that_answers() -> None:
    assert actions(new()) == (CreatePod(1),)
    assert actions(new(pods=(pod(),))) == ()
    answers = new(pods=(pod(),), reports={pod().name: report()})
    assert actions(answers) == (ApplyService(pod().name),)


def test_the_ingress_comes_after_the_service_and_the_files() -> None:
    behind = {"pods": (pod(),), "reports": {pod().name: report(0)}}
    assert actions(new(**behind)) == (ApplyService(pod().name), Hydrate(pod()))
    routed = make_service(session(), pod().name)
    assert actions(new(pods=(pod(),), reports={pod().name: report()}, service=routed)) == (ApplyIngress(),)


def test_what_there_is_of_a_route_without_a_pod_leads_to_the_waker() -> None:
    assert actions(new(pods=(pod(),), service=make_service(session(), "gone"))) == (ApplyService(None), ApplyIngress())
    assert actions(new(pods=(pod(),), ingress=make_ingress(session(), SETTINGS))) == (ApplyService(None),)


def test_a_session_that_begins_as_all_do_says_so_after_a_while_only() -> None:
    since = Memory(known_since=T0)
    assert planned(new(memory=since)).status is None
    first = planned(new(pods=(pod(),), memory=since), T0 + QUIET_MS - 1)
    assert (first.status, first.again_ms) == (None, 1)
    late = planned(new(pods=(pod(),), memory=since), T0 + QUIET_MS)
    assert late.status is not None
    assert str(late.status.phase) == "Starting"


def test_one_that_waited_and_was_taken_stays_warm_until_it_is_ready_or_for_a_while() -> None:
    claimed = session(claimedAt=rfc3339(T0), status={"phase": "Warm"})
    taken = observed(session=claimed, reports={pod().name: report(0)}, index=None)
    assert planned(taken, T0).status is None
    for late in (T0 + QUIET_MS, T0 - QUIET_MS):
        status = planned(taken, late).status
        assert status is not None
        assert str(status.phase) == "Starting"


def test_a_pass_that_does_something_leaves_the_first_word_to_the_next_one_but_not_for_ever() -> None:
    answers = new(pods=(pod(),), reports={pod().name: report(0)}, memory=Memory(known_since=T0))
    busy = planned(answers, T0 + BUSY_MS - 1)
    assert busy.actions
    assert busy.status is None
    assert planned(answers, T0 + BUSY_MS).status is not None


@pytest.mark.parametrize(
    ("trouble", "phase"),
    [
        ({"room": False}, "Pending"),
        ({"runtime": None}, "Failed"),
        ({"pods": (pod(ips=(), running=False, unschedulable="0/1 nodes"),)}, "Pending"),
        ({"pods": (pod(waiting="ErrImagePull", running=False),)}, "Failed"),
        ({"memory": Memory(known_since=T0, pod_refusal="quota")}, "Failed"),
        ({"session": session(suspended=True)}, "Suspended"),
        ({"session": session(status={"phase": "Ready", "podName": "lost"})}, "Pending"),
        ({"session": session(claimedAt=rfc3339(T0), status={"phase": "Warm", "podName": "lost"})}, "Pending"),
    ],
)
def test_trouble_and_what_comes_after_a_first_status_is_said_at_once(trouble: dict[str, Any], phase: str) -> None:
    status = planned(new(**{"memory": Memory(known_since=T0), **trouble})).status
    assert status is not None
    assert str(status.phase) == phase


def test_a_session_that_is_being_deleted_is_left_alone() -> None:
    assert planned(new(session=session(metadata={"deletionTimestamp": rfc3339(T0)}))) == Plan()


@pytest.mark.parametrize(
    "faulty", [None, runtime(egress={"allow": [{"cidr": "300.0.0.0/8"}]})], ids=["unknown", "invalid"]
)
def test_without_a_runtime_that_makes_sense_there_is_no_pod_and_it_is_not_accepted(faulty: Any) -> None:
    result = planned(new(runtime=faulty))
    assert not any(isinstance(action, CreatePod) for action in result.actions)
    assert result.status is not None
    assert (result.status.conditions[0].type, result.status.conditions[0].status) == ("Accepted", "False")


def test_a_pod_that_is_there_outlives_its_runtime() -> None:
    assert actions(observed(runtime=None)) == ()


def test_pods_are_numbered_on_from_every_one_that_is_known() -> None:
    gone = session(status={"podName": f"preview-{ID}-7"})
    assert CreatePod(8) in actions(new(session=gone))
    assert CreatePod(6) in actions(new(memory=Memory(last_pod=f"preview-{ID}-5")))
    assert CreatePod(4) in actions(new(pods=(pod(3, deleting=True), pod(2, ended=True))))


def test_a_full_runtime_rolls_over_all_the_same() -> None:
    old = pod(runtime_revision="0" * 16)
    assert CreatePod(2) in actions(observed(pods=(old,), room=False, may_roll=True))


def test_without_room_there_is_no_pod() -> None:
    assert not any(isinstance(action, CreatePod) for action in actions(new(room=False)))


def test_after_too_many_pods_there_is_a_pause_and_another_look_after_it() -> None:
    result = planned(new(memory=Memory(pods_created_at=(T0, T0, T0))))
    assert not any(isinstance(action, CreatePod) for action in result.actions)
    assert result.again_ms == 1_000
    assert CreatePod(1) in actions(new(memory=Memory(pods_created_at=(T0, T0, T0))), T0 + 1_000)


@pytest.mark.parametrize(
    "dead", [pod(ended=True), pod(lost=True), pod(running=False, waiting=CRASH_LOOP)], ids=["ended", "lost", "crash"]
)
def test_g06_a_pod_that_is_lost_has_a_successor_in_the_same_pass(dead: Any) -> None:
    result = actions(observed(pods=(dead,), reports={}))
    assert CreatePod(2) in result
    assert DeletePod(dead.name, dead.uid) in result
    assert ApplyService(None) in result


def test_a_pod_that_is_going_has_a_successor_that_does_not_wait_for_it() -> None:
    assert CreatePod(2) in actions(observed(pods=(pod(deleting=True),), reports={}))


def test_a_pod_is_led_to_as_soon_as_its_runtime_answers() -> None:
    waits = make_service(session(), None)
    assert ApplyService(pod().name) in actions(observed(service=waits, reports={pod().name: report(0, STARTING)}))
    assert actions(observed(service=waits, reports={})) == ()


def test_one_missed_probe_changes_no_route() -> None:
    silent = Memory(unreachable_since={pod().name: T0 - SILENT_MS + 1}, answered=frozenset({pod().name}))
    assert actions(observed(reports={}, memory=silent)) == ()


def test_a_longer_silence_leads_visitors_to_the_waker() -> None:
    silent = Memory(unreachable_since={pod().name: T0 - SILENT_MS}, answered=frozenset({pod().name}))
    assert actions(observed(reports={}, memory=silent)) == (ApplyService(None),)


def test_a_container_that_does_not_run_is_not_led_to() -> None:
    assert actions(observed(pods=(pod(running=False),), reports={})) == (ApplyService(None),)


def test_a_route_that_somebody_changed_is_mended() -> None:
    wrong = make_service(session(), pod().name)
    wrong["spec"]["ports"][0]["port"] = 80
    assert actions(observed(service=wrong)) == (ApplyService(pod().name),)
    assert actions(observed(ingress=make_ingress(session(), settings(ingress_class="nginx")))) == (ApplyIngress(),)
    assert actions(observed(ingress=None)) == (ApplyIngress(),)


def test_behind_a_wildcard_a_session_has_a_service_and_no_ingress() -> None:
    wildcard = settings(routing="wildcard")
    answers = new(pods=(pod(),), reports={pod().name: report()})
    assert plan(answers, wildcard, T0).actions == (ApplyService(pod().name),)
    assert plan(observed(ingress=None), wildcard, T0).actions == ()


def test_an_ingress_of_before_goes_when_the_wildcard_comes_and_the_session_stays_routed() -> None:
    result = plan(observed(), settings(routing="wildcard"), T0)
    assert result.actions == (DeleteIngress(),)
    assert result.status is not None
    assert str(result.status.conditions[-1].reason) == "Ready"


def test_a_session_is_not_routed_in_the_pass_that_routes_it() -> None:
    result = planned(observed(ingress=None))
    assert result.status is not None
    assert str(result.status.conditions[-1].reason) == "NotRouted"


@pytest.mark.parametrize("revision", [0, 1, 6])
def test_g42_a_pod_that_is_behind_gets_the_files(revision: int) -> None:
    assert actions(observed(index=index(7), reports={pod().name: report(revision)})) == (Hydrate(pod()),)


def test_a_pod_with_damaged_files_gets_them_again() -> None:
    assert actions(observed(reports={pod().name: report(1, digest="f" * 64)})) == (Hydrate(pod()),)


def test_a_pod_that_is_ahead_of_what_is_seen_gets_nothing() -> None:
    assert actions(observed(index=index(1), reports={pod().name: report(2)})) == ()


def test_a_pod_gets_nothing_while_nothing_is_stored() -> None:
    assert actions(observed(index=None, reports={pod().name: report(0)})) == ()


def test_a_pod_that_does_not_answer_gets_nothing() -> None:
    assert not any(isinstance(action, Hydrate) for action in actions(observed(reports={}, index=index(5))))


def test_a_successor_gets_the_files_before_it_is_led_to() -> None:
    old, fresh = pod(1, runtime_revision=OLD), pod(2)
    given = observed(pods=(old, fresh), reports={old.name: report(1), fresh.name: report(0, STARTING)})
    assert actions(given) == (Hydrate(fresh),)


def test_a_pod_that_goes_gets_no_files_any_more() -> None:
    works, behind = pod(1), pod(2)
    given = observed(pods=(works, behind), reports={works.name: report(1), behind.name: report(0, STARTING)})
    assert actions(given) == (DeletePod(behind.name, behind.uid),)
    asleep = observed(session=session(suspended=True), index=index(2))
    assert not any(isinstance(action, Hydrate) for action in actions(asleep))


def test_an_old_pod_is_replaced_when_it_is_its_turn() -> None:
    old = observed(pods=(pod(runtime_revision=OLD),))
    assert actions(old) == ()
    assert actions(replace(old, may_roll=True)) == (CreatePod(2),)


def test_an_old_pod_is_not_replaced_twice() -> None:
    old, fresh = pod(1, runtime_revision=OLD), pod(2, running=False, ips=())
    assert actions(observed(pods=(old, fresh), reports={old.name: report(1)}, may_roll=True)) == ()


def test_rollover_the_route_moves_before_the_old_pod_goes() -> None:
    old, fresh = pod(1, runtime_revision=OLD), pod(2)
    given = observed(pods=(old, fresh), reports={old.name: report(1), fresh.name: report(1)})
    assert actions(given) == (ApplyService(fresh.name), DeletePod(old.name, old.uid))


def test_g30_a_suspended_session_has_no_pod_and_leads_to_the_waker_first() -> None:
    assert actions(observed(session=session(suspended=True))) == (ApplyService(None), DeletePod(pod().name, pod().uid))


def test_a_suspended_session_without_a_pod_is_left_alone() -> None:
    given = observed(session=session(suspended=True), pods=(), reports={}, service=make_service(session(), None))
    result = planned(given)
    assert (result.actions, result.again_ms) == ((), None)
    assert result.status is not None
    assert str(result.status.phase) == "Suspended"


def test_a_suspended_session_keeps_its_url_and_its_files() -> None:
    result = planned(observed(session=session(suspended=True)))
    assert not any(isinstance(action, DeleteFiles | DeleteRoute) for action in result.actions)
    assert result.status is not None
    assert result.status.url == f"https://preview-{ID}.preview.example.org/"


def test_an_ended_session_loses_everything_the_route_first() -> None:
    assert actions(observed(session=session(ended=ENDED), pods=(pod(1), pod(2, deleting=True)))) == (
        DeleteRoute(),
        DeletePod(pod(1).name, pod(1).uid),
        DeleteFiles(),
    )


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"service": None}, DeleteRoute()),
        ({"ingress": None}, DeleteRoute()),
        ({"pods": (), "service": None, "ingress": None}, DeleteFiles()),
    ],
)
def test_an_ended_session_loses_what_is_left(changed: dict[str, Any], expected: Action) -> None:
    assert expected in actions(observed(session=session(ended=ENDED), **changed))


def test_of_an_ended_session_with_nothing_left_only_the_tombstone_stays() -> None:
    result = planned(new(session=session(ended=ENDED), index=None))
    assert result.actions == ()
    assert result.status is not None
    assert str(result.status.phase) == "Ended"
    assert planned(new(session=session(ended=ENDED), index=None), T0 + 3600_000).actions == (
        DeleteSession("a tombstone of an hour"),
    )


def test_a_tombstone_keeps_what_it_was_promised() -> None:
    status = {"url": "https://preview-x.example.org/", "expiresAt": rfc3339(T0), "podName": pod().name}
    result = planned(observed(session=session(ended=ENDED, status=status))).status
    assert result is not None
    assert (result.url, result.expires_at, result.pod_name) == ("https://preview-x.example.org/", T0, None)


def test_an_expired_session_is_only_ended_in_the_first_pass() -> None:
    day = 24 * 3600 * 1000
    assert actions(observed(session=session(claimedAt=rfc3339(T0))), T0 + day) == (End(EndReason.EXPIRED),)


def test_the_status_says_what_there_is() -> None:
    status = planned(observed()).status
    assert status is not None
    assert (status.revision, status.served_revision, status.digest) == (1, 1, digest(1))
    assert (status.pod_name, status.pod_ips) == (pod().name, ("10.0.0.1",))
    assert status.runtime_revision == pod_revision()
    assert status.observed_generation == 1
    assert str(status.phase) == "Ready"


def test_g08_at_most_four_addresses_are_written() -> None:
    many = pod(ips=tuple(f"10.0.0.{number}" for number in range(1, 9)))
    status = planned(observed(pods=(many,))).status
    assert status is not None
    assert len(status.pod_ips) == 4


def test_a_silent_pods_revision_is_what_was_last_heard() -> None:
    known = session(status={"podName": pod().name, "servedRevision": 5})
    status = planned(observed(session=known, reports={})).status
    assert status is not None
    assert status.served_revision == 5
    status = planned(observed(session=known, pods=(pod(2),), reports={})).status
    assert status is not None
    assert status.served_revision is None


def test_an_error_of_the_users_code_is_written_and_goes_when_it_is_mended() -> None:
    error = Diagnostic(message="Unexpected token", path="src/App.tsx", line=3)
    status = planned(observed(reports={pod().name: report(1, last_error=error)})).status
    assert status is not None
    assert status.last_error is not None
    assert status.last_error.message == "Unexpected token"
    assert str(status.phase) == "Ready"
    mended = planned(observed(session=session().model_copy(update={"status": status}))).status
    assert mended is not None
    assert mended.last_error is None


def test_the_last_known_revision_survives_files_that_are_gone() -> None:
    status = planned(observed(session=session(status={"revision": 4}), index=None)).status
    assert status is not None
    assert (status.revision, status.digest) == (4, None)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (observed(), None),
        (new(), PENDING_MS),
        (observed(pods=(pod(running=False, ips=()),), reports={}), PENDING_MS),
        (observed(reports={}), STARTING_MS),
        (observed(reports={}, memory=Memory(unreachable_since={pod().name: T0 - QUICK_MS})), ASKING_MS),
        (observed(reports={}, memory=Memory(answered=frozenset({pod().name}))), ASKING_MS),
        (observed(index=None, reports={pod().name: report(0, STARTING)}), None),
        (observed(pods=(pod(runtime_revision=OLD),)), PENDING_MS),
    ],
    ids=[
        "works",
        "no pod",
        "no address",
        "just started",
        "starts slowly",
        "silent",
        "waits for files",
        "outdated",
    ],
)
def test_the_next_look_is_as_soon_as_something_may_have_changed(given: Observed, expected: int | None) -> None:
    assert planned(given).again_ms == expected


def test_a_page_that_does_not_work_is_asked_for_less_and_less_often() -> None:
    given = observed(reports={pod().name: report(1, STARTING)})
    asked = [planned(given, pod().created_at + age).again_ms for age in (0, 5_000, 20_000, 50_000, 600_000)]
    assert asked == [ASKING_MS, ASKING_MS, 2_000, PENDING_MS, PENDING_MS]
