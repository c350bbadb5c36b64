"""When a session ends: pure arithmetic on epoch milliseconds, the clock is passed in."""

from __future__ import annotations

SESSION_TTL_MS = 24 * 60 * 60 * 1000  # contract, section 2: 24 h of inactivity
TOMBSTONE_MS = 60 * 60 * 1000  # a closed or expired id answers 410 for an hour, then 404
# An expiry that was told must survive a crash, so it is written before it is told. Promising one minute more than
# owed makes that at most one write per minute and session instead of one per call.
PROMISE_STEP_MS = 60 * 1000


def first_expiry(now: int, ttl: int = SESSION_TTL_MS) -> int:
    """`expiresAt` of a session created at `now`."""
    return now + ttl + PROMISE_STEP_MS


def extended(expires_at: int, activity_at: int, ttl: int = SESSION_TTL_MS) -> int:
    """`expiresAt` after activity: never lower than before (G39) and never less than `ttl` after the activity."""
    if activity_at + ttl <= expires_at:
        return expires_at
    return activity_at + ttl + PROMISE_STEP_MS


def is_expired(expires_at: int, now: int) -> bool:
    """True when nothing is owed to the session any more."""
    return now >= expires_at


def is_forgotten(ended_at: int, now: int) -> bool:
    """True when a tombstone of a session that ended at `ended_at` may go: its id answers 404 from now on."""
    return now >= ended_at + TOMBSTONE_MS
