"""G4 rests on browsers that block cookies: the blocking itself is checked here, against one that does not block."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Page, async_playwright

from e2e.browser.profile import Cookies, launch
from e2e.browser.site import Site

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.local_only]

_ASK = "(url) => fetch(url, {credentials: 'include'}).then((response) => response.text())"
_THIRD, _FIRST = "from another site", "from its own site"


async def _kept(page: Page, site: Site, url: str) -> str:
    """What the probe at `url` receives with the second request of a page on `site`."""
    await page.goto(site.origin)
    await page.evaluate(_ASK, url)
    answer: str = await page.evaluate(_ASK, url)
    return answer


@pytest_asyncio.fixture(params=list(Cookies), loop_scope="session")
async def case(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[tuple[Cookies, Page]]:
    async with async_playwright() as playwright:
        context = await launch(playwright, tmp_path / "profile", request.param)
        yield request.param, await context.new_page()
        await context.close()


async def test_g04_each_profile_blocks_what_its_name_says(case: tuple[Cookies, Page], site: Site) -> None:
    cookies, page = case
    kept = {
        # An address and a name of this machine are two sites.
        _THIRD: await _kept(page, site, f"http://127.0.0.1:{site.port}/cookie"),
        _FIRST: await _kept(page, site, f"{site.origin}/cookie"),
    }
    expected = {
        Cookies.ALLOWED: {_THIRD: "probe=kept", _FIRST: "probe=kept"},
        Cookies.NO_THIRD_PARTY: {_THIRD: "none", _FIRST: "probe=kept"},
        Cookies.NONE: {_THIRD: "none", _FIRST: "none"},
    }
    assert kept == expected[cookies]
