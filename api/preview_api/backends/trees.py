"""File trees kept in memory: an update of one file must not read the other 300 again."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from preview_core.filetree import FileTree

LIMIT_BYTES = 256 * 1024 * 1024  # 400 typical projects; four of the largest that a body can carry


@dataclass(frozen=True)
class _Kept:
    tree: FileTree
    version: str
    size: int


class Trees:
    """Least recently used out first, by the bytes of their files. One tree per session."""

    def __init__(self, limit: int = LIMIT_BYTES) -> None:
        self._limit = limit
        self._held: OrderedDict[str, _Kept] = OrderedDict()
        self._bytes = 0

    def __contains__(self, session_id: str) -> bool:
        return session_id in self._held

    def get(self, session_id: str, version: str = "") -> FileTree | None:
        """The tree that was put as this version; None when it is another one, or none is kept."""
        found = self._held.get(session_id)
        if found is None or found.version != version:
            return None
        self._held.move_to_end(session_id)
        return found.tree

    def put(self, session_id: str, tree: FileTree, version: str = "") -> None:
        self.drop(session_id)
        size = sum(len(file.content) for file in tree.values())
        self._held[session_id] = _Kept(tree, version, size)
        self._bytes += size
        while self._bytes > self._limit:
            _, oldest = self._held.popitem(last=False)
            self._bytes -= oldest.size

    def drop(self, session_id: str) -> None:
        found = self._held.pop(session_id, None)
        if found is not None:
            self._bytes -= found.size
