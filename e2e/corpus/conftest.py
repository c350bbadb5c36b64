"""One browser for all projects, one page for each; the table of what they took, when all have run."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import BrowserContext, async_playwright

from e2e.browser.caller import Caller
from e2e.browser.profile import Cookies, launch
from e2e.browser.site import Site
from e2e.browser.target import Target
from e2e.corpus.results import measured
from e2e.corpus.table import plain, rows


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def corpus_browser(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[BrowserContext]:
    """Third-party cookies blocked, as in many browsers; without any cookies a page has no storage either."""
    async with async_playwright() as playwright:
        context = await launch(playwright, tmp_path_factory.mktemp("profile") / "data", Cookies.NO_THIRD_PARTY)
        yield context
        await context.close()


@pytest_asyncio.fixture(loop_scope="session")
async def caller(corpus_browser: BrowserContext, target: Target, site: Site) -> AsyncIterator[Caller]:
    """A new caller's page; its session is deleted when the test is over."""
    page = Caller(await corpus_browser.new_page(), target)
    await page.open(site)
    yield page
    await page.close()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the table, if any project was played."""
    played = measured(terminalreporter.stats.get("passed", []))
    if not played:
        return
    terminalreporter.section("corpus")
    for line in plain(rows(played)):
        terminalreporter.line(line)
