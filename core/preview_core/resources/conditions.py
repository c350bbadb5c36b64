"""Conditions of a session, and the phase that follows from them: pure, the clock is passed in.

A pass of the operator *finds* something about each condition (`Finding`, without times); `settle` turns that into the
conditions to write. All types are positive: True is good, and Ready is True when all others are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from preview_core.resources.part import Part
from preview_core.resources.timestamp import Timestamp

MESSAGE_LENGTH = 1024  # a sentence or two; a hundred thousand sessions share one etcd


class ConditionStatus(StrEnum):
    TRUE = "True"
    FALSE = "False"
    UNKNOWN = "Unknown"


class ConditionType(StrEnum):
    """In the order in which they come true."""

    ACCEPTED = "Accepted"  # the spec makes sense and its runtime exists
    POD_ASSIGNED = "PodAssigned"  # a pod of the session has an address
    FILES_SYNCED = "FilesSynced"  # that pod has the acknowledged revision of the files
    SERVING = "Serving"  # its runtime is ready: a page works (G9)
    ROUTED = "Routed"  # Service and Ingress lead to it
    READY = "Ready"  # all of the above


READY = ConditionType.READY
STEPS = (
    ConditionType.ACCEPTED,
    ConditionType.POD_ASSIGNED,
    ConditionType.FILES_SYNCED,
    ConditionType.SERVING,
    ConditionType.ROUTED,
)


class Reason(StrEnum):
    """Why a condition is as it is. One word each, stable: alerts and scripts compare them."""

    # True
    VALID = "Valid"
    ASSIGNED = "Assigned"
    SYNCED = "Synced"
    SERVING = "Serving"
    ROUTED = "Routed"
    READY = "Ready"
    # Unknown
    NOT_OBSERVED = "NotObserved"  # no pass has looked yet
    UNREACHABLE = "Unreachable"  # the node or the runtime does not answer
    # Accepted=False
    INVALID_SPEC = "InvalidSpec"
    RUNTIME_NOT_FOUND = "RuntimeNotFound"
    RUNTIME_NOT_ACCEPTED = "RuntimeNotAccepted"
    CLOSED = "Closed"  # a tombstone: the caller ended the session
    EXPIRED = "Expired"  # a tombstone: nobody used the session for too long
    # PodAssigned=False
    CREATING = "Creating"
    SUSPENDED = "Suspended"  # on purpose: a request or an update brings the pod back
    RESUMING = "Resuming"  # it was suspended, and somebody wants it again
    UNSCHEDULABLE = "Unschedulable"
    CAPACITY = "Capacity"  # the runtime's limit of pods is reached
    POD_LOST = "PodLost"  # deleted, evicted, node gone: the next pass makes another
    POD_REFUSED = "PodRefused"  # the API server does not take the pod
    # FilesSynced=False
    UNCLAIMED = "Unclaimed"  # a warm session: nobody's files yet
    BEHIND = "Behind"
    FILES_MISSING = "FilesMissing"  # the stored files cannot be read
    # FilesSynced=False and Serving=False
    NO_POD = "NoPod"
    # Serving=False
    STARTING = "Starting"
    RUNTIME_FAILED = "RuntimeFailed"  # the dev server does not start
    CRASH_LOOP = "CrashLoop"
    IMAGE_UNAVAILABLE = "ImageUnavailable"
    # Routed=False
    NOT_ROUTED = "NotRouted"
    ROUTE_REFUSED = "RouteRefused"  # the API server does not take the Service or the Ingress
    # Filled, of a PreviewRuntime
    FILLED = "Filled"
    FILLING = "Filling"


class Phase(StrEnum):
    """One word for people. Nothing decides by it: it is a function of the conditions."""

    PENDING = "Pending"  # no pod yet, or not any more
    STARTING = "Starting"  # a pod, but no working page yet
    WARM = "Warm"  # works, and waits for an owner
    READY = "Ready"
    SUSPENDED = "Suspended"  # no pod on purpose
    FAILED = "Failed"  # does not mend itself soon: somebody should look
    ENDED = "Ended"  # a tombstone


ENDINGS = frozenset({Reason.CLOSED, Reason.EXPIRED})
FAILURES = frozenset(
    {
        Reason.POD_REFUSED,
        Reason.FILES_MISSING,
        Reason.RUNTIME_FAILED,
        Reason.CRASH_LOOP,
        Reason.IMAGE_UNAVAILABLE,
        Reason.ROUTE_REFUSED,
    }
)


class Condition(Part):
    """One aspect of the object's state. True is good for every type."""

    type: Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z][A-Za-z0-9]*$")] = Field(
        description="Name of the aspect, in CamelCase. There is one entry per type.",
    )
    status: ConditionStatus = Field(description="True, False, or Unknown when it could not be found out.")
    reason: Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z][A-Za-z0-9]*$")] = Field(
        description="Why, as one stable word in CamelCase, for programs.",
    )
    # Not empty: Kubernetes 1.20, built with a later Go, takes an empty text for null and refuses the whole status.
    message: Annotated[str, Field(min_length=1, max_length=MESSAGE_LENGTH)] = Field(
        description="Why, as a sentence, for people; the reason again where it says enough. Names no file content.",
    )
    last_transition_time: Timestamp = Field(
        description="When the status last became what it is. A new reason or message does not change it.",
    )
    observed_generation: Annotated[int, Field(ge=0, le=2**53)] = Field(
        default=0,
        description="metadata.generation that this was found for. Below the object's own: it is out of date.",
    )


@dataclass(frozen=True)
class Finding:
    """What one pass found about one condition. `message` is only needed where it says more than the reason."""

    status: ConditionStatus
    reason: str
    message: str = ""


_MISSING = Finding(ConditionStatus.UNKNOWN, Reason.NOT_OBSERVED)


def ready(found: Mapping[str, Finding], steps: Sequence[str] = STEPS) -> Finding:
    """The finding of Ready: True when every step is, else what the first step that is not True says."""
    for step in steps:
        finding = found.get(step, _MISSING)
        if finding.status is not ConditionStatus.TRUE:
            return finding
    return Finding(ConditionStatus.TRUE, Reason.READY)


def phase(found: Mapping[str, Finding]) -> Phase:
    """The phase, of steps only: Ready is derived, and a stale one must not be believed."""
    steps = {step: found.get(step, _MISSING) for step in STEPS}
    unmet = [finding for finding in steps.values() if finding.status is not ConditionStatus.TRUE]
    if not unmet:
        return Phase.READY
    refused = _false(steps[ConditionType.ACCEPTED])
    if refused:
        return Phase.ENDED if refused in ENDINGS else Phase.FAILED
    if _false(steps[ConditionType.POD_ASSIGNED]) == Reason.SUSPENDED:
        return Phase.SUSPENDED
    if any(_false(finding) in FAILURES for finding in unmet):
        return Phase.FAILED
    if _true(steps[ConditionType.ACCEPTED]) and _true(steps[ConditionType.POD_ASSIGNED]):
        waits = _false(steps[ConditionType.FILES_SYNCED]) == Reason.UNCLAIMED
        return Phase.WARM if waits and len(unmet) == 1 else Phase.STARTING
    return Phase.PENDING


def findings(conditions: Iterable[Condition]) -> dict[str, Finding]:
    """Stored conditions without their times."""
    return {c.type: Finding(c.status, c.reason, c.message) for c in conditions}


def settle(
    stored: Sequence[Condition],
    found: Mapping[str, Finding],
    *,
    now: int,
    generation: int,
    steps: Sequence[str] = STEPS,
) -> tuple[Condition, ...]:
    """The conditions to write: those of `found`, Ready, and stored ones that this pass did not look at.

    Equal input gives equal output, so an unchanged object costs no write: `lastTransitionTime` moves only with the
    status, and the entries stand in a fixed order.
    """
    before = {condition.type: condition for condition in stored}
    fresh = {**found, READY: ready({**findings(stored), **found}, steps)}
    after = before | {kind: _settled(kind, fresh[kind], before.get(kind), now, generation) for kind in fresh}
    order = [*steps, READY]
    return tuple(
        sorted(after.values(), key=lambda c: (order.index(c.type) if c.type in order else len(order), c.type)),
    )


def _settled(kind: str, finding: Finding, before: Condition | None, now: int, generation: int) -> Condition:
    since = before.last_transition_time if before and before.status is finding.status else None
    return Condition(
        type=kind,
        status=finding.status,
        reason=finding.reason,
        message=(finding.message or finding.reason)[:MESSAGE_LENGTH],
        # Whole seconds, as Kubernetes' own clients read and write this field.
        last_transition_time=now - now % 1000 if since is None else since,
        observed_generation=generation,
    )


def _true(finding: Finding) -> bool:
    return finding.status is ConditionStatus.TRUE


def _false(finding: Finding) -> str | None:
    """The reason, if it is False."""
    return finding.reason if finding.status is ConditionStatus.FALSE else None
