"""Whatever ends, the sessions go on: the server, a child, the port."""

from __future__ import annotations

import os
import signal
import socket
from pathlib import Path

from tests.component.local.conftest import Start
from tests.component.local.harness import (
    APP,
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

from preview_api.backends.local.installation import Installation

EDIT = {"src/frontend/src/App.tsx": APP.replace("first", "second")}


def test_g42_an_acknowledged_update_survives_kill_9_of_the_server(installation: Installation, tmp_path: Path) -> None:
    server = Server(tmp_path / "state")
    session = server.create()
    server.ready(session["sessionId"])
    answer = server.update(session["sessionId"], EDIT)
    [child] = server.children()
    server.kill()
    eventually(lambda: is_alive(child), lambda alive: not alive)
    with Server(tmp_path / "state") as restarted:
        status = restarted.status(session["sessionId"])
        assert (status["previewUrl"], status["wsUrl"]) == (session["previewUrl"], session["wsUrl"])
        assert (status["revision"], status["status"]) == (answer["revision"], "active")
        assert status["expiresAt"] >= answer["expiresAt"]
        page = Page(session["previewUrl"])
        assert "second" in eventually(lambda: page.text(MODULE), bool)
        # It is the same session in every way: it goes on.
        assert restarted.update(session["sessionId"], PROJECT)["revision"] == answer["revision"] + 1


def test_g42_a_page_request_alone_wakes_a_session_after_a_restart(installation: Installation, tmp_path: Path) -> None:
    with Server(tmp_path / "state") as server:
        session = server.create()
        server.ready(session["sessionId"])
    with Server(tmp_path / "state") as server:
        assert server.children() == []
        page = Page(session["previewUrl"])
        waiting = page.navigate()
        assert waiting.status_code == 200
        assert "<html" in waiting.text
        assert "first" in eventually(lambda: page.text(MODULE), bool)


def test_a_graceful_end_has_status_0_and_leaves_no_process(installation: Installation, tmp_path: Path) -> None:
    server = Server(tmp_path / "state")
    server.ready(server.create()["sessionId"])
    running = server.children()
    assert running
    assert server.stop() == 0
    assert not any(is_alive(child) for child in running)
    assert not (tmp_path / "state" / "server.json").exists()
    assert list((tmp_path / "state" / "run").iterdir()) == []


async def test_g42_a_killed_child_is_restarted_with_the_last_files(start: Start) -> None:
    local = await start()
    session = (await local.api.post(CREATE, json={"files": sent(PROJECT)})).json()
    url, page = f"{CREATE}/{session['sessionId']}", Page(session["previewUrl"])
    await eventually_async(lambda: page.text_async(MODULE), lambda text: "first" in text)
    assert (await local.api.post(f"{url}/update", json={"files": sent(EDIT)})).json()["hmrTriggered"]
    [child] = children(os.getpid())
    os.kill(child, signal.SIGKILL)
    await eventually_async(lambda: page.text_async(MODULE), lambda text: "second" in text)
    status = (await local.api.get(url)).json()
    assert (status["revision"], status["previewUrl"]) == (2, session["previewUrl"])
    assert "signal 9" in status["lastError"]
    assert child not in children(os.getpid())


async def test_g42_an_update_while_the_child_is_down_is_acknowledged_and_served(start: Start) -> None:
    local = await start()
    session = (await local.api.post(CREATE, json={"files": sent(PROJECT)})).json()
    url, page = f"{CREATE}/{session['sessionId']}", Page(session["previewUrl"])
    await eventually_async(lambda: page.text_async(MODULE), lambda text: "first" in text)
    [child] = children(os.getpid())
    os.kill(child, signal.SIGKILL)
    answer = await local.api.post(f"{url}/update", json={"files": sent(EDIT)})
    assert answer.status_code == 200
    assert answer.json()["revision"] == 2
    await eventually_async(lambda: page.text_async(MODULE), lambda text: "second" in text)


async def test_a_child_that_hangs_is_replaced(start: Start) -> None:
    local = await start()
    session = (await local.api.post(CREATE, json={"files": sent(PROJECT)})).json()
    url, page = f"{CREATE}/{session['sessionId']}", Page(session["previewUrl"])
    await eventually_async(lambda: page.text_async(MODULE), lambda text: "first" in text)
    [child] = children(os.getpid())
    os.kill(child, signal.SIGSTOP)
    answer = (await local.api.post(f"{url}/update", json={"files": sent(EDIT)})).json()
    assert (answer["revision"], answer["hmrTriggered"]) == (2, False)
    await eventually_async(lambda: page.text_async(MODULE), lambda text: "second" in text)
    assert not is_alive(child)


def test_a_port_that_somebody_took_fails_its_session_alone(installation: Installation, tmp_path: Path) -> None:
    with Server(tmp_path / "state") as server:
        unlucky, lucky = server.create(), server.create()
    with socket.create_server(("127.0.0.1", Page(unlucky["previewUrl"]).port)), Server(tmp_path / "state") as server:
        status = server.status(unlucky["sessionId"])
        assert status["phase"] == "Failed"
        assert "used by another program" in status["lastError"]
        # Its files are still ours to change.
        assert server.update(unlucky["sessionId"], EDIT)["hmrTriggered"] is False
        server.ready(lucky["sessionId"])
    with Server(tmp_path / "state") as server:
        server.ready(unlucky["sessionId"])
        assert "second" in eventually(lambda: Page(unlucky["previewUrl"]).text(MODULE), bool)
