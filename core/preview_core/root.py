"""Where a project's front end lives in a tree, told from the paths alone."""

from __future__ import annotations

import re
from collections.abc import Iterable

from preview_core.visibility import ignored_reason

FRONTEND = "src/frontend"
SOURCE = re.compile(r".+\.(tsx|ts|jsx|js|mts|mjs|cts|cjs)", re.IGNORECASE)

_ENTRY = re.compile(r"(?:(?P<folder>.*)/)?src/(?P<stem>index|main|App)\.(?P<extension>tsx|jsx|ts|js)")
_MARKER = re.compile(r"package\.json|index\.html|vite\.config\.\w+")
# The templates folder of Create React App: its index.html does not make it a project.
_NOT_A_PROJECT = "public"


def split(path: str) -> tuple[str, str]:
    """(folder, name); the folder of a bare name is ''."""
    folder, _, name = path.rpartition("/")
    return folder, name


def join(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name


def is_under(path: str, folder: str) -> bool:
    """Everything is under ''."""
    return not folder or path.startswith(folder + "/")


def is_marker(path: str) -> bool:
    """package.json, index.html and vite.config.* stand at the root of a project."""
    folder, name = split(path)
    return _MARKER.fullmatch(name) is not None and split(folder)[1] != _NOT_A_PROJECT


def is_entry(path: str) -> bool:
    """`[…/]src/{index,main,App}.{tsx,jsx,ts,js}`."""
    return _ENTRY.fullmatch(path) is not None


def project_root(paths: Iterable[str]) -> str | None:
    """Folder of the front end: '' is the tree itself, None when nothing in the tree tells.

    `src/frontend` if anything visible is under it; else the folder of the package.json, index.html or vite.config
    nearest to an entry (the folder that holds `src/` if there is none); else the folder of such a file.
    """
    visible = [path for path in paths if ignored_reason(path) is None]
    if any(is_under(path, FRONTEND) for path in visible):
        return FRONTEND
    markers: dict[str, set[str]] = {}
    for path in filter(is_marker, visible):
        folder, name = split(path)
        markers.setdefault(folder, set()).add(name)
    roots = {_root_of(path, markers): path for path in sorted(filter(is_entry, visible), key=_entry_rank, reverse=True)}
    if roots:
        return min(roots, key=lambda root: (*_marker_rank(root, markers), *_entry_rank(roots[root])))
    return min(markers, key=lambda root: (*_marker_rank(root, markers), root.count("/"), root), default=None)


def _root_of(entry: str, markers: dict[str, set[str]]) -> str:
    folder = split(entry)[0]
    while folder not in markers:
        if not folder:
            return split(split(entry)[0])[0]
        folder = split(folder)[0]
    return folder


def _marker_rank(root: str, markers: dict[str, set[str]]) -> tuple[bool, bool]:
    """A folder with an index.html is a page; one with a vite.config is built by Vite; a server has neither."""
    names = markers.get(root, set())
    return "index.html" not in names, not any(name.startswith("vite.config.") for name in names)


def _entry_rank(path: str) -> tuple[bool, bool, int, str]:
    found = _ENTRY.fullmatch(path)
    plain = found is None or found["extension"] in {"ts", "js"}  # a server's entry rarely holds JSX
    return plain, found is None or found["stem"] == "App", path.count("/"), path
