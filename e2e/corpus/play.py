"""A project from its create to its last edit, as its caller and its user live it."""

from __future__ import annotations

import re
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from playwright.async_api import TimeoutError as NotPaintedError

from e2e.browser.caller import Caller, Json
from e2e.corpus.checks import Check, shown, text
from e2e.corpus.project import Act, Edit, Keeps, Project

# An update is on screen within 0.3 s; fifty times that on a machine that runs other things, a pod in between.
SHOWN_MS = 15_000
_CLICKS = 2
# The observer's socket (a page's own has a token) comes back, as the caller's does: it may be asked for before the
# session's process has the port.
_EARLY = r"/hmr' failed: Error during WebSocket handshake: Unexpected response code: 503"


@dataclass
class Played:
    """What one project was measured to take, milliseconds."""

    name: str
    shape: str
    files: int
    first_paint: float
    edits: list[float] = field(default_factory=list)

    @property
    def edit(self) -> float | None:
        """The median of its edits."""
        return statistics.median(self.edits) if self.edits else None


class Player:
    """Plays `project` on the caller's page."""

    def __init__(self, project: Project, caller: Caller) -> None:
        self._project = project
        self._caller = caller
        self._contents = dict(project.files)
        self._told: Json = {}

    async def play(self) -> Played:
        """Every step. AssertionError when the page, or an answer, is not as it must be."""
        project, caller = self._project, self._caller
        if project.unreachable:
            # Never answered and never refused: as from a network that drops what it does not let out.
            await caller.page.route(project.unreachable, lambda _: None)
        began = time.perf_counter()
        await caller.create(project.files, packageJson=project.package_json)
        await caller.display()
        if project.mended_by:
            await self._send(project.mended_by)
        await self._first_paint()
        played = Played(project.name, project.shape, len(project.files), (time.perf_counter() - began) * 1000)
        await caller.hmr_connected()
        await self._shows(project.expect)
        self._assert_quiet("the first paint")
        await self._use()
        for step in project.steps:
            try:
                await self._step(step, played)
            except AssertionError as error:
                said = [*caller.trouble.console, *caller.trouble.requests][-5:]
                error.add_note(f"in the step {step.name!r}; Vite's last answer: {self._told}; the browser said: {said}")
                raise
        return played

    async def _first_paint(self) -> None:
        try:
            await self._caller.painted(self._project.root)
        except NotPaintedError as error:
            path = f"/kontext/preview/{self._caller.session['sessionId']}"
            status = (await self._caller.call("GET", path))["body"]
            said = [*self._caller.trouble.console, *self._caller.trouble.requests][-5:]
            raise AssertionError(f"no first paint: {status['phase']}, {status.get('lastError')}; {said}") from error

    async def _step(self, step: Edit | Act, played: Played) -> None:
        if isinstance(step, Act):
            await self._act(step)
        else:
            played.edits.append(await self._edit(step))
        self._assert_quiet(step.name)

    async def _edit(self, edit: Edit) -> float:
        began = time.perf_counter()
        await self._send(edit)
        await self._shows(edit.expect)
        took = (time.perf_counter() - began) * 1000
        if edit.keeps is Keeps.NOTHING:
            # A reload may still be on its way, and would take with it what we do next.
            await self._caller.hmr_connected()
            await self._use()
            return took
        assert await self._caller.marked(), f"{edit.name}: the page was reloaded"
        if edit.keeps is Keeps.PAGE:
            await self._use()
        elif self._project.counter:
            await self._shows([text(self._project.counter, str(_CLICKS))])
        return took

    async def _send(self, edit: Edit) -> None:
        files = dict(edit.files)
        for name, (old, new) in edit.replace.items():
            assert old in self._contents[name], f"{edit.name}: {name} holds no {old!r}"
            files[name] = self._contents[name].replace(old, new, 1)
        self._contents |= files
        answer = await self._caller.update(files, edit.deleted)
        self._told = answer["hmr"]
        assert answer["rejected"] == [], edit.name
        assert bool(answer["diagnostics"]) == edit.held, f"{edit.name}: {answer['diagnostics']}"
        assert await self._caller.overlays() == 0 or edit is self._project.mended_by, f"{edit.name}: an error overlay"

    async def _act(self, act: Act) -> None:
        preview = self._caller.preview
        if act.click:
            await preview.locator(act.click).first.click()
        if act.fill:
            await preview.locator(act.fill[0]).first.fill(act.fill[1])
        if act.visit:
            await self._caller.visit(act.visit)
            await self._caller.painted(self._project.root)
            await self._caller.hmr_connected()
            await self._use()
        await self._shows(act.expect)

    async def _use(self) -> None:
        """From here on a reload, or a component that starts anew, shows."""
        await self._caller.mark()
        counter = self._project.counter
        if counter is None:
            return
        button = self._caller.preview.locator(counter)
        for _ in range(_CLICKS - int(await button.inner_text())):
            await button.click()
        await self._shows([text(counter, str(_CLICKS))])

    async def _shows(self, checks: Sequence[Check]) -> None:
        await shown(await self._caller.frame(), checks, SHOWN_MS)

    def _assert_quiet(self, when: str) -> None:
        trouble = [*self._caller.trouble.console, *self._caller.trouble.requests]
        known = [_EARLY, *self._project.noise]
        unexpected = [one for one in trouble if not any(re.search(noise, one) for noise in known)]
        assert unexpected == [], f"after {when}: {unexpected}"
