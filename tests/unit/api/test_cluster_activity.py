from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from tests.unit.api.test_cluster_record import HOUR, NOW, session

from preview_api.backends.kubernetes.activity import accuracy_ms, called, ended
from preview_core.resources.session import PreviewSession
from preview_core.resources.timestamp import epoch_ms, rfc3339

TTL = 24 * HOUR
MINUTE = 60_000
TIMES = st.integers(min_value=NOW - 100 * HOUR, max_value=NOW + 100 * HOUR)


def live(at: int = NOW, expires_at: int = NOW + TTL + MINUTE, **more: object) -> PreviewSession:
    """Created at `at`, as the API does."""
    spec = {"claimedAt": rfc3339(at), "lastCallAt": rfc3339(at), "expiresAt": rfc3339(expires_at)}
    return session(None, **{**spec, **more})


def test_calls_within_a_minute_change_nothing() -> None:
    assert called(live(), NOW + MINUTE - 1, TTL) == {}


@given(st.integers(min_value=2, max_value=48 * HOUR), TIMES, st.integers(min_value=0, max_value=48 * HOUR))
def test_g30_a_call_that_is_not_recorded_comes_long_before_a_suspension(suspend_ms: int, at: int, later: int) -> None:
    """The operator's compare-and-set meets recorded ones only."""
    accuracy = accuracy_ms(suspend_ms)
    recorded = called(live(at, at + 100 * TTL), at + later, TTL, accuracy)
    assert recorded or later <= suspend_ms / 2


def test_a_runtime_that_never_suspends_has_calls_recorded_each_minute() -> None:
    assert accuracy_ms(0) == MINUTE


def test_after_a_minute_the_call_and_the_promise_are_written_together() -> None:
    assert called(live(), NOW + MINUTE + 1, TTL) == {
        "lastCallAt": rfc3339(NOW + MINUTE + 1),
        "expiresAt": rfc3339(NOW + MINUTE + 1 + TTL + MINUTE),
    }


def test_a_suspended_session_is_woken_by_any_call() -> None:
    assert called(live(suspended=True), NOW + 1, TTL) == {"suspended": False, "lastCallAt": rfc3339(NOW + 1)}


def test_what_only_the_operator_saw_is_written_before_it_is_told() -> None:
    spec = {"claimedAt": rfc3339(NOW), "lastCallAt": rfc3339(NOW), "expiresAt": rfc3339(NOW + TTL + MINUTE)}
    seen = session({"expiresAt": rfc3339(NOW + 2 * TTL)}, **spec)
    assert called(seen, NOW + 1, TTL)["expiresAt"] == rfc3339(NOW + 2 * TTL)


@given(TIMES, TIMES, st.integers(min_value=10_000, max_value=2 * TTL))
def test_g39_a_promise_is_never_lowered_and_never_less_than_the_time_to_live(promised: int, at: int, ttl: int) -> None:
    fields = called(live(expires_at=promised), at, ttl)
    expires_at = epoch_ms(fields["expiresAt"]) if "expiresAt" in fields else promised
    assert expires_at >= promised
    assert expires_at >= at + ttl


@given(TIMES, TIMES)
def test_a_replica_whose_clock_is_behind_lowers_nothing(last_call_at: int, at: int) -> None:
    fields = called(live(at=last_call_at), at, TTL)
    assert epoch_ms(fields.get("lastCallAt", rfc3339(last_call_at))) >= last_call_at


@given(TIMES)
def test_asked_again_about_what_it_wrote_it_writes_nothing(at: int) -> None:
    """What a repetition after a lost answer comes to."""
    before = live(suspended=True)
    fields = called(before, at, TTL)
    spec = {**before.spec.manifest(), **fields}
    assert called(session(None, **spec), at, TTL) == {}


def test_a_session_ends_once() -> None:
    fields = ended(live(), NOW)
    assert fields == {"ended": {"at": rfc3339(NOW), "reason": "Closed"}}
    assert ended(live(**fields), NOW + 1) == {}
