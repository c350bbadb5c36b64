"""The phase over every combination of conditions, Ready, and what moves `lastTransitionTime`."""

from __future__ import annotations

import itertools
from collections import Counter

import pytest

from preview_core.resources.conditions import (
    ENDINGS,
    FAILURES,
    MESSAGE_LENGTH,
    STEPS,
    Condition,
    ConditionStatus,
    ConditionType,
    Finding,
    Phase,
    Reason,
    findings,
    phase,
    ready,
    settle,
)
from preview_core.resources.runtime import STEPS as RUNTIME_STEPS

TRUE, FALSE, UNKNOWN = ConditionStatus.TRUE, ConditionStatus.FALSE, ConditionStatus.UNKNOWN
ACCEPTED, POD_ASSIGNED, FILES_SYNCED, SERVING, ROUTED = STEPS
NOW = 1_800_000_000_000

# Why each step can be False.
FALSE_REASONS: dict[ConditionType, tuple[Reason, ...]] = {
    ACCEPTED: (
        Reason.INVALID_SPEC,
        Reason.RUNTIME_NOT_FOUND,
        Reason.RUNTIME_NOT_ACCEPTED,
        Reason.CLOSED,
        Reason.EXPIRED,
    ),
    POD_ASSIGNED: (
        Reason.CREATING,
        Reason.SUSPENDED,
        Reason.UNSCHEDULABLE,
        Reason.CAPACITY,
        Reason.POD_LOST,
        Reason.POD_REFUSED,
    ),
    FILES_SYNCED: (Reason.UNCLAIMED, Reason.BEHIND, Reason.FILES_MISSING, Reason.NO_POD),
    SERVING: (Reason.STARTING, Reason.RUNTIME_FAILED, Reason.CRASH_LOOP, Reason.IMAGE_UNAVAILABLE, Reason.NO_POD),
    ROUTED: (Reason.NOT_ROUTED, Reason.ROUTE_REFUSED),
}

Found = dict[str, Finding]


def _possible(step: ConditionType) -> list[Finding | None]:
    return [
        None,
        Finding(UNKNOWN, Reason.UNREACHABLE),
        Finding(TRUE, Reason.VALID),
        *(Finding(FALSE, reason) for reason in FALSE_REASONS[step]),
    ]


ALL: list[Found] = [
    {step: finding for step, finding in zip(STEPS, combination, strict=True) if finding is not None}
    for combination in itertools.product(*map(_possible, STEPS))
]


def _good(**unmet: Finding) -> Found:
    return {step: Finding(TRUE, Reason.VALID) for step in STEPS} | unmet


def _no(reason: Reason) -> Finding:
    return Finding(FALSE, reason)


def _is_true(found: Found, *steps: ConditionType) -> bool:
    return all(step in found and found[step].status is TRUE for step in steps)


def _reasons(found: Found) -> set[str]:
    return {finding.reason for finding in found.values() if finding.status is FALSE}


def test_the_phase_is_ready_exactly_when_ready_is_true() -> None:
    for found in ALL:
        assert (phase(found) is Phase.READY) == (ready(found).status is TRUE) == _is_true(found, *STEPS)


def test_the_phase_is_ended_exactly_for_tombstones() -> None:
    for found in ALL:
        assert (phase(found) is Phase.ENDED) == bool(_reasons(found) & ENDINGS)


def test_the_phase_is_failed_exactly_when_somebody_should_look() -> None:
    refusals = {Reason.INVALID_SPEC, Reason.RUNTIME_NOT_FOUND, Reason.RUNTIME_NOT_ACCEPTED}
    for found in ALL:
        reasons = _reasons(found)
        broken = bool(reasons & FAILURES) and Reason.SUSPENDED not in reasons
        expected = not reasons & ENDINGS and (bool(reasons & refusals) or broken)
        assert (phase(found) is Phase.FAILED) == expected


def test_the_phase_is_suspended_exactly_when_no_pod_is_wanted() -> None:
    for found in ALL:
        refused = ACCEPTED in found and found[ACCEPTED].status is FALSE
        expected = Reason.SUSPENDED in _reasons(found) and not refused
        assert (phase(found) is Phase.SUSPENDED) == expected


def test_the_phase_is_warm_exactly_when_only_the_owner_is_missing() -> None:
    for found in ALL:
        rest = _is_true(found, ACCEPTED, POD_ASSIGNED, SERVING, ROUTED)
        assert (phase(found) is Phase.WARM) == (rest and Reason.UNCLAIMED in _reasons(found))


def test_the_phase_is_starting_only_with_a_pod_and_pending_only_without() -> None:
    for found in ALL:
        if phase(found) is Phase.STARTING:
            assert _is_true(found, ACCEPTED, POD_ASSIGNED)
        if phase(found) is Phase.PENDING:
            assert not _is_true(found, ACCEPTED, POD_ASSIGNED)


def test_every_phase_is_reached() -> None:
    assert Counter(map(phase, ALL)).keys() == set(Phase)


def test_the_phase_does_not_believe_a_stored_ready() -> None:
    for found in ALL:
        assert phase({**found, ConditionType.READY: Finding(TRUE, Reason.READY)}) is phase(found)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ({}, Phase.PENDING),
        (_good(), Phase.READY),
        (_good(PodAssigned=_no(Reason.CREATING)), Phase.PENDING),
        (_good(PodAssigned=Finding(UNKNOWN, Reason.UNREACHABLE)), Phase.PENDING),
        (_good(PodAssigned=_no(Reason.SUSPENDED), Serving=_no(Reason.NO_POD)), Phase.SUSPENDED),
        (_good(FilesSynced=_no(Reason.BEHIND)), Phase.STARTING),
        (_good(FilesSynced=_no(Reason.UNCLAIMED)), Phase.WARM),
        (_good(FilesSynced=_no(Reason.UNCLAIMED), Serving=_no(Reason.STARTING)), Phase.STARTING),
        (_good(Serving=_no(Reason.CRASH_LOOP)), Phase.FAILED),
        (_good(Accepted=_no(Reason.RUNTIME_NOT_FOUND)), Phase.FAILED),
        (_good(Accepted=_no(Reason.EXPIRED), PodAssigned=_no(Reason.SUSPENDED)), Phase.ENDED),
    ],
)
def test_the_phase_of_a_usual_situation(found: Found, expected: Phase) -> None:
    assert phase(found) is expected


def test_ready_says_what_the_first_step_that_is_not_true_says() -> None:
    for found in ALL:
        first = next((step for step in STEPS if not _is_true(found, step)), None)
        if first is None:
            assert ready(found) == Finding(TRUE, Reason.READY)
        else:
            assert ready(found) == found.get(first, Finding(UNKNOWN, Reason.NOT_OBSERVED))


def test_every_reason_is_a_word_that_the_schema_accepts() -> None:
    for reason in Reason:
        Condition(type="Ready", status=TRUE, reason=reason, message=reason, last_transition_time=NOW)


def test_conditions_stand_in_the_order_in_which_they_come_true() -> None:
    stored = [_condition("Zebra", TRUE), _condition("Another", TRUE)]
    settled = settle(stored, dict(reversed(_good().items())), now=NOW, generation=1)
    assert [c.type for c in settled] == [*STEPS, "Ready", "Another", "Zebra"]


def test_the_transition_time_moves_only_with_the_status() -> None:
    first = settle((), _good(Serving=_no(Reason.STARTING)), now=NOW + 999, generation=1)
    assert {c.last_transition_time for c in first} == {NOW}, "whole seconds"

    reworded = settle(first, _good(Serving=_no(Reason.RUNTIME_FAILED)), now=NOW + 5_000, generation=2)
    assert {c.last_transition_time for c in reworded} == {NOW}
    assert _named(reworded, "Serving").reason == _named(reworded, "Ready").reason == "RuntimeFailed"
    assert {c.observed_generation for c in reworded} == {2}

    done = settle(reworded, _good(), now=NOW + 9_000, generation=2)
    moved = {c.type for c in done if c.last_transition_time == NOW + 9_000}
    assert moved == {"Serving", "Ready"}


def test_a_pass_that_finds_the_same_writes_the_same() -> None:
    once = settle((), _good(), now=NOW, generation=1)
    assert settle(once, _good(), now=NOW + 60_000, generation=1) == once


def test_what_a_pass_did_not_look_at_stays_and_counts() -> None:
    stored = settle((), _good(Routed=_no(Reason.NOT_ROUTED)), now=NOW, generation=1)
    after = settle(stored, {SERVING: Finding(TRUE, Reason.SERVING)}, now=NOW + 1_000, generation=1)
    assert _named(after, "Routed") == _named(stored, "Routed")
    assert _named(after, "Ready").reason == "NotRouted"


def test_a_message_is_cut_to_what_the_schema_takes() -> None:
    settled = settle((), _good(Serving=Finding(FALSE, Reason.STARTING, "x" * 5_000)), now=NOW, generation=1)
    assert len(_named(settled, "Serving").message) == MESSAGE_LENGTH


def test_a_message_is_never_empty() -> None:
    # Kubernetes 1.20, built with a later Go, takes it for null.
    assert _named(settle((), _good(), now=NOW, generation=1), "Ready").message == "Ready"


def test_stored_conditions_give_the_phase_that_was_found() -> None:
    for found in ALL[::97]:
        assert phase(findings(settle((), found, now=NOW, generation=1))) is phase(found)


def test_a_runtime_is_ready_when_its_own_steps_are() -> None:
    found: Found = {step: Finding(TRUE, Reason.VALID) for step in RUNTIME_STEPS}
    settled = settle((), found, now=NOW, generation=1, steps=RUNTIME_STEPS)
    assert [(c.type, c.status) for c in settled] == [("Accepted", TRUE), ("Filled", TRUE), ("Ready", TRUE)]


def _condition(kind: str, status: ConditionStatus) -> Condition:
    return Condition(type=kind, status=status, reason="Because", message="Because", last_transition_time=NOW)


def _named(conditions: tuple[Condition, ...], kind: str) -> Condition:
    return next(c for c in conditions if c.type == kind)
