"""From the caller's create to a preview on screen, with the sockets that keep it live."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import expect

from e2e.browser import project
from e2e.browser.caller import Caller

pytestmark = pytest.mark.asyncio(loop_scope="session")

SCREENSHOTS = Path(__file__).parent / "screenshots"
# G10 itself: both sockets within one second.
SOCKET_MS = 1000

_OPENED = "(note) => note.opened - note.asked"


async def test_g14_the_first_paint_has_content_and_no_failed_request_and_no_console_error(caller: Caller) -> None:
    await caller.show(project.files())
    await expect(caller.part("title")).to_have_text("First")
    await expect(caller.part("box")).to_have_css("padding-top", "8px")
    await expect(caller.part("title")).to_have_css("border-left-width", "1px")
    assert not caller.trouble, caller.trouble
    assert await caller.overlays() == 0


async def test_g10_the_socket_of_the_page_and_the_socket_of_the_frame_open_within_a_second(caller: Caller) -> None:
    await caller.show(project.files())
    observer = await caller.page.wait_for_function("kontext.socket.opened && kontext.socket")
    assert await observer.evaluate(_OPENED) < SOCKET_MS
    frame = await caller.frame()
    own = await frame.wait_for_function("window.testSockets.find((socket) => socket.opened)")
    assert await own.evaluate(_OPENED) < SOCKET_MS


async def test_g12_the_observer_receives_connected_first_and_then_updates_all_as_text(caller: Caller) -> None:
    await caller.show(project.files())
    await caller.observed("connected")
    await caller.update({project.TITLE: project.title("Second")})
    update = await caller.observed("update")
    frames = await caller.frames()  # asserts that every frame is text
    assert frames[0]["type"] == "connected"
    paths = [one["path"] for one in update["updates"]]
    assert any(path.startswith("/src/components/Title.tsx") for path in paths), paths


async def test_g12_the_preview_itself_receives_connected_with_every_load(caller: Caller) -> None:
    await caller.show(project.files())
    frame = await caller.frame()
    for _ in range(5):
        await caller.mark()
        await caller.reload()
        await frame.wait_for_function(
            "!window.testMarker && window.testSockets?.some((socket) => socket.received.length)"
        )
        first, *_ = await caller.preview_messages()
        assert first["type"] == "connected"


async def test_g04_the_whole_way_works_without_cookies_and_nothing_sets_one(caller: Caller) -> None:
    session = await caller.show(project.files())
    await caller.update({project.TITLE: project.title("Second")})
    await expect(caller.part("title")).to_have_text("Second")
    found = await caller.call("GET", f"/kontext/preview/{session['sessionId']}")
    assert found["status"] == 200
    assert caller.responses
    # Only what we serve counts: the caller's own site is none of ours.
    setting = [one.url for one in caller.responses if "set-cookie" in await one.all_headers()]
    assert setting == []
    assert await (await caller.frame()).evaluate("document.cookie") == ""


async def test_g28_a_close_without_a_status_is_answered_with_1000(caller: Caller) -> None:
    await caller.show(project.files())
    await caller.observed("connected")
    await caller.page.evaluate("kontext.open.close()")
    await caller.page.wait_for_function("kontext.socket.closed !== null")
    assert await caller.page.evaluate("kontext.socket.closed") == 1000


async def test_an_edit_is_seen_on_two_screenshots(caller: Caller) -> None:
    await caller.show(project.files())
    SCREENSHOTS.mkdir(exist_ok=True)
    before = await caller.page.screenshot(path=SCREENSHOTS / "before.png")
    await caller.update(
        {
            project.TITLE: project.title("Edited while it ran"),
            project.COUNTER: project.counter("Clicks", "p-[13px] bg-amber-200 text-2xl"),
        }
    )
    await expect(caller.part("title")).to_have_text("Edited while it ran")
    await expect(caller.part("box")).to_have_css("padding-top", "13px")
    after = await caller.page.screenshot(path=SCREENSHOTS / "after.png")
    assert before != after
