"""G30: what a tab that nobody looks at does, and does not do."""

from __future__ import annotations

import asyncio

import pytest
from playwright.async_api import Frame

from e2e.browser import project
from e2e.browser.caller import FIRST_PAINT_MS, Caller
from e2e.browser.profile import Cookies

# Nothing here has to do with cookies: once, with the browser that blocks most.
pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.parametrize("browser", [Cookies.NONE], ids=str, indirect=True, scope="session"),
]

# Vite's client asks once per second.
PINGS_S = 2.5
# A headless browser shows all of its tabs.
_TURN = """(state) => {
  Object.defineProperty(document, 'visibilityState', { value: state, configurable: true });
  document.dispatchEvent(new Event('visibilitychange'));
}"""
_TOLD = """window.testSockets.flatMap((socket) => socket.sent).map((text) => JSON.parse(text))
  .filter((message) => message.event === 'kontext-preview:visible').map((message) => message.data.visible)"""
_SOCKETS = "window.testSockets.length"


async def turn(frame: Frame, state: str) -> None:
    await frame.evaluate(_TURN, state)


async def test_g30_a_page_tells_when_it_is_hidden_and_when_it_is_shown(caller: Caller) -> None:
    await caller.show(project.files())
    frame = await caller.frame()
    await frame.wait_for_function(f"({_TOLD}).length === 1")
    await turn(frame, "hidden")
    await turn(frame, "visible")
    assert await frame.evaluate(_TOLD) == [True, False, True]
    assert not caller.trouble, caller.trouble


async def test_g30_a_hidden_page_whose_server_goes_asks_for_it_when_it_is_shown_again(caller: Caller) -> None:
    await caller.show(project.files())
    frame = await caller.frame()
    await caller.mark()
    await turn(frame, "hidden")
    sockets = await frame.evaluate(_SOCKETS)
    answer = await caller.update({"src/frontend/.env": "VITE_NAME=new\n"})
    assert answer["hmr"]["kind"] == "restart"
    await frame.wait_for_function("window.testSockets.every((socket) => socket.closed !== null)")
    await asyncio.sleep(PINGS_S)
    assert await frame.evaluate(_SOCKETS) == sockets, "it woke a preview that sleeps"
    assert await caller.marked()
    await turn(frame, "visible")
    await frame.wait_for_function("!window.testMarker", timeout=FIRST_PAINT_MS)
    await caller.painted()
