"""File trees kept in memory: an update of one file must not read the other 300 from disk."""

from __future__ import annotations

from collections import OrderedDict

from preview_core.filetree import FileTree

LIMIT_BYTES = 256 * 1024 * 1024  # 400 typical projects; four of the largest that a body can carry


class Trees:
    """Least recently used out first, by the bytes of their files."""

    def __init__(self, limit: int = LIMIT_BYTES) -> None:
        self._limit = limit
        self._held: OrderedDict[str, tuple[FileTree, int]] = OrderedDict()
        self._bytes = 0

    def get(self, session_id: str) -> FileTree | None:
        found = self._held.get(session_id)
        if found is None:
            return None
        self._held.move_to_end(session_id)
        return found[0]

    def put(self, session_id: str, tree: FileTree) -> None:
        self.drop(session_id)
        size = sum(len(file.content) for file in tree.values())
        self._held[session_id] = tree, size
        self._bytes += size
        while self._bytes > self._limit:
            _, (_, size) = self._held.popitem(last=False)
            self._bytes -= size

    def drop(self, session_id: str) -> None:
        _, size = self._held.pop(session_id, (None, 0))
        self._bytes -= size
