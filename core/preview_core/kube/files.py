"""Reading and committing a session's stored files: the one place that does, for API and operator."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from secrets import token_hex
from typing import TypeVar

from preview_core.filetree import FileTree
from preview_core.kube.client import Kube, Object
from preview_core.kube.errors import AlreadyExists, Conflict, NotFound, Unavailable
from preview_core.kube.resource import CONFIG_MAPS, Resource
from preview_core.objects import files, names
from preview_core.objects.files import Index, Written, written
from preview_core.objects.packing import FilesCorrupt, Packed, pack, unpack

T = TypeVar("T")

# Shards of one session that are under way at the same time: a 10 MB project has about 40.
_PARALLEL = 8
# Each failed reading means that a commit came between the index and its shards, and that what it replaced is gone by
# then, which the operator allows two minutes after a commit: a bound, not a number that is reached.
_READINGS = 50
# Longer than all retries of a write take. The operator removes shards that no index names after twice this time, so a
# writer must have given up by then.
COMMIT_SECONDS = 60.0
# Beyond this packing and unpacking would hold up the event loop.
INLINE_BYTES = 256 * 1024


@dataclass(frozen=True)
class Stored:
    """The files of one acknowledged revision."""

    index: Index
    tree: FileTree


class StoredFiles:
    """Of the sessions in one namespace. Methods may raise Unavailable and Refused."""

    def __init__(self, kube: Kube, namespace: str) -> None:
        self._kube = kube
        self._namespace = namespace

    async def index(self, session_id: str) -> Index:
        """The newest acknowledged revision. Raises NotFound, FilesCorrupt."""
        found = await self._kube.get_metadata(CONFIG_MAPS, self._namespace, names.files_name(session_id))
        return Index.of(found["metadata"])

    async def read(self, session_id: str) -> Stored:
        """The newest files. Raises NotFound, FilesCorrupt."""
        missed: Index | None = None
        for _ in range(_READINGS):
            found = await self._kube.get(CONFIG_MAPS, self._namespace, names.files_name(session_id))
            index = Index.of(found["metadata"])
            if index == missed:
                raise FilesCorrupt("a shard of the stored files is missing")
            try:
                shards = await self._shards(index) if index.bits else [files.content(found)]
            except NotFound:
                # Replaced meanwhile, together with the index that named it: else the next reading finds the same.
                missed = index
                continue
            tree = await _unpacked(shards)
            if tree.digest != index.digest:
                raise FilesCorrupt("the stored files are not those of their digest")
            return Stored(index, tree)
        raise Unavailable("the stored files were replaced faster than they could be read")

    async def create(self, session_id: str, uid: str, tree: FileTree) -> Index:
        """Revision 1. Raises AlreadyExists."""
        new = written(session_id, uid, tree.digest, await _packed(tree, 0), None, token_hex(8))
        return await _bounded(self._write(new, self._kube.create))

    async def commit(self, base: Index, uid: str, tree: FileTree) -> Index:
        """The revision after `base`: one write, and one per shard that changed. Raises Conflict, NotFound."""
        new = written(base.session_id, uid, tree.digest, await _packed(tree, base.bits), base, token_hex(8))
        return await _bounded(self._write(new, self._kube.replace))

    async def _write(self, new: Written, write: Callable[[Resource, str, Object], Awaitable[Object]]) -> Index:
        await _each(partial(self._write_shard, shard) for shard in new.shards.values())
        try:
            made = await write(CONFIG_MAPS, self._namespace, new.index)
        except (AlreadyExists, Conflict):
            # The other writer may have been an earlier attempt of this very write, whose answer was lost.
            found = await self._kube.get_metadata(CONFIG_MAPS, self._namespace, new.index["metadata"]["name"])
            if not files.is_same_write(found["metadata"], new.index["metadata"]):
                raise
            return Index.of(found["metadata"])
        return Index.of(made["metadata"])

    async def _write_shard(self, shard: files.Manifest) -> None:
        try:
            await self._kube.create(CONFIG_MAPS, self._namespace, shard)
        except AlreadyExists:
            # An earlier attempt, or another writer of the same content on the same base: it holds the same.
            return

    async def _shards(self, index: Index) -> list[bytes]:
        found = await _each(
            partial(self._kube.get, CONFIG_MAPS, self._namespace, names.shard_name(index.session_id, key))
            for key in index.shards
        )
        return [files.content(shard) for shard in found]


async def _each(calls: Iterable[Callable[[], Awaitable[T]]]) -> list[T]:
    """All results in order, a few calls at a time. Raises the first error; what is under way then still ends."""
    limit = asyncio.Semaphore(_PARALLEL)

    async def limited(call: Callable[[], Awaitable[T]]) -> T:
        async with limit:
            return await call()

    return await asyncio.gather(*map(limited, calls))


async def _bounded(commit: Awaitable[T]) -> T:
    try:
        async with asyncio.timeout(COMMIT_SECONDS):
            return await commit
    except TimeoutError as error:
        raise Unavailable("a commit of files took too long") from error


async def _packed(tree: FileTree, bits: int) -> Packed:
    if sum(len(file.content) for file in tree.values()) <= INLINE_BYTES:
        return pack(tree, bits)
    return await asyncio.to_thread(pack, tree, bits)


async def _unpacked(shards: Sequence[bytes]) -> FileTree:
    def work() -> FileTree:
        tree = unpack(shards)
        _ = tree.digest  # computed here, off the event loop for a big one: the caller compares it next
        return tree

    return work() if sum(map(len, shards)) <= INLINE_BYTES else await asyncio.to_thread(work)
