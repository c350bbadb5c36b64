from __future__ import annotations

from dataclasses import dataclass

from preview_api.quota import LIVE_PER_OWNER, has_room, retirement_order


@dataclass
class Held:
    id: str
    last_activity_at: int


def test_an_owner_has_room_up_to_the_limit_of_the_contract() -> None:
    assert LIVE_PER_OWNER == 100
    assert has_room(99)
    assert not has_room(100)
    assert not has_room(2, limit=1)


def test_the_least_recently_used_goes_first_and_a_tie_is_the_same_for_every_replica() -> None:
    held = [Held("new", 9), Held("old", 1), Held("middle-b", 5), Held("middle-a", 5)]
    expected = ["old", "middle-a", "middle-b", "new"]
    assert [session.id for session in retirement_order(held)] == expected
    assert [session.id for session in retirement_order(reversed(held))] == expected
