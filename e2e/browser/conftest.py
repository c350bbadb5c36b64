"""One product, one caller's site, one browser per kind of profile; sessions and pages are each test's own."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import BrowserContext, async_playwright

from e2e.browser.caller import Caller
from e2e.browser.profile import Cookies, launch
from e2e.browser.site import Site
from e2e.browser.target import Target


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
async def caller(browser: BrowserContext, target: Target, site: Site) -> AsyncIterator[Caller]:
    """A new caller's page; the sessions it creates are deleted when the test is over."""
    page = Caller(await browser.new_page(), target)
    await page.open(site)
    yield page
    await page.close()
