"""From a name as the caller sent it to the one path it has in the tree (contract, section 5).

The caller spells the same file differently in a create and in an update, so one function decides for both. It is pure,
and idempotent: with `p = map_name(n, tree)`, `map_name(p, other)` is `p` for `tree` itself and for every tree that
holds `p`. A path under `src/frontend/` or `src/backend/` maps to itself whatever the tree is. (More cannot hold: in an
empty tree the name `App.tsx` means `src/frontend/src/App.tsx`, in a plain Vite project it may be a path.)
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Sequence

from preview_core.root import FRONTEND, SOURCE, is_entry, is_marker, is_under, join, project_root, split
from preview_core.visibility import ignored_reason

__all__ = ["UnusableName", "ignored_reason", "map_name", "map_names"]

MAX_NAME = 1024  # characters: the contract's limit, and that of a path on the wire
MAX_SEGMENT = 255  # bytes: what Linux and macOS file systems hold in one file name

_ANCHOR_FRONTEND = re.compile(r"(?:^|/)(src/frontend/.+)")
_ANCHOR_BACKEND = re.compile(r"(?:^|/)(src/backend/.+)")
# Language models write it before a name, and format both: ``**Complete file:** `App.tsx` ``.
_ANNOUNCEMENT = re.compile(r"[*_#\s]*complete file\s*:[*_]*", re.IGNORECASE)
_DRIVE = re.compile(r"[A-Za-z]:")
_RESERVED = frozenset({"node_modules", ".git"})
_RESERVED_PREFIX = ".kontext-preview"

_CONFIG = re.compile(r"package\.json|index\.html|.+\.config\.[^.]+|[jt]sconfig.*\.json|\.env.*", re.IGNORECASE)
_STYLE = re.compile(r".+\.(css|scss|sass|less)", re.IGNORECASE)
# Folders that stand in `src` by convention: for `components/Card.tsx` in a tree that has no such folder yet.
_SOURCE_FOLDERS = re.compile(
    "assets|components|contexts?|features|hooks|lib|pages|services|stores?|styles|types|utils|views", re.IGNORECASE
)
_ROOT_FOLDERS = frozenset({"src", "public", "candid"})
_GENERATED = "src/declarations/"  # dfx writes it beside src/frontend, not inside
_MAX_ROUNDS = 4  # of map_names: two settle every batch but one that mixes three spellings of one file


class UnusableName(ValueError):
    """A name that has no place in a tree. `reason` is one word that can be shown to the caller."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


def map_name(name: str, existing: Collection[str]) -> str:
    """The tree path of `name`, given the paths of the tree it is sent to; raises UnusableName."""
    return _place(_clean(name), _Paths(existing))


def map_names(names: Sequence[str], existing: Collection[str]) -> list[str | UnusableName]:
    """`map_name` for a batch: the batch's own names tell the shape of the project too, whatever their order.

    Settled: with the tree that has all the answers, `map_name` gives the same answers again.
    """
    cleaned = [_cleaned_or_error(name) for name in names]
    paths = _Paths({*existing, *_seeds([path for path in cleaned if isinstance(path, str)], existing)})
    answers: list[str | UnusableName] = []
    for _ in range(_MAX_ROUNDS):
        before, answers = answers, [_placed_or_error(path, paths) for path in cleaned]
        if answers == before:
            break
        paths = _Paths({*existing, *(path for path in answers if isinstance(path, str))})
    return answers


def _cleaned_or_error(name: str) -> str | UnusableName:
    try:
        return _clean(name)
    except UnusableName as error:
        return error


def _placed_or_error(path: str | UnusableName, paths: _Paths) -> str | UnusableName:
    try:
        return path if isinstance(path, UnusableName) else _place(path, paths)
    except UnusableName as error:
        return error


def _seeds(names: list[str], existing: Collection[str]) -> Iterable[str]:
    """What a batch says about the shape: its anchored names; if they and the tree say nothing, all of its names."""
    anchored = [path for path in map(_anchored, names) if path]
    if project_root([*existing, *anchored]) is not None:
        return anchored
    if _is_plain_project(names):
        return [_anchored(path) or path for path in names]
    return [*anchored, *(_in_studio(path, _Paths(())) for path in names if "/" not in path)]


def _is_plain_project(names: list[str]) -> bool:
    """True if the names are paths of a Vite project without src/frontend, rather than bare names of one with it."""
    visible = [path for path in names if ignored_reason(path) is None]
    bare = [path for path in visible if "/" not in path]
    inside = [path for path in visible if "/" in path]
    if any(is_entry(path) or is_marker(path) for path in inside):
        return True
    if not any(SOURCE.fullmatch(path) for path in inside):
        return False
    return "index.html" in bare or (any(map(is_marker, bare)) and not any(is_entry(f"src/{path}") for path in bare))


def _clean(name: str) -> str:
    """NFC, `/`-separated, without decoration; raises UnusableName for what may not be in a tree."""
    if len(name) > MAX_NAME:
        raise UnusableName("too-long")
    if "\0" in name:
        raise UnusableName("nul")
    categories = {unicodedata.category(character) for character in name}
    if "Cc" in categories:
        raise UnusableName("control-character")
    if "Cs" in categories:
        raise UnusableName("encoding")
    path, before = unicodedata.normalize("NFC", name).replace("\\", "/"), None
    while path != before:  # a decoration may hide another one: `./Complete file: /App.tsx`
        before = path
        path = path.strip().strip("`")
        announcement = _ANNOUNCEMENT.match(path)
        path = path[announcement.end() :] if announcement else re.sub(r"^(\.?/)+", "", path)
    segments = [segment for segment in path.split("/") if segment not in {"", "."}]
    if not segments:
        raise UnusableName("empty")
    for segment in segments:
        _check_segment(segment)
    # A file in the place of the front end's folder would keep every file of the front end out.
    if path.endswith(("/", "/.")) or (segments[-2:] in (["src", "frontend"], ["src", "backend"])):
        raise UnusableName("directory")
    return "/".join(segments)


def _check_segment(segment: str) -> None:
    folded = segment.casefold()
    if segment == "..":
        raise UnusableName("traversal")
    if _DRIVE.match(segment):
        raise UnusableName("drive-letter")
    if folded in _RESERVED or folded.startswith(_RESERVED_PREFIX):
        raise UnusableName("reserved")
    if len(segment.encode()) > MAX_SEGMENT:
        raise UnusableName("too-long")


def _anchored(path: str) -> str | None:
    """The part from `src/frontend/` or `src/backend/` on: what precedes it is a project's name, or `code/<Name>`."""
    found = _ANCHOR_FRONTEND.search(path) or _ANCHOR_BACKEND.search(path)
    return found[1] if found else None


class _Paths:
    """The paths of a tree, indexed for look-ups by name and by folder."""

    def __init__(self, paths: Collection[str]) -> None:
        self.all = frozenset(paths)
        self.root = project_root(self.all)
        self._by_name: dict[str, list[str]] = {}
        self._folders: set[str] = set()
        for path in self.all:
            folder, name = split(path)
            self._by_name.setdefault(name, []).append(path)
            while folder and folder not in self._folders:
                self._folders.add(folder)
                folder = split(folder)[0]

    def has_folder(self, folder: str) -> bool:
        return folder in self._folders

    def ending_in(self, path: str) -> list[str]:
        """The longer paths that end in `/path`; for a visible one only visible ones."""
        visible = ignored_reason(path) is None
        return [
            longer
            for longer in self._by_name.get(split(path)[1], [])
            if longer.endswith("/" + path) and not (visible and ignored_reason(longer))
        ]


def _place(path: str, paths: _Paths) -> str:
    placed = _anchored(path) or (path if path in paths.all else _search(path, paths))
    placed = _anchored(placed) or placed  # a root that ends in `src` and a name that starts with `frontend/`
    if len(placed) > MAX_NAME:
        raise UnusableName("too-long")
    return placed


def _search(path: str, paths: _Paths) -> str:
    """The file of the tree that `path` names, else the place of a new one."""
    root = FRONTEND if paths.root is None else paths.root
    source = join(root, "src")
    plain = root != FRONTEND
    if plain and ((root and is_under(path, root)) or (paths.has_folder(source) and is_under(path, source))):
        return path
    bases = (root, source) if _CONFIG.fullmatch(path) or path.startswith("src/") else (source, root)
    for base in bases:
        if join(base, path) in paths.all:
            return join(base, path)
    # Two files of a marker's name are two projects, not two spellings of one file.
    found = [] if is_marker(path) and "/" not in path else paths.ending_in(path)
    found = [longer for longer in found if is_under(longer, root)] or found
    if len(found) == 1:
        return found[0]
    return _in_plain(path, root, paths) if plain else _in_studio(path, paths)


def _in_studio(path: str, paths: _Paths) -> str:
    """Place of a new file in a tree with src/frontend, or in one that says nothing yet."""
    if ignored_reason(path):
        return path
    folder = path.partition("/")[0] if "/" in path else None
    if folder is None:
        return _bare(path, FRONTEND, join(FRONTEND, "src"))
    if paths.root is None or path.startswith(_GENERATED):
        return path
    for base in (join(FRONTEND, "src"), FRONTEND):
        if folder != "src" and paths.has_folder(join(base, folder)):
            return join(base, path)
    if folder in _ROOT_FOLDERS:
        return join(FRONTEND, path)
    return join(join(FRONTEND, "src"), path) if _SOURCE_FOLDERS.fullmatch(folder) else path


def _in_plain(path: str, root: str, paths: _Paths) -> str:
    """Place of a new file in a Vite project without src/frontend."""
    if ignored_reason(path):
        return path
    if "/" not in path:
        source = join(root, "src")
        return _bare(path, root, source if paths.has_folder(source) else root)
    return path if paths.has_folder(path.partition("/")[0]) else join(root, path)


def _bare(name: str, root: str, source: str) -> str:
    if _CONFIG.fullmatch(name):
        return join(root, name)
    return join(source, name) if SOURCE.fullmatch(name) or _STYLE.fullmatch(name) else name
