"""G25 in a browser: what is imported and not there comes by itself, and no overlay is what remains.

On a machine npm is set up for its user; the runtimes of the test cluster name no registry.
"""

from __future__ import annotations

import asyncio
import time

import pytest
from playwright.async_api import Error, expect

from e2e.browser import project
from e2e.browser.caller import Caller

pytestmark = pytest.mark.asyncio(loop_scope="session")

# G25 itself.
CATALOGUED_MS = 10_000
INSTALLED_MS = 60_000
MANIFEST = "src/frontend/package.json"
UNKNOWN = "kontext-preview-no-such-package"


def manifest(react: str = "^18", **more: str) -> str:
    listed = {"react": react, "react-dom": react, **{name.replace("_", "-"): wanted for name, wanted in more.items()}}
    inside = ", ".join(f'"{name}": "{wanted}"' for name, wanted in listed.items())
    return f'{{"name": "note", "dependencies": {{{inside}}}}}\n'


def titled(imports: str, inside: str, prepare: str = "") -> str:
    return (
        f"{imports}\nexport default function Title() {{\n  {prepare}\n"
        f'  return <h1 data-test="title">{inside}</h1>;\n}}\n'
    )


COUNTING = titled("import CountUp from 'react-countup';", "<CountUp start={41} end={42} duration={0.1} />")
CLASSES = titled("import classNames from 'classnames';", "{classNames('in', 'stalled')}")


async def overlays_until(caller: Caller, text: str) -> int:
    """How many looks found an overlay before the title had this text."""
    found = 0
    until = time.monotonic() + INSTALLED_MS / 1000
    while time.monotonic() < until:
        try:
            found += await caller.overlays() > 0
            if await caller.part("title").all_text_contents() == [text]:
                return found
        except Error as error:
            # A new bundle reloads the page, and this look came in between.
            if "context was destroyed" not in str(error):
                raise
        await asyncio.sleep(0.05)
    raise AssertionError("the title never came")


async def test_g25_a_catalogued_dependency_added_with_its_import_renders_at_once(caller: Caller) -> None:
    await caller.show(project.files())
    dated = titled("import { format } from 'date-fns';", "{format(new Date(2020, 0, 2), 'yyyy-MM-dd')}")
    answer = await caller.update({project.TITLE: dated, MANIFEST: manifest(date_fns="^3.0.0")})
    assert answer["diagnostics"] == []
    await expect(caller.part("title")).to_have_text("2020-01-02", timeout=CATALOGUED_MS)
    assert await caller.overlays() == 0


@pytest.mark.local_only
async def test_g25_another_dependency_is_installed_with_progress_while_the_page_stays(caller: Caller) -> None:
    await caller.show(project.files())
    answer = await caller.update({project.TITLE: CLASSES})
    assert answer["hmr"]["kind"] == "error"
    assert [one["message"].split(":")[0] for one in answer["diagnostics"]] == ["Installing classnames"]
    assert await overlays_until(caller, "in stalled") == 0
    told = [frame for frame in await caller.frames() if frame["type"] == "install"]
    assert [told[0]["state"], told[-1]["state"]] == ["running", "done"]
    assert not [frame for frame in await caller.frames() if frame["type"] == "error"]
    assert not caller.trouble, caller.trouble


@pytest.mark.local_only
async def test_g25_a_project_that_comes_with_another_dependency_renders_without_an_overlay(caller: Caller) -> None:
    await caller.create(project.files({project.TITLE: COUNTING}))
    await caller.page.evaluate("(url) => kontext.show(url)", caller.session["previewUrl"])
    assert await overlays_until(caller, "42") == 0
    assert not caller.trouble.console, caller.trouble


@pytest.mark.local_only
async def test_g25_another_major_of_react_renders_with_all_that_expects_one(caller: Caller) -> None:
    await caller.show(project.files({project.TITLE: COUNTING, MANIFEST: manifest(react_countup="^6")}))
    await expect(caller.part("title")).to_have_text("42", timeout=INSTALLED_MS)
    version = titled(
        "import CountUp from 'react-countup';\nimport { version } from 'react';",
        "<CountUp start={41} end={42} duration={0.1} /> of {version.split('.')[0]}",
    )
    await caller.update({project.TITLE: version, MANIFEST: manifest("^19", react_countup="^6")})
    assert await overlays_until(caller, "42 of 19") == 0
    await caller.part("count").click()
    await expect(caller.part("count")).to_have_text("1")
    # Vite starts anew for it: the socket tries again until it is there.
    assert [said for said in caller.trouble.console if "WebSocket" not in said] == []


@pytest.mark.local_only
async def test_g25_a_package_that_does_not_exist_leaves_the_last_good_page(caller: Caller) -> None:
    await caller.show(project.files())
    await caller.mark()
    await caller.update({project.TITLE: titled(f"import x from '{UNKNOWN}';", "{x}")})
    error = await caller.observed("error")
    assert f'"{UNKNOWN}" (latest) is not in the npm registry' in error["error"]
    await expect(caller.part("title")).to_have_text("First")
    assert await caller.overlays() == 0
    await caller.update({project.TITLE: project.title("Second")})
    await expect(caller.part("title")).to_have_text("Second")
    assert await caller.marked()
