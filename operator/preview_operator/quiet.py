"""Whether the status says already how a session begins that begins as all do: pure.

Most sessions are Ready within seconds after their create, and nobody acts on the steps before that: their first status
is the last one that is written for a long time. Of those that are slower, or in trouble, it is told what they wait for.
"""

from __future__ import annotations

from preview_core.resources.conditions import Phase
from preview_core.resources.session import SessionStatus
from preview_operator.observed import Observed
from preview_operator.transitions import happenings

# Three times what a cold session takes on two quiet cores. Somebody who looks at one that is not Ready by then wants to
# know why.
QUIET_MS = 10_000
# A pass that does something is followed by another, which knows what came of it. While many begin at a time that is
# later, and to write more then would make it later still.
BUSY_MS = 60_000
_STEPS = (Phase.PENDING, Phase.STARTING)


def left_ms(observed: Observed, status: SessionStatus, now: int, *, busy: bool) -> int:
    """For how long `status` need not be written yet. `busy`: this pass does something."""
    began = _began(observed)
    if began is None or status.phase not in _STEPS or happenings((), status.conditions):
        return 0
    # Written at once if the clock of whoever took it is of another time.
    limit = BUSY_MS if busy else QUIET_MS
    return began + limit - now if abs(now - began) < limit else 0


def _began(observed: Observed) -> int | None:
    """A new one when it was first seen, one that had waited when it was taken."""
    phase = observed.session.status.phase
    if phase is Phase.WARM:
        return observed.session.spec.claimed_at
    return observed.memory.known_since if phase is None else None
