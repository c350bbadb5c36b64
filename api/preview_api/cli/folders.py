"""Where things are kept when nobody says otherwise, and who is listening there."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

import platformdirs

NAME = "kontext-preview"
SERVER_FILE = "server.json"
MODE = 0o600


def state_folder() -> Path:
    return Path(platformdirs.user_state_dir(NAME, appauthor=False))


def cache_folder() -> Path:
    return Path(platformdirs.user_cache_dir(NAME, appauthor=False))


@dataclass(frozen=True)
class ServerNote:
    """What `up` leaves in the state folder for the other commands."""

    url: str
    pid: int

    def write(self, folder: Path) -> None:
        write_private(folder / SERVER_FILE, json.dumps(asdict(self)) + "\n")


def read_server_note(folder: Path) -> ServerNote | None:
    """None when there is no server, or none that wrote its note whole."""
    try:
        found = json.loads((folder / SERVER_FILE).read_text())
        return ServerNote(url=str(found["url"]), pid=int(found["pid"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def remove_server_note(folder: Path) -> None:
    (folder / SERVER_FILE).unlink(missing_ok=True)


def write_private(path: Path, text: str) -> None:
    """Atomically, and readable by nobody else: session ids are in there."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, MODE)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    beside.replace(path)
