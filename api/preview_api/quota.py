"""How many live sessions one owner may have, and which one makes room: pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol, TypeVar

LIVE_PER_OWNER = 100  # contract, section 2
RETRY_AFTER_S = 60  # sessions become idle on the scale of minutes: a sooner retry is wasted


class Held(Protocol):
    """What the decision needs to know of a session."""

    @property
    def id(self) -> str: ...
    @property
    def last_activity_at(self) -> int: ...


T = TypeVar("T", bound=Held)


def has_room(held: int, limit: int = LIVE_PER_OWNER) -> bool:
    """Whether an owner with `held` live sessions may have another one."""
    return held < limit


def retirement_order(held: Iterable[T]) -> list[T]:
    """Least recently used first: the first idle one of them makes room. Whether one is idle must be asked."""
    return sorted(held, key=lambda session: (session.last_activity_at, session.id))
