"""The children's working folders: empty before every start, gone after every end, the store has the truth."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path


class Folders:
    """Below `<state folder>/run`, one per session, readable by nobody else."""

    def __init__(self, base: Path) -> None:
        self._base = base

    async def reset(self) -> None:
        """Removes what a killed server left."""
        await asyncio.to_thread(_make_empty, self._base)

    async def fresh(self, session_id: str) -> Path:
        folder = self._base / session_id
        await asyncio.to_thread(_make_empty, folder)
        return folder

    async def remove(self, session_id: str) -> None:
        # Errors are ignored: what a grandchild still writes is removed by the next `fresh` or `reset`.
        await asyncio.to_thread(shutil.rmtree, self._base / session_id, ignore_errors=True)


def _make_empty(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, mode=0o700, exist_ok=True)
