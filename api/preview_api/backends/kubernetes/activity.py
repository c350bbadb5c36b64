"""What a call changes in a session's spec: pure. Most calls change nothing, so that reading costs no write."""

from __future__ import annotations

from typing import Any

from preview_api.backends.kubernetes.record import promised
from preview_api.expiry import extended
from preview_core.resources.session import PreviewSession
from preview_core.resources.timestamp import rfc3339

CALL_ACCURACY_MS = 60 * 1000  # as spec.lastCallAt says of itself


def accuracy_ms(suspend_after_ms: int) -> int:
    """How much later than recorded the last call may be, with a runtime that suspends after so long (0: never).

    A call that is not recorded does not meet the operator's compare-and-set. It comes so soon after one that was that a
    suspension is a long way off.
    """
    return min(CALL_ACCURACY_MS, suspend_after_ms // 2) if suspend_after_ms > 0 else CALL_ACCURACY_MS


def called(session: PreviewSession, at: int, ttl_ms: int, accuracy_ms: int = CALL_ACCURACY_MS) -> dict[str, Any]:
    """Fields of the spec to merge because its owner calls at `at`; empty: none.

    What was told must stand in the spec, even if it is only what the operator saw (a wiped status loses nothing, G6).
    """
    spec = session.spec
    expires_at = extended(promised(session), at, ttl_ms)
    fields: dict[str, Any] = {}
    if expires_at > (spec.expires_at or 0):
        fields["expiresAt"] = rfc3339(expires_at)
    if spec.suspended:
        fields["suspended"] = False
    last_call_at = max(spec.last_call_at or 0, spec.claimed_at or 0)
    if fields or at - last_call_at >= accuracy_ms:
        fields["lastCallAt"] = rfc3339(max(at, last_call_at))
    return fields


def ended(session: PreviewSession, at: int) -> dict[str, Any]:
    """Fields that make it a tombstone; empty: it is one."""
    if session.spec.ended is not None:
        return {}
    return {"ended": {"at": rfc3339(at), "reason": "Closed"}}
