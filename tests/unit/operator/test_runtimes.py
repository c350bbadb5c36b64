"""What a PreviewRuntime says about its sessions."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.operator.world import T0, pod, pod_revision, reason, runtime, session

from preview_core.naming import new_session_id
from preview_core.objects import names
from preview_core.resources.conditions import Reason
from preview_core.resources.timestamp import rfc3339
from preview_operator.members import Member
from preview_operator.runtimes import outdated, status_of
from preview_operator.seen import PodSeen
from preview_operator.warm import Pool

ENDED = {"at": rfc3339(T0), "reason": "Closed"}
OLD = "0" * 16
WAITS = {names.WARM_LABEL: names.WAITING}


def member(*pods: PodSeen, **given: Any) -> Member:
    return Member(session(**given), pods)


def test_a_runtime_without_sessions_counts_nothing_and_is_ready() -> None:
    status = status_of(runtime(), pod_revision(), [], Pool(), 0, T0)
    assert (status.claimed, status.pods, status.outdated) == (0, 0, 0)
    assert {condition.status for condition in status.conditions} == {"True"}
    assert status.revision == pod_revision()
    assert status.observed_generation == 1


def test_claimed_are_live_sessions_with_an_owner() -> None:
    members = [member(), member(suspended=True), member(ended=ENDED), member(owner=None, claimedAt=None)]
    assert status_of(runtime(), pod_revision(), members, Pool(), 0, T0).claimed == 2


def test_every_pod_counts_whatever_it_does() -> None:
    members = [member(pod(1), pod(2, deleting=True)), member(pod(3, ended=True), ended=ENDED)]
    assert status_of(runtime(), pod_revision(), members, Pool(), 0, T0).pods == 3


def test_outdated_are_living_pods_of_an_earlier_revision() -> None:
    members = [
        member(pod(1, runtime_revision=OLD), pod(2)),
        member(pod(3, runtime_revision=OLD, deleting=True)),
        member(pod(4, runtime_revision=OLD), ended=ENDED),
    ]
    assert status_of(runtime(), pod_revision(), members, Pool(), 0, T0).outdated == 1


def test_a_fault_of_the_spec_is_said() -> None:
    faulty = runtime(resources={"requests": {"cpu": "2", "memory": "1Gi"}, "limits": {"cpu": "1", "memory": "1Gi"}})
    status = status_of(faulty, pod_revision(), [], Pool(), 0, T0)
    assert reason(status.conditions, "Accepted") == Reason.INVALID_SPEC
    assert reason(status.conditions, "Ready") == Reason.INVALID_SPEC
    assert "requests.cpu" in status.conditions[0].message


def test_a_pool_that_is_not_full_is_said_and_counted() -> None:
    pool = Pool(desired=3, warm=2, ready=1)
    status = status_of(runtime(), pod_revision(), [member()], pool, 7, T0)
    assert (status.desired, status.warm, status.ready, status.claimed, status.misses) == (3, 2, 1, 1, 7)
    assert reason(status.conditions, "Ready") == Reason.FILLING
    full = status_of(runtime(), pod_revision(), [], Pool(desired=3, warm=3, ready=3), 7, T0)
    assert reason(full.conditions, "Ready") == Reason.READY


def test_the_same_again_is_the_same_status() -> None:
    before = status_of(runtime(), pod_revision(), [member(pod())], Pool(), 0, T0)
    found = runtime().model_copy(update={"status": before})
    assert status_of(found, pod_revision(), [member(pod())], Pool(), 0, T0 + 10**6) == before


def test_the_selector_is_one_that_autoscalers_can_use() -> None:
    assert status_of(runtime(), pod_revision(), [], Pool(), 0, T0).selector == (
        "preview.coinnation.io/part=pod,preview.coinnation.io/runtime=default"
    )


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (member(), []),
        (member(pod()), []),
        (member(pod(1, runtime_revision=OLD)), [False]),
        (member(pod(1, runtime_revision=OLD), pod(2)), [True]),
        (member(pod(1, runtime_revision=OLD, deleting=True), pod(2)), []),
        (member(pod(1, runtime_revision=OLD), ended=ENDED), []),
        (member(suspended=True), []),
        (member(pod(1, runtime_revision=OLD), owner=None, claimedAt=None, metadata={"labels": WAITS}), []),
    ],
    ids=["no pod", "current", "old", "rolling", "rolled", "ended", "suspended", "waiting"],
)
def test_who_is_outdated(found: Member, expected: list[bool]) -> None:
    assert [one.rolling for one in outdated(pod_revision(), [found])] == expected


def test_the_longest_idle_is_known_by_its_last_activity() -> None:
    name = new_session_id()
    idle = member(pod(1, runtime_revision=OLD), metadata={"name": name}, status={"lastActivityAt": rfc3339(T0)})
    (found,) = outdated(pod_revision(), [idle])
    assert (found.session_id, found.last_activity_at) == (name, T0)
