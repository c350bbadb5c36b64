"""The address that the browser sees is not the one that the runtime listens on: TLS in front, hosts, frames."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import pytest
import pytest_asyncio
from playwright.async_api import FrameLocator, Page, async_playwright, expect

from e2e.browser import project
from e2e.browser.profile import Cookies, launch
from e2e.browser.site import Site
from e2e.browser.tls import terminating
from e2e.processes import free_port
from e2e.runtime import Runtime
from preview_core.naming import new_session_id

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.local_only]

_SECOND_ORIGIN = "https://kontext.build"


@dataclass(frozen=True)
class Behind:
    """A runtime with a project, behind TLS."""

    runtime: Runtime
    url: str  # https://preview-<id>.localhost:<port>/

    @property
    def host(self) -> str:
        return urlsplit(self.url).netloc

    @property
    def observer_url(self) -> str:
        return f"wss://{self.host}/hmr"

    async def get(self, host: str | None = None) -> httpx2.Response:
        """The page, asked for where the runtime listens, under a Host header."""
        async with httpx2.AsyncClient(trust_env=False, timeout=30) as http:
            url = f"http://127.0.0.1:{self.runtime.preview_port}/"
            return await http.get(url, headers={"Host": host or self.host, "Accept": "text/html"})


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def behind(site: Site, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Behind]:
    folder = tmp_path_factory.mktemp("tls")
    host, port = f"preview-{new_session_id()}.localhost", free_port()
    url = f"https://{host}:{port}/"
    runtime = Runtime(
        folder / "session", public_url=url, origins=[site.origin, _SECOND_ORIGIN], preview_port=free_port()
    )
    runtime.start()
    try:
        async with terminating(folder, host, port, runtime.preview_port):
            await runtime.put(project.files())
            yield Behind(runtime, url)
    finally:
        runtime.stop()


@pytest_asyncio.fixture(loop_scope="session")
async def page(tmp_path: Path) -> AsyncIterator[Page]:
    """A page of a browser that takes any certificate."""
    async with async_playwright() as playwright:
        folder = tmp_path / "profile"
        context = await launch(playwright, folder, Cookies.NO_THIRD_PARTY, "--ignore-certificate-errors")
        yield await context.new_page()
        await context.close()


async def _show(page: Page, site: Site, behind: Behind) -> FrameLocator:
    await page.goto(site.origin)
    await page.evaluate("(url) => kontext.observe(url)", behind.observer_url)
    await page.evaluate("(url) => kontext.show(url)", behind.url)
    return page.frame_locator("iframe")


async def test_g31_the_preview_and_both_sockets_work_behind_tls(page: Page, site: Site, behind: Behind) -> None:
    preview = await _show(page, site, behind)
    await expect(preview.locator('[data-test="title"]')).to_have_text("First")
    await page.wait_for_function("kontext.frames.some((one) => one.message.type === 'connected')")
    await preview.locator('[data-test="count"]').click()
    sockets = []
    page.on("websocket", lambda socket: sockets.append(socket.url))
    await behind.runtime.put(project.files({project.TITLE: project.title("Over wss")}), revision=2)
    await expect(preview.locator('[data-test="title"]')).to_have_text("Over wss")
    await expect(preview.locator('[data-test="count"]')).to_have_text("1")
    await page.wait_for_function("kontext.frames.some((one) => one.message.type === 'update')")
    assert sockets == [], "a socket was opened again"
    await behind.runtime.put(project.files(), revision=3)
    await expect(preview.locator('[data-test="title"]')).to_have_text("First")


async def test_g31_vites_client_dials_the_public_address_only(page: Page, site: Site, behind: Behind) -> None:
    dialled: list[str] = []
    page.on("websocket", lambda socket: dialled.append(socket.url))
    preview = await _show(page, site, behind)
    await expect(preview.locator('[data-test="title"]')).to_have_text("First")
    await page.wait_for_function("kontext.socket.opened !== null")
    assert {f"{urlsplit(url).scheme}://{urlsplit(url).netloc}{urlsplit(url).path}" for url in dialled} == {
        behind.observer_url
    }
    assert len(dialled) == 2


async def test_g31_exactly_the_allowed_origins_may_frame_it_and_no_x_frame_options(site: Site, behind: Behind) -> None:
    headers = (await behind.get()).headers
    assert "x-frame-options" not in headers
    directive, *sources = headers["content-security-policy"].split()
    assert directive == "frame-ancestors"
    assert sorted(sources) == sorted([site.origin, _SECOND_ORIGIN])
    assert headers["cross-origin-resource-policy"] == "cross-origin"
    assert headers["referrer-policy"] == "no-referrer"


async def test_g31_a_page_of_another_origin_cannot_frame_it(page: Page, behind: Behind) -> None:
    stranger = Site()
    try:
        # Chromium logs the violation when it has refused the frame.
        async with page.expect_console_message(lambda message: "frame-ancestors" in message.text):
            preview = await _show(page, stranger, behind)
        assert await preview.locator("#root").count() == 0
    finally:
        stranger.close()


async def test_g32_its_own_host_is_served(behind: Behind) -> None:
    response = await behind.get()
    assert response.status_code == 200
    assert 'id="root"' in response.text


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "localhost",
        "127.0.0.1",
        "169.254.169.254",
        "[::1]",
        f"preview-{new_session_id()}.localhost",
        "preview-.localhost",
        "preview-x.localhost.evil.example",
    ],
)
async def test_g32_any_other_host_is_403(behind: Behind, host: str) -> None:
    port = urlsplit(behind.url).port
    for name in (host, f"{host}:{port}"):
        response = await behind.get(name)
        assert response.status_code == 403
        assert 'id="root"' not in response.text
