"""What an update does to a page that somebody is using."""

from __future__ import annotations

import json

import pytest
from playwright.async_api import expect

from e2e.browser import project, shapes
from e2e.browser.caller import Caller

pytestmark = pytest.mark.asyncio(loop_scope="session")

_BROKEN = "export default function Counter() {\n  return <section><span>unfinished</section>;\n}\n"
_HMR_TYPES = {"update", "full-reload", "prune", "error"}
_MANIFEST = "src/frontend/package.json"
_PAGE = "src/frontend/index.html"
_TAILWIND = "src/frontend/tailwind.config.js"
_POSTCSS = "src/frontend/postcss.config.js"
# With all that stock Vite reloads or restarts for when it is written again as it was.
_CONFIGURED = {
    _PAGE: shapes.page("src/index.tsx"),
    _TAILWIND: shapes.TAILWIND_CONFIG,
    "src/frontend/vite.config.ts": shapes.VITE_CONFIG,
}
# What a caller makes of one name, now this way and now that.
_SPELLINGS = ("{}", "./{}", "/{}", "My App/{}", "Complete file: {}", "code/My App/{}")


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


@pytest.mark.parametrize(
    "more", [{}, _CONFIGURED], ids=["as the caller sends it", "with configs and a page of its own"]
)
async def test_g23_the_same_project_a_hundred_times_sends_nothing_and_keeps_state(
    caller: Caller, more: dict[str, str]
) -> None:
    files = project.files(more)
    session = await caller.show(files)
    await use(caller)
    await caller.observed("connected")
    for number in range(50):
        whole = {f"My App/{name}": text for name, text in files.items()}
        again = await caller.create(whole, sessionId=session["sessionId"])
        assert (again["sessionId"], again["reused"]) == (session["sessionId"], True)
        assert again["previewUrl"] == session["previewUrl"]
        spelling = _SPELLINGS[number % len(_SPELLINGS)]
        delta = {spelling.format(name): text for name, text in reversed(files.items())}
        answer = await caller.update(delta)
        assert answer["updated"] == [], f"post {number}"
        assert set(answer["unchanged"]) == set(delta)
        assert answer["hmr"]["kind"] == "none"
        assert answer["hmrTriggered"] is False
    await _assert_only_this_update_was_seen(caller, "Now it differs")


async def test_g23_a_manifest_in_another_order_sends_nothing_and_keeps_state(caller: Caller) -> None:
    files = project.files(_CONFIGURED)
    await caller.show(files)
    await use(caller)
    await caller.observed("connected")
    manifest = json.loads(files[_MANIFEST])
    for number in range(10):
        order = list(manifest.items())
        text = json.dumps(dict(order if number % 2 else order[::-1]), indent=number % 4)
        answer = await caller.update({**files, _MANIFEST: text})
        assert answer["updated"] == [_MANIFEST], f"post {number}"
        assert (answer["hmr"]["kind"], answer["hmrTriggered"]) == ("none", False)
    await _assert_only_this_update_was_seen(caller, "Now it differs")


async def _assert_only_this_update_was_seen(caller: Caller, text: str) -> None:
    """Frames are in order on both sockets: with an update there, anything that came before it is there too."""
    await caller.update({project.TITLE: project.title(text)})
    await expect(caller.part("title")).to_have_text(text)
    await caller.observed("update")
    await assert_in_use(caller)
    for received in (await caller.frames(), await caller.preview_messages()):
        assert [one["type"] for one in received if one["type"] in _HMR_TYPES] == ["update"]
    # A restart would have closed the page's socket.
    assert await (await caller.frame()).evaluate("window.testSockets.map((socket) => socket.closed)") == [None]


async def test_g22_after_a_hundred_updates_of_page_configs_and_components_the_next_keeps_state(caller: Caller) -> None:
    await caller.show(project.files(_CONFIGURED))
    for number in range(100):
        files = {project.TITLE: project.title(f"Update {number}")}
        if number % 10 == 3:
            files[_PAGE] = shapes.page("src/index.tsx", f"Page {number}")
        if number % 10 == 6:
            files[_TAILWIND] = f"// {number}\n{shapes.TAILWIND_CONFIG}"
        answer = await caller.update(files)
        assert answer["diagnostics"] == [], f"update {number}"
    await expect(caller.part("title")).to_have_text("Update 99")
    await caller.hmr_connected()
    await use(caller)
    answer = await caller.update({project.COUNTER: project.counter("Still hot")})
    await expect(caller.part("label")).to_have_text("Still hot")
    assert answer["hmr"]["kind"] == "update"
    await assert_in_use(caller)
    assert await caller.overlays() == 0


async def test_a_changed_tailwind_theme_and_postcss_config_apply_without_a_reload(caller: Caller) -> None:
    await caller.show(project.files({project.COUNTER: project.counter(classes="bg-brand p-2")}))
    await use(caller)
    for colour, computed in (("#010203", "rgb(1, 2, 3)"), ("#040506", "rgb(4, 5, 6)")):
        theme = f"theme: {{ extend: {{ colors: {{ brand: '{colour}' }} }} }}"
        answer = await caller.update({_TAILWIND: f"module.exports = {{ content: ['./src/**/*.tsx'], {theme} }};\n"})
        await expect(caller.part("box")).to_have_css("background-color", computed)
        assert answer["hmr"]["kind"] == "css"
    # A plugin of the project's own; PostCSS visits a rule again when it has changed.
    once = "rule.selector === 'h1' && !rule.nodes.some((node) => node.prop === 'border-top')"
    wider = f"{{ postcssPlugin: 'wider', Rule(rule) {{ if ({once}) rule.append('border-top: 9px solid red'); }} }}"
    plugins = f"[require('tailwindcss'), require('autoprefixer'), {wider}]"
    answer = await caller.update({_POSTCSS: f"module.exports = {{ plugins: {plugins} }};\n"})
    await expect(caller.part("title")).to_have_css("border-top-width", "9px")
    assert answer["hmr"]["kind"] == "css"
    await assert_in_use(caller)


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
