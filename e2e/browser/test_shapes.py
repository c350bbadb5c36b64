"""G14 for every shape of project: something is there, and nothing failed on the way to it."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from e2e.browser.caller import Caller
from e2e.browser.profile import Cookies
from e2e.browser.shapes import SHAPES

# What a project looks like has nothing to do with cookies: once, with the browser that blocks most.
pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.parametrize("browser", [Cookies.NONE], ids=str, indirect=True, scope="session"),
]


@pytest.mark.parametrize("files", SHAPES.values(), ids=SHAPES)
async def test_g14_every_shape_has_a_first_paint_without_a_failed_request(
    caller: Caller, files: dict[str, str]
) -> None:
    session = await caller.show(files)
    assert session["entry"] is not None
    await expect(caller.part("shape")).to_have_text("Here")
    assert not caller.trouble, caller.trouble
    assert await caller.overlays() == 0
