"""When a session was last used and when it ends: pure, on epoch milliseconds."""

from __future__ import annotations

from collections.abc import Iterable

from preview_core.kube.files import COMMIT_SECONDS
from preview_core.resources.runtime import PreviewRuntime, RuntimeSpec
from preview_core.resources.session import PreviewSession
from preview_core.wire import Status

TOMBSTONE_MS = 60 * 60 * 1000  # an ended id answers 410 for an hour, then 404
# A create writes the session and then its files, within a second. What has none after twice the time in which a commit
# gives up lost its author.
ORPHAN_MS = int(2 * COMMIT_SECONDS * 1000)
# lastActivityAt is written in steps, so that an open page does not cost a write per pass.
ACTIVITY_STEP_MS = 60 * 1000
# A runtime that is gone: what its sessions were promised at least (RuntimeSpec's own default).
_DEFAULT_TTL_S: int = RuntimeSpec.model_fields["expire_after_seconds"].default


def last_activity(session: PreviewSession, reports: Iterable[Status], now: int) -> int | None:
    """None for a session that nobody owns. Never later than `now`: session code can lie about its pod's clock."""
    spec = session.spec
    if spec.owner is None:
        return None
    known = [spec.claimed_at, spec.last_call_at, session.status.last_activity_at, session.metadata.creation_timestamp]
    seen = [now if report.clients.watching else min(now, report.last_activity_at) for report in reports]
    return max((at for at in (*known, *seen) if at is not None), default=now)


def in_steps(stored: int | None, found: int | None) -> int | None:
    """What the status should say about a time that only grows: `stored` while that is near enough."""
    if stored is not None and found is not None and 0 <= found - stored < ACTIVITY_STEP_MS:
        return stored
    return found


def expires_at(session: PreviewSession, runtime: PreviewRuntime | None, activity: int | None) -> int | None:
    """Never before what was promised (G39); None for a session that nobody owns."""
    if activity is None:
        return None
    seconds = runtime.spec.expire_after_seconds if runtime is not None else _DEFAULT_TTL_S
    promised = (session.spec.expires_at, session.status.expires_at)
    return max((activity + seconds * 1000, *(at for at in promised if at is not None)))


def is_orphan(session: PreviewSession, *, has_files: bool, now: int) -> bool:
    """A create that was interrupted between the session and its files; nobody knows its id."""
    born = session.spec.claimed_at or session.metadata.creation_timestamp or now
    had_files = has_files or session.status.revision is not None
    return session.spec.owner is not None and not had_files and now - born > ORPHAN_MS


def is_forgotten(ended_at: int, now: int) -> bool:
    """The tombstone may go."""
    return now >= ended_at + TOMBSTONE_MS
