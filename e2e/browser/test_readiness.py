"""G9: what a browser gets before a preview is ready, and what "ready" promises."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import pytest
import pytest_asyncio
from playwright.async_api import BrowserContext, expect
from websockets.asyncio.client import connect

from e2e.browser import project
from e2e.browser.runtime import Runtime
from e2e.browser.site import Site
from e2e.processes import free_port
from e2e.server import Server
from preview_core.naming import new_session_id

pytestmark = pytest.mark.asyncio(loop_scope="session")

# From a create to Ready takes about a second; ten times that on a busy machine.
READY_SECONDS = 15
_POLLERS = 6


@pytest_asyncio.fixture(loop_scope="session")
async def http(server: Server, site: Site) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of the API, with the caller's origin."""
    headers = {"Origin": site.origin}
    async with httpx2.AsyncClient(base_url=server.url, headers=headers, trust_env=False, timeout=30) as client:
        yield client


class Preview:
    """One session's preview, over HTTP on the address that it listens on."""

    def __init__(self, http: httpx2.AsyncClient, session: dict[str, str]) -> None:
        self._http = http
        self.id = session["sessionId"]
        address = urlsplit(session["previewUrl"])
        self.host = address.netloc
        self.port = address.port
        self.origin = f"http://{self.host}"

    async def get(self, path: str = "/", accept: str = "*/*") -> httpx2.Response:
        url = f"http://127.0.0.1:{self.port}{path}"
        return await self._http.get(url, headers={"Host": self.host, "Accept": accept})

    async def page(self) -> httpx2.Response:
        return await self.get(accept="text/html,application/xhtml+xml")

    async def phase(self) -> str:
        status = (await self._http.get(f"/kontext/preview/{self.id}")).json()
        return str(status["phase"])

    async def ready(self) -> None:
        """Wait for the phase. There is nothing to await: the API only answers."""
        async with asyncio.timeout(READY_SECONDS):
            while await self.phase() != "Ready":  # noqa: ASYNC110
                await asyncio.sleep(0.02)


async def _create(http: httpx2.AsyncClient) -> Preview:
    files = [{"name": path, "content": text} for path, text in project.files().items()]
    answer = await http.post("/kontext/preview", json={"files": files})
    assert answer.status_code == 200, answer.text
    return Preview(http, answer.json())


def _assert_page(response: httpx2.Response) -> None:
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/html")


async def test_g09_every_navigation_from_the_create_on_is_a_page_and_never_an_error(http: httpx2.AsyncClient) -> None:
    preview = await _create(http)
    ready = asyncio.Event()

    async def poll() -> int:
        asked = 0
        while not ready.is_set() or asked == 0:
            _assert_page(await preview.page())
            asked += 1
        return asked

    async def until_ready() -> None:
        try:
            await preview.ready()
        finally:
            ready.set()

    *asked, _ = await asyncio.gather(*(poll() for _ in range(_POLLERS)), until_ready())
    assert all(asked)
    await http.delete(f"/kontext/preview/{preview.id}")


async def test_g09_ready_means_that_page_client_entry_styles_and_socket_all_answer(http: httpx2.AsyncClient) -> None:
    preview = await _create(http)
    await preview.ready()
    page = await preview.page()
    _assert_page(page)
    entry = re.search(r'<script type="module" src="([^"]+/src/index\.tsx[^"]*|/src/index\.tsx[^"]*)"', page.text)
    assert entry, page.text
    for path in ("/@vite/client", entry[1], "/src/styles.css"):
        module = await preview.get(path)
        assert module.status_code == 200, path
        assert "javascript" in module.headers["content-type"], path
    styles = await preview.get("/src/styles.css", accept="text/css")
    assert styles.headers["content-type"].startswith("text/css")
    for text in (styles.text, (await preview.get("/src/styles.css")).text):
        assert "@tailwind" not in text
        assert ".p-2" in text
    client = await preview.get("/@vite/client")
    token = re.search(r'wsToken = "([^"]+)"', client.text)
    assert token
    async with connect(
        f"ws://127.0.0.1:{preview.port}/hmr?token={token[1]}",
        subprotocols=["vite-hmr"],  # type: ignore[list-item]  # a NewType of str
        origin=preview.origin,  # type: ignore[arg-type]
        additional_headers={"Host": preview.host},
        proxy=None,
    ) as socket:
        message = await asyncio.wait_for(socket.recv(), 2)
        assert isinstance(message, str)
        assert json.loads(message)["type"] == "connected"
    await http.delete(f"/kontext/preview/{preview.id}")


async def test_g09_before_there_are_files_the_page_reloads_itself_and_becomes_the_preview(
    browser: BrowserContext, site: Site, tmp_path: Path
) -> None:
    host, port = f"preview-{new_session_id()}.localhost", free_port()
    url = f"http://{host}:{port}/"
    runtime = Runtime(tmp_path / "session", public_url=url, origins=[site.origin], preview_port=port)
    runtime.start()
    page = await browser.new_page()
    try:
        await page.goto(site.origin)
        statuses: list[int] = []
        page.on("response", lambda response: statuses.append(response.status))
        await page.evaluate("(url) => kontext.show(url)", url)
        # Not there yet: something readable, and the same again after it has reloaded itself.
        for _ in range(2):
            async with page.expect_response(url) as answered:
                pass
            waiting = await answered.value
            assert waiting.status == 200
        await runtime.put(project.files())
        await expect(page.frame_locator("iframe").locator('[data-test="title"]')).to_have_text("First")
        assert max(statuses) < 400
    finally:
        await page.close()
        runtime.stop()
