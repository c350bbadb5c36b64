"""When sessions end. G39: what was promised is never taken back."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.operator.world import T0, World, index, report, runtime, session

from preview_core.kube.files import COMMIT_SECONDS
from preview_core.resources.timestamp import rfc3339
from preview_core.wire import Clients
from preview_operator import expiry
from preview_operator.expiry import ACTIVITY_STEP_MS, ORPHAN_MS, TOMBSTONE_MS, in_steps
from preview_operator.observed import DeleteSession, End

DAY_MS = 24 * 3600 * 1000
HMR = Clients(hmr=1, watching=1, observers=0)
NEVER: dict[str, Any] = {"claimedAt": None}


def activity(reports: list[Any] | None = None, now: int = T0, **given: Any) -> int | None:
    return expiry.last_activity(session(**given), reports or [], now)


def test_a_session_of_nobody_is_never_used_and_never_ends() -> None:
    warm = session(owner=None, claimedAt=None)
    assert expiry.last_activity(warm, [report(clients=HMR)], T0) is None
    assert expiry.expires_at(warm, runtime(), None) is None


def test_the_newest_sign_of_life_counts() -> None:
    assert activity(claimedAt=rfc3339(T0 - 5_000)) == T0 - 5_000
    assert activity(claimedAt=rfc3339(T0 - 5_000), lastCallAt=rfc3339(T0 - 1_000)) == T0 - 1_000
    assert activity(status={"lastActivityAt": rfc3339(T0 - 500)}) == T0 - 500
    assert activity([report(last_activity_at=T0 - 100)]) == T0 - 100


def test_an_open_page_is_use_right_now() -> None:
    assert activity([report(clients=HMR)]) == T0


def test_g30_a_page_that_nobody_looks_at_is_no_use() -> None:
    hidden = report(clients=Clients(hmr=1, watching=0, observers=0), last_activity_at=T0 - 9_000)
    assert activity([hidden], claimedAt=rfc3339(T0 - 10_000)) == T0 - 9_000


def test_an_observer_alone_is_no_use() -> None:
    watched = report(clients=Clients(hmr=0, observers=5), last_activity_at=T0 - 9_000)
    assert activity([watched], claimedAt=rfc3339(T0 - 10_000)) == T0 - 9_000


def test_a_pods_clock_that_is_ahead_does_not_buy_time() -> None:
    assert activity([report(last_activity_at=T0 + DAY_MS)]) == T0


def test_without_a_claim_the_objects_own_age_counts() -> None:
    assert activity(claimedAt=None) == T0 - 60_000


def test_a_day_after_its_last_use_a_session_ends() -> None:
    assert expiry.expires_at(session(), runtime(), T0) == T0 + DAY_MS


def test_the_runtime_says_how_long() -> None:
    assert expiry.expires_at(session(), runtime(expireAfterSeconds=600), T0) == T0 + 600_000


def test_without_a_runtime_the_contracts_day_holds() -> None:
    assert expiry.expires_at(session(), None, T0) == T0 + DAY_MS


@pytest.mark.parametrize("where", ["spec", "status"])
def test_g39_a_shorter_time_of_the_runtime_takes_no_promise_back(where: str) -> None:
    promised = T0 + 2 * DAY_MS
    found = (
        session(expiresAt=rfc3339(promised)) if where == "spec" else session(status={"expiresAt": rfc3339(promised)})
    )
    assert expiry.expires_at(found, runtime(expireAfterSeconds=10), T0) == promised


STEPS = st.lists(
    st.tuples(
        st.integers(0, 10**9),  # time that passes
        st.sampled_from(["idle", "page", "call", "pod gone", "wiped", "promise", "no runtime"]),
        st.integers(10, 30 * 24 * 3600),  # what the runtime says by then
    ),
    max_size=12,
)


@given(STEPS)
def test_g39_expires_at_never_decreases_whatever_happens(steps: list[tuple[int, str, int]]) -> None:
    """But for a wiped status: what stands in the spec survives that as well."""
    now, told = T0, 0
    spec: dict[str, Any] = {"claimedAt": rfc3339(T0)}
    status: dict[str, Any] = {}
    for passed, what, seconds in steps:
        now += passed
        if what == "call":
            spec["lastCallAt"] = rfc3339(now)
        if what == "promise" and "expiresAt" in status:
            spec["expiresAt"] = status["expiresAt"]
        if what == "wiped":
            status, told = {}, 0
        found = session(status=status, **spec)
        reports = [report(clients=HMR)] if what == "page" else []
        used = expiry.last_activity(found, reports, now)
        ends = expiry.expires_at(found, None if what == "no runtime" else runtime(expireAfterSeconds=seconds), used)
        stored = in_steps(found.status.expires_at, ends)
        assert stored is not None
        assert stored >= told
        assert found.spec.expires_at is None or stored >= found.spec.expires_at
        told = stored
        status = {
            "expiresAt": rfc3339(stored),
            "lastActivityAt": rfc3339(in_steps(found.status.last_activity_at, used) or 0),
        }


@given(st.integers(0, 10**7), st.integers(0, 10**7))
def test_a_time_that_is_near_enough_is_not_written_again(stored: int, more: int) -> None:
    found = in_steps(stored, stored + more)
    assert found == (stored if more < ACTIVITY_STEP_MS else stored + more)


def test_a_time_that_was_never_stored_is_stored_at_once() -> None:
    assert in_steps(None, T0) == T0
    assert in_steps(T0, None) is None


def test_a_tombstone_stands_for_an_hour() -> None:
    assert not expiry.is_forgotten(T0, T0 + TOMBSTONE_MS - 1)
    assert expiry.is_forgotten(T0, T0 + TOMBSTONE_MS)
    assert TOMBSTONE_MS == 3600 * 1000


@pytest.mark.parametrize(
    ("given_", "orphan"),
    [
        ({}, True),
        ({"status": {"revision": 1}}, False),
        ({"owner": None, "claimedAt": None}, False),
        ({"claimedAt": rfc3339(T0 + 1)}, False),
    ],
    ids=["no files", "had files", "warm", "claimed just now"],
)
def test_who_is_an_orphan(given_: dict[str, Any], orphan: bool) -> None:
    found = session(**{"claimedAt": rfc3339(T0), **given_})
    assert expiry.is_orphan(found, has_files=False, now=T0 + ORPHAN_MS + 1) is orphan


def test_a_session_with_files_is_no_orphan() -> None:
    assert not expiry.is_orphan(session(), has_files=True, now=T0 + DAY_MS)


def test_g42_no_commit_can_still_be_under_way_when_its_session_counts_as_an_orphan() -> None:
    assert COMMIT_SECONDS * 1000 < ORPHAN_MS
    assert not expiry.is_orphan(session(claimedAt=rfc3339(T0)), has_files=False, now=T0 + int(COMMIT_SECONDS * 1000))


def test_an_interrupted_create_is_removed_and_asked_for_its_files_before_that() -> None:
    world = World(session(claimedAt=rfc3339(T0)), runtime(), None, now=T0 + ORPHAN_MS + 1)
    assert world.step().actions == (DeleteSession("an interrupted create", if_empty=True),)
    assert world.session is None


def test_g42_a_session_whose_index_is_damaged_is_no_orphan() -> None:
    world = World(session(claimedAt=rfc3339(T0)), runtime(), None, now=T0 + ORPHAN_MS + 1)
    world.note.files_fault = "the index of the files is damaged"
    assert not any(isinstance(action, DeleteSession) for action in world.step().actions)


def test_g30_a_session_ends_at_its_time_and_its_tombstone_an_hour_later() -> None:
    world = World(session(claimedAt=rfc3339(T0)), runtime(), index(), now=T0 + DAY_MS - 1)
    assert not any(isinstance(action, End) for action in world.step().actions)
    world.now += 1
    assert any(isinstance(action, End) for action in world.step().actions)
    world.settle()
    assert world.session is not None
    assert (world.pods, world.service, world.ingress, world.index) == ({}, None, None, None)
    world.now += TOMBSTONE_MS
    world.settle()
    assert world.session is None
