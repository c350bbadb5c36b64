"""Whether a session that begins as all do says so already: pure.

Most sessions are Ready a few seconds after their create, and nobody acts on the steps before that: their first status
is the last one that is written for a long time. Of those that are slower, or in trouble, it is told what they wait for.
"""

from __future__ import annotations

from preview_core.resources.conditions import Phase
from preview_core.resources.session import SessionStatus
from preview_operator.observed import Observed
from preview_operator.transitions import happenings

# A cold session is Ready within two or three seconds. Somebody who looks at one that is not wants to know why.
QUIET_MS = 5_000
_STEPS = (Phase.PENDING, Phase.STARTING)


def left_ms(observed: Observed, status: SessionStatus, now: int) -> int:
    """For how long `status` need not be written yet."""
    begins = observed.session.status.phase is None and status.phase in _STEPS
    if not begins or happenings((), status.conditions):
        return 0
    return observed.memory.known_since + QUIET_MS - now
