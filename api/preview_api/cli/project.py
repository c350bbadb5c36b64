"""A folder on disk as the files of a request."""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

# Made by tools, or nobody's business.
SKIPPED_FOLDERS = frozenset({"node_modules", ".git", ".dfx", ".vite", "dist", "build", "target", "__pycache__"})
SKIPPED_FILES = frozenset({".DS_Store"})
FILE_LIMIT = 8 * 1024 * 1024  # a request carries 64 MiB, and a preview has no use for a bigger file
IMAGES = frozenset({"png", "jpg", "jpeg", "gif", "webp", "avif", "ico", "bmp"})
OTHER_BINARIES = {"woff", "woff2", "ttf", "otf", "eot", "mp3", "mp4", "webm", "wav", "ogg", "pdf", "wasm"}
BINARY = IMAGES | OTHER_BINARIES


@dataclass(frozen=True)
class Found:
    """One file. `name` is relative to the folder, with `/`."""

    name: str
    content: bytes

    @property
    def hash(self) -> str:
        return hashlib.sha256(self.content).hexdigest()

    def sent(self) -> dict[str, Any]:
        """As a request carries it: what is not text goes as base64, which the server expects of these kinds."""
        if self.name.rpartition(".")[2].lower() in BINARY:
            return {"name": self.name, "content": base64.b64encode(self.content).decode("ascii")}
        return {"name": self.name, "content": self.content.decode("utf-8")}


@dataclass
class Project:
    """The files of a folder, and the names of those that cannot be sent."""

    files: list[Found] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)


def read(folder: Path) -> Project:
    """Follows no links out of the folder."""
    project = Project()
    for path in sorted(_walk(folder)):
        name = path.relative_to(folder).as_posix()
        try:
            if path.stat().st_size > FILE_LIMIT:
                project.skipped.append(name)
                continue
            found = Found(name, path.read_bytes())
            found.sent()
        except (OSError, UnicodeDecodeError):
            # Gone since it was listed, unreadable, or neither text nor of a known binary kind.
            project.skipped.append(name)
            continue
        project.files.append(found)
    return project


def is_skipped(name: str) -> bool:
    """For a path relative to the project."""
    *folders, last = name.split("/")
    return last in SKIPPED_FILES or not SKIPPED_FOLDERS.isdisjoint(folders)


def _walk(folder: Path) -> Iterator[Path]:
    for base, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name not in SKIPPED_FOLDERS]
        for name in names:
            path = Path(base, name)
            if name not in SKIPPED_FILES and path.is_file() and path.resolve().is_relative_to(folder.resolve()):
                yield path
