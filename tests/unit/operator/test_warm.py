"""How many sessions wait, which are made and which are given up."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st
from tests.unit.operator.world import OWNER, T0, pod, pod_revision, runtime, session

from preview_core.objects import names
from preview_core.resources.timestamp import rfc3339
from preview_operator.members import Member, lacking
from preview_operator.misses import Misses
from preview_operator.seen import PodSeen
from preview_operator.warm import AT_ONCE, LOOK_BACK_MS, USELESS_MS, WINDOW_MS, GiveUp, Pool, busiest_minute, plan

OLD = "0" * 16
_IDS = count(1)


def waiting(phase: str = "Warm", *pods: PodSeen, age_ms: int = 60_000, serving_ms: int = 0, **metadata: Any) -> Member:
    """One that nobody owns; `serving_ms` ago its Serving became what it is."""
    conditions = [
        {
            "type": "Serving",
            "status": "True" if phase == "Warm" else "False",
            "reason": "Serving",
            "message": "-",
            "lastTransitionTime": rfc3339(T0 - serving_ms),
        }
    ]
    given = {
        "name": f"warm-{next(_IDS):03}",
        "resourceVersion": "7",
        "labels": {names.WARM_LABEL: names.WAITING},
        "creationTimestamp": rfc3339(T0 - age_ms),
        **metadata,
    }
    status = {"phase": phase, "conditions": conditions}
    return Member(session(owner=None, claimedAt=None, metadata=given, status=status), pods)


def owned(*pods: PodSeen, ago_ms: int = 10 * 60_000, phase: str = "Ready", **spec: Any) -> Member:
    """One that was created so long ago."""
    metadata = {"name": f"owned-{next(_IDS):03}"}
    return Member(
        session(claimedAt=rfc3339(T0 - ago_ms), metadata=metadata, status={"phase": phase}, **spec), pods or (pod(),)
    )


def decided(*members: Member, minimum: int = 2, maximum: int = 10, **spec: Any) -> Pool:
    given = runtime(warm={"minimum": minimum, "maximum": maximum}, **spec)
    return plan(given, pod_revision(), members, T0)


def given_up(pool: Pool) -> list[tuple[str, str]]:
    return [(one.session_id, one.why) for one in pool.give_up]


def name(member: Member) -> str:
    return member.session.metadata.name


# --- how many ---


def test_nothing_waits_where_nobody_asked_for_it_however_much_is_created() -> None:
    assert decided(*(owned(ago_ms=1_000) for _ in range(30)), minimum=0) == Pool()


def test_the_minimum_waits_where_nothing_is_created() -> None:
    pool = decided()
    assert (pool.desired, pool.create, pool.again_ms is not None) == (2, 2, True)


def test_as_many_wait_as_the_busiest_of_the_last_minutes_created() -> None:
    busy = [owned(ago_ms=120_000 + 1_000 * number) for number in range(5)]
    assert decided(*busy, owned(ago_ms=1_000)).desired == 5
    assert decided(*busy, maximum=4).desired == 4
    assert decided(*busy, minimum=7).desired == 7


def test_a_minimum_above_the_maximum_is_the_maximum() -> None:
    assert decided(minimum=8, maximum=3).desired == 3


@pytest.mark.parametrize(
    ("ago", "expected"),
    [
        ([], 0),
        ([0], 1),
        ([LOOK_BACK_MS], 0),
        ([LOOK_BACK_MS - 1], 1),
        ([0, WINDOW_MS], 1),
        ([0, WINDOW_MS - 1], 2),
        ([0, 40_000, 80_000, 90_000], 3),
        ([-2_000, -1_000], 2),
    ],
    ids=["none", "now", "long ago", "just not", "two minutes", "one minute", "the busiest", "by a fast clock"],
)
def test_the_busiest_minute(ago: list[int], expected: int) -> None:
    assert busiest_minute((T0 - at for at in ago), T0) == expected


def test_a_runtime_that_is_gone_or_makes_no_sense_keeps_nobody() -> None:
    members = [waiting(), waiting("Starting")]
    faulty = runtime(warm={"minimum": 2}, resources={"requests": {"cpu": "2", "memory": "1Gi"}, "limits": {"cpu": "1"}})
    for found in (None, faulty):
        pool = plan(found, pod_revision(), members, T0)
        assert (pool.desired, pool.create, len(pool.give_up)) == (0, 0, 2)


# --- making ---


def test_so_many_start_at_once_and_no_more() -> None:
    assert decided(minimum=10).create == AT_ONCE
    assert decided(waiting("Starting"), waiting("Pending"), waiting(), minimum=10).create == AT_ONCE - 2
    assert decided(*(waiting("Starting") for _ in range(AT_ONCE)), minimum=10).create == 0


def test_sessions_with_an_owner_start_first_and_one_place_is_left() -> None:
    starting = [owned(phase="Starting") for _ in range(2)]
    assert decided(*starting, minimum=10).create == AT_ONCE - 2
    assert decided(*starting * 5, minimum=10).create == 1
    assert decided(*starting * 5, waiting("Starting"), minimum=10).create == 0


def test_what_waits_is_made_once() -> None:
    assert decided(waiting(), waiting("Starting")).create == 0
    assert decided(waiting()).create == 1


def test_a_claimed_one_is_made_up_for() -> None:
    taken = owned(phase="Warm")  # the operator has not looked since
    assert decided(waiting(), taken).create == 1


# --- giving up ---


def test_one_of_an_earlier_revision_of_the_runtime_is_given_up_and_made_up_for() -> None:
    old = waiting("Warm", pod(1, runtime_revision=OLD))
    pool = decided(old, waiting("Warm", pod(2)))
    assert given_up(pool) == [(name(old), "outdated")]
    assert (pool.create, pool.warm, pool.ready) == (1, 2, 1)


def test_one_whose_old_pod_is_going_anyway_is_not() -> None:
    assert decided(waiting("Warm", pod(1, runtime_revision=OLD, deleting=True), pod(2)), waiting()).give_up == ()


@pytest.mark.parametrize("phase", ["Failed", "Starting"])
def test_one_that_does_not_come_to_work_is_given_up_after_a_while(phase: str) -> None:
    assert decided(waiting(phase, serving_ms=USELESS_MS - 1), waiting()).give_up == ()
    useless = waiting(phase, serving_ms=USELESS_MS)
    assert given_up(decided(useless, waiting())) == [(name(useless), "failed")]


def test_one_that_waits_for_its_node_or_misses_a_probe_is_kept() -> None:
    old = {"age_ms": 60 * 60_000}
    assert decided(waiting("Pending", serving_ms=USELESS_MS, **old), waiting("Starting", **old)).give_up == ()


def test_of_too_many_go_those_that_start_the_youngest_first() -> None:
    first, young, starting = waiting(age_ms=3_000), waiting(age_ms=1_000), waiting("Starting", age_ms=9_000)
    assert given_up(decided(starting, young, first, minimum=2)) == [(name(starting), "superfluous")]
    assert given_up(decided(starting, young, first, minimum=1)) == [
        (name(young), "superfluous"),
        (name(starting), "superfluous"),
    ]


def test_giving_up_compares_with_the_object_that_was_seen() -> None:
    (one,) = decided(waiting(name="a", uid="u", resourceVersion="41"), minimum=0).give_up
    assert one == GiveUp("a", "u", "41", "superfluous")


def test_nobody_gives_up_what_has_an_owner_or_was_made_by_hand() -> None:
    by_hand = Member(session(owner=None, claimedAt=None), ())
    ended = waiting()
    ended = Member(
        ended.session.model_copy(
            update={"spec": session(owner=None, claimedAt=None, ended={"at": rfc3339(T0), "reason": "Closed"}).spec}
        ),
        (),
    )
    pool = decided(owned(), by_hand, ended, waiting(deletionTimestamp=rfc3339(T0)), minimum=0)
    assert pool == Pool()


# --- room ---


def test_what_waits_gives_room_to_sessions_with_an_owner_that_lack_a_pod() -> None:
    members = [owned(pod(1)), owned(pod(2, deleting=True)), waiting("Warm", pod(3)), waiting("Warm", pod(4))]
    pool = decided(*members, limits={"pods": 4})
    # Two pods are somebody's, the second of which ends and wants a successor.
    assert (pool.desired, len(pool.give_up), pool.create) == (1, 1, 0)


def test_a_full_runtime_keeps_nobody_waiting() -> None:
    pool = decided(owned(pod(1)), owned(pod(2)), waiting("Warm", pod(3)), limits={"pods": 2})
    assert (pool.desired, len(pool.give_up), pool.create) == (0, 1, 0)


def test_a_pod_of_a_tombstone_takes_room_until_it_is_gone() -> None:
    ended = {"at": rfc3339(T0), "reason": "Closed"}
    assert decided(owned(pod(1), ended=ended), limits={"pods": 2}).desired == 1


@pytest.mark.parametrize(
    ("member", "lacks"),
    [
        (owned(pod(1)), False),
        (owned(pod(1, deleting=True)), True),
        (owned(pod(1, ended=True), phase="Pending"), True),
        (owned(pod(1, deleting=True), suspended=True), False),
        (owned(pod(1, deleting=True), ended={"at": rfc3339(T0), "reason": "Closed"}), False),
        (waiting("Pending"), False),
    ],
    ids=["has one", "ends", "ended", "suspended", "tombstone", "nobody's"],
)
def test_who_lacks_a_pod(member: Member, *, lacks: bool) -> None:
    assert bool(lacking([member])) is lacks


# --- misses ---


def missed(session_id: str) -> Member:
    return Member(session(metadata={"name": session_id, "labels": {names.WARM_LABEL: names.MISSED}}), ())


def test_misses_are_counted_once_each_and_those_of_before_not_at_all() -> None:
    misses = Misses()
    assert misses.count("r", [missed("a")]) == 0
    assert misses.count("r", [missed("a"), missed("b"), owned()]) == 1
    assert misses.count("r", [missed("a"), missed("b")]) == 1
    assert misses.count("r", [missed("c"), missed("d")]) == 3
    assert misses.count("other", []) == 0
    assert misses.total == 3


# --- whoever was killed in between, the same end ---


@dataclass
class Waiting:
    """A runtime's sessions as an API server keeps them, and creates that take some."""

    minimum: int
    limit: int
    members: dict[str, Member] = field(default_factory=dict)
    taken: set[str] = field(default_factory=set)

    def step(self, killed_after: int) -> Pool:
        """A pass of an operator that is killed after so many writes."""
        spec = runtime(warm={"minimum": self.minimum, "maximum": 6}, limits={"pods": self.limit})
        pool = plan(spec, pod_revision(), self.members.values(), T0)
        writes: list[GiveUp | None] = [*pool.give_up, *[None] * pool.create]
        for write in writes[:killed_after]:
            self._write(write)
        return pool

    def _write(self, write: GiveUp | None) -> None:
        if write is None:
            made = waiting("Pending")
            self.members[name(made)] = made
            return
        found = self.members.get(write.session_id)
        # The precondition: a create writes to the object, which gives it another version.
        if found is not None and found.session.metadata.resource_version == write.resource_version:
            assert write.session_id not in self.taken
            del self.members[write.session_id]

    def work(self) -> None:
        """What starts works a moment later."""
        for key, member in self.members.items():
            if member.waits and not member.pods:
                self.members[key] = waiting("Warm", pod(), name=key)

    def take(self) -> None:
        """A create: takes one that works, else makes one if there is room."""
        found = next((m for m in self.members.values() if m.waits and m.session.status.phase == "Warm"), None)
        key = name(found) if found is not None else f"cold-{next(_IDS):03}"
        mine = session(owner=OWNER, metadata={"name": key, "resourceVersion": "8"}, status={"phase": "Ready"})
        self.members[key] = Member(mine, (pod(),))
        self.taken.add(key)

    def age(self) -> None:
        """The runtime has changed: what waits is of an earlier revision."""
        for key, member in self.members.items():
            if member.waits:
                self.members[key] = waiting("Warm", pod(runtime_revision=OLD), name=key)


HAPPENINGS = st.lists(
    st.one_of(
        st.tuples(st.just("step"), st.integers(0, 4)),
        st.tuples(st.sampled_from(["work", "take", "age"]), st.just(0)),
    ),
    max_size=30,
)


@given(st.integers(0, 5), st.integers(1, 12), HAPPENINGS)
@examples(max_examples=300, deadline=None)
def test_whatever_happens_nothing_taken_is_given_up_and_in_the_end_as_many_wait_as_are_wanted(
    minimum: int, limit: int, happenings: list[tuple[str, int]]
) -> None:
    world = Waiting(minimum, limit)
    for what, killed_after in happenings:
        if what == "step":
            world.step(killed_after)
        else:
            {"work": world.work, "take": world.take, "age": world.age}[what]()
    for _ in range(20):
        world.step(killed_after=99)
        world.work()
    last = world.step(killed_after=99)
    assert (last.create, last.give_up) == (0, ())
    assert last.ready == last.warm == last.desired
    assert last.desired <= max(0, limit - len(world.taken))
    assert world.taken <= world.members.keys()
