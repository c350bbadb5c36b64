from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import httpx2
import pytest

from preview_api.backends.base import Phase, Record, Snapshot
from preview_api.backends.delivery import HYDRATIONS, deliver
from preview_core.client import RuntimeAway, RuntimeClient
from preview_core.filetree import File, FileTree
from preview_core.wire import HmrKind, Outcome


def snapshot(revision: int) -> Snapshot:
    tree = FileTree([File("src/frontend/src/App.tsx", f"export default {revision}\n".encode())])
    record = Record(
        id="a" * 26,
        owner="someone",
        created_at=0,
        last_activity_at=0,
        expires_at=0,
        revision=revision,
        digest=tree.digest,
        preview_url="",
        ws_url="",
        phase=Phase.READY,
    )
    return Snapshot(record, tree)


@dataclass
class Runtime:
    """Its rules about revisions, without Vite: a patch fits, a tree is never an older one."""

    at: Snapshot
    calls: list[tuple[str, int]] = field(default_factory=list)
    ahead: Callable[[], Snapshot] | None = None

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        message = json.loads(request.content)
        self.calls.append((request.method, message["revision"]))
        if self.ahead is not None:
            self.at = self.ahead()
        has = (self.at.record.revision, self.at.record.digest)
        fits = (
            (message["baseRevision"], message["baseDigest"]) == has
            if request.method == "PATCH"
            else message["revision"] >= has[0]
        )
        if not fits:
            problem = {"code": "REVISION_MISMATCH", "error": "no", "revision": has[0], "digest": has[1]}
            return httpx2.Response(409, json=problem)
        self.at = snapshot(message["revision"])
        hmr = {"kind": "update", "modules": [], "durationMs": 1}
        answer = {"revision": message["revision"], "digest": message["digest"], "hmr": hmr, "diagnostics": []}
        return httpx2.Response(200, json=answer)


async def delivered(runtime: Runtime, base: int, new: int, newest: Callable[[], Awaitable[Snapshot]]) -> Outcome:
    async with httpx2.AsyncClient(transport=httpx2.MockTransport(runtime)) as http:
        return await deliver(RuntimeClient("http://pod", "token", http), snapshot(base), snapshot(new), newest)


async def test_a_runtime_that_is_where_we_think_gets_the_change() -> None:
    runtime = Runtime(snapshot(1))

    async def newest() -> Snapshot:
        raise AssertionError("nothing is read")

    assert (await delivered(runtime, 1, 2, newest)).hmr.kind is HmrKind.UPDATE
    assert runtime.calls == [("PATCH", 2)]


async def test_one_that_is_behind_gets_the_newest_files() -> None:
    runtime = Runtime(snapshot(1))

    async def newest() -> Snapshot:
        return snapshot(4)

    assert (await delivered(runtime, 2, 3, newest)).revision == 4
    assert runtime.calls == [("PATCH", 3), ("PUT", 4)]


async def test_one_that_has_the_newest_files_gets_nothing() -> None:
    runtime = Runtime(snapshot(3))

    async def newest() -> Snapshot:
        return snapshot(3)

    outcome = await delivered(runtime, 2, 3, newest)
    assert (outcome.revision, outcome.hmr.kind) == (3, HmrKind.NONE)
    assert runtime.calls == [("PATCH", 3)]


async def test_one_that_is_overtaken_while_the_files_are_read_is_not_sent_back() -> None:
    """Two replicas push: the other one's newer tree came between our reading and our sending."""
    runtime = Runtime(snapshot(5))
    read = iter([4, 5])

    async def newest() -> Snapshot:
        return snapshot(next(read))

    assert (await delivered(runtime, 2, 3, newest)).revision == 5
    assert runtime.calls == [("PATCH", 3), ("PUT", 4)]
    assert runtime.at.record.revision == 5


async def test_one_that_stays_ahead_is_left_alone_after_some_tries() -> None:
    runtime = Runtime(snapshot(5), ahead=lambda: snapshot(runtime.at.record.revision + 1))

    async def newest() -> Snapshot:
        return snapshot(4)

    with pytest.raises(RuntimeAway):
        await delivered(runtime, 2, 3, newest)
    assert len(runtime.calls) == 1 + HYDRATIONS
