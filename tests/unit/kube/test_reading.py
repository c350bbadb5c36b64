"""Files that are replaced while somebody reads them are tried again; files that are damaged are not."""

from __future__ import annotations

import hashlib

import pytest
from tests.unit.operator.memory_kube import MemoryKube

from preview_core.filetree import File, FileTree
from preview_core.kube.client import Object
from preview_core.kube.errors import NotFound, Unavailable
from preview_core.kube.files import StoredFiles
from preview_core.kube.resource import CONFIG_MAPS, Resource
from preview_core.objects import names
from preview_core.objects.packing import FilesCorrupt

SESSION = "uqy3kmxm62tnpq336ljcu725ge"


class Replaced(MemoryKube):
    """Whose index is another one at each of the first `times` readings, and whose shards are gone then."""

    times = 0

    async def get(self, resource: Resource, namespace: str, name: str) -> Object:
        index = self.objects[CONFIG_MAPS.plural, names.files_name(SESSION)]
        if name == index["metadata"]["name"]:
            self.version += 1
            index["metadata"]["resourceVersion"] = str(self.version)
        elif self.times > 0:
            self.times -= 1
            raise NotFound("GET of the API server: 404")
        return await super().get(resource, namespace, name)


def _big() -> FileTree:
    # Not to be compressed, so that it comes to more than one object takes.
    return FileTree([File(f"src/{seed}.bin", hashlib.shake_128(b"%d" % seed).digest(50_000)) for seed in range(40)])


async def _stored(kube: MemoryKube) -> StoredFiles:
    files = StoredFiles(kube, "sessions")
    index = await files.create(SESSION, "uid", _big())
    assert index.shards, "the project is too small for shards"
    return files


async def test_a_reader_who_comes_late_ten_times_reads_the_next_revision() -> None:
    kube = Replaced()
    files = await _stored(kube)
    kube.times = 10
    assert (await files.read(SESSION)).tree == _big()


async def test_a_reader_who_always_comes_late_is_told_so_and_not_that_the_files_are_damaged() -> None:
    kube = Replaced()
    files = await _stored(kube)
    kube.times = 1_000_000
    with pytest.raises(Unavailable, match="faster"):
        await files.read(SESSION)


async def test_a_shard_that_is_missing_under_the_same_index_is_damage_at_once() -> None:
    kube = MemoryKube()
    files = await _stored(kube)
    index = await files.index(SESSION)
    await kube.delete(CONFIG_MAPS, "sessions", names.shard_name(SESSION, index.shards[0]))
    before = len(kube.calls)
    with pytest.raises(FilesCorrupt, match="missing"):
        await files.read(SESSION)
    assert len(kube.calls) - before <= 2 * (1 + len(index.shards))
