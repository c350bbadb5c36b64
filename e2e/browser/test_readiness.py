"""G9: what a browser gets before a preview is ready, and what "ready" promises."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path

import httpx2
import pytest
from playwright.async_api import BrowserContext, expect
from websockets.asyncio.client import connect
from websockets.typing import Origin, Subprotocol

from e2e.browser import project
from e2e.browser.preview import Preview, created
from e2e.browser.site import Site
from e2e.processes import free_port
from e2e.runtime import Runtime
from preview_core.naming import new_session_id

pytestmark = pytest.mark.asyncio(loop_scope="session")

# A greeting is sent with the handshake: this long without one is a hang.
GREETING_SECONDS = 2
_POLLERS = 6


def _assert_page(response: httpx2.Response) -> None:
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/html")


async def _greeting(preview: Preview, token: str) -> object:
    """The first message that an HMR client receives."""
    async with connect(
        f"ws://{preview.host}/hmr?token={token}",
        host="127.0.0.1",
        port=preview.port,
        subprotocols=[Subprotocol("vite-hmr")],
        origin=Origin(preview.origin),
        proxy=None,
    ) as socket:
        message = await asyncio.wait_for(socket.recv(), GREETING_SECONDS)
    assert isinstance(message, str)
    return json.loads(message)["type"]


async def test_g09_every_navigation_from_the_create_on_is_a_page_and_never_an_error(http: httpx2.AsyncClient) -> None:
    async with created(http, project.files()) as preview:
        ready = asyncio.Event()

        async def poll() -> None:
            _assert_page(await preview.page())
            while not ready.is_set():
                _assert_page(await preview.page())

        async def until_ready() -> None:
            try:
                await preview.ready()
            finally:
                ready.set()

        await asyncio.gather(*(poll() for _ in range(_POLLERS)), until_ready())


async def test_g09_ready_means_that_page_client_entry_styles_and_socket_all_answer(http: httpx2.AsyncClient) -> None:
    async with created(http, project.files()) as preview:
        await preview.ready()
        page = await preview.page()
        _assert_page(page)
        entry = re.search(r'<script type="module" src="(/src/index\.tsx[^"]*)"', page.text)
        assert entry, page.text
        modules = {path: await preview.get(path) for path in ("/@vite/client", entry[1], "/src/styles.css")}
        for path, module in modules.items():
            assert module.status_code == 200, path
            assert "javascript" in module.headers["content-type"], path
        styles = await preview.get("/src/styles.css", accept="text/css")
        assert styles.headers["content-type"].startswith("text/css")
        for text in (styles.text, modules["/src/styles.css"].text):
            assert "@tailwind" not in text
            assert ".p-2" in text
        token = re.search(r'wsToken = "([^"]+)"', modules["/@vite/client"].text)
        assert token
        assert await _greeting(preview, token[1]) == "connected"


@pytest.mark.local_only
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
        async with page.expect_response(url) as answered:
            await page.evaluate("(url) => kontext.show(url)", url)
        # Not there yet: a page all the same, and nobody but itself reloads it.
        assert (await answered.value).status == 200
        await runtime.put(project.files())
        await expect(page.frame_locator("iframe").locator('[data-test="title"]')).to_have_text("First")
        assert max(statuses) < 400
    finally:
        await page.close()
        runtime.stop()
