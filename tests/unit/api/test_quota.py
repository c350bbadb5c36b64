from __future__ import annotations

from dataclasses import dataclass

from preview_api.quota import Admit, Retire, admission


@dataclass
class Held:
    id: str
    last_activity_at: int


def test_there_is_room_below_the_limit() -> None:
    assert admission([Held("a", 1)], limit=2) == Admit()


def test_at_the_limit_the_least_recently_used_goes_first() -> None:
    held = [Held("new", 9), Held("old", 1), Held("middle", 5)]
    assert admission(held, limit=3) == Retire(("old", "middle", "new"))
