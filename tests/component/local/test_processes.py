"""A bounded number of children: who gets one, who gives one up."""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import websockets
from tests.component.local.conftest import Local, Start
from tests.component.local.harness import (
    CREATE,
    MODULE,
    ORIGIN,
    PROJECT,
    Page,
    children,
    eventually_async,
    is_alive,
    sent,
)

from preview_api.backends.local.processes import end_stale, start_time


async def create(local: Local) -> tuple[str, Page]:
    response = await local.api.post(CREATE, json={"files": sent(PROJECT)})
    assert response.status_code == 200, response.text
    return f"{CREATE}/{response.json()['sessionId']}", Page(response.json()["previewUrl"])


async def ready(local: Local, url: str) -> None:
    """Waits until the preview is up and its runtime has said so."""

    async def status() -> str:
        return str((await local.api.get(url)).json()["phase"])

    await eventually_async(status, lambda phase: phase == "Ready")


async def phase(local: Local, url: str) -> str:
    """Without waking it: from the records."""
    record = await local.backend.get(url.rpartition("/")[2])
    assert record is not None
    return record.phase


async def test_the_idle_one_is_suspended_for_the_next_and_wakes_on_a_page_request(start: Start) -> None:
    local = await start(max_processes=1, idle_after_s=0.0)
    first, first_page = await create(local)
    await ready(local, first)
    second, _ = await create(local)
    await ready(local, second)
    assert await phase(local, first) == "Suspended"
    assert len(children(os.getpid())) == 1

    waiting = await asyncio.to_thread(first_page.navigate)
    assert waiting.status_code == 200
    assert "refresh" in waiting.text
    await eventually_async(lambda: first_page.text_async(MODULE), lambda text: "first" in text)
    assert await phase(local, second) == "Suspended"
    assert len(children(os.getpid())) == 1


async def test_a_suspended_session_wakes_on_an_update_and_shows_it(start: Start) -> None:
    local = await start(max_processes=1, idle_after_s=0.0)
    first, page = await create(local)
    await ready(local, first)
    second, _ = await create(local)
    await ready(local, second)
    edit = {"src/frontend/src/App.tsx": "export default () => <b>woken</b>"}
    answer = await local.api.post(f"{first}/update", json={"files": sent(edit)})
    assert answer.json()["revision"] == 2
    await eventually_async(lambda: page.text_async(MODULE), lambda text: "woken" in text)


async def test_a_suspended_session_wakes_on_a_status_call(start: Start) -> None:
    local = await start(max_processes=1, idle_after_s=0.0)
    first, _ = await create(local)
    await ready(local, first)
    second, _ = await create(local)
    await ready(local, second)
    assert await phase(local, first) == "Suspended"
    await ready(local, first)
    assert await phase(local, second) == "Suspended"


async def test_without_an_idle_session_there_is_no_capacity(start: Start) -> None:
    local = await start(max_processes=1, idle_after_s=3600.0)
    first, page = await create(local)
    response = await local.api.post(CREATE, json={"files": sent(PROJECT)})
    assert (response.status_code, response.json()["code"]) == (503, "CAPACITY")
    assert response.headers["Retry-After"]
    assert response.headers["Access-Control-Allow-Origin"] == ORIGIN
    await eventually_async(lambda: page.text_async(MODULE), lambda text: "first" in text)
    await local.api.delete(first)
    assert (await local.api.post(CREATE, json={"files": sent(PROJECT)})).status_code == 200


async def opened(page: Page) -> websockets.ClientConnection:
    """The socket that Vite's client opens in a page."""
    token = re.search(r'wsToken = "([^"]+)"', await page.text_async("/@vite/client"))
    assert token is not None
    return await websockets.connect(
        f"ws://{page.host}/hmr?token={token[1]}",
        host="127.0.0.1",
        port=page.port,
        origin=websockets.Origin(f"http://{page.host}"),
        subprotocols=[websockets.Subprotocol("vite-hmr")],
    )


async def tell(socket: websockets.ClientConnection, *, visible: bool) -> None:
    """What the script in a page does. Returns when the runtime has heard it."""
    event = {"type": "custom", "event": "kontext-preview:visible", "data": {"visible": visible}}
    await socket.send(json.dumps(event))
    await (await socket.ping())


async def test_a_preview_that_is_looked_at_keeps_its_place_and_a_hidden_one_makes_room(start: Start) -> None:
    local = await start(max_processes=1, idle_after_s=0.0)
    first, page = await create(local)
    await ready(local, first)
    async with await opened(page) as socket:
        await tell(socket, visible=True)
        response = await local.api.post(CREATE, json={"files": sent(PROJECT)})
        assert response.json()["code"] == "CAPACITY"
        await tell(socket, visible=False)

        async def made() -> int:
            return (await local.api.post(CREATE, json={"files": sent(PROJECT)})).status_code

        # A full house says so for a second, without asking everybody again.
        await eventually_async(made, lambda status: status == 200)
        assert await phase(local, first) == "Suspended"


async def test_g30_a_session_that_nobody_uses_gives_up_its_process_and_comes_back_with_its_files(start: Start) -> None:
    local = await start(idle_after_s=0.0, suspend_after_s=1.0)
    first, page = await create(local)
    await ready(local, first)
    async with await opened(page) as socket:
        await tell(socket, visible=True)
        await asyncio.sleep(1.1)
        await local.backend.sweeper.sweep()
        assert await phase(local, first) == "Ready", "somebody looks at it"
        await tell(socket, visible=False)
        await asyncio.sleep(1.1)
        await local.backend.sweeper.sweep()
        assert await phase(local, first) == "Suspended"
        assert children(os.getpid()) == []
        await socket.wait_closed()
        assert socket.close_code != 1000, "the page comes back"
    assert (await asyncio.to_thread(page.navigate)).status_code == 200
    await eventually_async(lambda: page.text_async(MODULE), lambda text: "first" in text)


async def test_a_session_that_two_want_to_suspend_and_one_wants_back_never_has_two_processes(start: Start) -> None:
    local = await start()
    first, page = await create(local)
    await ready(local, first)
    [session] = local.backend.live_sessions()
    supervisor = session.supervisor
    assert supervisor is not None
    leaving = [asyncio.create_task(supervisor.suspend()) for _ in range(2)]
    await asyncio.sleep(0)
    supervisor.wake()
    while not all(task.done() for task in leaving):
        assert len(children(os.getpid())) <= 1
        await asyncio.sleep(0.01)
    await eventually_async(lambda: page.text_async(MODULE), lambda text: "first" in text)
    assert len(children(os.getpid())) == 1


async def test_an_observer_hears_of_the_end_of_its_session(start: Start) -> None:
    local = await start()
    first, page = await create(local)
    await ready(local, first)
    url = f"ws://{page.host}/hmr"
    async with websockets.connect(url, host="127.0.0.1", port=page.port, origin=websockets.Origin(ORIGIN)) as socket:
        assert "connected" in str(await socket.recv())
        # G28: the page reconnects for ever unless it is told that the session is over.
        assert (await local.api.delete(first)).status_code == 200
        await socket.wait_closed()
        assert socket.close_code == 1000


async def test_g29_concurrent_updates_reach_the_preview_in_order(start: Start) -> None:
    local = await start()
    url, page = await create(local)

    async def update(number: int) -> int:
        files = {
            f"src/frontend/src/n{number}.ts": f"export default {number}",
            "src/frontend/src/App.tsx": f"export default 'last {number}'",
        }
        answer = await local.api.post(f"{url}/update", json={"files": sent(files)})
        assert answer.status_code == 200
        return int(answer.json()["revision"])

    revisions = await asyncio.gather(*(update(number) for number in range(12)))
    assert sorted(revisions) == list(range(2, 14))
    last = f"last {revisions.index(13)}{chr(34)}"
    await eventually_async(lambda: page.text_async(MODULE), lambda text: last in text.replace("'", chr(34)))
    for number in range(12):
        assert f"export default {number}" in await page.text_async(f"/src/n{number}.ts")


async def test_a_stale_child_of_a_killed_server_is_ended_and_nobody_else(tmp_path: Path) -> None:
    script = tmp_path / "main.js"
    script.write_text("import time\nprint('up', flush=True)\ntime.sleep(600)\n")

    def started(path: Path) -> subprocess.Popen[bytes]:
        process = subprocess.Popen([sys.executable, str(path)], stdout=subprocess.PIPE, start_new_session=True)
        assert process.stdout is not None
        process.stdout.readline()
        return process

    other_script = tmp_path / "other.js"
    other_script.write_text(script.read_text())
    ours, reused, other = started(script), started(script), started(other_script)
    try:
        now = start_time(ours.pid)
        assert now is not None
        await end_stale(ours.pid, now)
        assert not is_alive(ours.pid)
        await end_stale(reused.pid, (start_time(reused.pid) or 0) - 1)
        await end_stale(other.pid, start_time(other.pid))
        await end_stale(2**22 + 1, 5)
        assert is_alive(reused.pid)
        assert is_alive(other.pid)
    finally:
        for process in (ours, reused, other):
            process.kill()
            process.wait()
            if process.stdout is not None:
                process.stdout.close()
