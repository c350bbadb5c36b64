"""How many live sessions one owner may have, and which one makes room: pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

LIVE_PER_OWNER = 100  # contract, section 2
RETRY_AFTER_S = 60  # sessions become idle on the scale of minutes: a sooner retry is wasted


class Held(Protocol):
    """What the decision needs to know of a session."""

    @property
    def id(self) -> str: ...
    @property
    def last_activity_at(self) -> int: ...


@dataclass(frozen=True)
class Admit:
    """There is room."""


@dataclass(frozen=True)
class Retire:
    """There is room once one of these is closed: least recently used first. Whether one is idle must be asked."""

    candidates: tuple[str, ...]


def admission(held: Sequence[Held], limit: int = LIVE_PER_OWNER) -> Admit | Retire:
    """Decides a create for an owner who holds `held` (live sessions only)."""
    if len(held) < limit:
        return Admit()
    return Retire(tuple(session.id for session in sorted(held, key=lambda s: (s.last_activity_at, s.id))))
