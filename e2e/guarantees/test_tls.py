"""G31: a proxy that terminates TLS in front of the ingress controller, as every real installation has one."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest
import pytest_asyncio
from playwright.async_api import async_playwright, expect

from e2e.browser import project
from e2e.browser.caller import Caller
from e2e.browser.profile import Cookies, launch
from e2e.browser.site import Site
from e2e.browser.target import Target
from e2e.browser.tls import terminating
from e2e.cluster.installed import API_HOST, ORIGINS, Installed
from e2e.processes import free_port

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(300)]


class Behind:
    """The product behind TLS on a port of its own."""

    cold = True
    folders = ("/session", "/catalogue")

    def __init__(self, port: int) -> None:
        self.port = port

    @property
    def url(self) -> str:
        return f"https://{self.host}"

    @property
    def base_url(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    @property
    def host(self) -> str:
        return f"{API_HOST}:{self.port}"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def behind(cluster: Installed, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Target]:
    port = free_port()
    before = cluster.release.values() or {}
    await asyncio.to_thread(cluster.configure, {"scheme": "https", "publicPort": port})
    async with terminating(tmp_path_factory.mktemp("tls"), f"*.{cluster.domain}", port, cluster.port):
        yield Behind(port)
    again = {"scheme": before["scheme"], "publicPort": before["publicPort"]}
    await asyncio.to_thread(cluster.configure, again)


async def test_g31_pages_and_sockets_work_behind_tls(behind: Target, site: Site, tmp_path: Path) -> None:
    async with async_playwright() as playwright:
        context = await launch(playwright, tmp_path / "profile", Cookies.NONE, "--ignore-certificate-errors")
        caller = Caller(await context.new_page(), behind)
        await caller.open(site)
        session = await caller.show(project.files())
        assert session["previewUrl"].startswith("https://preview-")
        assert session["wsUrl"].startswith("wss://preview-")
        await caller.update({project.TITLE: project.title("Over TLS")})
        await expect(caller.part("title")).to_have_text("Over TLS")
        await caller.observed("update")
        await caller.close()
        await context.close()


async def test_g31_frames_are_allowed_to_exactly_the_callers_pages(behind: Target) -> None:
    insecure = ssl.create_default_context()
    insecure.check_hostname, insecure.verify_mode = False, ssl.CERT_NONE
    async with httpx2.AsyncClient(base_url=behind.base_url, verify=insecure, trust_env=False, timeout=30) as http:
        body = {"files": [{"name": name, "content": text} for name, text in project.files().items()]}
        made = (await http.post("/kontext/preview", json=body, headers={"Host": behind.host})).json()
        host = made["previewUrl"].split("/")[2]
        pages = []
        for _ in range(100):
            page = await http.get("/", headers={"Host": host, "Accept": "text/html"})
            pages.append(page)
            if 'id="root"' in page.text:
                break
            await asyncio.sleep(0.3)
        await http.delete(f"/kontext/preview/{made['sessionId']}", headers={"Host": behind.host})
    assert 'id="root"' in pages[-1].text
    # The page that waits is framed as well.
    for page in (pages[0], pages[-1]):
        assert "x-frame-options" not in page.headers
        assert page.headers["content-security-policy"] == f"frame-ancestors {' '.join(ORIGINS)}"
