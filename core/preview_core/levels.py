"""What a change will do to a running preview (contract, section 6).

This predicts by the kind of file alone, so it says `refresh` for every component, whatever changed inside; an analysis
of the syntax replaces it later. What Vite really did is in `hmr` of the answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from preview_core.visibility import ignored_reason


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
class _Verdict:
    level: Level
    change_type: str
    reason: str


_HOT = frozenset({Level.NOOP, Level.CSS, Level.REFRESH})
_INERT = re.compile(r"(readme|license|changelog)(\..*)?|.*\.md|\.gitignore|project-spec\.json", re.IGNORECASE)
# First match wins; matched against the file's name.
_KINDS: tuple[tuple[re.Pattern[str], _Verdict], ...] = (
    (
        re.compile(r"package\.json", re.IGNORECASE),
        _Verdict(Level.INSTALL, "dependency", "The manifest may ask for other packages"),
    ),
    (
        re.compile(r"(tailwind|postcss)\.config\..+", re.IGNORECASE),
        _Verdict(Level.CSS, "css", "Stylesheets are generated anew"),
    ),
    (
        re.compile(r".+\.config\..+|[jt]sconfig.*\.json|\.env.*", re.IGNORECASE),
        _Verdict(Level.RESTART, "structure", "Read when the dev server starts"),
    ),
    (re.compile(r"index\.html", re.IGNORECASE), _Verdict(Level.RELOAD, "structure", "The page itself changes")),
    (re.compile(r".+\.(css|scss|sass|less)", re.IGNORECASE), _Verdict(Level.CSS, "css", "A stylesheet")),
    (_INERT, _Verdict(Level.NOOP, "content", "Nothing imports this kind of file")),
)
_REFRESH = _Verdict(Level.REFRESH, "structure", "A module: components are refreshed in place")
_IDENTICAL = _Verdict(Level.NOOP, "content", "Identical to what is there")
_BACKEND = _Verdict(Level.BACKEND, "backend", "Not part of the preview")


def analysis(changes: Iterable[Change]) -> dict[str, Any]:
    """`{strategy, changes: [{fileName, changeType, level, canHotReload, requiresDeployment, reason}]}`.

    A backend file never lowers the rest: `full-deploy` only if everything that has an effect is backend.
    """
    verdicts = [(change, _verdict(change)) for change in changes]
    return {
        "strategy": _strategy([verdict.level for _, verdict in verdicts]),
        "changes": [_entry(change, verdict) for change, verdict in verdicts],
    }


def _verdict(change: Change) -> _Verdict:
    if change.old == change.new:
        return _IDENTICAL
    reason = ignored_reason(change.path)
    if reason == "lockfile":
        return _Verdict(Level.NOOP, "dependency", "Packages are resolved here, not by this lock file")
    if reason is not None:
        return _BACKEND
    name = change.path.rpartition("/")[2]
    return next((verdict for pattern, verdict in _KINDS if pattern.fullmatch(name)), _REFRESH)


def _strategy(levels: list[Level]) -> str:
    effective = {level for level in levels if level is not Level.NOOP}
    if effective == {Level.BACKEND}:
        return "full-deploy"
    return "hot-reload" if effective - {Level.BACKEND} <= _HOT else "preview-update"


def _entry(change: Change, verdict: _Verdict) -> dict[str, Any]:
    return {
        "fileName": change.name,
        "changeType": verdict.change_type,
        "level": verdict.level.value,
        "canHotReload": verdict.level in _HOT,
        "requiresDeployment": verdict.level is Level.BACKEND,
        "reason": verdict.reason,
    }
