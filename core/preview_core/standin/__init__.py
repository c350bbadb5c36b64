"""The stand-in: an app that a runtime serves to nobody while it waits for a session.

It takes a dev server through everything that a usual project needs, once, so that the project that comes finds it done:
React's transform, Tailwind, the dependencies that most projects import. Its layout is that of nearly all projects, and
what it imports is in the catalogue. It is sent like any tree, at `REVISION`, which no session has.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

from preview_core.filetree import File, FileTree

REVISION = 0  # sessions begin at 1


@cache
def tree() -> FileTree:
    """The app's files."""
    return FileTree(_files(files(__name__) / "app", ""))


def _files(folder: Traversable, prefix: str) -> list[File]:
    found: list[File] = []
    for entry in folder.iterdir():
        path = prefix + entry.name
        found += _files(entry, f"{path}/") if entry.is_dir() else [File(path, entry.read_bytes())]
    return found
