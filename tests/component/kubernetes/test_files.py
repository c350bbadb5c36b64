"""A session's files on a real API server: under compare-and-set, in shards, whole or not at all."""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from e2e.cluster.kubectl import Kubectl
from tests.component.proxy import Cut, Proxy, storm

from preview_core.filetree import File, FileTree
from preview_core.kube.client import Kube
from preview_core.kube.errors import AlreadyExists, Conflict, NotFound, Unavailable
from preview_core.kube.files import StoredFiles
from preview_core.kube.resource import CONFIG_MAPS, SESSIONS
from preview_core.naming import new_session_id
from preview_core.objects import names
from preview_core.objects.packing import FilesCorrupt

SMALL = FileTree([File("src/a.ts", b"export default 1\n"), File("src/backend/main.mo", b"actor {}")])
BIG = FileTree(
    File(f"src/{number}.bin", random.Random(number).randbytes(100_000))  # noqa: S311
    for number in range(100)
)
EMPTY = FileTree()


@dataclass
class Place:
    """One session of one namespace."""

    kube: Kube
    namespace: str
    files: StoredFiles
    session_id: str
    uid: str

    async def shards(self) -> list[str]:
        selector = f"{names.PART_LABEL}={names.SHARD},{names.SESSION_LABEL}={self.session_id}"
        listed = await self.kube.list_metadata(CONFIG_MAPS, self.namespace, selector)
        return [item["metadata"]["name"] for item in listed.items]


@pytest.fixture
async def place(control_plane: Path, crds: None, namespace: str) -> AsyncIterator[Place]:
    async with await Kube.of_kubeconfig(control_plane, "test") as kube:
        session_id, uid = await _session(kube, namespace)
        yield Place(kube, namespace, StoredFiles(kube, namespace), session_id, uid)


async def _session(kube: Kube, namespace: str) -> tuple[str, str]:
    """(id, uid) of a new one. What names an owner that is not there is collected."""
    session_id = new_session_id()
    body = {
        "apiVersion": SESSIONS.api_version,
        "kind": SESSIONS.kind,
        "metadata": {"name": session_id},
        "spec": {"runtimeRef": {"name": "standard"}, "owner": "someone"},
    }
    made = await kube.create(SESSIONS, namespace, body)
    return session_id, made["metadata"]["uid"]


@pytest.mark.parametrize("tree", [SMALL, BIG, EMPTY], ids=["small", "10 MB", "empty"])
async def test_what_was_stored_is_read(place: Place, tree: FileTree) -> None:
    made = await place.files.create(place.session_id, place.uid, tree)
    assert made.revision == 1
    stored = await place.files.read(place.session_id)
    assert stored.index == made == await place.files.index(place.session_id)
    assert stored.tree == tree


async def test_a_small_project_is_one_object_and_10_mb_are_many_that_fit(place: Place) -> None:
    base = await place.files.create(place.session_id, place.uid, SMALL)
    assert await place.shards() == []
    await place.files.commit(base, place.uid, BIG)
    assert 20 < len(await place.shards()) < 100


async def test_an_update_of_one_file_writes_the_index_and_one_shard(place: Place, kubectl: Kubectl) -> None:
    base = await place.files.create(place.session_id, place.uid, BIG)
    before = set(await place.shards())
    changed = BIG.replace(put=[File("src/7.bin", b"changed" * 1000)])
    index = await place.files.commit(base, place.uid, changed)
    assert len(set(await place.shards()) - before) == 1
    assert len(set(index.shards) - set(base.shards)) == 1
    assert (await place.files.read(place.session_id)).tree == changed


async def test_of_two_commits_on_one_base_one_is_told(place: Place) -> None:
    base = await place.files.create(place.session_id, place.uid, BIG)
    trees = [BIG.replace(put=[File("src/7.bin", text * 20_000)]) for text in (b"one", b"two", b"three")]
    results = await asyncio.gather(
        *(place.files.commit(base, place.uid, tree) for tree in trees), return_exceptions=True
    )
    won = [number for number, result in enumerate(results) if not isinstance(result, BaseException)]
    assert len(won) == 1
    assert [type(result) for number, result in enumerate(results) if number not in won] == [Conflict, Conflict]
    assert (await place.files.read(place.session_id)).tree == trees[won[0]]


async def test_the_same_content_on_the_same_base_by_two_is_one_commit_and_no_damage(place: Place) -> None:
    base = await place.files.create(place.session_id, place.uid, SMALL)
    results = await asyncio.gather(
        *(place.files.commit(base, place.uid, BIG) for _ in range(3)), return_exceptions=True
    )
    assert sum(isinstance(result, Conflict) for result in results) == 2
    assert (await place.files.read(place.session_id)).tree == BIG


async def test_a_second_create_and_a_commit_without_files_are_refused(place: Place) -> None:
    base = await place.files.create(place.session_id, place.uid, SMALL)
    with pytest.raises(AlreadyExists):
        await place.files.create(place.session_id, place.uid, SMALL)
    await place.kube.delete(CONFIG_MAPS, place.namespace, names.files_name(place.session_id))
    with pytest.raises(NotFound):
        await place.files.commit(base, place.uid, BIG)
    for reading in (place.files.read, place.files.index):
        with pytest.raises(NotFound):
            await reading(place.session_id)


async def test_a_reader_sees_whole_revisions_while_shards_come_and_go(place: Place) -> None:
    base = await place.files.create(place.session_id, place.uid, BIG)
    last = 6

    async def write() -> None:
        nonlocal base
        for number in range(2, last + 1):
            old = set(await place.shards())
            put = [File(path, b"%d" % number * 3000) for path in ("src/1.bin", "src/2.bin")]
            base = await place.files.commit(base, place.uid, BIG.replace(put=put))
            named = {names.shard_name(place.session_id, key) for key in base.shards}
            # As the operator does, but at once: the hardest case for a reader.
            for name in old - named:
                await place.kube.delete(CONFIG_MAPS, place.namespace, name)

    writing = asyncio.create_task(write())
    seen = 0
    while not writing.done():
        stored = await place.files.read(place.session_id)
        if stored.index.revision > 1:
            expected = b"%d" % stored.index.revision * 3000
            assert stored.tree["src/1.bin"].content == stored.tree["src/2.bin"].content == expected
        assert stored.index.revision >= seen
        seen = stored.index.revision
    await writing
    assert (await place.files.index(place.session_id)).revision == last


async def test_files_that_were_tampered_with_are_corrupt_and_not_served(place: Place) -> None:
    index = await place.files.create(place.session_id, place.uid, BIG)
    await place.kube.delete(CONFIG_MAPS, place.namespace, names.shard_name(place.session_id, index.shards[0]))
    with pytest.raises(FilesCorrupt):
        await place.files.read(place.session_id)
    other, uid = await _session(place.kube, place.namespace)
    await place.files.create(other, uid, SMALL)
    forged = {"metadata": {"annotations": {"preview.coinnation.io/digest": "0" * 64}}}
    await place.kube.patch(CONFIG_MAPS, place.namespace, names.files_name(other), forged)
    with pytest.raises(FilesCorrupt):
        await place.files.read(other)


async def test_the_files_go_with_their_session(place: Place) -> None:
    await place.files.create(place.session_id, place.uid, BIG)
    await place.kube.delete(SESSIONS, place.namespace, place.session_id)
    deadline = time.monotonic() + 60
    while await place.shards():
        assert time.monotonic() < deadline, "not collected"
        await asyncio.sleep(0.1)
    with pytest.raises(NotFound):
        await place.files.index(place.session_id)


async def test_a_commit_whose_answers_are_lost_is_one_commit(
    place: Place, kubectl: Kubectl, control_plane: Path, tmp_path: Path
) -> None:
    flat = tmp_path / "flat.kubeconfig"
    flat.write_text(json.dumps(kubectl.json("config", "view", "--raw", "--minify", "--flatten")))
    async with (
        Proxy(flat, tmp_path, storm("POST", "configmaps", Cut.AFTER, times=3)) as proxy,
        await Kube.of_kubeconfig(proxy.kubeconfig, "test") as kube,
    ):
        files = StoredFiles(kube, place.namespace)
        base = await files.create(place.session_id, place.uid, BIG)
        proxy.calls.clear()
        proxy.fault = storm("PUT", "configmaps", Cut.AFTER, times=1)
        index = await files.commit(base, place.uid, SMALL)
        assert index.revision == 2
        proxy.calls.clear()
        proxy.fault = storm("PUT", "configmaps", Cut.BEFORE)
        with pytest.raises(Unavailable):
            await files.commit(index, place.uid, BIG)
    stored = await place.files.read(place.session_id)
    assert (stored.index.revision, stored.tree) == (2, SMALL)


async def test_two_commits_that_differ_in_what_vite_does_not_see_are_two(place: Place) -> None:
    base = await place.files.create(place.session_id, place.uid, SMALL)
    one, two = (SMALL.replace(put=[File("src/backend/main.mo", text)]) for text in (b"one", b"two"))
    assert one.digest == two.digest == SMALL.digest
    await place.files.commit(base, place.uid, one)
    with pytest.raises(Conflict):
        await place.files.commit(base, place.uid, two)
    assert (await place.files.read(place.session_id)).tree == one
