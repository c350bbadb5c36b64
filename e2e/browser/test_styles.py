"""Styles that a browser computes, whatever way a project sets them up."""

from __future__ import annotations

import json
from itertools import product

import pytest
from playwright.async_api import expect

from e2e.browser import project
from e2e.browser.caller import Caller

pytestmark = pytest.mark.asyncio(loop_scope="session")

_ROOT = "src/frontend/"
_TYPES: tuple[dict[str, str], ...] = ({}, {"type": "module"}, {"type": "commonjs"})
_CLASSES = "p-2 text-brand marked"
_TAILWIND4 = '@import "tailwindcss";\n@theme {{ --color-brand: rgb({colour}); }}\n'


def _configs(kind: dict[str, str], postcss: str, tailwind: str, colour: str) -> dict[str, str]:
    """A rule of the PostCSS config and a colour of the Tailwind config show that both were read."""
    theme = f"{{ content: ['./src/**/*.tsx'], theme: {{ extend: {{ colors: {{ brand: 'rgb({colour})' }} }} }} }}"
    mark = "{ postcssPlugin: 'mark', Once(root) { root.append('.marked { order: 7 }') } }"
    return {
        _ROOT + "package.json": json.dumps(kind),
        _ROOT + "postcss.config.js": {
            "cjs": f"module.exports = {{ plugins: [require('tailwindcss'), require('autoprefixer'), {mark}] }}",
            "esm": f"import tailwindcss from 'tailwindcss'\nexport default {{ plugins: [tailwindcss, {mark}] }}",
        }[postcss],
        _ROOT + "tailwind.config.js": {"cjs": f"module.exports = {theme}", "esm": f"export default {theme}"}[tailwind],
        project.COUNTER: project.counter(classes=_CLASSES),
    }


async def test_g18_the_matrix_of_package_type_and_config_syntax_renders(caller: Caller) -> None:
    for number, (kind, postcss, tailwind) in enumerate(product(_TYPES, ("cjs", "esm"), ("cjs", "esm")), start=1):
        colour = f"{number}, 2, 3"
        await caller.show(project.files(_configs(kind, postcss, tailwind, colour)))
        await expect(caller.part("box")).to_have_css("color", f"rgb({colour})")
        await expect(caller.part("box")).to_have_css("padding-top", "8px")
        await expect(caller.part("box")).to_have_css("order", "7")
        assert await caller.overlays() == 0
        await caller.call("DELETE", f"/kontext/preview/{caller.session['sessionId']}")


async def test_g17_with_tailwind_4_a_new_class_and_a_new_theme_compute_without_a_reload(caller: Caller) -> None:
    counter = project.counter(classes=_CLASSES)
    await caller.show(project.files({project.STYLES: _TAILWIND4.format(colour="1, 2, 3"), project.COUNTER: counter}))
    box = caller.part("box")
    await expect(box).to_have_css("color", "rgb(1, 2, 3)")
    await expect(box).to_have_css("padding-top", "8px")
    await caller.mark()
    await caller.part("count").click()
    await caller.update({project.COUNTER: project.counter(classes="p-[13px] text-brand")})
    await expect(box).to_have_css("padding-top", "13px")
    answer = await caller.update({project.STYLES: _TAILWIND4.format(colour="4, 5, 6")})
    await expect(box).to_have_css("color", "rgb(4, 5, 6)")
    assert answer["hmr"]["kind"] == "css"
    await expect(caller.part("count")).to_have_text("1")
    assert await caller.marked()
    assert not caller.trouble, caller.trouble


async def test_g17_a_class_in_a_new_component_computes(caller: Caller) -> None:
    await caller.show(project.files())
    badge = 'export default () => <b data-test="badge" className="block mt-[17px]">new</b>;\n'
    await caller.update({project.APP: project.app("Badge"), _ROOT + "src/components/Badge.tsx": badge})
    await expect(caller.part("badge")).to_have_css("margin-top", "17px")
