"""What was pushed from which folder: the same folder is the same session, and only what changed is sent."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from preview_api.cli.folders import write_private
from preview_api.cli.project import Project
from preview_api.cli.remote import Remote, SessionGone

FILE = "pushed.json"


@dataclass
class Push:
    """One folder's session and the hashes of what the server has."""

    session_id: str | None = None
    hashes: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Pushed:
    """What a push came to; `answer` is the server's, None when nothing had changed."""

    created: bool
    sent: int
    deleted: int
    answer: dict[str, Any] | None


def push(remote: Remote, project: Project, known: Push) -> Pushed:
    """Creates or updates, and brings `known` up to date."""
    hashes = {found.name: found.hash for found in project.files}
    if known.session_id is not None:
        changed = [found for found in project.files if known.hashes.get(found.name) != found.hash]
        deleted = sorted(known.hashes.keys() - hashes.keys())
        try:
            answer = _sent(remote, known.session_id, [found.sent() for found in changed], deleted)
        except SessionGone:
            known.session_id = None
        else:
            known.hashes = hashes
            return Pushed(created=False, sent=len(changed), deleted=len(deleted), answer=answer)
    answer = remote.create([found.sent() for found in project.files])
    known.session_id, known.hashes = answer["sessionId"], hashes
    return Pushed(created=True, sent=len(hashes), deleted=0, answer=answer)


def _sent(remote: Remote, session_id: str, files: list[dict[str, Any]], deleted: list[str]) -> dict[str, Any] | None:
    """None when there was nothing to send. Raises SessionGone, then too."""
    if files or deleted:
        return remote.update(session_id, files, deleted)
    remote.status(session_id)
    return None


def folder_key(folder: Path) -> str:
    return str(folder.resolve())


def recall(state: Path, key: str) -> Push:
    """What is known under a key; an unreadable memory is an empty one."""
    entry = _read(state).get(key, {})
    try:
        return Push(session_id=entry.get("sessionId"), hashes=dict(entry.get("hashes", {})))
    except (AttributeError, TypeError, ValueError):
        return Push()


def remember(state: Path, key: str, known: Push) -> None:
    memory = _read(state)
    memory[key] = {"sessionId": known.session_id, "hashes": known.hashes}
    write_private(state / FILE, json.dumps(memory, indent=1) + "\n")


def _read(state: Path) -> dict[str, Any]:
    try:
        found = json.loads((state / FILE).read_text())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
