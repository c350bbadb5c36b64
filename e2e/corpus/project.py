"""A project of the corpus: the files as a caller sends them, what is then on screen, and what edits do to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from e2e.corpus.checks import Check


class Keeps(StrEnum):
    """What an edit must leave to the page's user."""

    STATE = "state"  # what was clicked and typed
    PAGE = "page"  # the page itself; a component may start anew
    NOTHING = "nothing"  # a reload is allowed


@dataclass(frozen=True)
class Edit:
    """One update. `replace` names a file as it was sent before: (a part of its text, what stands there next)."""

    name: str
    replace: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    deleted: Sequence[str] = ()
    expect: Sequence[Check] = ()
    keeps: Keeps = Keeps.STATE
    held: bool = False  # the update is broken: it must be answered with diagnostics, and change nothing on screen


@dataclass(frozen=True)
class Act:
    """What a user does in the page; one of the three."""

    name: str
    click: str | None = None  # selector
    fill: tuple[str, str] | None = None  # selector, text
    visit: str | None = None  # path: a deep link, so the page is loaded anew
    expect: Sequence[Check] = ()


@dataclass(frozen=True)
class Project:
    """`files` keeps order and repeated names, as callers do not."""

    name: str
    shape: str  # what is particular about it, for the table
    files: Sequence[tuple[str, str]]
    expect: Sequence[Check]
    steps: Sequence[Edit | Act] = ()
    package_json: Mapping[str, Any] | None = None
    counter: str | None = None  # a button whose text is how often it was clicked
    noise: Sequence[str] = ()  # regular expressions: complaints of the browser that are the project's own
    mended_by: Edit | None = None  # sent first of all: without it nothing is on screen
    unreachable: str | None = None  # glob of addresses that never answer
    root: str = "#root"  # selector of the element that the app renders into
    cluster: bool = False  # run on a cluster too

    @property
    def edits(self) -> Sequence[Edit]:
        """The steps that are updates."""
        return [step for step in self.steps if isinstance(step, Edit)]
