"""One server, one caller's site, one browser per kind of profile; sessions and pages are each test's own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import httpx2
import pytest
import pytest_asyncio
from playwright.async_api import BrowserContext, async_playwright

from e2e.browser.caller import Caller
from e2e.browser.profile import Cookies, launch
from e2e.browser.site import Site
from e2e.server import Server


@pytest.fixture(scope="session")
def site() -> Iterator[Site]:
    """The caller's site."""
    running = Site()
    yield running
    running.close()


@pytest.fixture(scope="session")
def server(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A real server that allows the caller's origin."""
    running = Server(tmp_path_factory.mktemp("server"), origins=[site.origin])
    running.start()
    yield running
    running.stop()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def http(server: Server, site: Site) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of the API, with the caller's origin."""
    headers = {"Origin": site.origin}
    async with httpx2.AsyncClient(base_url=server.url, headers=headers, trust_env=False, timeout=30) as client:
        yield client


@pytest_asyncio.fixture(
    scope="session", loop_scope="session", params=[Cookies.NO_THIRD_PARTY, Cookies.NONE], ids=lambda value: str(value)
)
async def browser(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[BrowserContext]:
    """A browser that blocks third-party cookies, then one that blocks all: every test that uses it runs twice."""
    async with async_playwright() as playwright:
        context = await launch(playwright, tmp_path_factory.mktemp("profile") / "data", request.param)
        yield context
        await context.close()


@pytest_asyncio.fixture(loop_scope="session")
async def caller(browser: BrowserContext, server: Server, site: Site) -> AsyncIterator[Caller]:
    """A new caller's page; the sessions it creates are deleted when the test is over."""
    page = Caller(await browser.new_page(), server)
    await page.open(site)
    yield page
    await page.close()
