from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from preview_api.backends.local.backoff import HEALTHY_S, LONGEST_S, Backoff


def test_g27_the_first_restart_comes_at_once() -> None:
    assert Backoff().after(0.1).delay_s == 0.0


def test_delays_double_up_to_the_longest() -> None:
    backoff, delays = Backoff(), []
    for _ in range(12):
        backoff = backoff.after(1.0)
        delays.append(backoff.delay_s)
    assert delays[:5] == [0.0, 0.2, 0.4, 0.8, 1.6]
    assert delays[-1] == LONGEST_S


def test_a_child_that_ran_long_starts_anew() -> None:
    assert Backoff(9).after(HEALTHY_S).delay_s == 0.0


def test_a_row_of_quick_ends_is_a_failure() -> None:
    backoff = Backoff()
    assert [backoff := backoff.after(0), backoff := backoff.after(0)][-1].failed is False
    assert backoff.after(0).failed


@given(st.integers(min_value=0, max_value=10**9))
def test_any_number_of_failures_has_a_delay(failures: int) -> None:
    assert 0 <= Backoff(failures).delay_s <= LONGEST_S
