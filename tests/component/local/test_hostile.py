"""G19: whatever session code does to its process, it comes back with its files, and the neighbours notice nothing."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
import websockets
from tests.component.local.conftest import Local, Start
from tests.component.local.harness import CREATE, MODULE, ORIGIN, PROJECT, Page, children, eventually_async, sent

TAILWIND = "src/frontend/tailwind.config.js"
STYLED = {**PROJECT, "src/frontend/src/styles.css": "@tailwind utilities;\nh1 { color: red }\n"}
HARMLESS = "module.exports = { content: ['./src/**/*.tsx'], theme: { extend: { colors: { brand: '#010203' } } } }\n"

# What session code does, as a statement.
EXIT = "process.exit(1);"
REALLY_EXIT = "process.reallyExit(1);"
ABORT = "process.abort();"
KILL = "process.kill(process.pid, 'SIGKILL');"
# Around the guard.
INTERNAL_KILL = "process._kill(process.pid, 9);"
THROW = "throw new Error('on purpose');"
LOOP = "for (;;) { try { for (;;); } finally { continue } }"
# Waits in the kernel: no loop of JavaScript that could be broken.
BLOCK = "Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);"
# In turns: one that fills the memory in a loop is in an endless loop as well, and how fast the machine is decides which
# of the two is seen first.
HEAP = "const all = []; setInterval(() => all.push(new Array(1e6).fill(all.length + 0.5)), 5);"
BUFFERS = "const all = []; setInterval(() => all.push(Buffer.alloc(1 << 26, 1)), 5);"
FORKS = (
    "for (let n = 0; n < 300; n += 1) require('node:child_process')"
    ".spawn('sleep', ['600'], { stdio: 'ignore' }).on('error', () => {});"
)


def at_load(act: str) -> str:
    return act + HARMLESS


def in_a_plugin(act: str) -> str:
    return f"module.exports = {{ content: ['./src/**/*.tsx'], plugins: [() => {{ {act} }}] }}\n"


def later(act: str) -> str:
    return f"setTimeout(() => {{ {act} }}, 1500);" + HARMLESS


@dataclass
class Neighbour:
    """A session that is asked all the time. `failures`: what it did not answer well."""

    page: Page
    asked: int = 0
    failures: list[str] = field(default_factory=list)

    async def poll(self) -> None:
        while True:
            answer = await asyncio.to_thread(self.page.get, MODULE)
            self.asked += 1
            if answer.status_code != 200 or "first" not in answer.text:
                self.failures.append(f"{answer.status_code} at {self.asked}")
            await asyncio.sleep(0.1)


@asynccontextmanager
async def neighbour(local: Local) -> AsyncIterator[Neighbour]:
    """Fails when it noticed anything."""
    session = (await local.api.post(CREATE, json={"files": sent(PROJECT)})).json()
    page = Page(session["previewUrl"])
    await eventually_async(lambda: page.text_async(MODULE), lambda text: "first" in text)
    found = Neighbour(page)
    polling = asyncio.create_task(found.poll())
    try:
        yield found
    finally:
        polling.cancel()
    await asyncio.wait((polling,))
    assert polling.cancelled(), "a question of the neighbour failed"
    assert found.asked > 0
    assert found.failures == []


async def status(local: Local, url: str) -> dict[str, str]:
    answer: dict[str, str] = (await local.api.get(url)).json()
    return answer


async def create(local: Local, config: str) -> tuple[str, Page]:
    response = await local.api.post(CREATE, json={"files": sent({**STYLED, TAILWIND: config})})
    assert response.status_code == 200, response.text
    session = response.json()
    return f"{CREATE}/{session['sessionId']}", Page(session["previewUrl"])


async def comes_back(local: Local, url: str, page: Page, told: str) -> None:
    """Ready, with its files, styles without directives, and an error that says what happened."""
    seen = await eventually_async(
        lambda: status(local, url), lambda now: now["phase"] == "Ready" and told in str(now["lastError"])
    )
    assert "/" not in str(seen["lastError"]).replace("src/frontend", ""), "no folder of this machine"
    await eventually_async(lambda: page.text_async(MODULE), lambda text: "first" in text)
    styles = await page.text_async("/src/styles.css")
    assert "color: red" in styles
    assert "@tailwind" not in styles


async def works_again(local: Local, url: str, page: Page) -> None:
    """A changed config is tried again, and nothing of the past remains."""
    mended = {
        TAILWIND: HARMLESS,
        "src/frontend/src/App.tsx": "export default () => <h1 className='text-brand'>first</h1>",
    }
    answer = (await local.api.post(f"{url}/update", json={"files": sent(mended)})).json()
    assert answer["diagnostics"] == []
    await eventually_async(lambda: page.text_async("/src/styles.css"), lambda text: "text-brand" in text)
    assert (await status(local, url))["lastError"] is None


@pytest.mark.parametrize("place", [at_load, in_a_plugin, later])
@pytest.mark.parametrize(
    ("act", "told"),
    [
        (EXIT, "process.exit was called"),
        (REALLY_EXIT, "process.reallyExit was called"),
        (ABORT, "process.abort was called"),
        (KILL, "process.kill was called"),
        (THROW, "on purpose"),
        ("Promise.reject(new Error('nobody listens'));", "nobody listens"),
    ],
    ids=["exit", "reallyExit", "abort", "kill", "throw", "rejection"],
)
async def test_g19_what_a_config_throws_or_calls_to_end_the_process_is_told_and_the_process_lives(
    start: Start, place: object, act: str, told: str
) -> None:
    assert callable(place)
    local = await start()
    url, page = await create(local, place(act))
    await eventually_async(lambda: status(local, url), lambda now: told in str(now["lastError"]))
    [child] = children(os.getpid())
    if place is not in_a_plugin or "Promise" in act:
        await comes_back(local, url, page, told)
    await works_again(local, url, page)
    assert children(os.getpid()) == [child]


@pytest.mark.parametrize("place", [at_load, in_a_plugin])
@pytest.mark.parametrize(
    ("act", "why"),
    [
        (INTERNAL_KILL, "endless loop, process.exit"),
        (LOOP, "endless loop"),
        (BLOCK, "it hung"),
        (HEAP, "too much memory"),
        (BUFFERS, "too much memory"),
        (FORKS, "too many processes"),
    ],
    ids=["kill", "loop", "block", "heap", "buffers", "forks"],
)
async def test_g19_a_config_that_ends_the_process_is_left_out_until_it_changes(
    start: Start, place: object, act: str, why: str
) -> None:
    assert callable(place)
    local = await start()
    async with neighbour(local):
        url, page = await create(local, place(act))
        await comes_back(local, url, page, "tailwind.config.js ended the preview's process")
        assert why in str((await status(local, url))["lastError"])
        await works_again(local, url, page)


@pytest.mark.parametrize(
    ("act", "why"),
    [(INTERNAL_KILL, "process.exit"), (LOOP, "endless loop"), (HEAP, "too much memory"), (FORKS, "too many processes")],
    ids=["kill", "loop", "heap", "forks"],
)
async def test_g19_a_timer_of_a_config_that_ends_the_process_is_found_out(start: Start, act: str, why: str) -> None:
    local = await start()
    async with neighbour(local):
        url, page = await create(local, later(act))
        await comes_back(local, url, page, "tailwind.config.js ended the preview's process")
        assert why in str((await status(local, url))["lastError"])
        await works_again(local, url, page)


async def test_g19_the_culprit_stays_left_out_while_the_session_sleeps(start: Start) -> None:
    local = await start(max_processes=1, idle_after_s=0.0)
    url, page = await create(local, at_load(INTERNAL_KILL))
    await comes_back(local, url, page, "tailwind.config.js ended the preview's process")
    other, _ = await create(local, HARMLESS)
    await eventually_async(lambda: status(local, other), lambda now: now["phase"] == "Ready")
    await page.text_async("/")
    await comes_back(local, url, page, "tailwind.config.js ended the preview's process")


async def test_g27_an_observers_socket_is_open_again_within_the_retries_of_its_page(start: Start) -> None:
    local = await start()
    url, page = await create(local, HARMLESS)
    await eventually_async(lambda: status(local, url), lambda now: now["phase"] == "Ready")

    def observe() -> websockets.connect:
        address = f"ws://{page.host}/hmr"
        return websockets.connect(address, host="127.0.0.1", port=page.port, origin=websockets.Origin(ORIGIN))

    async with observe() as socket:
        await local.api.post(f"{url}/update", json={"files": sent({TAILWIND: at_load(INTERNAL_KILL)})})
        await socket.wait_closed()
        assert socket.close_code != 1000
    for _ in range(3):
        await asyncio.sleep(3.0)
        try:
            async with observe() as again:
                assert "connected" in str(await again.recv())
                return
        except (OSError, websockets.InvalidHandshake):
            continue
    pytest.fail("the page would have given up")
