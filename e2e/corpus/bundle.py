"""Many files in one text: a line `-- path --` begins each, so that a project can be read from top to bottom."""

from __future__ import annotations

import re

_NAME = re.compile(r"^-- (\S.*) --$", re.MULTILINE)


def bundle(text: str, prefix: str = "") -> dict[str, str]:
    """The files by name, each name behind `prefix`. ValueError for text in front of the first name."""
    before, *pieces = _NAME.split(text)
    if before.strip():
        raise ValueError(f"text before the first name: {before.strip()[:40]!r}")
    return {prefix + name: content.removeprefix("\n") for name, content in zip(pieces[::2], pieces[1::2], strict=True)}
