"""Conditions and phase for every state of a session."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.unit.operator.world import T0, index, observed, pod, report, runtime, session

from preview_core.resources.conditions import MESSAGE_LENGTH, ConditionStatus, Phase, Reason, phase
from preview_core.resources.session import EndReason
from preview_core.wire import Diagnostic, RuntimePhase
from preview_operator import findings
from preview_operator.choice import choose
from preview_operator.findings import Findings
from preview_operator.observed import Memory, Observed
from preview_operator.routes import make_service
from preview_operator.seen import IMAGE_REASONS

TRUE, FALSE, UNKNOWN = ConditionStatus.TRUE, ConditionStatus.FALSE, ConditionStatus.UNKNOWN
ORDER = ("Accepted", "PodAssigned", "FilesSynced", "Serving", "Routed")


def found(given: Observed, *, routed: bool = True, waits_ms: int = 0) -> Findings:
    return findings.of(given, choose(given, T0), routed=routed, waits_ms=waits_ms)


def reasons(given: Observed, **more: Any) -> list[str]:
    result = found(given, **more)
    return [str(result[kind].reason) for kind in ORDER]


def without_pod(**changed: Any) -> Observed:
    return observed(pods=(), reports={}, service=make_service(session(), None), **changed)


def unheard(**changed: Any) -> Observed:
    """Its pod runs, and nothing was heard of it yet."""
    return observed(reports={}, service=make_service(session(), None), **changed)


STATES: dict[str, tuple[Observed, dict[str, Any], list[str], Phase]] = {
    "everything works": (
        observed(),
        {},
        ["Valid", "Assigned", "Synced", "Serving", "Routed"],
        Phase.READY,
    ),
    "no runtime": (
        without_pod(runtime=None),
        {},
        ["RuntimeNotFound", "Creating", "NoPod", "NoPod", "NotRouted"],
        Phase.FAILED,
    ),
    "a runtime with faults": (
        without_pod(runtime=runtime(egress={"allow": [{"cidr": "999.0.0.0/8"}]})),
        {},
        ["RuntimeNotAccepted", "Creating", "NoPod", "NoPod", "NotRouted"],
        Phase.FAILED,
    ),
    "no pod yet": (
        without_pod(),
        {},
        ["Valid", "Creating", "NoPod", "NoPod", "NotRouted"],
        Phase.PENDING,
    ),
    "its pod is gone": (
        without_pod(session=session(status={"podName": pod().name})),
        {},
        ["Valid", "PodLost", "NoPod", "NoPod", "NotRouted"],
        Phase.PENDING,
    ),
    "its pods crash": (
        without_pod(),
        {"waits_ms": 1000},
        ["Valid", "Creating", "NoPod", "CrashLoop", "NotRouted"],
        Phase.FAILED,
    ),
    "suspended": (
        without_pod(session=session(suspended=True)),
        {},
        ["Valid", "Suspended", "NoPod", "NoPod", "NotRouted"],
        Phase.SUSPENDED,
    ),
    "no room": (
        without_pod(room=False),
        {},
        ["Valid", "Capacity", "NoPod", "NoPod", "NotRouted"],
        Phase.PENDING,
    ),
    "the pod is refused": (
        without_pod(memory=Memory(pod_refusal="exceeded quota")),
        {},
        ["Valid", "PodRefused", "NoPod", "NoPod", "NotRouted"],
        Phase.FAILED,
    ),
    "a pod without an address": (
        observed(pods=(pod(running=False, ips=(), waiting="ContainerCreating"),), reports={}),
        {},
        ["Valid", "Creating", "Behind", "Starting", "Routed"],
        Phase.PENDING,
    ),
    "no node takes the pod": (
        observed(pods=(pod(running=False, ips=(), unschedulable="0/1 nodes"),), reports={}),
        {},
        ["Valid", "Unschedulable", "Behind", "Starting", "Routed"],
        Phase.PENDING,
    ),
    "no image": (
        observed(pods=(pod(running=False, waiting="ImagePullBackOff"),), reports={}),
        {},
        ["Valid", "Assigned", "Behind", "ImageUnavailable", "Routed"],
        Phase.FAILED,
    ),
    "the runtime starts": (
        unheard(),
        {},
        ["Valid", "Assigned", "Behind", "Starting", "NotRouted"],
        Phase.STARTING,
    ),
    "Vite starts": (
        observed(reports={pod().name: report(1, RuntimePhase.STARTING)}),
        {},
        ["Valid", "Assigned", "Synced", "Starting", "Routed"],
        Phase.STARTING,
    ),
    "Vite does not start": (
        observed(reports={pod().name: report(1, RuntimePhase.FAILED)}),
        {},
        ["Valid", "Assigned", "Synced", "RuntimeFailed", "Routed"],
        Phase.FAILED,
    ),
    "an update that it does not have yet": (
        observed(index=index(2)),
        {},
        ["Valid", "Assigned", "Behind", "Serving", "Routed"],
        Phase.STARTING,
    ),
    "silent after it was heard of": (
        observed(reports={}, memory=Memory(answered=frozenset({pod().name}))),
        {},
        ["Valid", "Assigned", "Unreachable", "Unreachable", "Routed"],
        Phase.STARTING,
    ),
    "silent after a restart of the operator": (
        observed(reports={}, session=session(status={"podName": pod().name, "servedRevision": 1})),
        {},
        ["Valid", "Assigned", "Unreachable", "Unreachable", "Routed"],
        Phase.STARTING,
    ),
    "files not stored yet": (
        observed(index=None),
        {},
        ["Valid", "Assigned", "Behind", "Serving", "Routed"],
        Phase.STARTING,
    ),
    "files gone": (
        observed(index=None, session=session(status={"revision": 3})),
        {},
        ["Valid", "Assigned", "FilesMissing", "Serving", "Routed"],
        Phase.FAILED,
    ),
    "files damaged": (
        observed(memory=Memory(files_fault="a shard is cut off")),
        {},
        ["Valid", "Assigned", "FilesMissing", "Serving", "Routed"],
        Phase.FAILED,
    ),
    "the route is to be written": (
        observed(),
        {"routed": False},
        ["Valid", "Assigned", "Synced", "Serving", "NotRouted"],
        Phase.STARTING,
    ),
    "the route is refused": (
        observed(memory=Memory(route_refusal="denied by a webhook")),
        {},
        ["Valid", "Assigned", "Synced", "Serving", "RouteRefused"],
        Phase.FAILED,
    ),
    "warm": (
        observed(session=session(owner=None, claimedAt=None), index=None, reports={pod().name: report(0)}),
        {},
        ["Valid", "Assigned", "Unclaimed", "Serving", "Routed"],
        Phase.WARM,
    ),
    "warm and still starting": (
        observed(
            session=session(owner=None, claimedAt=None),
            index=None,
            reports={pod().name: report(0, RuntimePhase.STARTING)},
        ),
        {},
        ["Valid", "Assigned", "Unclaimed", "Starting", "Routed"],
        Phase.STARTING,
    ),
}


@pytest.mark.parametrize("state", STATES)
def test_every_state_has_its_reasons_and_its_phase(state: str) -> None:
    given, more, expected, expected_phase = STATES[state]
    assert reasons(given, **more) == expected
    assert phase(found(given, **more)) is expected_phase


@pytest.mark.parametrize("state", STATES)
def test_true_is_good_and_only_silence_is_unknown(state: str) -> None:
    given, more, *_ = STATES[state]
    good = {Reason.VALID, Reason.ASSIGNED, Reason.SYNCED, Reason.SERVING, Reason.ROUTED}
    for finding in found(given, **more).values():
        assert (finding.status is TRUE) == (finding.reason in good)
        assert (finding.status is UNKNOWN) == (finding.reason == Reason.UNREACHABLE)


@pytest.mark.parametrize("reason", sorted(IMAGE_REASONS))
def test_an_image_that_does_not_come_is_named(reason: str) -> None:
    given = observed(pods=(pod(running=False, ips=(), waiting=reason),), reports={})
    assert reason in found(given)["Serving"].message


def test_the_schedulers_words_are_passed_on() -> None:
    given = observed(pods=(pod(running=False, ips=(), unschedulable="0/3 nodes are available"),), reports={})
    assert found(given)["PodAssigned"].message == "0/3 nodes are available"


def test_the_api_servers_words_about_a_pod_are_passed_on_and_cut() -> None:
    given = without_pod(memory=Memory(pod_refusal="q" * 5000))
    assert found(given)["PodAssigned"].message == "q" * MESSAGE_LENGTH


def test_the_missing_runtime_is_named() -> None:
    given = without_pod(runtime=None, session=session(runtimeRef={"name": "other"}))
    assert "PreviewRuntime other" in found(given)["Accepted"].message


def test_why_vite_does_not_start_is_said() -> None:
    failed = report(1, RuntimePhase.FAILED, last_error=Diagnostic(message="Cannot find module"))
    assert found(observed(reports={pod().name: failed}))["Serving"].message == "Cannot find module"


def test_errors_of_the_users_code_unset_nothing() -> None:
    broken = report(1, last_error=Diagnostic(message="Unexpected token"))
    assert found(observed(reports={pod().name: broken})) == found(observed())


def test_a_pod_with_the_wrong_files_is_not_synced_whatever_its_revision() -> None:
    given = observed(reports={pod().name: report(1, digest="f" * 64)})
    assert found(given)["FilesSynced"].reason == Reason.BEHIND


def test_a_service_that_leads_elsewhere_is_not_routed() -> None:
    given = observed(service=make_service(session(), pod(9).name))
    assert found(given)["Routed"].status is FALSE
    assert found(replace(given, service=None))["Routed"].status is FALSE


@pytest.mark.parametrize(("reason", "said"), [(EndReason.CLOSED, "Closed"), (EndReason.EXPIRED, "Expired")])
def test_a_tombstone_says_why(reason: EndReason, said: str) -> None:
    result = findings.ended(reason)
    assert result["Accepted"].reason == said
    assert phase(result) is Phase.ENDED
    assert {finding.status for finding in result.values()} == {FALSE}
