"""A tree as the bytes that ConfigMaps hold, and back. Pure.

A file is compressed by itself, in pieces, so that an update compresses what it changed and nothing else. A small
project is one *shard*, which stands in the index itself: an update of it is one write. A larger one has 2^bits shards;
the hash of a piece's place decides its shard, so a changed file touches one shard (or, above a piece's size, some).
"""

from __future__ import annotations

import hashlib
import json
import struct
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from preview_core.filetree import File, FileTree

# A ConfigMap holds 1 MiB; a shard well below it also keeps a write short, and etcd's default request limit far away.
SHARD_MAX_BYTES = 768 * 1024
# What a shard should hold on average. An update rewrites the shards it touches: smaller is cheaper there, but each is
# an object more.
SHARD_BYTES = 256 * 1024
# Up to here all files stand in the index. A typical project of 0.1-0.6 MB compresses to 30-180 KiB.
INLINE_BYTES = 256 * 1024
MAX_BITS = 10
_HEADER = struct.Struct(">I")


class FilesCorrupt(Exception):
    """The stored bytes are not what was written. The text says where it went wrong, without names or content."""


@dataclass(frozen=True)
class Packed:
    """`bits` 0: one shard, to stand in the index. Else 2^bits shards, of which some may be empty (b'')."""

    bits: int
    shards: tuple[bytes, ...]


@dataclass(frozen=True)
class _Piece:
    path: str
    number: int
    count: int
    data: bytes

    @property
    def place(self) -> int:
        """32 well-spread bits, the same for every content."""
        digest = hashlib.sha256(f"{self.path}\0{self.number}".encode()).digest()
        return int.from_bytes(digest[:4], "big")


def pack(tree: FileTree, bits: int) -> Packed:
    """`bits` of the tree's last packing, 0 for none: kept while it does, so that unchanged shards stay the same."""
    pieces = [piece for path in sorted(tree) for piece in _pieces(tree[path])]
    total = sum(len(piece.data) for piece in pieces)
    if total <= INLINE_BYTES:
        return Packed(0, (_shard(pieces),))
    bits = max(bits, 1)
    while total > SHARD_BYTES << bits and bits < MAX_BITS:
        bits += 1
    while True:
        packed = Packed(bits, tuple(_shard(part) for part in _parted(pieces, bits)))
        if bits >= MAX_BITS or max(map(len, packed.shards)) <= SHARD_MAX_BYTES:
            return packed
        bits += 1


def unpack(shards: Iterable[bytes]) -> FileTree:
    """Of all shards of one packing, in any order. Raises FilesCorrupt."""
    found: dict[str, dict[int, bytes]] = {}
    counts: dict[str, int] = {}
    for shard in shards:
        for piece in _read(shard):
            found.setdefault(piece.path, {})[piece.number] = piece.data
            counts[piece.path] = piece.count
    return FileTree(_file(path, [pieces.get(n) for n in range(counts[path])]) for path, pieces in found.items())


def _pieces(file: File) -> Iterator[_Piece]:
    for number, data in enumerate(file.deflated):
        yield _Piece(file.path, number, len(file.deflated), data)


def _parted(pieces: Sequence[_Piece], bits: int) -> list[list[_Piece]]:
    parts: list[list[_Piece]] = [[] for _ in range(1 << bits)]
    for piece in pieces:
        parts[piece.place >> (32 - bits)].append(piece)
    return parts


def _shard(pieces: Sequence[_Piece]) -> bytes:
    """Length of the header, the header as compressed JSON, then the pieces it lists."""
    if not pieces:
        return b""
    header = zlib.compress(json.dumps([[p.path, p.number, p.count, len(p.data)] for p in pieces]).encode())
    return b"".join((_HEADER.pack(len(header)), header, *(piece.data for piece in pieces)))


def _read(shard: bytes) -> Iterator[_Piece]:
    if not shard:
        return
    try:
        (length,) = _HEADER.unpack_from(shard)
        at = _HEADER.size + length
        for path, number, count, size in json.loads(zlib.decompress(shard[_HEADER.size : at])):
            yield _Piece(path, number, count, shard[at : at + size])
            at += size
    except (struct.error, zlib.error, ValueError, TypeError) as error:
        raise FilesCorrupt("a shard cannot be read") from error
    if at != len(shard):
        raise FilesCorrupt("a shard is cut off")


def _file(path: str, pieces: Sequence[bytes | None]) -> File:
    whole = [piece for piece in pieces if piece is not None]
    if len(whole) != len(pieces):
        raise FilesCorrupt("a piece of a file is missing")
    try:
        return File.inflated(path, whole)
    except zlib.error as error:
        raise FilesCorrupt("a piece of a file cannot be decompressed") from error
