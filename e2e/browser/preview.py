"""One session seen through HTTP only, without a browser."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import httpx2

# From a create to Ready takes a second, or three for a pod on a node; ten times that on a busy machine.
READY_SECONDS = 40


class Preview:
    """The preview of `session`, the answer to its create."""

    def __init__(self, http: httpx2.AsyncClient, session: Mapping[str, str]) -> None:
        self._http = http
        self.id = session["sessionId"]
        address = urlsplit(session["previewUrl"])
        self.host = address.netloc
        self.port = address.port or 80
        self.origin = f"http://{self.host}"

    async def get(self, path: str = "/", accept: str = "*/*") -> httpx2.Response:
        """A GET on the preview's own address. Nothing but browsers resolves names under localhost: dial the address."""
        url = f"http://127.0.0.1:{self.port}{path}"
        return await self._http.get(url, headers={"Host": self.host, "Accept": accept})

    async def page(self) -> httpx2.Response:
        """What a navigation gets."""
        return await self.get(accept="text/html,application/xhtml+xml")

    async def ready(self) -> None:
        """Wait for the phase, and for whatever routes to follow it. There is nothing to await: the API only answers."""
        async with asyncio.timeout(READY_SECONDS):
            while await self._phase() != "Ready":  # noqa: ASYNC110
                await asyncio.sleep(0.02)
            while "/@vite/client" not in (await self.page()).text:  # noqa: ASYNC110
                await asyncio.sleep(0.02)

    async def _phase(self) -> str:
        status = (await self._http.get(f"/kontext/preview/{self.id}")).json()
        return str(status["phase"])


@asynccontextmanager
async def created(http: httpx2.AsyncClient, files: Mapping[str, str]) -> AsyncIterator[Preview]:
    """A new session, deleted at the end. It is not ready yet."""
    named = [{"name": path, "content": text} for path, text in files.items()]
    answer = await http.post("/kontext/preview", json={"files": named})
    assert answer.status_code == 200, answer.text
    preview = Preview(http, answer.json())
    yield preview
    await http.delete(f"/kontext/preview/{preview.id}")
