"""When a session that nobody uses gives up its pod: pure, on epoch milliseconds.

Its pods have just been asked (`Observed.reports`), so that no page is taken from somebody who looks at it. Whoever uses
it between this decision and its writing wins: the write compares the resourceVersion, and a call that the API does not
record comes soon after one that it did (`activity` in the API).
"""

from __future__ import annotations

from enum import StrEnum

from preview_operator.observed import Observed

# A runtime that does not answer cannot say whether a page is open. One that hangs is replaced within a minute, and an
# open page is connected to the next one seconds later: who is still silent then has nobody to lose.
PATIENCE_MS = 5 * 60 * 1000


class Cause(StrEnum):
    IDLE = "idle"  # nobody called, no page was loaded or shown for suspendAfterSeconds
    SILENT = "silent"  # the same as far as is known: a pod runs and does not answer


def cause(observed: Observed, activity: int | None, now: int) -> Cause | None:
    """Why the session should be suspended; None: it should not. `activity`: its last use, None if nobody owns it."""
    runtime, spec = observed.runtime, observed.session.spec
    if runtime is None or activity is None or spec.suspended or spec.ended is not None:
        return None
    after_ms = runtime.spec.suspend_after_seconds * 1000
    idle_ms = now - activity
    if after_ms == 0 or idle_ms < after_ms:
        return None
    if not _is_silent(observed):
        return Cause.IDLE
    return Cause.SILENT if idle_ms >= after_ms + PATIENCE_MS else None


def _is_silent(observed: Observed) -> bool:
    """A pod without a running container serves nobody, and is not asked."""
    return any(pod.alive and pod.running and pod.ips and pod.name not in observed.reports for pod in observed.pods)
