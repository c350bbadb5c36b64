"""Updates that come faster than they compile, on a real runtime: none is lost, and the pages get few messages."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import websockets
from tests.component.local.conftest import Local, Start
from tests.component.local.harness import CREATE, MODULE, ORIGIN, PROJECT, Page, eventually_async, sent

Frames = list[dict[str, Any]]

UPDATES = 20
APP = "src/frontend/src/App.tsx"
_IMPORTS = "".join(f"import n{number} from './n{number}'\n" for number in range(UPDATES))
_USES = ", ".join(f"n{number}" for number in range(UPDATES))
FILES = {
    **PROJECT,
    **{f"src/frontend/src/n{number}.ts": "export default 'old'\n" for number in range(UPDATES)},
    APP: f"{_IMPORTS}export default function App() {{ return <h1>{{[{_USES}].join()}}</h1> }}\n",
}


async def ready(local: Local) -> tuple[str, Page]:
    response = await local.api.post(CREATE, json={"files": sent(FILES)})
    url, page = f"{CREATE}/{response.json()['sessionId']}", Page(response.json()["previewUrl"])

    async def phase() -> str:
        return str((await local.api.get(url)).json()["phase"])

    await eventually_async(phase, lambda now: now == "Ready")
    return url, page


async def update(local: Local, url: str, files: dict[str, str]) -> dict[str, Any]:
    response = await local.api.post(f"{url}/update", json={"files": sent(files)})
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


@asynccontextmanager
async def observed(page: Page) -> AsyncIterator[Frames]:
    """What an observer receives, after its greeting; at the end its one socket must still be open."""
    frames: Frames = []
    url = f"ws://{page.host}/hmr"
    async with websockets.connect(url, host="127.0.0.1", port=page.port, origin=websockets.Origin(ORIGIN)) as socket:
        assert json.loads(await socket.recv())["type"] == "connected"

        async def receive() -> None:
            async for text in socket:
                frames.append(json.loads(text))

        receiving = asyncio.create_task(receive())
        yield frames
        assert not receiving.done(), f"the socket was closed with {socket.close_code}"
        receiving.cancel()


async def test_g29_updates_that_come_at_once_are_few_messages_and_each_has_its_own_answer(start: Start) -> None:
    local = await start()
    url, page = await ready(local)
    async with observed(page) as frames:
        names = [f"src/frontend/src/n{number}.ts" for number in range(UPDATES)]
        answers = await asyncio.gather(
            *(update(local, url, {name: f"export default 'new {at}'\n"}) for at, name in enumerate(names))
        )
        assert [answer["updated"] for answer in answers] == [[name] for name in names]
        assert sorted(answer["revision"] for answer in answers) == list(range(2, UPDATES + 2))
        assert all(answer["hmr"]["kind"] == "update" and answer["diagnostics"] == [] for answer in answers)
        # An answer comes when the preview has what was sent.
        for number in range(UPDATES):
            assert f"new {number}" in await page.text_async(f"/src/n{number}.ts")
        await eventually_async(_so_far(frames), bool)
    assert {frame["type"] for frame in frames} == {"update"}
    assert len(frames) < UPDATES
    outcomes = {(tuple(answer["hmr"]["modules"]), answer["hmr"]["durationMs"]) for answer in answers}
    assert len(outcomes) <= len(frames)  # all of one message have one outcome


async def test_updates_during_a_restart_of_the_dev_server_are_all_there_after_it(start: Start) -> None:
    local = await start()
    url, page = await ready(local)
    async with observed(page) as frames:
        restart = asyncio.create_task(update(local, url, {"src/frontend/.env": "VITE_NAME=restarted\n"}))
        edits = [
            asyncio.create_task(
                update(local, url, {f"src/frontend/src/n{number}.ts": f"export default 'new {number}'\n"})
            )
            for number in range(5)
        ]
        answers = await asyncio.gather(restart, *edits)
        assert answers[0]["hmr"]["kind"] == "restart"
        assert sorted(answer["revision"] for answer in answers) == list(range(2, 8))
        for number in range(5):
            assert f"new {number}" in await page.text_async(f"/src/n{number}.ts")
        after = await update(local, url, {APP: FILES[APP].replace("h1", "h2")})
        assert after["hmr"]["kind"] == "update"
        await eventually_async(_so_far(frames), lambda seen: any(frame["type"] == "full-reload" for frame in seen))
    assert "error" not in {frame["type"] for frame in frames}
    assert "h2" in await page.text_async(MODULE)


async def test_an_update_that_came_twice_at_once_is_answered_when_the_preview_has_it(start: Start) -> None:
    local = await start()
    url, page = await ready(local)
    content = {"src/frontend/src/n0.ts": "export default 'twice'\n"}
    first, second = await asyncio.gather(update(local, url, content), update(local, url, content))
    assert sorted([len(first["updated"]), len(second["updated"])]) == [0, 1]
    assert first["revision"] == second["revision"] == 2
    assert "twice" in await page.text_async("/src/n0.ts")


def _so_far(frames: Frames) -> Callable[[], Awaitable[Frames]]:
    async def so_far() -> Frames:
        return frames

    return so_far
