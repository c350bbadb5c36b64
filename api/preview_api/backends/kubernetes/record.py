"""A PreviewSession and the index of its files as the port's record: pure."""

from __future__ import annotations

from dataclasses import dataclass

from preview_api.backends.base import Ended, Phase, Record
from preview_api.expiry import SESSION_TTL_MS
from preview_core.address import PublicAddress
from preview_core.objects import names
from preview_core.objects.files import Index
from preview_core.resources.conditions import READY
from preview_core.resources.conditions import Phase as Seen
from preview_core.resources.session import EndReason, PreviewSession

ENDED = {EndReason.CLOSED: Ended.CLOSED, EndReason.EXPIRED: Ended.EXPIRED}
# Ended ones are never shown; unseen ones (None) wait for the operator's first pass. A warm one that is shown was taken
# a moment ago.
PHASES = {
    Seen.WARM: Phase.STARTING,
    Seen.STARTING: Phase.STARTING,
    Seen.READY: Phase.READY,
    Seen.SUSPENDED: Phase.SUSPENDED,
    Seen.FAILED: Phase.FAILED,
}


@dataclass(frozen=True, kw_only=True)
class ClusterRecord(Record):
    """With what it was read from: a write compares with that, and a push needs no other reading.

    `index` None: there are no files, because the session has ended or its create is under way.
    """

    session: PreviewSession
    index: Index | None


def record_of(session: PreviewSession, index: Index | None, address: PublicAddress) -> ClusterRecord:
    """The later one of what was promised and what the operator saw stands for the times."""
    session_id, spec, status = session.metadata.name, session.spec, session.status
    created_at = spec.claimed_at or session.metadata.creation_timestamp or 0
    last_activity_at = max(created_at, spec.last_call_at or 0, status.last_activity_at or 0)
    return ClusterRecord(
        id=session_id,
        owner=spec.owner or "",
        created_at=created_at,
        last_activity_at=last_activity_at,
        expires_at=promised(session) or last_activity_at + SESSION_TTL_MS,
        revision=index.revision if index is not None else status.revision or 0,
        digest=index.digest if index is not None else "",
        preview_url=address.url(session_id),
        ws_url=address.socket_url(session_id),
        phase=_phase(session),
        last_error=_last_error(session),
        ended=ENDED[spec.ended.reason] if spec.ended is not None else None,
        warm=session.metadata.labels.get(names.WARM_LABEL) == names.CLAIMED,
        session=session,
        index=index,
    )


def promised(session: PreviewSession) -> int:
    """When the session ends if nothing happens any more; 0 when neither API nor operator has said it."""
    return max(session.spec.expires_at or 0, session.status.expires_at or 0)


def _phase(session: PreviewSession) -> Phase:
    seen = session.status.phase
    if seen is Seen.SUSPENDED and not session.spec.suspended:
        # Woken, and the operator has not seen it yet.
        return Phase.PENDING
    return PHASES.get(seen, Phase.PENDING) if seen is not None else Phase.PENDING


def _last_error(session: PreviewSession) -> str | None:
    status = session.status
    if status.phase is Seen.FAILED:
        messages = [condition.message for condition in status.conditions if condition.type == READY]
        return messages[0] if messages else None
    return status.last_error.message if status.last_error is not None else None
