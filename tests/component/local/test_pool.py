"""Runtimes that wait: who gets one, and that nobody notices."""

from __future__ import annotations

import asyncio
import os
import signal
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from tests.component.local.conftest import Local, Start
from tests.component.local.harness import (
    CREATE,
    MODULE,
    PROJECT,
    Page,
    Server,
    children,
    eventually,
    eventually_async,
    is_alive,
    sent,
)

from preview_api.backends.local import pool
from preview_api.backends.local.installation import Installation


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for a quiet moment here."""
    monkeypatch.setattr(pool, "QUIET_S", 0.0)


async def filled(local: Local, count: int) -> None:
    await eventually_async(local.backend.warm, lambda waiting: waiting == count)


async def create(local: Local, text: str = "first", **more: Any) -> dict[str, Any]:
    files = {**PROJECT, "src/frontend/src/App.tsx": f"export default function App() {{ return <h1>{text}</h1> }}\n"}
    response = await local.api.post(CREATE, json={"files": sent(files)}, **more)
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


async def shown(answer: dict[str, Any], text: str) -> None:
    page = Page(answer["previewUrl"])
    assert text in await eventually_async(lambda: page.text_async(MODULE), lambda found: text in found)
    assert "Stand-in" not in (await asyncio.to_thread(page.navigate)).text
    assert await page.text_async("/src/pages/Home.tsx") == ""


async def test_a_create_takes_the_runtime_that_waits_and_another_one_is_made(start: Start) -> None:
    local = await start(warm=1)
    await filled(local, 1)
    [child] = children(os.getpid())
    made = await create(local)
    await shown(made, "first")
    await filled(local, 1)
    assert child in children(os.getpid())
    assert len(children(os.getpid())) == 2
    # The record knows the child, for the server after this one.
    [row] = await local.backend._in_store(local.backend._store.rows)
    await eventually_async(
        lambda: local.backend._in_store(local.backend._store.rows), lambda rows: rows[0].pid == child
    )
    assert row.revision == 1
    assert len(list((local.backend._settings.state_folder / "spares").iterdir())) == 1


async def test_parallel_creates_get_a_session_each_and_see_only_their_own_files(start: Start) -> None:
    local = await start(warm=3, max_processes=9)
    await filled(local, 3)
    made = await asyncio.gather(*(create(local, f"number {number:02}") for number in range(9)))
    assert len({answer["sessionId"] for answer in made}) == len({answer["previewUrl"] for answer in made}) == 9
    for number, answer in enumerate(made):
        await shown(answer, f"number {number:02}")


async def test_g03_creates_with_one_key_take_one_runtime(start: Start) -> None:
    local = await start(warm=2)
    await filled(local, 2)
    made = await asyncio.gather(*(create(local, headers={"Idempotency-Key": "one"}) for _ in range(6)))
    assert len({answer["sessionId"] for answer in made}) == 1
    assert Counter(answer["reused"] for answer in made) == Counter({True: 5, False: 1})
    await shown(made[0], "first")
    assert len(local.backend.live_sessions()) == 1


async def test_what_waits_is_no_session(start: Start) -> None:
    local = await start(warm=1)
    await filled(local, 1)
    [spare] = local.backend._pool._spares
    assert (await local.api.get(f"{CREATE}/{spare.row.id}")).status_code == 404
    assert (await local.api.delete(f"{CREATE}/{spare.row.id}")).status_code == 404
    assert (await local.api.post(f"{CREATE}/{spare.row.id}/update", json={"files": sent(PROJECT)})).status_code == 404
    page = Page(f"http://preview-{spare.row.id}.localhost:{spare.row.port}/")
    visit = await asyncio.to_thread(page.navigate)
    assert "Stand-in" not in visit.text
    assert "/src/index.tsx" not in visit.text
    assert await page.text_async("/src/App.tsx") == ""
    reused = await local.api.post(CREATE, json={"files": sent(PROJECT), "sessionId": spare.row.id})
    assert reused.json()["reused"] is False
    assert sum((await local.backend.count()).values()) == 1


async def test_a_killed_runtime_that_waited_is_replaced(start: Start) -> None:
    local = await start(warm=1)
    await filled(local, 1)
    [child] = children(os.getpid())
    os.kill(child, signal.SIGKILL)
    await eventually_async(local.backend.warm, lambda waiting: waiting == 0)
    await filled(local, 1)
    assert child not in children(os.getpid())
    await shown(await create(local), "first")


async def test_a_runtime_that_dies_as_it_is_taken_costs_nobody_the_session(start: Start) -> None:
    local = await start(warm=1)
    await filled(local, 1)
    [child] = children(os.getpid())
    # It cannot take the files any more, and its end is not known yet.
    os.kill(child, signal.SIGSTOP)
    made = asyncio.create_task(create(local))
    await asyncio.sleep(0.3)
    os.kill(child, signal.SIGKILL)
    await shown(await made, "first")


async def test_a_runtime_on_its_way_is_taken_rather_than_a_second_one_started(start: Start) -> None:
    local = await start(warm=1)
    await eventually_async(lambda: asyncio.to_thread(children, os.getpid()), bool)
    [child] = children(os.getpid())
    made = await create(local)
    await shown(made, "first")
    assert child in children(os.getpid())


async def test_spares_give_their_slots_back_first_and_take_none_that_is_wanted(start: Start) -> None:
    local = await start(warm=2, max_processes=2, idle_after_s=3600.0)
    await filled(local, 2)
    first, second = await create(local, "one"), await create(local, "two")
    await shown(first, "one")
    await shown(second, "two")
    assert await local.backend.warm() == 0
    assert len(children(os.getpid())) == 2
    third = await local.api.post(CREATE, json={"files": sent(PROJECT)})
    assert (third.status_code, third.json()["code"]) == (503, "CAPACITY")
    await local.api.delete(f"{CREATE}/{first['sessionId']}")
    # The slot that is free now may be a spare's, and a create is served all the same.
    await filled(local, 1)
    await shown(await create(local, "three"), "three")
    assert len(children(os.getpid())) == 2


async def test_a_suspended_session_wakes_in_the_place_of_a_spare(start: Start) -> None:
    local = await start(warm=1, max_processes=2, idle_after_s=0.0)
    await filled(local, 1)
    made = await create(local)
    await shown(made, "first")
    await filled(local, 1)
    [session] = local.backend.live_sessions()
    assert session.supervisor is not None
    await session.supervisor.suspend()
    local.backend._slots.release(session.supervisor)
    local.backend._pool._size = 2
    local.backend._pool._changed.set()
    await filled(local, 2)
    page = Page(made["previewUrl"])
    await asyncio.to_thread(page.navigate)
    await shown(made, "first")
    assert len(children(os.getpid())) <= 2


async def test_no_pool_is_no_pool(start: Start) -> None:
    local = await start(warm=0)
    await shown(await create(local), "first")
    assert await local.backend.warm() == 0
    assert len(children(os.getpid())) == 1


async def test_the_end_of_the_server_leaves_no_runtime(start: Start) -> None:
    local = await start(warm=2)
    await filled(local, 2)
    running = children(os.getpid())
    await local.stop()
    assert not any(is_alive(child) for child in running)
    assert list((local.backend._settings.state_folder / "spares").iterdir()) == []
    assert list((local.backend._settings.state_folder / "run").iterdir()) == []


def test_kill_9_of_the_server_leaves_no_runtime_not_even_one_that_hangs(
    installation: Installation, tmp_path: Path
) -> None:
    server = Server(tmp_path / "state", warm=2)
    eventually(server.waiting, lambda waiting: waiting == 2)
    hanging, other = server.children()
    os.kill(hanging, signal.SIGSTOP)
    server.kill()
    eventually(lambda: is_alive(other), lambda alive: not alive)
    assert is_alive(hanging)
    with Server(tmp_path / "state", warm=1) as restarted:
        assert not is_alive(hanging)
        eventually(restarted.waiting, lambda waiting: waiting == 1)
        assert restarted.ready(restarted.create()["sessionId"])["revision"] == 1


def test_a_session_that_began_warm_survives_kill_9_of_the_server(installation: Installation, tmp_path: Path) -> None:
    server = Server(tmp_path / "state", warm=1)
    eventually(server.waiting, lambda waiting: waiting == 1)
    made = server.create()
    server.kill()
    with Server(tmp_path / "state") as restarted:
        page = Page(made["previewUrl"])
        page.navigate()
        assert "first" in eventually(lambda: page.text(MODULE), bool)
        assert restarted.status(made["sessionId"])["revision"] == 1


async def test_a_pool_that_cannot_be_filled_is_tried_again_later_and_later(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    local = await start(warm=0)
    broken = local.backend._installation
    monkeypatch.setattr(type(broken), "command", property(lambda self: (self.node, "-e", "process.exit(1)")))
    local.backend._pool._size = 1
    local.backend._pool.start()
    await eventually_async(
        lambda: asyncio.sleep(0, local.backend._pool._backoff.failures), lambda failures: failures >= 3
    )
    monkeypatch.undo()
    monkeypatch.setattr(pool, "QUIET_S", 0.0)
    await filled(local, 1)
    await shown(await create(local), "first")
