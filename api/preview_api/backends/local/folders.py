"""The children's working folders: empty before every start, gone after every end, the store has the truth.

But for one file: what a child that ended without a word left for its successor (`crashNote.js`). It is never read here.
"""

from __future__ import annotations

import asyncio
import os
import shutil
from contextlib import suppress
from pathlib import Path

NOTE = ".crash-note.json"


class Folders:
    """Below `<state folder>/run`, one per session, readable by nobody else."""

    def __init__(self, base: Path) -> None:
        self._base = base

    async def reset(self) -> None:
        """Removes what a killed server left."""
        await asyncio.to_thread(_reset, self._base)

    async def fresh(self, session_id: str) -> Path:
        """Empty but for the note."""
        folder = self._base / session_id
        await asyncio.to_thread(_make_empty, folder)
        return folder

    async def clear(self, session_id: str) -> None:
        """After a child's end. What a grandchild still writes is removed by the next `fresh` or `reset`."""
        await asyncio.to_thread(_clear, self._base / session_id)

    async def remove(self, session_id: str) -> None:
        """The note too: the session is over."""
        await asyncio.to_thread(shutil.rmtree, self._base / session_id, ignore_errors=True)


def _reset(base: Path) -> None:
    base.mkdir(parents=True, mode=0o700, exist_ok=True)
    for folder in base.iterdir():
        _clear(folder)


def _make_empty(folder: Path) -> None:
    _empty(folder)
    folder.mkdir(parents=True, mode=0o700, exist_ok=True)


def _clear(folder: Path) -> None:
    _empty(folder)
    # It stays for its note.
    with suppress(OSError):
        folder.rmdir()


def _empty(folder: Path) -> None:
    with suppress(FileNotFoundError, NotADirectoryError):
        for entry in list(folder.iterdir()):
            if entry.is_dir() and not entry.is_symlink():
                _remove_tree(entry)
            elif entry.name != NOTE:
                entry.unlink(missing_ok=True)


def _remove_tree(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    if not folder.exists():
        return
    # Session code took away its own right to it. Each folder is opened up before the walk looks into it.
    folder.chmod(0o700)
    for top, inner, _ in os.walk(folder):
        for path in (Path(top, name) for name in inner):
            if not path.is_symlink():
                path.chmod(0o700)
    shutil.rmtree(folder, ignore_errors=True)
