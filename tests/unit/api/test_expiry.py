from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from preview_api.expiry import (
    PROMISE_STEP_MS,
    SESSION_TTL_MS,
    TOMBSTONE_MS,
    extended,
    first_expiry,
    is_expired,
    is_forgotten,
)

moments = st.integers(min_value=0, max_value=4_000_000_000_000)


@given(moments, st.lists(moments, max_size=20))
def test_g39_expiry_never_decreases_whatever_the_order_of_activity(created_at: int, activity: list[int]) -> None:
    expires_at = first_expiry(created_at)
    for moment in activity:
        after = extended(expires_at, moment)
        assert after >= expires_at
        assert after >= moment + SESSION_TTL_MS
        expires_at = after


@given(moments, st.integers(min_value=0, max_value=PROMISE_STEP_MS))
def test_activity_within_a_minute_needs_no_write(created_at: int, later: int) -> None:
    expires_at = first_expiry(created_at)
    assert extended(expires_at, created_at + later) == expires_at


def test_activity_after_a_minute_extends() -> None:
    assert extended(first_expiry(0), PROMISE_STEP_MS + 1) > first_expiry(0)


def test_a_session_lives_until_its_expiry_and_not_longer() -> None:
    assert not is_expired(1000, 999)
    assert is_expired(1000, 1000)


def test_a_tombstone_stays_for_an_hour() -> None:
    assert not is_forgotten(0, TOMBSTONE_MS - 1)
    assert is_forgotten(0, TOMBSTONE_MS)
