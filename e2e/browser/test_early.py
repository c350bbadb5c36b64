"""What a page evaluates while its project is still being compiled (`early.js`)."""

from __future__ import annotations

import json
import re
import subprocess
from typing import Any

import pytest
from playwright.async_api import Route, expect

from e2e.browser import project
from e2e.browser.caller import Caller
from e2e.modules import CHECKOUT

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.local_only]

# React's for its tools, and React Router's for its own.
EXPECTED_GLOBALS = {"__REACT_DEVTOOLS_GLOBAL_HOOK__", "__reactRouterVersion"}

# What a module can leave behind: names of the page's global object and of what packages like to mend, and markup.
_TRACES = """() => ({
  globals: Object.getOwnPropertyNames(window),
  prototypes: [Object, Array, String, Promise, Function, Element, Event]
    .map((one) => [one.name, Object.getOwnPropertyNames(one), Object.getOwnPropertyNames(one.prototype)]),
  head: document.head.innerHTML,
  body: document.body.innerHTML,
})"""

_INDEX = """<!doctype html>
<html>
  <head>{script}</head>
  <body><div id="root"></div><script type="module" src="/src/index.tsx"></script></body>
</html>
"""


def ask(expression: str) -> Any:
    """The runtime's own words: the value of an expression over `early.js`."""
    script = f"import('./src/early.js').then((early) => console.log(JSON.stringify({expression})))"
    found = subprocess.run(["node", "-e", script], cwd=CHECKOUT / "runtime", check=True, capture_output=True)
    return json.loads(found.stdout)


async def bundles(caller: Caller, module: str) -> list[str]:
    """URLs of the pre-bundled packages that a module of the preview imports."""
    code = await (await caller.frame()).evaluate("(url) => fetch(url).then((answer) => answer.text())", module)
    return [url for url in re.findall(r'from "(/[^"]+)"', code) if "/deps/" in url]


async def test_packages_that_are_evaluated_early_need_nothing_of_the_page_and_leave_no_trace_in_it(
    caller: Caller,
) -> None:
    names = ["react-dom/client" if name == "react-dom" else name for name in ask("[...early.PACKAGES]")]
    imports = "".join(f"import * as p{at} from '{name}';\n" for at, name in enumerate(names))
    used = ", ".join(f"p{at}" for at in range(len(names)))
    text = f"[{used}].filter((one) => Object.keys(one).length > 0).length"
    title = f'{imports}export default () => <h1 data-test="title">{{{text}}}</h1>;\n'
    session = await caller.show(project.files({project.TITLE: title}))
    await expect(caller.part("title")).to_have_text(str(len(names)))
    urls = await bundles(caller, "/src/components/Title.tsx")
    assert len(urls) >= len(names), urls
    markup = f"<!doctype html>{ask(f'early.earlyScript({json.dumps(urls)})')}<title>Blank</title>"

    async def blank(route: Route) -> None:
        await route.fulfill(
            content_type="text/html", body="<!doctype html>" if "empty" in route.request.url else markup
        )

    page = await caller.page.context.new_page()
    try:
        await page.route("**/blank*", blank)
        await page.goto(session["previewUrl"] + "blank?empty")
        before = await page.evaluate(_TRACES)
        await page.goto(session["previewUrl"] + "blank")
        # One that fails when it is evaluated fails here too.
        await page.evaluate("async (urls) => { for (const url of urls) await import(url); }", urls)
        after = await page.evaluate(_TRACES)
    finally:
        await page.close()
    assert set(after["globals"]) - set(before["globals"]) <= EXPECTED_GLOBALS
    assert after["prototypes"] == before["prototypes"]
    assert "<style" not in after["head"]
    assert after["body"] == before["body"]


async def test_a_page_whose_packages_were_evaluated_early_keeps_its_state_when_an_edit_comes(caller: Caller) -> None:
    await caller.show(project.files())
    urls = [*await bundles(caller, "/src/index.tsx"), *await bundles(caller, "/src/components/Counter.tsx")]
    assert any("react-dom" in url for url in urls)
    # As a page that comes while its project compiles, whatever the machine is at.
    await caller.update(
        {"src/frontend/index.html": _INDEX.format(script=ask(f"early.earlyScript({json.dumps(urls)})"))}
    )
    await caller.reload()
    await caller.painted()
    await caller.hmr_connected()
    await caller.part("count").click()
    await caller.mark()
    await caller.update({project.COUNTER: project.counter("Edited")})
    await expect(caller.part("label")).to_have_text("Edited")
    await expect(caller.part("count")).to_have_text("1")
    assert await caller.marked()
