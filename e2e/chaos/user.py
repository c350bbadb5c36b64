"""One user under chaos: edits, looks at what is served, and keeps account."""

from __future__ import annotations

import asyncio
import random
import re
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field

import httpx2

from e2e.browser import project
from e2e.guarantees.caller import PASSING, Session

# A person who looks at what an edit did.
PAUSE_S = 0.3
# An update that is not served by then counts as lost; how long the others took is in the table.
LOST_AFTER_S = 45.0
_NUMBER = re.compile(r"Edit (\d+)")


@dataclass
class Account:
    """Shared by all users. `recoveries`: seconds from a request that failed to the next one that worked."""

    requests: int = 0
    errors: Counter[str] = field(default_factory=Counter)
    dead: int = 0  # ids that were denied although they live
    acknowledged: int = 0
    lost: int = 0  # acknowledged updates that were not served in the end, or that an older one replaced
    recoveries: list[float] = field(default_factory=list)


@dataclass
class User:
    """Of one session. `number` is that of the newest acknowledged edit."""

    session: Session
    account: Account
    dice: random.Random
    number: int = 0

    async def run(self, until: float) -> None:
        """Until a monotonic time; then everything has to be there."""
        while time.monotonic() < until:
            await self.edit()
            await asyncio.sleep(self.dice.uniform(0, 2 * PAUSE_S))
            await self.look()

    async def edit(self) -> None:
        """The next text of the title, until it is acknowledged."""
        number = self.number + 1
        await self._asked("update", lambda: self.session.update({project.TITLE: project.title(f"Edit {number}")}))
        self.number = number
        self.account.acknowledged += 1

    async def look(self) -> None:
        """The module that a page loads must have the newest acknowledged text."""
        began = time.monotonic()
        while (shown := await self._shown()) != self.number:
            if time.monotonic() - began > LOST_AFTER_S:
                self.account.lost += 1
                self.account.errors[f"shows {shown} instead of {self.number}"] += 1
                return
            await asyncio.sleep(0.1)
        took = time.monotonic() - began
        if took > 1:
            self.account.recoveries.append(took)

    async def _shown(self) -> int | None:
        text = await self.session.module()
        if not text:
            # A module wakes no session that sleeps; the page that it belongs to does.
            with suppress(httpx2.TransportError):
                await self.session.page("/", "text/html")
        found = _NUMBER.search(text)
        return int(found[1]) if found else None

    async def _asked(self, what: str, call: Callable[[], Awaitable[httpx2.Response]]) -> httpx2.Response:
        began, failed = time.monotonic(), False
        while True:
            self.account.requests += 1
            try:
                answer = await call()
            except httpx2.TransportError as error:
                reason = type(error).__name__
            else:
                if answer.status_code == 200:
                    if failed:
                        self.account.recoveries.append(time.monotonic() - began)
                    return answer
                reason = str(answer.status_code)
                if answer.status_code not in PASSING:
                    self.account.dead += answer.status_code in (404, 410)
                    raise AssertionError(f"{what} answered {answer.status_code}: {answer.text[:200]}")
            self.account.errors[f"{what} {reason}"] += 1
            failed = True
            await asyncio.sleep(0.2)
