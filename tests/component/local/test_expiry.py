"""A day without activity ends a session; what counts as activity keeps it."""

from __future__ import annotations

import asyncio
import os
import socket
from pathlib import Path

import pytest
from tests.component.local.conftest import Local, Start
from tests.component.local.harness import CREATE, MODULE, PROJECT, Page, children, eventually_async, sent

HOUR = 3_600_000


async def created(local: Local) -> tuple[str, Page, int]:
    answer = (await local.api.post(CREATE, json={"files": sent(PROJECT)})).json()
    return f"{CREATE}/{answer['sessionId']}", Page(answer["previewUrl"]), answer["expiresAt"]


async def codes(local: Local, url: str) -> set[str]:
    responses = (await local.api.get(url), await local.api.post(f"{url}/update", json={"files": sent(PROJECT)}))
    return {response.json()["code"] for response in responses}


async def test_an_expired_session_is_gone_for_an_hour_and_then_unknown(start: Start, tmp_path: Path) -> None:
    local = await start()
    url, page, _ = await created(local)
    await eventually_async(lambda: page.text_async(MODULE), bool)
    # Nobody looks at it: without the page's own socket, only the sweeper's clock matters.
    local.clock.shift = 25 * HOUR
    await local.backend.sweeper.sweep()
    assert await codes(local, url) == {"SESSION_EXPIRED"}
    assert children(os.getpid()) == []
    assert list((tmp_path / "state" / "run").iterdir()) == []
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", page.port))
    local.clock.shift += HOUR - 60_000
    await local.backend.sweeper.sweep()
    assert await codes(local, url) == {"SESSION_EXPIRED"}
    local.clock.shift += 120_000
    await local.backend.sweeper.sweep()
    assert await codes(local, url) == {"SESSION_NOT_FOUND"}


async def test_a_page_load_keeps_a_session(start: Start) -> None:
    local = await start()
    local.clock.shift = -23 * HOUR
    url, page, expires_at = await created(local)

    async def phase() -> str:
        record = await local.backend.get(url.rpartition("/")[2])
        assert record is not None
        return (await local.backend.observe(record)).phase

    # Not by the API: a call would be activity.
    await eventually_async(phase, lambda phase: phase == "Ready")
    local.clock.shift = 0
    assert (await asyncio.to_thread(page.navigate)).status_code == 200
    await local.backend.sweeper.sweep()
    local.clock.shift = 22 * HOUR
    await local.backend.sweeper.sweep()
    answer = (await local.api.get(url)).json()
    assert answer["status"] == "active"
    assert answer["expiresAt"] > expires_at


async def test_sessions_that_expired_while_the_server_was_down_do_not_come_back(start: Start, tmp_path: Path) -> None:
    local = await start()
    local.clock.shift = -25 * HOUR
    url, _, _ = await created(local)
    await local.stop()
    again = await start()
    assert (await again.api.get(url)).status_code == 410
    assert again.backend.live_sessions() == []
