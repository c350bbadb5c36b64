"""Which changes of a session's conditions deserve a Kubernetes Event: pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from preview_core.resources.conditions import Condition, Reason

NORMAL = "Normal"
WARNING = "Warning"

# By reason; the others are steps on the way.
_NOTEWORTHY: Mapping[str, str] = {
    Reason.READY: NORMAL,
    Reason.SUSPENDED: NORMAL,
    Reason.RESUMING: NORMAL,
    Reason.CLOSED: NORMAL,
    Reason.EXPIRED: NORMAL,
    Reason.INVALID_SPEC: WARNING,
    Reason.RUNTIME_NOT_FOUND: WARNING,
    Reason.RUNTIME_NOT_ACCEPTED: WARNING,
    Reason.UNSCHEDULABLE: WARNING,
    Reason.CAPACITY: WARNING,
    Reason.POD_LOST: WARNING,
    Reason.POD_REFUSED: WARNING,
    Reason.FILES_MISSING: WARNING,
    Reason.RUNTIME_FAILED: WARNING,
    Reason.CRASH_LOOP: WARNING,
    Reason.IMAGE_UNAVAILABLE: WARNING,
    Reason.ROUTE_REFUSED: WARNING,
    Reason.FILLING: NORMAL,
}


@dataclass(frozen=True)
class Happening:
    """What `kubectl describe` shows. `kind` is Normal or Warning."""

    kind: str
    reason: str
    message: str


def happenings(before: Sequence[Condition], after: Sequence[Condition]) -> list[Happening]:
    """Each reason once, when a condition gets it; the same object written again tells nothing.

    That a session is Ready is news to somebody who was told that it is not.
    """
    known = {(condition.type, condition.reason) for condition in before}
    found = {
        condition.reason: Happening(_NOTEWORTHY[condition.reason], condition.reason, condition.message)
        for condition in after
        if condition.reason in _NOTEWORTHY
        and (condition.type, condition.reason) not in known
        and (condition.reason != Reason.READY or _is_awaited(before))
    }
    return list(found.values())


def _is_awaited(before: Sequence[Condition]) -> bool:
    """Somebody was told of a session of theirs that it is not Ready."""
    return bool(before) and all(condition.reason != Reason.UNCLAIMED for condition in before)
