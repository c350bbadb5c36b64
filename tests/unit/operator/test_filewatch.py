"""The watch of stored files, through what an API server does to watches."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from tests.unit.operator.rig import Rig
from tests.unit.operator.world import ID

from preview_core.kube.client import Change
from preview_core.kube.errors import Expired, Unavailable
from preview_core.kube.resource import CONFIG_MAPS
from preview_core.objects import names
from preview_operator import filewatch as filewatch_module
from preview_operator.filewatch import FileWatch


@pytest.fixture
def rig() -> Rig:
    return Rig()


@pytest.fixture
def watch(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> FileWatch:
    monkeypatch.setattr(filewatch_module, "_PAUSE_S", 0.0)
    return FileWatch(rig.kube, "previews", rig.intake)


async def run_until(watch: FileWatch, condition: Callable[[], bool], version: str = "1") -> None:
    task = asyncio.create_task(watch.run(version))
    try:
        async with asyncio.timeout(10):
            while not condition():  # noqa: ASYNC110 - any condition, and no event for it
                await asyncio.sleep(0)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert task.cancelled()


def revision(rig: Rig) -> int | None:
    index = rig.cache.sessions[ID].index if ID in rig.cache.sessions else None
    return index.revision if index is not None else None


async def test_a_list_takes_in_what_is_there_and_forgets_what_is_not(rig: Rig, watch: FileWatch) -> None:
    rig.shard("1-old")
    del rig.kube.objects[CONFIG_MAPS.plural, names.shard_name(ID, "1-old")]
    rig.index(seen=False)
    assert await watch.list() == str(rig.kube.version)
    assert revision(rig) == 1
    assert rig.cache.sessions[ID].shards == {}


async def test_changes_are_taken_in_and_looked_at_after_the_push_had_its_time(rig: Rig, watch: FileWatch) -> None:
    rig.kube.changes = [Change("MODIFIED", rig.index(seen=False, revision=4))]
    await run_until(watch, lambda: revision(rig) == 4)
    assert (("session", ID), 1.0) in rig.wished


async def test_what_is_deleted_is_forgotten(rig: Rig, watch: FileWatch) -> None:
    found = rig.index()
    rig.kube.changes = [Change("DELETED", found)]
    await run_until(watch, lambda: revision(rig) is None)
    assert ID not in rig.cache.sessions


async def test_a_watch_that_ends_goes_on_from_where_it_was(rig: Rig, watch: FileWatch) -> None:
    rig.kube.changes = [Change("BOOKMARK", {"metadata": {"resourceVersion": "77"}})]
    await run_until(watch, lambda: len(rig.kube.watched_from) > 1)
    assert rig.kube.watched_from[:2] == ["1", "77"]
    assert list(rig.kube.called("list")) == []


async def test_a_bookmark_is_no_object(rig: Rig, watch: FileWatch) -> None:
    rig.kube.changes = [Change("BOOKMARK", {"metadata": {"resourceVersion": "77"}})]
    await run_until(watch, lambda: "77" in rig.kube.watched_from)
    assert rig.cache.sessions == {}


@pytest.mark.parametrize("error", [Expired("watch: 410"), Unavailable("watch: ClientPayloadError")])
async def test_a_watch_that_is_lost_begins_with_a_list(rig: Rig, watch: FileWatch, error: Exception) -> None:
    rig.index(seen=False, revision=9)
    rig.kube.changes = [error]  # type: ignore[list-item]
    await run_until(watch, lambda: revision(rig) == 9)
    assert rig.kube.watched_from[0] == "1"


async def test_a_list_that_fails_is_tried_again(rig: Rig, watch: FileWatch) -> None:
    rig.index(seen=False, revision=9)
    rig.kube.changes = [Expired("watch: 410")]
    rig.kube.faults["list"] = [Unavailable("GET of the API server: 503")] * 3
    await run_until(watch, lambda: revision(rig) == 9)
    assert len(rig.kube.called("list")) >= 4
