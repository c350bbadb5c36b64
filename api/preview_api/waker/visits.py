"""A visit of a preview that has no pod: whether the session lives, and that somebody wants it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import structlog

from preview_api.backends.kubernetes.failures import translated
from preview_api.backends.kubernetes.record import promised
from preview_api.backends.kubernetes.sessions import Sessions
from preview_api.expiry import is_expired
from preview_api.waker.answers import Found
from preview_core.errors import BackendUnavailable
from preview_core.kube.client import Kube
from preview_core.resources.conditions import ConditionType, Reason
from preview_core.resources.session import PreviewSession
from preview_core.resources.timestamp import rfc3339

log = structlog.get_logger(__name__)

# An upgrade must be answered within two seconds (G11), and a page asks again after one.
VISIT_S = 1.0
NO_ROOM = (Reason.CAPACITY, Reason.UNSCHEDULABLE)


class Visits:
    """Of the sessions in one namespace. `clock` gives epoch milliseconds."""

    def __init__(self, kube: Kube, namespace: str, clock: Callable[[], int]) -> None:
        self._sessions = Sessions(kube, namespace)
        self._clock = clock

    async def visit(self, session_id: str, wanted: bool) -> Found:
        """Wakes a suspended one if it is wanted. With the API server away every session counts as live: the page comes
        back and asks again, while a 404 would be believed."""
        try:
            async with asyncio.timeout(VISIT_S):
                with translated():
                    return await self._visit(session_id, wanted)
        except (BackendUnavailable, TimeoutError) as error:
            log.warning("visit_postponed", error=type(error).__name__)
            return Found.LIVE

    async def _visit(self, session_id: str, wanted: bool) -> Found:
        session = await self._sessions.get(session_id)
        if session is None:
            return Found.UNKNOWN
        now = self._clock()
        if is_over(session, now):
            return Found.ENDED
        if not wanted:
            return found_in(session)
        changed = await self._sessions.change(session, lambda found: woken(found, now))
        return found_in(session) if changed is not None and not is_over(changed, now) else Found.ENDED


def found_in(session: PreviewSession) -> Found:
    """Of one that is not over, as it was when the visitor came."""
    if session.spec.suspended:
        return Found.ASLEEP
    lacks = [found.reason for found in session.status.conditions if found.type == ConditionType.POD_ASSIGNED]
    return Found.CROWDED if lacks and lacks[0] in NO_ROOM else Found.LIVE


def is_over(session: PreviewSession, now: int) -> bool:
    """Ended, or about to be: the operator ends what has expired, a moment later."""
    expires_at = promised(session)
    return session.spec.ended is not None or (expires_at > 0 and is_expired(expires_at, now))


def woken(session: PreviewSession, at: int) -> dict[str, Any]:
    """Fields of the spec to merge; empty: a pod is wanted already, or never again.

    `lastCallAt` too: a session that looks unused would be suspended again before its page is there.
    """
    if not session.spec.suspended or session.spec.ended is not None:
        return {}
    return {"suspended": False, "lastCallAt": rfc3339(max(at, session.spec.last_call_at or 0))}
