"""A page of which only a part arrives, because the process that serves it ends meanwhile, becomes whole by itself."""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import suppress
from pathlib import Path

import httpx2
import pytest
from playwright.async_api import BrowserContext, Request, Route, expect

from e2e.browser import project
from e2e.browser.caller import Caller
from e2e.processes import free_port
from e2e.runtime import Runtime
from preview_core.client import RuntimeAway
from preview_core.naming import new_session_id

pytestmark = pytest.mark.asyncio(loop_scope="session")

# So many modules that the first compile outlasts the moment between a page's beginning and the kill.
_MODULES = 400
_TITLE = '[data-test="title"]'
_REST = 'script[src="/@vite/client"], meta[http-equiv="refresh"]'


def _many() -> dict[str, str]:
    """The small project, with an entry that imports many modules more."""
    files = project.files()
    entry = next(path for path in files if path.endswith("src/index.tsx"))
    folder = entry.removesuffix("index.tsx")
    modules = {f"{folder}many/m{at}.tsx": f"export const M{at} = () => <p>{at}</p>;\n" for at in range(_MODULES)}
    imports = "".join(f"import './many/m{at}';\n" for at in range(_MODULES))
    return {**files, **modules, entry: imports + files[entry]}


@pytest.mark.local_only
async def test_a_page_whose_process_is_killed_while_it_is_sent_becomes_the_preview(
    browser: BrowserContext, tmp_path: Path
) -> None:
    port = free_port()
    url = f"http://preview-{new_session_id()}.localhost:{port}/"
    runtimes = [Runtime(tmp_path / name, public_url=url, origins=[], preview_port=port) for name in ("first", "second")]
    page = await browser.new_page()
    try:
        runtimes[0].start()
        compiling = asyncio.ensure_future(runtimes[0].put(_many()))
        # Until there are files a page is whole at once, and reloads itself.
        while not await _begins(url, port):
            continue
        await page.goto(url, wait_until="commit")
        # A connection that breaks in the same moment takes what the browser has not looked at yet with it.
        await page.wait_for_selector("script", state="attached")
        os.kill(runtimes[0].pid, signal.SIGKILL)
        with suppress(RuntimeAway):
            await compiling
        assert await page.locator(_REST).count() == 0, "the page was whole before the kill"
        runtimes[1].start()
        await runtimes[1].put(project.files())
        await expect(page.locator(_TITLE)).to_have_text("First", timeout=15_000)
    finally:
        await page.close()
        for runtime in runtimes:
            runtime.stop()


async def _begins(url: str, port: int) -> bool:
    """Whether a page's first bytes are those of one that is finished later."""
    host = httpx2.URL(url).netloc.decode()
    async with httpx2.AsyncClient(trust_env=False) as http:
        headers = {"Host": host, "Accept": "text/html"}
        async with http.stream("GET", f"http://127.0.0.1:{port}/", headers=headers) as answer:
            return "fetchAgain" in await anext(answer.aiter_text())


async def test_a_page_whose_client_does_not_load_is_loaded_again(caller: Caller) -> None:
    documents, failed = 0, 0

    def count(request: Request) -> None:
        nonlocal documents
        documents += request.is_navigation_request() and "preview-" in request.url

    async def fail_for_the_first_page(route: Route) -> None:
        nonlocal failed
        failed += documents < 2
        await (route.abort() if documents < 2 else route.continue_())

    caller.page.on("request", count)
    await caller.page.route("**/@vite/client", fail_for_the_first_page)
    await caller.show(project.files())
    await expect(caller.part("title")).to_have_text("First")
    assert failed > 0
    assert documents == 2
