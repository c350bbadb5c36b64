"""The caller's page under the hand of a test: creates, updates, observes, and looks into the preview's frame."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import httpx2
from playwright.async_api import ConsoleMessage, Frame, FrameLocator, Locator, Page, Request, Response
from playwright.async_api import TimeoutError as NotInTime

from e2e.browser.site import Site
from e2e.browser.target import Target

Json = dict[str, Any]
# Pairs where the order counts, or where a name is sent twice.
Files = Mapping[str, str] | Sequence[tuple[str, str]]

# A pod on a cluster whose only node also runs this browser takes 3 s; ten times that when the machine is busy.
FIRST_PAINT_MS = 40_000

# Notes the life of each socket of every page and frame, before any script of theirs runs.
_WATCH_SOCKETS = """
(() => {
  const Real = window.WebSocket;
  window.testSockets = [];
  window.WebSocket = class extends Real {
    constructor(url, protocols) {
      super(url, protocols);
      const note = { asked: performance.now(), opened: null, closed: null, received: [], sent: [] };
      this.send = (data) => { note.sent.push(data); super.send(data); };
      window.testSockets.push(note);
      this.addEventListener('open', () => { note.opened = performance.now(); });
      this.addEventListener('close', (event) => { note.closed = event.code; });
      this.addEventListener('message', (event) => { note.received.push(event.data); });
    }
  };
})();
"""


@dataclass
class Trouble:
    """What a page complained about."""

    console: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.console or self.requests)


class Caller:
    """One page of the caller with at most one session on it."""

    def __init__(self, page: Page, target: Target) -> None:
        self.page = page
        self.target = target
        self.session: Json = {}
        self.trouble = Trouble()
        self.responses: list[Response] = []
        page.on("console", self._on_console)
        page.on("pageerror", lambda error: self.trouble.console.append(str(error)))
        page.on("requestfailed", self._on_failed)
        page.on("response", self._on_response)

    async def open(self, site: Site) -> None:
        """Load the caller's page."""
        await self.page.add_init_script(_WATCH_SOCKETS)
        await self.page.goto(f"{site.origin}/?api={self.target.url}")

    async def close(self) -> None:
        """Delete the session, if any, and close the page."""
        if self.session:
            await self.call("DELETE", f"/kontext/preview/{self.session['sessionId']}")
        await self.page.close()

    async def call(self, method: str, path: str, body: object = None) -> Json:
        """A request of the page itself, credentials included: `{status, body}`."""
        arguments = [method, path] if body is None else [method, path, body]
        answer: Json = await self.page.evaluate("(call) => kontext.call(...call)", arguments)
        return answer

    async def create(self, files: Files, **more: object) -> Json:
        """Create a session (or reuse one, with `sessionId` in `more`); the answer's body, which must be a success."""
        body = {"files": _named(files), "packageJson": None, "projectType": "icpstudio", **more}
        answer = await self.call("POST", "/kontext/preview", body)
        assert answer["status"] == 200, answer
        self.session = answer["body"]
        return self.session

    async def show(self, files: Files) -> Json:
        """All that the caller does with a new project: create, observe, show the preview. Waits for the first paint."""
        session = await self.create(files)
        await self.display()
        await self.painted()
        await self.hmr_connected()
        return session

    async def display(self) -> None:
        """Observe the session, and load its preview into the page."""
        if self.target.cold:
            await self.ready()
        await self.page.evaluate("(url) => kontext.observe(url)", self.session["wsUrl"])
        await self.page.evaluate("(url) => kontext.show(url)", self.session["previewUrl"])

    async def painted(self, root: str = "#root") -> None:
        """Wait until the app has rendered something into `root` that is to be seen."""
        try:
            await self.preview.locator(f"{root} > *:visible").first.wait_for(timeout=FIRST_PAINT_MS)
        except NotInTime as error:
            raise AssertionError(await self._instead(str(error))) from error

    async def _instead(self, what: str) -> str:
        """`what`, and all that may explain why there is nothing to be seen."""
        frame = await self.frame()
        session = await self.call("GET", f"/kontext/preview/{self.session['sessionId']}")
        answers = [f"{response.status} {response.url}" for response in self.responses[-40:]]
        page = (await frame.content())[:4000]
        return "\n".join([what, frame.url, page, str(session), *self.trouble.console, *self.trouble.requests, *answers])

    async def ready(self) -> None:
        """Wait for the session's phase, and for the ingress controller to follow it.

        There is nothing to await: the API and the preview only answer.
        """
        path = f"/kontext/preview/{self.session['sessionId']}"
        async with asyncio.timeout(FIRST_PAINT_MS / 1000):
            while (await self.call("GET", path))["body"]["phase"] != "Ready":  # noqa: ASYNC110
                await asyncio.sleep(0.1)
            async with httpx2.AsyncClient(base_url=self.target.base_url, trust_env=False, verify=False) as http:
                headers = {"Host": urlsplit(self.session["previewUrl"]).netloc, "Accept": "text/html"}
                while "/@vite/client" not in (await http.get("/", headers=headers)).text:  # noqa: ASYNC110
                    await asyncio.sleep(0.1)

    async def hmr_connected(self) -> None:
        """Wait until a socket of the preview's own page is open: from now on an update can reach it."""
        frame = await self.frame()
        await frame.wait_for_function("window.testSockets.some((socket) => socket.opened && socket.closed === null)")

    async def update(self, files: Mapping[str, str], deleted: Sequence[str] = ()) -> Json:
        """Send an update; the answer's body, which must be a success."""
        path = f"/kontext/preview/{self.session['sessionId']}/update"
        answer = await self.call("POST", path, {"files": _named(files), "deleted": list(deleted)})
        assert answer["status"] == 200, answer
        body: Json = answer["body"]
        return body

    @property
    def preview(self) -> FrameLocator:
        """The inside of the preview's frame."""
        return self.page.frame_locator("iframe")

    def part(self, name: str) -> Locator:
        """An element of the test project by its `data-test`."""
        return self.preview.locator(f'[data-test="{name}"]')

    async def frame(self) -> Frame:
        """The preview's frame, to run scripts in."""
        element = await self.page.query_selector("iframe")
        frame = await element.content_frame() if element else None
        assert frame is not None
        return frame

    async def frames(self) -> list[Json]:
        """Messages that the observer has received so far, in order. All of them must have been text."""
        received: list[Json] = await self.page.evaluate("kontext.frames")
        assert all(one["text"] for one in received), "a binary frame reached the observer"
        return [one["message"] for one in received]

    async def observed(self, kind: str, *, after: int = 0) -> Json:
        """Wait for the observer's first message of a type, among those from index `after` on."""
        find = "([kind, after]) => kontext.frames.slice(after).find((one) => one.message?.type === kind)?.message"
        handle = await self.page.wait_for_function(find, arg=[kind, after])
        message: Json = await handle.json_value()
        return message

    async def preview_messages(self) -> list[Json]:
        """Messages that the sockets of the preview's present page have received, in order."""
        frame = await self.frame()
        texts: list[str] = await frame.evaluate("window.testSockets.flatMap((socket) => socket.received)")
        return [json.loads(text) for text in texts]

    async def reload(self) -> None:
        """Begin to load the preview's page again.

        From outside: a script inside would end with its page, and with one that reloads itself it might not even begin.
        """
        await self.page.evaluate("() => { const frame = document.querySelector('iframe'); frame.src = frame.src; }")

    async def visit(self, path: str) -> None:
        """Follow a deep link: load the preview anew, at `path`. Returns when the page before is gone."""
        await self.mark()
        url = self.session["previewUrl"].rstrip("/") + path
        await self.page.evaluate("(url) => { document.querySelector('iframe').src = url; }", url)
        await (await self.frame()).wait_for_function("!window.testMarker")

    async def mark(self) -> None:
        """Leave a marker in the preview's window: a reload loses it."""
        await (await self.frame()).evaluate("window.testMarker = 'here'")

    async def marked(self) -> bool:
        """Whether the marker is there: the page has not been reloaded since `mark`."""
        return bool(await (await self.frame()).evaluate("window.testMarker === 'here'"))

    async def overlays(self) -> int:
        """How many of Vite's error overlays the preview shows."""
        return await self.preview.locator("vite-error-overlay").count()

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.trouble.console.append(message.text)

    def _on_failed(self, request: Request) -> None:
        self.trouble.requests.append(f"{request.method} {request.url}: {request.failure}")

    def _on_response(self, response: Response) -> None:
        self.responses.append(response)
        if response.status >= 400:
            self.trouble.requests.append(f"{response.request.method} {response.url}: {response.status}")


def _named(files: Files) -> list[dict[str, str]]:
    pairs = files.items() if isinstance(files, Mapping) else files
    return [{"name": path, "content": text} for path, text in pairs]
