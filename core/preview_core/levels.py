"""The words for what a change will do to a running preview (contract, section 6), and the caller's report of them.

`analysis` decides. What Vite really did is in `hmr` of the answer.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


@dataclass(frozen=True)
class Change:
    """One file of a batch. `name` is as the caller sent it; None stands for an absent file."""

    name: str
    path: str
    old: bytes | None
    new: bytes | None


class Level(StrEnum):
    """In rising order: a batch has the highest of its files."""

    NOOP = "noop"
    CSS = "css"
    REFRESH = "refresh"
    REMOUNT = "remount"
    RELOAD = "reload"
    RESTART = "restart"
    INSTALL = "install"
    HOLD = "hold"
    BACKEND = "backend"


@dataclass(frozen=True)
class Verdict:
    """On one file. `change_type`: css, style, content, structure, backend or dependency."""

    level: Level
    change_type: str
    reason: str


_HOT = frozenset({Level.NOOP, Level.CSS, Level.REFRESH})


def report(verdicts: Iterable[tuple[Change, Verdict]]) -> dict[str, Any]:
    """`{strategy, changes: [{fileName, changeType, level, canHotReload, requiresDeployment, reason}]}`.

    A backend file never lowers the rest: `full-deploy` only if everything that has an effect is backend.
    """
    found = list(verdicts)
    return {
        "strategy": _strategy([verdict.level for _, verdict in found]),
        "changes": [_entry(change, verdict) for change, verdict in found],
    }


def _strategy(levels: list[Level]) -> str:
    effective = {level for level in levels if level is not Level.NOOP}
    if effective == {Level.BACKEND}:
        return "full-deploy"
    return "hot-reload" if effective - {Level.BACKEND} <= _HOT else "preview-update"


def _entry(change: Change, verdict: Verdict) -> dict[str, Any]:
    return {
        "fileName": change.name,
        "changeType": verdict.change_type,
        "level": verdict.level.value,
        "canHotReload": verdict.level in _HOT,
        "requiresDeployment": verdict.level is Level.BACKEND,
        "reason": verdict.reason,
    }
