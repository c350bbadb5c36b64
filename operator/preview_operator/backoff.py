"""How soon a session may have its next pod: pure."""

from __future__ import annotations

from collections.abc import Sequence

# A pod may be deleted, evicted or crash at any time; its successor comes at once. The fourth that did not work for a
# while is a fault of the session.
_FREE = 3
_FIRST_MS = 1_000
_LONGEST_MS = 60_000
# A pod that worked for so long was no failure.
HEALTHY_MS = 30_000


def wait_ms(created_at: Sequence[int], now: int) -> int:
    """Milliseconds until the next pod may be made; `created_at` are those of the pods since one was healthy."""
    if len(created_at) < _FREE:
        return 0
    # 2**6 s is beyond the longest already.
    pause = min(_FIRST_MS << min(len(created_at) - _FREE, 6), _LONGEST_MS)
    return max(0, created_at[-1] + pause - now)
