"""Which children wait for a session: they are in no record, and one that hangs could outlive a killed server."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path


class ProcessNotes:
    """Below `<state folder>/spares`, one small file for each child."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def taken(self) -> list[tuple[int, int | None]]:
        """Process ids and start times that a killed server left; they are forgotten with this."""
        return await asyncio.to_thread(self._take)

    async def note(self, session_id: str, pid: int, started: int | None) -> None:
        await asyncio.to_thread(self._write, session_id, f"{pid} {started or ''}")

    async def forget(self, session_id: str) -> None:
        """No error when there is none."""
        await asyncio.to_thread((self._folder / session_id).unlink, missing_ok=True)

    def _write(self, session_id: str, text: str) -> None:
        self._folder.mkdir(mode=0o700, exist_ok=True)
        (self._folder / session_id).write_text(text)

    def _take(self) -> list[tuple[int, int | None]]:
        found: list[tuple[int, int | None]] = []
        for path in self._folder.glob("*"):
            # Half written when the server was killed: its child had just been started, and ends with its input.
            with suppress(ValueError):
                pid, _, started = path.read_text().partition(" ")
                found.append((int(pid), int(started) if started else None))
            path.unlink()
        return found
