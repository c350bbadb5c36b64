"""The state folder without a server."""

from __future__ import annotations

import sqlite3
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from preview_api.backends.base import Ended
from preview_api.backends.local.backend import preview_url
from preview_api.backends.local.store import Row, StateFolderInUse, Store, peek
from preview_api.cli.output import CommandError


def live(state: Path) -> list[dict[str, Any]]:
    """The sessions that have not ended. Raises CommandError."""
    return [_shown(row) for row in _peek(state) if row.ended is None and row.expires_at > _now()]


def close(state: Path, session_id: str) -> bool:
    """Ends a session while no server runs; False when there is none of that id. Raises CommandError."""
    if not any(row.id == session_id for row in _peek(state)):
        return False
    try:
        store = Store(state)
    except StateFolderInUse as error:
        raise CommandError("a server is starting or not answering; try again") from error
    try:
        row = next(row for row in store.rows() if row.id == session_id)
        if row.ended is None:
            store.end(replace(row, ended=Ended.CLOSED, ended_at=_now()))
    finally:
        store.close()
    return True


def _peek(state: Path) -> list[Row]:
    try:
        return peek(state)
    except sqlite3.Error as error:
        raise CommandError(f"the state folder {state} cannot be read: {error}") from error


def _shown(row: Row) -> dict[str, Any]:
    return {
        "sessionId": row.id,
        "previewUrl": preview_url(row),
        "revision": row.revision,
        "createdAt": row.created_at,
        "lastActivityAt": row.last_activity_at,
        "expiresAt": row.expires_at,
    }


def _now() -> int:
    return time.time_ns() // 1_000_000
