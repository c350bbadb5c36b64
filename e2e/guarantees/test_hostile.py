"""G19: what code of one session does to its pod, its neighbours do not notice, and it comes back with its files."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx2
import pytest

from e2e.browser import project
from e2e.guarantees.caller import AFTER_A_KILL_S, TITLE_MODULE, Session, eventually
from e2e.guarantees.conftest import Create

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(300)]

TAILWIND = "src/frontend/tailwind.config.js"
HARMLESS = "module.exports = { content: ['./src/**/*.tsx'] }\n"
# Ended after 4 s, started in place, filled by the operator; two busy cores run all of the cluster.
COMES_BACK_S = 2 * AFTER_A_KILL_S

EXIT = "process.exit(1);"
LOOP = "for (;;) { try { for (;;); } finally { continue } }"
# Waits in the kernel: no loop of JavaScript that could be broken. (A child to wait for there is none: no shell.)
BLOCK = "Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);"
HEAP = "for (const all = []; ;) all.push(new Array(1e5).fill(all.length + 0.5));"
BUFFERS = "for (const all = []; ;) all.push(Buffer.alloc(1 << 26, 1));"
# More than the pod may have, again and again, for as long as the config is in use.
FORKS = (
    "const bomb = () => { for (let n = 0; n < 400; n += 1) require('node:child_process')"
    ".spawn('sleep', ['600'], { stdio: 'ignore' }).on('error', () => {}); };"
    "bomb(); setInterval(bomb, 1000);"
)


@asynccontextmanager
async def undisturbed(session: Session) -> AsyncIterator[None]:
    """Asks a neighbour all the time, and fails when one answer was not as it should be."""
    failures: list[str] = []
    asked = 0

    async def poll() -> None:
        nonlocal asked
        while True:
            try:
                answer = await session.page(TITLE_MODULE)
                if answer.status_code != 200 or "Neighbour" not in answer.text:
                    failures.append(f"{answer.status_code} at {asked}")
            except httpx2.TransportError as error:
                failures.append(f"{type(error).__name__} at {asked}")
            asked += 1
            await asyncio.sleep(0.2)

    polling = asyncio.create_task(poll())
    try:
        yield
    finally:
        polling.cancel()
        await asyncio.wait((polling,))
    assert polling.cancelled()
    assert asked > 0
    assert failures == []


async def told(session: Session, *parts: str) -> None:
    """Waits until the session is Ready and its last error names what happened."""

    async def there() -> bool:
        now = (await session.status()).json()
        return now["phase"] == "Ready" and all(part in str(now.get("lastError")) for part in parts)

    await eventually(there, f"Ready, and told of {parts}", COMES_BACK_S)


@pytest.mark.parametrize(
    ("act", "what"),
    [
        (EXIT, "process.exit was called"),
        (LOOP, "tailwind.config.js ended the preview's process (it hung"),
        (BLOCK, "tailwind.config.js ended the preview's process (it hung"),
        (HEAP, "tailwind.config.js ended the preview's process"),
        (BUFFERS, "tailwind.config.js ended the preview's process"),
    ],
    ids=["exit", "loop", "block", "heap", "buffers"],
)
async def test_g19_a_session_that_ends_its_process_comes_back_and_nobody_else_notices(
    new: Create, act: str, what: str
) -> None:
    neighbour, session = await new("Neighbour"), await new("First")
    await neighbour.ready()
    await session.ready()
    async with undisturbed(neighbour):
        answer = await session.update({TAILWIND: act + HARMLESS, project.TITLE: project.title("Second")})
        assert answer.status_code == 200
        await session.serves("Second", COMES_BACK_S)
        await told(session, what)
        mended = await session.update({TAILWIND: HARMLESS, project.TITLE: project.title("Third")})
        assert (mended.status_code, mended.json()["diagnostics"]) == (200, [])
        await session.serves("Third", AFTER_A_KILL_S)


async def test_g19_processes_without_end_stay_in_their_pod(new: Create) -> None:
    neighbour, session = await new("Neighbour"), await new("First")
    await neighbour.ready()
    await session.ready()
    async with undisturbed(neighbour):
        answer = await session.update({TAILWIND: FORKS + HARMLESS, project.TITLE: project.title("Second")})
        assert answer.status_code == 200
        await session.serves("Second", COMES_BACK_S)
        # The node starts processes for others meanwhile: a new pod.
        other = await new("Other")
        await other.ready()
        assert (await session.update({project.TITLE: project.title("Third")})).status_code == 200
        await session.serves("Third", COMES_BACK_S)
