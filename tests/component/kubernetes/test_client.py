"""The client of the API server: real answers, and real sockets for the faults."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from e2e.cluster.kubectl import Kubectl
from tests.component.proxy import Cut, Fault, Proxy, storm

from preview_core.kube import client
from preview_core.kube.client import Change, Kube, Object
from preview_core.kube.errors import AlreadyExists, Conflict, Expired, NotFound, Refused, Unavailable
from preview_core.kube.resource import CONFIG_MAPS, SESSIONS, Resource

Through = Callable[[Fault], Awaitable[tuple[Kube, Proxy]]]
LABELS = {"test": "yes"}


@pytest.fixture
async def kube(control_plane: Path) -> AsyncIterator[Kube]:
    async with await Kube.of_kubeconfig(control_plane, "test") as client:
        yield client


@pytest.fixture
async def through(kubectl: Kubectl, control_plane: Path, tmp_path: Path) -> AsyncIterator[Through]:
    """A client behind a proxy with a fault."""
    flat = tmp_path / "flat.kubeconfig"
    config = kubectl.json("config", "view", "--raw", "--minify", "--flatten")
    flat.write_text(json.dumps(config))
    async with AsyncExitStack() as stack:

        async def start(fault: Fault) -> tuple[Kube, Proxy]:
            proxy = await stack.enter_async_context(Proxy(flat, tmp_path, fault))
            client = await Kube.of_kubeconfig(proxy.kubeconfig, "test")
            return await stack.enter_async_context(client), proxy

        yield start


def config_map(name: str, **data: str) -> Object:
    metadata = {"name": name, "labels": LABELS}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


async def test_an_object_is_made_read_changed_listed_and_deleted(kube: Kube, namespace: str) -> None:
    made = await kube.create(CONFIG_MAPS, namespace, config_map("one", a="1", b="2"))
    assert await kube.get(CONFIG_MAPS, namespace, "one") == made
    metadata = await kube.get_metadata(CONFIG_MAPS, namespace, "one")
    assert metadata["metadata"]["uid"] == made["metadata"]["uid"]
    assert "data" not in metadata

    patched = await kube.patch(CONFIG_MAPS, namespace, "one", {"data": {"a": None, "c": "3"}})
    assert patched["data"] == {"b": "2", "c": "3"}
    replaced = await kube.replace(CONFIG_MAPS, namespace, {**patched, "data": {"d": "4"}})
    assert replaced["data"] == {"d": "4"}

    await kube.create(CONFIG_MAPS, namespace, config_map("two"))
    listed = await kube.list(CONFIG_MAPS, namespace, "test=yes")
    assert [item["metadata"]["name"] for item in listed.items] == ["one", "two"]
    assert len((await kube.list(CONFIG_MAPS, namespace, "test=yes", limit=1)).items) == 1
    assert (await kube.list(CONFIG_MAPS, namespace, "test=no")).items == []
    only_metadata = await kube.list_metadata(CONFIG_MAPS, namespace, "test=yes")
    assert all("data" not in item for item in only_metadata.items)

    assert await kube.delete(CONFIG_MAPS, namespace, "one") is True
    assert await kube.delete(CONFIG_MAPS, namespace, "one") is False
    with pytest.raises(NotFound):
        await kube.get(CONFIG_MAPS, namespace, "one")


async def test_of_two_who_make_the_same_name_one_is_told(kube: Kube, namespace: str) -> None:
    results = await asyncio.gather(
        *(kube.create(CONFIG_MAPS, namespace, config_map("one", by=str(number))) for number in range(5)),
        return_exceptions=True,
    )
    assert sum(isinstance(result, AlreadyExists) for result in results) == 4


async def test_a_write_with_an_old_resource_version_is_a_conflict(kube: Kube, namespace: str) -> None:
    made = await kube.create(CONFIG_MAPS, namespace, config_map("one", a="1"))
    await kube.patch(CONFIG_MAPS, namespace, "one", {"data": {"a": "2"}})
    with pytest.raises(Conflict):
        await kube.replace(CONFIG_MAPS, namespace, {**made, "data": {"a": "3"}})
    version = {"resourceVersion": made["metadata"]["resourceVersion"]}
    with pytest.raises(Conflict):
        await kube.patch(CONFIG_MAPS, namespace, "one", {"metadata": version, "data": {"a": "3"}})
    assert (await kube.get(CONFIG_MAPS, namespace, "one"))["data"] == {"a": "2"}


async def test_apply_makes_it_so_and_takes_back_what_it_set_before(kube: Kube, namespace: str) -> None:
    first = await kube.apply(CONFIG_MAPS, namespace, config_map("one", a="1", b="2"))
    assert first["data"] == {"a": "1", "b": "2"}
    assert (await kube.apply(CONFIG_MAPS, namespace, config_map("one", a="1")))["data"] == {"a": "1"}


async def test_only_the_object_that_was_meant_is_deleted(kube: Kube, namespace: str) -> None:
    made = await kube.create(CONFIG_MAPS, namespace, config_map("one"))
    assert await kube.delete(CONFIG_MAPS, namespace, "one", uid="another") is False
    assert await kube.get(CONFIG_MAPS, namespace, "one") == made
    assert await kube.delete(CONFIG_MAPS, namespace, "one", uid=made["metadata"]["uid"]) is True


async def test_what_the_server_does_not_accept_is_refused_with_its_reason(
    kube: Kube, namespace: str, crds: None
) -> None:
    body = {
        "apiVersion": SESSIONS.api_version,
        "kind": SESSIONS.kind,
        "metadata": {"name": "a" * 26},
        "spec": {"runtimeRef": {"name": "standard"}, "owner": 7},
    }
    with pytest.raises(Refused) as error:
        await kube.create(SESSIONS, namespace, body)
    assert error.value.status == 422
    assert "spec.owner" in error.value.message
    assert "a" * 26 not in str(error.value), "the text for logs names no object"


async def test_a_kind_that_is_not_installed_is_not_found(kube: Kube, namespace: str) -> None:
    with pytest.raises(NotFound):
        await kube.list(Resource("nobody.example.org", "v1", "things", "Thing"), namespace)


async def test_a_watch_tells_what_comes_after_the_list(kube: Kube, namespace: str) -> None:
    await kube.create(CONFIG_MAPS, namespace, config_map("before"))
    listed = await kube.list_metadata(CONFIG_MAPS, namespace, "test=yes")
    seen: list[tuple[str, str]] = []

    async def watch() -> None:
        async for change in kube.watch_metadata(CONFIG_MAPS, namespace, "test=yes", listed.resource_version):
            assert isinstance(change, Change)
            assert "data" not in change.object
            if change.kind != "BOOKMARK":
                seen.append((change.kind, change.object["metadata"]["name"]))
            if len(seen) == 4:
                return

    watching = asyncio.create_task(watch())
    await kube.create(CONFIG_MAPS, namespace, config_map("after"))
    await kube.create(CONFIG_MAPS, namespace, {**config_map("other"), "metadata": {"name": "other"}})
    await kube.patch(CONFIG_MAPS, namespace, "after", {"data": {"a": "1"}})
    await kube.delete(CONFIG_MAPS, namespace, "after")
    await kube.create(CONFIG_MAPS, namespace, config_map("last"))
    async with asyncio.timeout(20):
        await watching
    assert seen == [("ADDED", "after"), ("MODIFIED", "after"), ("DELETED", "after"), ("ADDED", "last")]


async def test_a_watch_from_a_time_that_is_forgotten_says_so(through: Through, namespace: str) -> None:
    kube, _ = await through(storm("GET", "configmaps", (410, None)))
    with pytest.raises(Expired):
        async for _change in kube.watch_metadata(CONFIG_MAPS, namespace, "", "1"):
            pass


@pytest.mark.parametrize("answer", [(429, None), (500, None), (503, None), Cut.BEFORE, Cut.AFTER])
async def test_one_failure_is_made_up_for(through: Through, namespace: str, answer: Any) -> None:
    kube, proxy = await through(storm("GET", "configmaps", answer, times=1))
    with pytest.raises(NotFound):
        await kube.get(CONFIG_MAPS, namespace, "one")
    assert proxy.times("GET", "configmaps") == 2


async def test_the_time_that_the_server_names_is_waited_for_within_reason(through: Through, namespace: str) -> None:
    for named, least, most in (("1", 1.0, 4.0), ("600", 2.0, 6.0)):
        kube, _ = await through(storm("GET", "configmaps", (429, named), times=1))
        began = time.monotonic()
        with pytest.raises(NotFound):
            await kube.get(CONFIG_MAPS, namespace, "one")
        assert least <= time.monotonic() - began < most


@pytest.mark.parametrize("answer", [(429, None), (500, None), Cut.BEFORE])
async def test_more_of_them_are_given_up(through: Through, namespace: str, answer: Any) -> None:
    kube, proxy = await through(storm("GET", "configmaps", answer))
    with pytest.raises(Unavailable):
        await kube.get(CONFIG_MAPS, namespace, "one")
    # On a connection that was open before, the transport repeats a GET once by itself.
    assert 3 <= proxy.times("GET", "configmaps") <= 6


async def test_what_is_final_is_asked_once(through: Through, namespace: str) -> None:
    kube, proxy = await through(lambda _call: None)
    with pytest.raises(NotFound):
        await kube.get(CONFIG_MAPS, namespace, "one")
    assert proxy.times("GET", "configmaps") == 1


async def test_after_a_lost_answer_the_other_writer_is_ourselves(through: Through, namespace: str) -> None:
    """Why whoever must know marks what it writes: the error is the same as any other's."""
    kube, proxy = await through(storm("POST", "configmaps", Cut.AFTER, times=1))
    with pytest.raises(AlreadyExists):
        await kube.create(CONFIG_MAPS, namespace, config_map("one"))
    made = await kube.get(CONFIG_MAPS, namespace, "one")
    proxy.calls.clear()
    proxy.fault = storm("PUT", "configmaps", Cut.AFTER, times=1)
    with pytest.raises(Conflict):
        await kube.replace(CONFIG_MAPS, namespace, {**made, "data": {"a": "1"}})
    assert (await kube.get(CONFIG_MAPS, namespace, "one"))["data"] == {"a": "1"}


async def test_a_server_that_is_not_there_is_unavailable_within_seconds(tmp_path: Path) -> None:
    path = tmp_path / "nowhere.kubeconfig"
    context = {"name": "c", "context": {"cluster": "c", "user": "u"}}
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        # Port 9 (discard): nobody listens there.
        "clusters": [{"name": "c", "cluster": {"server": "http://127.0.0.1:9"}}],
        "users": [{"name": "u", "user": {"token": "t"}}],
        "contexts": [context],
        "current-context": "c",
    }
    await asyncio.to_thread(path.write_text, json.dumps(config))
    began = time.monotonic()
    async with await Kube.of_kubeconfig(path, "test") as kube:
        with pytest.raises(Unavailable):
            await kube.get(CONFIG_MAPS, "default", "one")
        with pytest.raises(Unavailable):
            async for _change in kube.watch_metadata(CONFIG_MAPS, "default", "", "1"):
                pass
    assert time.monotonic() - began < 10


async def test_a_list_longer_than_a_page_is_whole(kube: Kube, namespace: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "PAGE", 2)
    names = [f"number-{number}" for number in range(5)]
    for name in names:
        await kube.create(CONFIG_MAPS, namespace, config_map(name))
    assert [item["metadata"]["name"] for item in (await kube.list(CONFIG_MAPS, namespace, "test=yes")).items] == names
    listed = await kube.list_metadata(CONFIG_MAPS, namespace, "test=yes")
    assert [item["metadata"]["name"] for item in listed.items] == names
    assert len((await kube.list(CONFIG_MAPS, namespace, "test=yes", limit=3)).items) == 3
