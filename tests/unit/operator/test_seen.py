"""Pods as the API server sends them."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.operator.world import ID, T0

from preview_core.objects import names
from preview_core.resources.timestamp import rfc3339
from preview_operator.seen import CRASH_LOOP, IMAGE_REASONS, PodSeen

Object = dict[str, Any]


def manifest(status: Object | None = None, **metadata: Any) -> Object:
    return {
        "metadata": {
            "name": names.pod_name(ID, 3),
            "uid": "u",
            "creationTimestamp": rfc3339(T0),
            "labels": {**names.labels(ID, names.POD), names.RUNTIME_REVISION_LABEL: "0123456789abcdef"},
            **metadata,
        },
        **({} if status is None else {"status": status}),
    }


def container(state: Object, restarts: int = 0, **more: Any) -> list[Object]:
    return [{"name": "runtime", "ready": False, "restartCount": restarts, "state": state, **more}]


def seen(status: Object | None = None, **metadata: Any) -> PodSeen:
    found = PodSeen.of(manifest(status, **metadata))
    assert found is not None
    return found


def waiting(reason: str) -> Object:
    return {"phase": "Pending", "containerStatuses": container({"waiting": {"reason": reason, "message": "…"}})}


UNSCHEDULABLE: Object = {
    "phase": "Pending",
    "conditions": [
        {
            "type": "PodScheduled",
            "status": "False",
            "reason": "Unschedulable",
            "message": "0/1 nodes are available: 1 Insufficient memory.",
        }
    ],
}
RUNNING: Object = {
    "phase": "Running",
    "podIP": "10.0.0.7",
    "podIPs": [{"ip": "10.0.0.7"}],
    "conditions": [{"type": "PodScheduled", "status": "True"}, {"type": "Ready", "status": "True"}],
    "containerStatuses": container({"running": {"startedAt": "2026-11-24T10:00:00Z"}}),
}
OOM: Object = {
    **RUNNING,
    "containerStatuses": container(
        {"running": {}}, restarts=1, lastState={"terminated": {"exitCode": 137, "reason": "OOMKilled"}}
    ),
}
EVICTED: Object = {"phase": "Failed", "reason": "Evicted", "message": "The node was low on resource: memory."}
LOST: Object = {
    **RUNNING,
    "conditions": [{"type": "Ready", "status": "False", "reason": "NodeStatusUnknown"}],
}


def test_a_pod_of_a_moment_ago_has_no_status_at_all() -> None:
    found = seen()
    assert (found.ips, found.running, found.alive, found.waiting) == ((), False, True, "")


def test_name_uid_session_revision_and_age_are_kept() -> None:
    found = seen(RUNNING)
    assert found.name == names.pod_name(ID, 3)
    assert (found.uid, found.session_id, found.runtime_revision, found.created_at) == (
        "u",
        ID,
        "0123456789abcdef",
        T0,
    )


def test_a_pod_that_no_node_takes_says_why() -> None:
    found = seen(UNSCHEDULABLE)
    assert found.unschedulable == "0/1 nodes are available: 1 Insufficient memory."
    assert found.alive


def test_a_scheduled_pod_is_not_unschedulable() -> None:
    assert seen(RUNNING).unschedulable == ""


def test_an_unschedulable_pod_without_a_message_has_its_reason() -> None:
    condition = {"type": "PodScheduled", "status": "False", "reason": "SchedulerError"}
    assert seen({"phase": "Pending", "conditions": [condition]}).unschedulable == "SchedulerError"


@pytest.mark.parametrize("reason", sorted(IMAGE_REASONS | {CRASH_LOOP, "ContainerCreating", "PodInitializing"}))
def test_what_a_container_waits_for_is_known(reason: str) -> None:
    found = seen(waiting(reason))
    assert found.waiting == reason
    assert not found.running
    assert found.alive


def test_a_running_container_waits_for_nothing() -> None:
    found = seen(RUNNING)
    assert (found.running, found.waiting, found.restarts, found.ips) == (True, "", 0, ("10.0.0.7",))


def test_a_pod_that_ran_out_of_memory_runs_again_and_counts_it() -> None:
    found = seen(OOM)
    assert (found.running, found.alive, found.restarts) == (True, True, 1)


def test_between_two_runs_a_container_does_not_run() -> None:
    found = seen({**RUNNING, "containerStatuses": container({"terminated": {"exitCode": 137, "reason": "OOMKilled"}})})
    assert not found.running
    assert found.alive
    assert found.waiting == ""


@pytest.mark.parametrize("phase", ["Failed", "Succeeded"])
def test_a_pod_at_its_end_does_not_live(phase: str) -> None:
    assert not seen({"phase": phase}).alive


def test_an_evicted_pod_does_not_live() -> None:
    found = seen(EVICTED)
    assert found.ended
    assert not found.alive


def test_a_pod_that_is_being_deleted_does_not_live_though_it_runs() -> None:
    found = seen(RUNNING, deletionTimestamp=rfc3339(T0))
    assert found.deleting
    assert found.running
    assert not found.alive


def test_a_pod_on_a_node_that_does_not_answer_is_lost() -> None:
    found = seen(LOST)
    assert found.lost
    assert not found.alive


def test_a_pod_whose_status_says_that_its_node_is_lost_is_lost() -> None:
    assert seen({**RUNNING, "reason": "NodeLost"}).lost


def test_g08_all_addresses_of_all_families_are_kept_the_primary_one_first() -> None:
    both = {**RUNNING, "podIPs": [{"ip": "10.0.0.7"}, {"ip": "fd00::7"}]}
    assert seen(both).ips == ("10.0.0.7", "fd00::7")
    only = {**RUNNING, "podIP": "fd00::7", "podIPs": [{"ip": "fd00::7"}]}
    assert seen(only).ips == ("fd00::7",)


def test_an_address_without_a_list_of_addresses_is_enough() -> None:
    assert seen({"podIP": "10.0.0.7"}).ips == ("10.0.0.7",)


@pytest.mark.parametrize("status", [{}, {"podIP": ""}, {"podIPs": []}, {"podIPs": [{}]}, {"podIPs": None}])
def test_no_address_is_no_address(status: Object) -> None:
    assert seen(status).ips == ()


@pytest.mark.parametrize(
    "status",
    [
        None,
        {},
        {"conditions": None, "containerStatuses": None},
        {"containerStatuses": []},
        {"containerStatuses": [{"name": "runtime"}]},
        {"containerStatuses": container({})},
    ],
)
def test_a_status_with_gaps_is_read_all_the_same(status: Object | None) -> None:
    assert seen(status).alive


@pytest.mark.parametrize("labels", [None, {}, {"app": "other"}, {names.MANAGED_BY: names.MANAGER}])
def test_a_pod_of_somebody_else_is_none_of_ours(labels: Object | None) -> None:
    assert PodSeen.of(manifest(RUNNING, labels=labels)) is None


def test_a_pod_without_a_revision_is_of_none() -> None:
    assert seen(RUNNING, labels=names.labels(ID, names.POD)).runtime_revision == ""
