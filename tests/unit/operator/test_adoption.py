"""A session that wakes takes the pod of one that waits: who gets which, and what is done until it is there (G30)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.unit.operator.world import (
    ID,
    SETTINGS,
    T0,
    observed,
    pod,
    pod_revision,
    report,
    session,
)

from preview_core.objects import names
from preview_core.resources.timestamp import rfc3339
from preview_core.wire import Layout
from preview_operator.adoption import heir_of, inherits, offer_to
from preview_operator.members import Member
from preview_operator.observed import (
    Action,
    Adopt,
    ApplyService,
    CreatePod,
    DeletePod,
    DeleteSession,
    HandOver,
    Hydrate,
    Memory,
    Move,
    Observed,
    Offer,
)
from preview_operator.plan import plan
from preview_operator.routes import make_service

OTHER = "b" * 25 + "a"
HOST = SETTINGS.address.host(ID)
OFFER = Offer(pods=(Adopt(OTHER, "7", names.pod_name(OTHER, 1)),))
SERVED = Layout(root="", entry=None, index="synthesised")


def pod_of_other(**changed: Any) -> Any:
    return pod(**{"name": names.pod_name(OTHER, 1), "session_id": OTHER, **changed})


def waking(reason: str = "Suspended", **spec: Any) -> Any:
    condition = {
        "type": "PodAssigned",
        "status": "False",
        "reason": reason,
        "message": "-",
        "lastTransitionTime": rfc3339(T0),
    }
    return session(status={"phase": "Suspended", "conditions": [condition]}, **spec)


def waiting(*pods: Any, phase: str = "Warm", label: str = names.WAITING, heir: str = "", **spec: Any) -> Member:
    metadata = {
        "name": OTHER,
        "resourceVersion": "7",
        "labels": {names.WARM_LABEL: label},
        "annotations": {names.HEIR_ANNOTATION: heir} if heir else {},
    }
    given = {"owner": None, "claimedAt": None, **spec}
    return Member(session(metadata=metadata, status={"phase": phase}, **given), pods or (pod_of_other(),))


def wanting(**changed: Any) -> Observed:
    """It is to have a pod and has none."""
    given = {"session": waking(), "pods": (), "reports": {}, "service": make_service(session(), None), "offer": OFFER}
    return observed(**{**given, "host": HOST, **changed})


def actions(given: Observed, now: int = T0) -> tuple[Action, ...]:
    return plan(given, SETTINGS, now).actions


# --- what is offered ---


@pytest.mark.parametrize("reason", ["Suspended", "Resuming"])
def test_one_that_wakes_is_offered_what_waits_and_works(reason: str) -> None:
    assert offer_to(waking(reason), pod_revision(), [waiting()]) == OFFER


@pytest.mark.parametrize("reason", ["Creating", "PodLost", "Assigned", "NoRoom"])
def test_one_that_is_new_or_lost_its_pod_is_offered_nothing(reason: str) -> None:
    assert not offer_to(waking(reason), pod_revision(), [waiting()])
    assert not offer_to(session(), pod_revision(), [waiting()])


@pytest.mark.parametrize(
    "member",
    [
        waiting(phase="Starting"),
        waiting(label=names.CLAIMED),
        waiting(label=names.ADOPTED, heir="somebody"),
        waiting(owner="https://kontext.build 203.0.113.8"),
        waiting(runtimeRef={"name": "another"}),
        waiting(pod_of_other(runtime_revision="0" * 16)),
        waiting(pod_of_other(deleting=True)),
        waiting(pod_of_other(running=False)),
        waiting(pod_of_other(ips=())),
        waiting(pod_of_other(), pod_of_other(name=names.pod_name(OTHER, 2))),
    ],
)
def test_what_does_not_work_or_is_somebodys_is_not_offered(member: Member) -> None:
    assert not offer_to(waking(), pod_revision(), [member])


def test_who_has_taken_one_waits_for_it_and_is_offered_no_other() -> None:
    taken = waiting(label=names.ADOPTED, heir=ID)
    assert heir_of(taken.session) == ID
    for reason in ("Suspended", "Creating"):
        assert offer_to(waking(reason), pod_revision(), [taken, waiting()]) == Offer(coming=True)


def test_one_that_was_claimed_after_all_gives_nothing_away() -> None:
    claimed = waiting(label=names.ADOPTED, heir=ID, owner="https://kontext.build 203.0.113.8")
    assert heir_of(claimed.session) is None


# --- the session that wakes ---


def test_it_takes_a_pod_that_waits_instead_of_a_new_one() -> None:
    assert actions(wanting()) == OFFER.pods


def test_it_needs_no_room_for_it() -> None:
    found = plan(wanting(room=False), SETTINGS, T0)
    assert found.actions == OFFER.pods
    assert found.status is not None
    assert {one.reason for one in found.status.conditions if one.type == "PodAssigned"} == {"Resuming"}
    assert actions(wanting(room=False, offer=Offer())) == ()


def test_without_an_offer_it_gets_a_new_one() -> None:
    assert [type(action) for action in actions(wanting(offer=Offer()))] == [CreatePod]


def test_nothing_is_made_while_its_pod_is_on_its_way() -> None:
    assert actions(wanting(offer=Offer(coming=True))) == ()


def test_without_files_it_takes_none() -> None:
    for changed in ({"index": None}, {"memory": Memory(files_fault="damaged")}):
        assert not any(isinstance(action, Adopt) for action in actions(wanting(**changed)))


def test_one_whose_pods_end_soon_after_their_start_takes_none_before_its_turn() -> None:
    memory = Memory(pods_created_at=(T0 - 30, T0 - 20, T0 - 10))
    assert actions(wanting(memory=memory)) == ()


def test_a_session_with_a_pod_takes_none() -> None:
    assert actions(observed(offer=OFFER)) == ()
    old = observed(offer=OFFER, pods=(pod(runtime_revision="0" * 16),), may_roll=True)
    assert [type(action) for action in actions(old)] == [CreatePod]


def test_its_own_pods_are_numbered_as_ever_afterwards() -> None:
    lost = waking("PodLost")
    status = lost.status.model_copy(update={"pod_name": names.pod_name(OTHER, 5)})
    found = wanting(session=lost.model_copy(update={"status": status}), offer=Offer())
    assert actions(found) == (CreatePod(1),)
    assert actions(replace(found, memory=Memory(last_pod=names.pod_name(ID, 3)))) == (CreatePod(4),)


# --- its pod, once it is there ---


def handed_over(host: str, revision: int = 0, **said: Any) -> Observed:
    here = pod_of_other(session_id=ID)
    return wanting(pods=(here,), reports={here.name: report(revision, host=host, **said)}, offer=Offer())


def test_until_it_answers_to_the_sessions_host_it_is_sent_neither_visitors_nor_files_and_nobody_is_told() -> None:
    given = handed_over(SETTINGS.address.host(OTHER), layout=SERVED)
    found = plan(given, SETTINGS, T0)
    assert found.actions == (Move(given.pods[0]),)
    assert found.status is None


def test_then_it_is_routed_to_and_gets_the_sessions_files() -> None:
    given = handed_over(HOST, layout=SERVED)
    found = plan(given, SETTINGS, T0)
    assert found.actions == (ApplyService(given.pods[0].name), Hydrate(given.pods[0]))
    assert found.status is not None
    assert found.status.pod_name == given.pods[0].name


def test_one_that_has_files_under_another_host_is_replaced() -> None:
    given = handed_over(SETTINGS.address.host(OTHER), layout=SERVED, revision=1)
    assert actions(given) == (DeletePod(given.pods[0].name, given.pods[0].uid), CreatePod(1))


def test_an_earlier_runtime_that_says_no_host_is_taken_as_it_is() -> None:
    given = observed(host=HOST)
    assert given.reports[pod().name].host == ""
    assert actions(given) == ()


# --- the session that waited ---


def given_away(heir: Any, *pods: Any) -> Observed:
    member = waiting(label=names.ADOPTED, heir=ID)
    return observed(session=member.session, pods=pods, reports={}, index=None, heir=heir)


def test_it_hands_its_pod_over_and_goes() -> None:
    found = actions(given_away(waking(), pod_of_other()))
    assert found[0] == HandOver(pod_of_other(), waking())
    assert [type(action) for action in found] == [HandOver, DeleteSession]


@pytest.mark.parametrize("pods", [(), (pod_of_other(deleting=True),), (pod_of_other(ended=True),)])
def test_without_a_pod_that_lives_it_only_goes_and_gets_no_other(pods: Any) -> None:
    assert [type(action) for action in actions(given_away(waking(), *pods))] == [DeleteSession]


def test_a_pod_that_its_heir_does_not_want_goes_with_it() -> None:
    assert [type(action) for action in actions(given_away(None, pod_of_other()))] == [DeleteSession]
    assert inherits(Member(waking(), ()))
    assert inherits(Member(waking(), (pod(ended=True),)))
    assert not inherits(Member(waking(), (pod(),)))
    assert not inherits(Member(waking(suspended=True), ()))
    assert not inherits(Member(waking(ended={"at": rfc3339(T0), "reason": "Closed"}), ()))
