"""What a command prints: text for people, or one JSON value per line with `-o json`."""

from __future__ import annotations

import json
import sys
from enum import StrEnum
from typing import Any

from rich.console import Console

# A pipe has no width: lines that a script reads are not cut.
PIPE_WIDTH = 240

results = Console(highlight=False, width=None if sys.stdout.isatty() else PIPE_WIDTH)
notes = Console(stderr=True, highlight=False)


class Output(StrEnum):
    TEXT = "text"
    JSON = "json"


class CommandError(Exception):
    """A failure that the person can do something about: printed without a traceback, exit status 1."""


def print_json(value: Any) -> None:
    """One line, whatever the width of the terminal."""
    results.print(json.dumps(value), soft_wrap=True, markup=False)


def print_line(text: str) -> None:
    """One line of result; URLs stay whole."""
    results.print(text, soft_wrap=True)


def note(text: str) -> None:
    """Something beside the result, on standard error."""
    notes.print(text, soft_wrap=True)
