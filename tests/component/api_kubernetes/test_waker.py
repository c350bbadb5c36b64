"""`kontext-preview waker`: what a preview's address answers while its session has no pod."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest
from tests.component.api_kubernetes.conftest import StartReplica
from tests.component.api_kubernetes.harness import DOMAIN, ORIGIN, Cluster, Command
from tests.component.proxy import Cut, Proxy
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Origin, Subprotocol

from preview_core.naming import new_session_id, preview_host

NAVIGATE = {"Sec-Fetch-Mode": "navigate", "Accept": "text/html"}
UPGRADE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}


@pytest.fixture
async def waker(cluster: Cluster, tmp_path: Path) -> AsyncIterator[Command]:
    environment = {**cluster.environment, "KUBECONFIG": str(cluster.waker)}
    async with Command("waker", environment, tmp_path / "waker.log") as command:
        yield command


@pytest.fixture
async def session_id(start_replica: StartReplica) -> str:
    return str((await (await start_replica()).create())["sessionId"])


async def ask(command: Command, session_id: str, path: str = "/", **headers: str) -> httpx2.Response:
    host = preview_host(session_id, DOMAIN)
    async with httpx2.AsyncClient(base_url=command.url, trust_env=False, timeout=10) as http:
        return await http.get(path, headers={"Host": host, **headers})


async def raw(command: Command, *lines: str) -> bytes:
    """The whole answer to a request as it stands."""
    reader, writer = await asyncio.open_connection("127.0.0.1", command.port)
    writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
    async with asyncio.timeout(10):
        answer = await reader.read()
    writer.close()
    return answer


async def test_g09_a_visitor_of_a_suspended_session_gets_a_page_that_reloads_itself_and_wakes_it(
    waker: Command, cluster: Cluster, session_id: str
) -> None:
    await cluster.change(session_id, suspended=True, lastCallAt="2026-01-01T00:00:00Z")
    response = await ask(waker, session_id, **NAVIGATE)
    assert response.status_code == 200
    assert 'http-equiv="refresh"' in response.text
    assert "put to sleep. Waking it" in response.text
    session = await cluster.session(session_id)
    assert not session.spec.suspended
    assert session.spec.last_call_at is not None
    assert cluster.clock() - session.spec.last_call_at < 10_000, "or it would be suspended again at once"


async def test_g31_its_answers_carry_the_headers_of_a_preview(waker: Command, session_id: str) -> None:
    for response in (
        await ask(waker, session_id, **NAVIGATE),
        await ask(waker, session_id, "/src/App.tsx"),
        await ask(waker, new_session_id(), **NAVIGATE),
    ):
        assert response.headers["Content-Security-Policy"] == f"frame-ancestors {ORIGIN}"
        assert response.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
        assert response.headers["Referrer-Policy"] == "no-referrer"
        assert response.headers["Cache-Control"] == "no-store"
        assert "X-Frame-Options" not in response.headers
        assert "Set-Cookie" not in response.headers


async def test_a_session_that_runs_is_not_written_to(waker: Command, cluster: Cluster, session_id: str) -> None:
    before = (await cluster.session(session_id)).metadata.resource_version
    assert (await ask(waker, session_id, **NAVIGATE)).status_code == 200
    assert (await cluster.session(session_id)).metadata.resource_version == before


async def test_what_is_no_navigation_is_asked_to_come_again(waker: Command, session_id: str) -> None:
    for path, headers in (("/src/App.tsx", {"Sec-Fetch-Mode": "cors"}), ("/@vite/client", {})):
        response = await ask(waker, session_id, path, **headers)
        assert (response.status_code, response.headers["Retry-After"]) == (503, "1")
    host = preview_host(session_id, DOMAIN)
    posted = await raw(waker, "POST /form HTTP/1.1", f"Host: {host}", "Content-Length: 3", "", "a=b")
    assert posted.startswith(b"HTTP/1.1 503 ")


async def test_g11_no_upgrade_stays_unanswered(waker: Command, cluster: Cluster, session_id: str) -> None:
    await cluster.change(session_id, suspended=True)
    host = preview_host(session_id, DOMAIN)
    upgrade = [f"{name}: {value}" for name, value in UPGRADE.items()]
    for more in (
        (),
        ("Sec-WebSocket-Protocol: vite-hmr",),
        ("Sec-WebSocket-Protocol: vite-ping",),
        (f"Origin: {ORIGIN}",),
    ):
        began = time.monotonic()
        answer = await raw(waker, "GET /hmr HTTP/1.1", f"Host: {host}", *upgrade, *more)
        assert answer.startswith(b"HTTP/1.1 503 "), answer
        assert b"retry-after: 1\r\n" in answer.lower()
        assert time.monotonic() - began < 2
    h2c = await raw(waker, "GET / HTTP/1.1", f"Host: {host}", "Connection: Upgrade", "Upgrade: h2c")
    assert h2c.startswith(b"HTTP/1.1 503 ")


async def socket(command: Command, session_id: str, protocol: str | None, origin: str) -> int:
    """Status with which a WebSocket is refused. A browser tells its page 1006 then, and every client comes back."""
    with pytest.raises(InvalidStatus) as refused:
        await connect(
            f"ws://{preview_host(session_id, DOMAIN)}/hmr",
            host="127.0.0.1",
            port=command.port,
            origin=Origin(origin),
            subprotocols=[Subprotocol(protocol)] if protocol is not None else None,
            proxy=None,
            open_timeout=2,
        )
    return refused.value.response.status_code


async def test_g30_a_tab_that_nobody_looks_at_wakes_nothing_and_one_that_is_shown_does(
    waker: Command, cluster: Cluster, session_id: str
) -> None:
    await cluster.change(session_id, suspended=True)
    preview = f"https://{preview_host(session_id, DOMAIN)}"
    before = (await cluster.session(session_id)).metadata.resource_version
    for _ in range(3):
        assert await socket(waker, session_id, None, ORIGIN) == 503, "an observer that tries again"
        assert await socket(waker, session_id, "vite-hmr", preview) == 503
        assert (await ask(waker, session_id, "/api/poll", **{"Sec-Fetch-Mode": "cors"})).status_code == 503
        assert (await ask(waker, session_id, "/src/App.tsx", **{"Sec-Fetch-Mode": "cors"})).status_code == 503
    assert (await cluster.session(session_id)).metadata.resource_version == before
    # Vite's client asks for the server only while its page is shown.
    assert await socket(waker, session_id, "vite-ping", preview) == 503
    assert not (await cluster.session(session_id)).spec.suspended


async def test_g30_fifty_visitors_at_once_wake_a_session_once(
    waker: Command, cluster: Cluster, session_id: str
) -> None:
    await cluster.change(session_id, suspended=True)
    generation = (await cluster.session(session_id)).metadata.generation
    answers = await asyncio.gather(*(ask(waker, session_id, **NAVIGATE) for _ in range(50)))
    assert {answer.status_code for answer in answers} == {200}
    session = await cluster.session(session_id)
    assert not session.spec.suspended
    assert session.metadata.generation == generation + 1, "one write is enough"


async def test_an_unknown_and_an_ended_session_have_pages_that_say_so(
    waker: Command, cluster: Cluster, session_id: str
) -> None:
    assert (await ask(waker, new_session_id(), **NAVIGATE)).status_code == 404
    await cluster.change(session_id, suspended=True, ended={"at": "2026-01-01T00:00:00Z", "reason": "Closed"})
    gone = await ask(waker, session_id, **NAVIGATE)
    assert gone.status_code == 410
    assert "has ended" in gone.text
    assert 'http-equiv="refresh"' not in gone.text
    assert (await ask(waker, session_id, "/src/App.tsx", **{"Sec-Fetch-Mode": "cors"})).status_code == 410
    assert (await cluster.session(session_id)).spec.suspended, "nothing wakes it any more"


async def test_g32_other_hosts_get_nothing_and_the_kubelet_its_health(waker: Command, session_id: str) -> None:
    async with httpx2.AsyncClient(base_url=waker.url, trust_env=False) as http:
        for host in ("evil.example", f"preview-{session_id}.{DOMAIN}.evil.example", f"preview-{session_id}"):
            assert (await http.get("/", headers={"Host": host})).status_code == 403
        for host in (f"other.{DOMAIN}", f"preview-short.{DOMAIN}:8443"):
            assert (await http.get("/", headers={"Host": host, **NAVIGATE})).status_code == 404
        assert (await http.get("/healthz")).status_code == 200
    # A project may well have a page of that name.
    page = await ask(waker, session_id, "/healthz", **NAVIGATE)
    assert 'http-equiv="refresh"' in page.text


async def test_with_the_api_server_away_a_visitor_waits_and_an_upgrade_is_answered_in_time(
    cluster: Cluster, session_id: str, tmp_path: Path
) -> None:
    async with Proxy(cluster.waker, tmp_path, lambda _call: Cut.BEFORE) as proxy:
        environment = {**cluster.environment, "KUBECONFIG": str(proxy.kubeconfig)}
        async with Command("waker", environment, tmp_path / "waker.log") as command:
            page = await ask(command, session_id, **NAVIGATE)
            assert (page.status_code, 'http-equiv="refresh"' in page.text) == (200, True)
            began = time.monotonic()
            assert (await ask(command, session_id, "/hmr", **UPGRADE)).status_code == 503
            assert time.monotonic() - began < 2


async def test_g38_its_log_names_no_session(waker: Command, cluster: Cluster, session_id: str) -> None:
    await cluster.change(session_id, suspended=True)
    await ask(waker, session_id, **NAVIGATE)
    await ask(waker, session_id, "/hmr", **UPGRADE)
    assert await asyncio.to_thread(waker.terminate) == os.EX_OK
    text = waker.log.read_text()
    assert "serving" in text
    assert session_id not in text
    assert "upgrade" not in text.lower(), "a page that waits asks every second"
