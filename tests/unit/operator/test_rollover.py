from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from preview_operator.rollover import AT_ONCE, Outdated, turns

OUTDATED = st.lists(
    st.builds(Outdated, st.uuids().map(str), st.booleans(), st.integers(0, 100)),
    max_size=30,
    unique_by=lambda o: o.session_id,
)


def one(name: str, *, rolling: bool = False, at: int = 0) -> Outdated:
    return Outdated(name, rolling, at)


def test_nobody_outdated_nobodys_turn() -> None:
    assert turns([]) == frozenset()


def test_a_few_go_at_once() -> None:
    assert turns(map(one, "abc")) == frozenset("abc")


def test_the_longest_idle_go_first() -> None:
    many = [one(str(number), at=number) for number in range(20)]
    assert turns(reversed(many)) == {str(number) for number in range(AT_ONCE)}


def test_whoever_is_under_way_goes_on() -> None:
    many = [one(str(number), at=number, rolling=number >= 16) for number in range(20)]
    assert turns(many) == {"16", "17", "18", "19", "0"}


def test_more_under_way_than_allowed_all_go_on_and_nobody_begins() -> None:
    many = [one(str(number), rolling=number < 9) for number in range(20)]
    assert turns(many) == {str(number) for number in range(9)}


@given(OUTDATED)
def test_no_more_than_allowed_begin(many: list[Outdated]) -> None:
    chosen = turns(many)
    rolling = {found.session_id for found in many if found.rolling}
    assert rolling <= chosen
    assert len(chosen - rolling) == max(0, min(len(many), AT_ONCE) - len(rolling))


@given(OUTDATED, st.randoms())
def test_the_order_of_the_question_does_not_matter(many: list[Outdated], random: Random) -> None:
    shuffled = random.sample(many, len(many))
    assert turns(many) == turns(shuffled)


@given(OUTDATED.filter(bool))
def test_somebodys_turn_always_comes(many: list[Outdated]) -> None:
    rounds = 0
    while many:
        chosen = turns(many)
        assert chosen
        many = [found for found in many if found.session_id not in chosen]
        rounds += 1
    assert rounds <= 30
