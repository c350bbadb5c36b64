from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.operator.world import T0

from preview_operator.backoff import wait_ms

TIMES = st.lists(st.integers(0, 10**6), max_size=40).map(sorted)


@pytest.mark.parametrize("pods", [0, 1, 2])
def test_the_first_successors_come_at_once(pods: int) -> None:
    assert wait_ms([T0] * pods, T0) == 0


def test_the_fourth_pod_that_does_not_work_waits() -> None:
    assert wait_ms([T0] * 3, T0) == 1_000


def test_pauses_double_up_to_a_minute() -> None:
    waits = [wait_ms([T0] * pods, T0) for pods in range(3, 14)]
    assert waits == [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, *[60_000] * 5]


def test_a_pause_passes() -> None:
    assert wait_ms([T0] * 5, T0 + 3_999) == 1
    assert wait_ms([T0] * 5, T0 + 4_000) == 0
    assert wait_ms([T0] * 5, T0 + 10**9) == 0


@given(TIMES, st.integers(0, 10**6))
def test_no_history_waits_longer_than_a_minute(created_at: list[int], later: int) -> None:
    now = (created_at[-1] if created_at else 0) + later
    assert 0 <= wait_ms(created_at, now) <= 60_000


@given(TIMES, st.integers(0, 10**6))
def test_time_only_shortens_a_wait(created_at: list[int], later: int) -> None:
    now = created_at[-1] if created_at else 0
    assert wait_ms(created_at, now + later) <= wait_ms(created_at, now)


@given(TIMES)
def test_another_failure_never_shortens_a_wait(created_at: list[int]) -> None:
    now = created_at[-1] if created_at else 0
    assert wait_ms([*created_at, now], now) >= wait_ms(created_at, now)
