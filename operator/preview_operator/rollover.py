"""Whose turn it is to get a pod of its runtime's newest revision: pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

# Each costs a second pod for some seconds, and a start of Vite on some node.
AT_ONCE = 5


@dataclass(frozen=True)
class Outdated:
    """A session whose pod is of an earlier revision. `rolling`: its successor is under way."""

    session_id: str
    rolling: bool
    last_activity_at: int


def turns(outdated: Iterable[Outdated]) -> frozenset[str]:
    """Those under way, and the longest idle of the others until AT_ONCE."""
    listed = sorted(outdated, key=lambda one: (not one.rolling, one.last_activity_at, one.session_id))
    rolling = sum(one.rolling for one in listed)
    return frozenset(one.session_id for one in listed[: max(AT_ONCE, rolling)])
