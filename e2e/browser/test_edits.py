"""What an update does to a page that somebody is using."""

from __future__ import annotations

import asyncio

import pytest
from playwright.async_api import expect

from e2e.browser import project
from e2e.browser.caller import Caller

pytestmark = pytest.mark.asyncio(loop_scope="session")

_BROKEN = "export default function Counter() {\n  return <section><span>unfinished</section>;\n}\n"
_HMR_TYPES = {"update", "full-reload", "prune", "error"}


async def use(caller: Caller) -> None:
    """What a user does: two clicks and a note. All of it is lost when the page reloads or the component remounts."""
    await caller.mark()
    await caller.part("count").click()
    await caller.part("count").click()
    await caller.part("note").fill("keep me")


async def assert_in_use(caller: Caller) -> None:
    """What `use` did is still there."""
    await expect(caller.part("count")).to_have_text("2")
    await expect(caller.part("note")).to_have_value("keep me")
    assert await caller.marked()


async def test_an_edit_of_a_components_text_keeps_its_state(caller: Caller) -> None:
    await caller.show(project.files())
    await use(caller)
    answer = await caller.update({project.COUNTER: project.counter("Pressed")})
    await expect(caller.part("label")).to_have_text("Pressed")
    await assert_in_use(caller)
    assert answer["updated"] == [project.COUNTER]
    assert answer["hmrTriggered"] is True
    assert answer["hmr"]["kind"] == "update"
    assert answer["analysis"]["strategy"] == "hot-reload"


async def test_g17_a_class_that_was_never_used_before_computes_and_keeps_state(caller: Caller) -> None:
    await caller.show(project.files())
    await use(caller)
    await caller.update({project.COUNTER: project.counter(classes="p-[13px] mt-[7px]")})
    await expect(caller.part("box")).to_have_css("padding-top", "13px")
    await expect(caller.part("box")).to_have_css("margin-top", "7px")
    await assert_in_use(caller)


async def test_a_css_rule_applies_without_a_reload(caller: Caller) -> None:
    await caller.show(project.files())
    await use(caller)
    answer = await caller.update({project.STYLES: project.styles(11)})
    await expect(caller.part("title")).to_have_css("border-left-width", "11px")
    await assert_in_use(caller)
    assert answer["hmr"]["kind"] == "css"


async def test_a_new_component_with_its_import_in_one_batch_gives_no_error(caller: Caller) -> None:
    await caller.show(project.files())
    await use(caller)
    # The importer comes first, as callers do send it.
    files = {
        project.APP: project.app("Footer"),
        "src/frontend/src/components/Footer.tsx": "import Mark from './Mark';\nexport default () => <p><Mark /></p>;\n",
        "src/frontend/src/components/Mark.tsx": 'export default () => <b data-test="mark">new</b>;\n',
    }
    answer = await caller.update(files)
    await expect(caller.part("mark")).to_have_text("new")
    await assert_in_use(caller)
    assert answer["diagnostics"] == []
    # Frames are in order: when this one is there, whatever the batch sent is there too.
    seen = len(await caller.frames())
    await caller.update({project.TITLE: project.title("After")})
    await caller.observed("update", after=seen)
    assert [one for one in await caller.frames() if one["type"] == "error"] == []
    assert await caller.overlays() == 0
    assert not caller.trouble, caller.trouble


async def test_a_syntax_error_leaves_the_last_good_page_and_its_fix_keeps_state(caller: Caller) -> None:
    await caller.show(project.files())
    await use(caller)
    answer = await caller.update({project.COUNTER: _BROKEN})
    assert answer["hmr"]["kind"] == "error"
    assert answer["diagnostics"]
    assert answer["analysis"]["strategy"] in {"hot-reload", "preview-update"}
    message = await caller.observed("error")
    assert message["error"] == message["err"]["message"]
    assert not any(folder in str(message) for folder in caller.target.folders)
    await expect(caller.part("label")).to_have_text("Clicked")
    await assert_in_use(caller)
    assert await caller.overlays() == 0

    fixed = await caller.update({project.COUNTER: project.counter("Fixed")})
    await expect(caller.part("label")).to_have_text("Fixed")
    await assert_in_use(caller)
    assert fixed["diagnostics"] == []
    assert await caller.overlays() == 0


async def test_a_good_file_beside_a_broken_one_is_on_screen_after_the_fix(caller: Caller) -> None:
    await caller.show(project.files())
    await use(caller)
    await caller.update({project.COUNTER: _BROKEN, project.TITLE: project.title("Beside")})
    await caller.update({project.COUNTER: project.counter("Fixed")})
    await expect(caller.part("label")).to_have_text("Fixed")
    await expect(caller.part("title")).to_have_text("Beside")
    await assert_in_use(caller)


async def test_g23_the_same_project_a_hundred_times_sends_nothing_and_keeps_state(caller: Caller) -> None:
    session = await caller.show(project.files())
    await use(caller)
    await caller.observed("connected")
    for number in range(50):
        again = await caller.create(project.files(), sessionId=session["sessionId"])
        assert (again["sessionId"], again["reused"]) == (session["sessionId"], True)
        assert again["previewUrl"] == session["previewUrl"]
        answer = await caller.update(project.files())
        assert answer["updated"] == [], f"post {number}"
        assert answer["hmr"]["kind"] == "none"
        assert answer["hmrTriggered"] is False
    # Frames are in order on both sockets: with the update there, anything that came before it is there too.
    await caller.update({project.TITLE: project.title("Now it differs")})
    await expect(caller.part("title")).to_have_text("Now it differs")
    await caller.observed("update")
    await assert_in_use(caller)
    for received in (await caller.frames(), await caller.preview_messages()):
        assert [one["type"] for one in received if one["type"] in _HMR_TYPES] == ["update"]


async def test_g24_an_update_of_one_file_leaves_all_others(caller: Caller) -> None:
    await caller.show(project.files())
    await caller.update({"Title.tsx": project.title("By its bare name")})
    await expect(caller.part("title")).to_have_text("By its bare name")
    await caller.mark()
    await caller.reload()
    await (await caller.frame()).wait_for_function("!window.testMarker")
    await expect(caller.part("title")).to_have_text("By its bare name")
    await expect(caller.part("label")).to_have_text("Clicked")
    await expect(caller.part("box")).to_have_css("padding-top", "8px")
    await expect(caller.part("title")).to_have_css("border-left-width", "1px")
    assert await caller.overlays() == 0


async def test_g41_a_page_that_loads_while_an_update_lands_does_not_stay_stale(caller: Caller) -> None:
    await caller.show(project.files())
    for number in range(12):
        await caller.reload()
        # From before the page is asked for to after its socket is open.
        await asyncio.sleep(number * 0.03)
        await caller.update({project.TITLE: project.title(f"Text {number}")})
        await expect(caller.part("title")).to_have_text(f"Text {number}")
