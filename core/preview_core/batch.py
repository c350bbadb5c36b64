"""A batch as the caller sent it, applied to a tree. It never fails as a whole: a fault of one file stays with it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from preview_core.content import JunkContent, UnusableContent, decode, refuse_damage
from preview_core.filetree import File, FileTree
from preview_core.levels import Change
from preview_core.mapping import UnusableName, ignored_reason, map_name, map_names
from preview_core.root import FRONTEND, join, project_root

SHOWN_NAME = 200  # characters of a refused name in an answer: enough to recognise it, too few to carry a payload


_Fault = UnusableName | UnusableContent | JunkContent


@dataclass(frozen=True)
class Incoming:
    """One `{name, content}` of a request, of any type; content None deletes."""

    name: object
    content: object


@dataclass
class Batch:
    """The new tree, and what to tell the caller. All names are as they were sent."""

    tree: FileTree
    updated: list[str] = field(default_factory=list)  # effective ones, deletions included
    unchanged: list[str] = field(default_factory=list)
    ignored: list[dict[str, str]] = field(default_factory=list)  # {name, reason}: not shown to Vite, or junk
    rejected: list[dict[str, str]] = field(default_factory=list)  # {name, reason}: not stored
    warnings: list[dict[str, str]] = field(default_factory=list)  # {code, path, message}
    changes: list[Change] = field(default_factory=list)  # input of `levels.analysis`


@dataclass(frozen=True)
class _Write:
    """A usable piece of a batch; content None deletes."""

    name: str
    path: str
    content: bytes | None


def apply(
    tree: FileTree,
    files: Sequence[Incoming],
    deleted: Sequence[object] = (),
    package_json: Mapping[str, Any] | None = None,
) -> Batch:
    """`deleted` first, then `files` in order; the last of one target wins.

    `package_json` (the caller's object) becomes the project root's package.json if the resulting tree has none there.
    """
    batch = Batch(tree)
    last: dict[str, _Write] = {}
    for write in _writes(batch, [*(Incoming(name, None) for name in deleted), *files], last):
        last[write.path] = write
    # What goes makes room for what comes: `a` may become `a/b` in one batch.
    removals = [write for write in last.values() if write.content is None]
    puts = _without_conflicts(batch, [write for write in last.values() if write.content is not None], removals)
    for write in (*removals, *puts):
        _report(batch, write)
    batch.tree = tree.replace(
        put=[File(write.path, write.content) for write in puts if write.content is not None],
        delete=[write.path for write in removals],
    )
    if package_json is not None:
        batch.tree = _with_manifest(batch.tree, package_json)
    return batch


def _writes(batch: Batch, files: Sequence[Incoming], last: Mapping[str, _Write]) -> Iterable[_Write]:
    """`last`: what the caller has taken of it so far, by path. Junk is told and skipped, as if it had not been sent."""
    named = [(file.name, file.content) for file in files if isinstance(file.name, str)]
    for file in files:
        if not isinstance(file.name, str):
            _reject(batch, "", "name-not-a-string")
    contents = _contents(named, batch.tree)
    # Without the names of what is not stored: the tree will not know them either when the same batch comes again.
    stored = [name for (name, _), content in zip(named, contents, strict=True) if isinstance(content, bytes)]
    paths = iter(map_names(stored, batch.tree))
    for (name, _), content in zip(named, contents, strict=True):
        try:
            if isinstance(content, Exception):
                raise content
            # A name to delete is looked up in the tree as it was: what else is in the batch does not change it.
            path = map_name(name, batch.tree) if content is None else next(paths)
            if isinstance(path, UnusableName):
                raise path
            previous = _previous(batch, path, last)
            if content is not None and previous is not None:
                refuse_damage(path, content, previous)
            yield _Write(name, path, content)
        except JunkContent as error:
            batch.ignored.append({"name": name, "reason": error.reason})
        except (UnusableName, UnusableContent) as error:
            _reject(batch, name, error.reason)


def _contents(named: Sequence[tuple[str, object]], tree: FileTree) -> list[bytes | _Fault | None]:
    """What each is to be stored as, or why it is not; None deletes."""
    paths = iter(map_names([name for name, content in named if content is not None], tree))
    return [None if content is None else _decoded(next(paths), content) for _, content in named]


def _decoded(path: str | UnusableName, content: object) -> bytes | _Fault:
    if isinstance(path, UnusableName):
        return path
    try:
        return decode(path, content)
    except (JunkContent, UnusableContent) as error:
        return error


def _previous(batch: Batch, path: str, last: Mapping[str, _Write]) -> bytes | None:
    """The content that the next one of this path in the batch replaces."""
    if path in last:
        return last[path].content
    return batch.tree[path].content if path in batch.tree else None


def _without_conflicts(batch: Batch, puts: list[_Write], removals: list[_Write]) -> list[_Write]:
    """Drops what would need one path to be a file and a folder.

    What is there already stays; within a batch the folder stays, whatever the order: the file is most likely a folder's
    entry in a listing, and would keep out all that is in the folder.
    """
    files = set(batch.tree) - {write.path for write in removals}
    folders = {folder for path in files for folder in _ancestors(path)}
    kept = set()
    for write in sorted(puts, key=lambda write: -write.path.count("/")):
        ancestors = _ancestors(write.path)
        if write.path in folders or not files.isdisjoint(ancestors):
            _reject(batch, write.name, "file-directory-conflict")
            continue
        files.add(write.path)
        folders.update(ancestors)
        kept.add(write.path)
    return [write for write in puts if write.path in kept]


def _ancestors(path: str) -> list[str]:
    segments = path.split("/")
    return ["/".join(segments[:count]) for count in range(1, len(segments))]


def _report(batch: Batch, write: _Write) -> None:
    old = batch.tree[write.path].content if write.path in batch.tree else None
    batch.changes.append(Change(write.name, write.path, old, write.content))
    reason = ignored_reason(write.path)
    if reason is not None:
        batch.ignored.append({"name": write.name, "reason": reason})
    elif old == write.content:
        batch.unchanged.append(write.name)
    else:
        batch.updated.append(write.name)


def _reject(batch: Batch, name: str, reason: str) -> None:
    shown = name[:SHOWN_NAME].encode("utf-8", "replace").decode()  # a lone surrogate cannot be sent back
    batch.rejected.append({"name": shown, "reason": reason})


def _with_manifest(tree: FileTree, package_json: Mapping[str, Any]) -> FileTree:
    root = project_root(tree)
    path = join(FRONTEND if root is None else root, "package.json")
    if path in tree:
        return tree
    return tree.replace(put=[File(path, (json.dumps(package_json, indent=2) + "\n").encode())])
