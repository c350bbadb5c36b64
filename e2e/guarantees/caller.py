"""A caller without a browser, through the ingress controller: what it asks, and how it sees that an edit is served."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx2

from e2e.browser import project

Json = dict[str, Any]

PATH = "/kontext/preview"
# From a create to the first page: 3 s on two quiet cores that also run the whole cluster. A bound, not a figure.
FIRST_PAGE_S = 120.0
# G2: the first request after a kill is answered within this time, with the last acknowledged files.
AFTER_A_KILL_S = 15.0
# What a proxy answers while somebody restarts.
PASSING = (502, 503, 504)
# Where the text of the title stands in what Vite serves.
TITLE_MODULE = "/src/components/Title.tsx"


@dataclass(frozen=True)
class Session:
    """One session, as its create answered."""

    http: httpx2.AsyncClient
    created: Json

    @property
    def id(self) -> str:
        return str(self.created["sessionId"])

    @property
    def host(self) -> str:
        return urlsplit(self.created["previewUrl"]).netloc

    async def update(self, files: Mapping[str, str]) -> httpx2.Response:
        return await self.http.post(f"{PATH}/{self.id}/update", json={"files": _named(files)})

    async def status(self) -> httpx2.Response:
        return await self.http.get(f"{PATH}/{self.id}")

    async def close(self) -> httpx2.Response:
        return await self.http.delete(f"{PATH}/{self.id}")

    async def page(self, path: str = "/", accept: str = "*/*") -> httpx2.Response:
        """From the preview's own host."""
        return await self.http.get(path, headers={"Host": self.host, "Accept": accept})

    async def module(self) -> str:
        """What the title's module says now; '' while it is not served."""
        try:
            answer = await self.page(TITLE_MODULE)
        except httpx2.TransportError:
            return ""
        return answer.text if answer.status_code == 200 else ""

    async def serves(self, text: str, within_s: float = FIRST_PAGE_S) -> float:
        """Waits until the title's module has `text`; seconds that it took."""
        began = time.monotonic()

        async def there() -> bool:
            return text in await self.module()

        await eventually(there, f"{text!r} is served", within_s)
        return time.monotonic() - began

    async def ready(self) -> None:
        """Waits for the phase, and for the ingress controller to follow it."""

        async def there() -> bool:
            return bool((await patiently(self.status)).json().get("phase") == "Ready")

        await eventually(there, "the session is Ready", FIRST_PAGE_S)
        await self.serves("Title", FIRST_PAGE_S)


async def create(http: httpx2.AsyncClient, text: str = "First", **more: object) -> Session:
    """A session of the browser tests' project, its title being `text`."""
    body = {"files": _named(project.files({project.TITLE: project.title(text)})), "packageJson": None, **more}
    answer = await patiently(lambda: http.post(PATH, json=body))
    assert answer.status_code == 200, answer.text
    return Session(http, answer.json())


async def patiently(call: Callable[[], Awaitable[httpx2.Response]]) -> httpx2.Response:
    """The first answer that is not the proxy's own: the API's pods may be coming back from what a test did to them."""
    deadline = time.monotonic() + FIRST_PAGE_S
    while True:
        with suppress(httpx2.TransportError):
            answer = await call()
            if answer.status_code not in PASSING:
                return answer
        assert time.monotonic() < deadline, "the API does not come back"
        await asyncio.sleep(0.2)


async def eventually(condition: Callable[[], Awaitable[bool]], what: str, within_s: float) -> None:
    """Asks again until it is so."""
    deadline = time.monotonic() + within_s
    while not await condition():
        assert time.monotonic() < deadline, f"not within {within_s:.0f} s: {what}"
        await asyncio.sleep(0.1)


def _named(files: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"name": path, "content": text} for path, text in files.items()]
