"""Rollouts: a new runtime, a drained node, a new control plane, each while somebody looks at a page (G6, G10)."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import WebSocket, async_playwright, expect

from e2e.browser import project
from e2e.browser.caller import Caller
from e2e.browser.profile import Cookies, launch
from e2e.browser.site import Site
from e2e.browser.target import Target
from e2e.cluster.installed import Installed
from e2e.guarantees.caller import eventually

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(600)]

# A pod takes 3 s on two quiet cores; the old one is kept until the new one serves, and some seconds longer.
MOVED_S = 180.0
# Long enough for a page that would come back a second time.
QUIET_S = 5.0
# What the runtime's pods may use beside the image: it is in the revision, so a change of it is a rollout.
WORKSPACE_MEBIBYTES = 200


@dataclass
class Page:
    """An open page, and how often it got a connection to a dev server."""

    caller: Caller
    connections: int = 0

    @property
    def id(self) -> str:
        return str(self.caller.session["sessionId"])

    @property
    def url(self) -> str:
        return str(self.caller.session["previewUrl"])

    def listen(self) -> None:
        """Across reloads, which lose whatever a page has noted itself."""
        self.caller.page.on("websocket", self._opened)

    async def shows(self, text: str) -> None:
        """An update goes to the page without anybody's help."""
        await self.caller.update({project.TITLE: project.title(text)})
        await expect(self.caller.part("title")).to_have_text(text, timeout=MOVED_S * 1000)

    def _opened(self, socket: WebSocket) -> None:
        # The caller's own page observes without Vite's token.
        if "token=" in socket.url:
            socket.on("framereceived", self._received)

    def _received(self, frame: str | bytes) -> None:
        # Vite's first word on each socket of its client.
        self.connections += frame == '{"type":"connected"}'


@pytest_asyncio.fixture(loop_scope="session")
async def page(target: Target, site: Site, tmp_path: Path) -> AsyncIterator[Page]:
    async with async_playwright() as playwright:
        context = await launch(playwright, tmp_path / "profile", Cookies.NONE)
        shown = Page(Caller(await context.new_page(), target))
        shown.listen()
        await shown.caller.open(site)
        await shown.caller.show(project.files())
        await shown.shows("Before")
        assert shown.connections == 1
        yield shown
        await shown.caller.close()
        await context.close()


def pods(cluster: Installed, session_id: str) -> list[str]:
    """Of the session, whatever they do."""
    selector = f"--selector=preview.coinnation.io/session={session_id},preview.coinnation.io/part=pod"
    return cluster.kubectl("get", "pods", "-n", cluster.sessions, selector, "-o", "name").split()


async def moved(cluster: Installed, page: Page, before: list[str]) -> None:
    """Waits until the session is Ready in another pod, and the one before is gone."""

    async def there() -> bool:
        found = cluster.kubectl.json("get", "previewsession", page.id, "-n", cluster.sessions)
        status, now = found["status"], pods(cluster, page.id)
        is_ready = status["phase"] == "Ready" and now == [f"pod/{status['podName']}"]
        return is_ready and not set(now) & set(before)

    await eventually(there, "the session has moved", MOVED_S)


async def is_as_before(page: Page, reconnects: int) -> None:
    """Under the same id and URL, with an update that arrives, and no more than so many reconnects."""
    await page.shows("After")
    await asyncio.sleep(QUIET_S)
    assert (await page.caller.frame()).url == page.url
    answer = await page.caller.call("GET", f"/kontext/preview/{page.id}")
    assert (answer["status"], answer["body"]["previewUrl"]) == (200, page.url)
    assert page.connections <= 1 + reconnects


async def test_g06_a_new_runtime_moves_an_open_page_with_one_reconnect_at_most(cluster: Installed, page: Page) -> None:
    before = pods(cluster, page.id)
    name = "default"
    spec = cluster.kubectl.json("get", "previewruntime", name, "-n", cluster.sessions)["spec"]
    workspace = spec.get("limits", {}).get("workspaceMebibytes", 256)
    assert workspace != WORKSPACE_MEBIBYTES

    def change(mebibytes: int) -> None:
        patch = json.dumps({"spec": {"limits": {"workspaceMebibytes": mebibytes}}})
        cluster.kubectl("patch", "previewruntime", name, "-n", cluster.sessions, "--type=merge", f"--patch={patch}")

    change(WORKSPACE_MEBIBYTES)
    try:
        await moved(cluster, page, before)
        await is_as_before(page, 1)
    finally:
        change(workspace)


async def test_g06_a_drained_node_moves_an_open_page_with_one_reconnect_at_most(cluster: Installed, page: Page) -> None:
    before = pods(cluster, page.id)
    pod = cluster.kubectl.json("get", before[0], "-n", cluster.sessions)
    node = pod["spec"]["nodeName"]
    # The other pods of the only node stay: where should they go?
    selector = f"--pod-selector=preview.coinnation.io/session={page.id}"
    try:
        await asyncio.to_thread(
            cluster.kubectl, "drain", node, selector, "--force", "--delete-emptydir-data", "--timeout=50s"
        )
        assert not set(pods(cluster, page.id)) & set(before)
    finally:
        cluster.kubectl("uncordon", node)
    await moved(cluster, page, before)
    await is_as_before(page, 1)


async def test_g10_a_new_control_plane_moves_no_session_and_no_page_reconnects(cluster: Installed, page: Page) -> None:
    before = pods(cluster, page.id)
    # What a new version of the chart does: all pods of API, operator and waker are replaced.
    parts = ("api", "operator", "waker")
    roll = {part: {"podAnnotations": {"e2e/rolled-for": page.id}} for part in parts}
    await asyncio.to_thread(cluster.configure, roll)
    await is_as_before(page, 0)
    assert pods(cluster, page.id) == before
    session = cluster.kubectl.json("get", "previewsession", page.id, "-n", cluster.sessions)
    assert session["status"]["phase"] == "Ready"
    # The new waker is found as the one before.
    found = cluster.kubectl.json("get", "pods", "-n", cluster.sessions, "--selector=preview.coinnation.io/part=waker")
    assert found["items"]
