"""What a project's own configuration asks for, as a browser sees it."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from e2e.browser import project
from e2e.browser.caller import Caller

pytestmark = pytest.mark.asyncio(loop_scope="session")

_CONFIG = "src/frontend/vite.config.ts"
_ENV = "src/frontend/.env"
_APP = """\
import Counter from '@parts/Counter';
import Title from '@/components/Title';

export default function App() {
  const canister = process.env.CANISTER_ID_BACKEND;
  return (
    <main>
      <Title /><Counter />
      <p data-test="told">{__GREETING__} {import.meta.env.VITE_NAME} {canister} {String(__UNREADABLE__)}</p>
    </main>
  );
}
"""


def config(greeting: str, comment: str = "") -> str:
    """One that asks for an alias and two constants, of which one needs to be run."""
    return (
        f"// {comment}\n"
        "import { execSync } from 'node:child_process';\n"
        "import path from 'node:path';\n"
        "import { defineConfig } from 'vite';\n"
        "export default defineConfig(({ mode }) => ({\n"
        "  server: { port: 3000 },\n"
        f"  define: {{ __GREETING__: JSON.stringify(mode === 'development' ? '{greeting}' : ''),\n"
        "    __UNREADABLE__: JSON.stringify(execSync('git rev-parse HEAD').toString()) },\n"
        "  resolve: { alias: { '@parts': path.resolve(__dirname, 'src/components') } },\n"
        "}));\n"
    )


def files() -> dict[str, str]:
    return project.files(
        {
            project.APP: _APP,
            _CONFIG: config("Hello"),
            _ENV: "VITE_NAME=world\nCANISTER_ID_BACKEND=aaaaa-aa\n",
        }
    )


async def test_g40_constants_aliases_and_the_environment_are_on_screen(caller: Caller) -> None:
    await caller.show(files())
    await expect(caller.part("told")).to_have_text("Hello world aaaaa-aa undefined")
    await expect(caller.part("title")).to_have_text("First")
    assert not caller.trouble, caller.trouble


async def test_a_value_that_changes_comes_to_the_page_and_a_comment_costs_no_state(caller: Caller) -> None:
    await caller.show(files())
    await expect(caller.part("told")).to_contain_text("Hello")
    await caller.mark()
    answer = await caller.update({_CONFIG: config("Hello", "said otherwise")})
    assert answer["hmr"]["kind"] == "none"
    assert [warning["code"] for warning in answer["warnings"]] == ["CONFIG_IGNORED"]
    assert await caller.marked()
    assert (await caller.update({_CONFIG: config("Goodbye")}))["hmr"]["kind"] == "restart"
    await expect(caller.part("told")).to_have_text("Goodbye world aaaaa-aa undefined")
    await caller.update({_ENV: "VITE_NAME=moon\nCANISTER_ID_BACKEND=aaaaa-aa\n"})
    await expect(caller.part("told")).to_have_text("Goodbye moon aaaaa-aa undefined")
    assert await caller.overlays() == 0


async def test_g40_a_config_that_breaks_leaves_a_page(caller: Caller) -> None:
    await caller.show(project.files({_CONFIG: config("Hello")}))
    await expect(caller.part("title")).to_have_text("First")
    answer = await caller.update({_CONFIG: "export default {"})
    assert [warning["path"] for warning in answer["warnings"]] == [_CONFIG]
    await expect(caller.part("title")).to_have_text("First")
    assert await caller.overlays() == 0
