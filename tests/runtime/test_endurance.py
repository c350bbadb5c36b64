"""The same thing very often, with a page and an observer at the other end."""

from __future__ import annotations

import random
import re

import pytest
from tests.runtime.conftest import Start
from tests.runtime.harness import STUDIO, Runtime
from tests.runtime.page import Page, Socket, observer
from tests.runtime.project import APP, CSS, FILES

from preview_core.wire import HmrKind, Layout

# 4 x 250 batches are the thousand of G26. A failure names its seed, and the seed repeats it.
SEEDS = (26, 27, 28, 29)
BATCHES = 250
LIVE_PARTS = (
    8  # a page of a usual size: with all parts that ever were, the last batch would be a thousand times the first
)


class Growing:
    """A project that grows at one end and shrinks at the other, in batches of files that need each other."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._parts: list[str] = []
        self._made = 0

    def batch(self) -> tuple[dict[str, str], tuple[str, ...]]:
        """New files, their importers, and what goes, in any order."""
        name = f"Part{self._made}"
        self._made += 1
        files = self._chance.choice([self._alone, self._nested, self._styled, self._with_hook, self._in_folder])(name)
        self._parts.append(name)
        gone = self._parts.pop(0) if len(self._parts) > LIVE_PARTS else None
        imports = "".join(f"import {part} from './parts/{part}'\n" for part in self._parts)
        uses = "".join(f"<{part} />" for part in self._parts)
        files["src/App.tsx"] = imports + APP.replace("<Title />", f"<Title />{uses}")
        order = list(files.items())
        self._chance.shuffle(order)
        return dict(order), self._files_of(gone) if gone is not None else ()

    def _alone(self, name: str) -> dict[str, str]:
        return {f"src/parts/{name}.tsx": f"export default () => <p className='mt-[{self._made}px]'>{name}</p>\n"}

    def _nested(self, name: str) -> dict[str, str]:
        return {
            f"src/parts/{name}.tsx": f"import Leaf from './{name}Leaf'\nexport default () => <p><Leaf /></p>\n",
            f"src/parts/{name}Leaf.tsx": f"export default () => <b>{name}</b>\n",
        }

    def _styled(self, name: str) -> dict[str, str]:
        return {
            f"src/parts/{name}.tsx": f"import './{name}.css'\nexport default () => <p className='{name}'>styled</p>\n",
            f"src/parts/{name}.css": f".{name} {{ margin: {self._made}px }}\n",
        }

    def _with_hook(self, name: str) -> dict[str, str]:
        hook = f"use{name}"
        body = f"() => useState({self._made})[0]"
        return {
            f"src/parts/{name}.tsx": f"import {{ {hook} }} from './{hook}'\nexport default () => <p>{{{hook}()}}</p>\n",
            f"src/parts/{hook}.ts": f"import {{ useState }} from 'react'\nexport const {hook} = {body}\n",
        }

    def _in_folder(self, name: str) -> dict[str, str]:
        return {
            f"src/parts/{name}/index.ts": f"export {{ {name} as default }} from './{name}'\n",
            f"src/parts/{name}/{name}.tsx": f"export const {name} = () => <p>{name}</p>\n",
        }

    def _files_of(self, name: str) -> tuple[str, ...]:
        endings = (
            f"{name}.tsx",
            f"{name}Leaf.tsx",
            f"{name}.css",
            f"use{name}.ts",
            f"{name}/index.ts",
            f"{name}/{name}.tsx",
        )
        return tuple(f"src/parts/{ending}" for ending in endings)


def follow(runtime: Runtime, socket: Socket) -> None:
    """What a page does with an update: it loads what is new."""
    for update in socket.until("update")["updates"]:
        answer = runtime.get(f"{update['acceptedPath']}?t={update['timestamp']}")
        assert answer.status == 200, answer.body


@pytest.mark.parametrize("seed", SEEDS)
def test_g26_new_files_and_their_importers_in_any_order_never_give_an_error(start: Start, seed: int) -> None:
    runtime = start()
    runtime.put(FILES)
    growing = Growing(random.Random(seed))  # noqa: S311 -- a fixed order of cases, not a secret
    with Page.of(runtime).opened() as page, observer(runtime) as seen:
        for number in range(BATCHES):
            files, gone = growing.batch()
            outcome = runtime.patch(files, gone)
            assert (outcome.hmr.kind, outcome.diagnostics) == (HmrKind.UPDATE, []), (
                f"batch {number}: {outcome.diagnostics}"
            )
            follow(runtime, page)
            seen.until("update")
        assert set(page.drained()) <= {"update", "prune"}
        assert set(seen.kinds()) <= {"update", "prune"}
    assert runtime.status()["restarts"] == 0


PAGES = {
    "synthesised": None,
    "usual": '<!doctype html><html><head><title>t</title></head><body><div id="root"></div>%s</body></html>',
    "no head": '<!doctype html><body><div id="root"></div>%s</body>',
    "nothing around": '<div id="root"></div>%s',
    "capitals": '<!DOCTYPE HTML><HTML><HEAD><TITLE>t</TITLE></HEAD><BODY><DIV ID="root"></DIV>%s</BODY></HTML>',
    "a head in a comment": '<!-- <head></head> --><html><head></head><body><div id="root"></div>%s</body></html>',
}
_ENTRY = '<script type="module" src="/src/index.tsx"></script>'


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)
def test_g22_what_we_inject_is_there_once_after_a_hundred_updates(start: Start, page: str | None) -> None:
    runtime = start()
    own = {} if page is None else {"index.html": page % _ENTRY}
    runtime.put(
        {**FILES, **own},
        STUDIO if page is None else Layout(root="src/frontend", entry="src/index.tsx", index="project"),
    )
    before = injected(runtime)
    for number in range(100):
        runtime.patch(_edit(number, page))
    assert injected(runtime) == before
    assert "update 99" in runtime.get("/src/App.tsx").body


def _edit(number: int, page: str | None) -> dict[str, str]:
    """The page itself, a stylesheet, the theme, a component: in turns, the component every time."""
    files = {"src/App.tsx": APP.replace("<Title />", f"<Title />update {number}")}
    if number % 4 == 1:
        files["src/styles.css"] = CSS + f".n {{ margin: {number}px }}\n"
    if number % 10 == 2:
        files["tailwind.config.js"] = f"module.exports = {{ content: ['./src/**/*.tsx'], theme: {{ n: {number} }} }}\n"
    if number % 4 == 3 and page is not None:
        files["index.html"] = page % f"<p>{number}</p>{_ENTRY}"
    return files


def injected(runtime: Runtime) -> dict[str, int]:
    """How often each thing that we put into a page and its modules is there; every one must be."""
    html = runtime.get("/", accept="text/html").body
    component = runtime.get("/src/App.tsx").body
    counts = {
        "client": len(re.findall(r'src="/@vite/client"', html)),
        "preamble": html.count("injectIntoGlobalHook(window)"),
        "loaded": html.count("kontext-preview:loaded"),
        "entry": len(re.findall(r'src="/src/index\.tsx[?"]', html)),
        "refresh": component.count("import.meta.hot.accept"),
    }
    assert counts == dict.fromkeys(counts, 1), counts
    return counts
