"""The files of one session: an immutable tree, its digest, and what differs between two of them."""

from __future__ import annotations

import base64
import hashlib
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from preview_core.visibility import ignored_reason
from preview_core.wire import FileContent

# A file is stored in pieces of this size, so that the size of what holds them does not depend on one big image.
PIECE_BYTES = 128 * 1024


@dataclass(frozen=True)
class File:
    """`path` is a tree path (see `mapping`), `content` the bytes as they stand on disk."""

    path: str
    content: bytes

    @classmethod
    def inflated(cls, path: str, pieces: Sequence[bytes]) -> File:
        """The inverse of `deflated`. Raises zlib.error."""
        file = cls(path, b"".join(zlib.decompress(piece) for piece in pieces))
        file.__dict__["deflated"] = tuple(pieces)  # where cached_property keeps it: it need not be computed again
        return file

    @cached_property
    def sha256(self) -> str:
        """Of the content, lower-case hex."""
        return hashlib.sha256(self.content).hexdigest()

    @cached_property
    def deflated(self) -> tuple[bytes, ...]:
        """The content in pieces of PIECE_BYTES (at least one), each compressed by itself."""
        starts = range(0, max(len(self.content), 1), PIECE_BYTES)
        return tuple(zlib.compress(self.content[at : at + PIECE_BYTES], zlib.Z_BEST_SPEED) for at in starts)


class FileTree(Mapping[str, File]):
    """An immutable mapping of path to File. Trees share their files, and so the hashes that were computed."""

    def __init__(self, files: Iterable[File] = ()) -> None:
        """Of two files with one path the last stays."""
        self._files = {file.path: file for file in files}

    def __getitem__(self, path: str) -> File:
        return self._files[path]

    def __iter__(self) -> Iterator[str]:
        return iter(self._files)

    def __len__(self) -> int:
        return len(self._files)

    def __repr__(self) -> str:
        return f"FileTree({len(self)} files)"  # content and names stay out of logs

    def __eq__(self, other: object) -> bool:
        return isinstance(other, FileTree) and self._files == other._files

    def __hash__(self) -> int:
        return hash(self.digest)

    def replace(self, put: Iterable[File] = (), delete: Iterable[str] = ()) -> FileTree:
        """Without the paths in `delete` (absent ones are no error), with the files in `put`; a path in both stays."""
        gone = set(delete)
        kept = (file for path, file in self._files.items() if path not in gone)
        return FileTree((*kept, *put))

    def visible(self) -> FileTree:
        """The files that Vite sees."""
        return FileTree(file for path, file in self._files.items() if ignored_reason(path) is None)

    @cached_property
    def digest(self) -> str:
        """Hex SHA-256 over the visible files, sorted by the UTF-8 bytes of their paths.

        Each adds `path`, NUL, the hex SHA-256 of its content, newline. The runtime computes the same of what it wrote.
        """
        whole = hashlib.sha256()
        for file in _sorted(self.visible()):
            whole.update(file.path.encode() + b"\0" + file.sha256.encode() + b"\n")
        return whole.hexdigest()


@dataclass(frozen=True)
class Diff:
    """What makes the visible part of one tree into that of another; both sorted by path."""

    put: tuple[File, ...]
    delete: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.put or self.delete)


def diff(old: FileTree, new: FileTree) -> Diff:
    """Of visible files only: `old.visible().replace(d.put, d.delete) == new.visible()`."""
    before, after = old.visible(), new.visible()
    put = (file for path, file in after.items() if path not in before or before[path].sha256 != file.sha256)
    return Diff(
        put=tuple(sorted(put, key=lambda file: file.path.encode())),
        delete=tuple(sorted((path for path in before if path not in after), key=str.encode)),
    )


def to_wire(file: File) -> FileContent:
    """UTF-8 text if it comes back as the same bytes, else base64."""
    try:
        return FileContent(path=file.path, content=file.content.decode())
    except UnicodeDecodeError:
        return FileContent(path=file.path, content=base64.b64encode(file.content).decode("ascii"), encoding="base64")


def _sorted(tree: FileTree) -> list[File]:
    return sorted(tree.values(), key=lambda file: file.path.encode())
