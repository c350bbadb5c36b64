from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from preview_api.backends.local.pool import LONGEST_S, QUIET_S, refill_at

TIMES = st.floats(0, 1e6)


def test_the_next_spare_waits_for_a_quiet_moment() -> None:
    assert refill_at(busy_at=100.0, wanted_since=99.0) == 100.0 + QUIET_S


@given(busy=TIMES, wanted=TIMES)
def test_somebody_who_never_pauses_does_not_keep_the_pool_empty(busy: float, wanted: float) -> None:
    assert refill_at(busy, wanted) <= wanted + LONGEST_S


def test_at_the_start_nothing_is_waited_for() -> None:
    assert refill_at(float("-inf"), 5.0) < 5.0
