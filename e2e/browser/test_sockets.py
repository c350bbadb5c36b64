"""Upgrades as bytes on the preview's port: no browser, because no browser would send most of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx2
import pytest
import pytest_asyncio

from e2e.browser import project
from e2e.browser.preview import created
from e2e.browser.site import Site
from e2e.browser.upgrades import Upgrade, answer, close_answer

pytestmark = pytest.mark.asyncio(loop_scope="session")

# G11 itself: no upgrade stays unanswered for two seconds.
ANSWER_SECONDS = 2.0

_ORIGIN = "Origin"
_PROTOCOL = "Sec-WebSocket-Protocol"
_EVIL = {_ORIGIN: "https://evil.example"}

REFUSED = [
    Upgrade("nobody: no origin, no subprotocol"),
    Upgrade("an observer of an origin that is not allowed", headers=_EVIL),
    Upgrade("an observer of the origin null", headers={_ORIGIN: "null"}),
    Upgrade("an observer with an empty origin", headers={_ORIGIN: ""}),
    Upgrade("an observer on another path", "/", {_ORIGIN: "allowed"}),
    Upgrade("an observer on a path below", "/hmr/x", {_ORIGIN: "allowed"}),
    Upgrade("an observer on a path that does not decode", "/%ff%zz", {_ORIGIN: "allowed"}),
    Upgrade(
        "an observer on an absolute target elsewhere", "http://evil.example/hmr", {_ORIGIN: "allowed", "Host": None}
    ),
    Upgrade("an observer by POST", "/hmr", {_ORIGIN: "allowed", "Content-Length": "2"}, "POST", b"{}"),
    Upgrade("an observer of another host", headers={_ORIGIN: "allowed", "Host": "evil.example"}),
    Upgrade("an observer without a key", headers={_ORIGIN: "allowed", "Sec-WebSocket-Key": None}),
    Upgrade("an observer with a short key", headers={_ORIGIN: "allowed", "Sec-WebSocket-Key": "abc"}),
    Upgrade("an observer of version 7", headers={_ORIGIN: "allowed", "Sec-WebSocket-Version": "7"}),
    Upgrade("an observer without a version", headers={_ORIGIN: "allowed", "Sec-WebSocket-Version": None}),
    Upgrade("an upgrade to HTTP/2", headers={_ORIGIN: "allowed", "Upgrade": "h2c"}),
    Upgrade("Vite's client without a token", headers={_ORIGIN: "own", _PROTOCOL: "vite-hmr"}),
    Upgrade("Vite's client with a wrong token", "/hmr?token=wrong", {_ORIGIN: "own", _PROTOCOL: "vite-hmr"}),
    Upgrade("Vite's client with an empty token", "/hmr?token=", {_ORIGIN: "own", _PROTOCOL: "vite-hmr"}),
    Upgrade("Vite's client of another origin, no token", headers={**_EVIL, _PROTOCOL: "vite-hmr"}),
    Upgrade("Vite's client on the root", "/?token=wrong", {_ORIGIN: "own", _PROTOCOL: "vite-hmr"}),
    Upgrade("two subprotocols", headers={_ORIGIN: "allowed", _PROTOCOL: "vite-hmr, vite-ping"}),
    Upgrade("an unknown subprotocol", headers={_ORIGIN: "allowed", _PROTOCOL: "graphql-ws"}),
    Upgrade("an empty subprotocol", headers={_ORIGIN: "allowed", _PROTOCOL: ""}),
    Upgrade("a subprotocol in capitals", headers={_ORIGIN: "allowed", _PROTOCOL: "VITE-HMR"}),
]
# Not refused by any rule, or not an upgrade at all: an answer is all that they are owed.
ANSWERED = [
    Upgrade("an observer on a doubled slash", "//hmr", {_ORIGIN: "allowed"}),
    Upgrade("an upgrade to nothing", headers={_ORIGIN: "allowed", "Upgrade": ""}),
    Upgrade("an upgrade that the connection header does not announce", headers={"Connection": "keep-alive"}),
]
ACCEPTED = [
    Upgrade("an observer of an allowed origin", headers={_ORIGIN: "allowed"}),
    Upgrade("an observer with a query", "/hmr?x=1", {_ORIGIN: "allowed"}),
    Upgrade("a ping of Vite's client", headers={_ORIGIN: "own", _PROTOCOL: "vite-ping"}),
]


@dataclass(frozen=True)
class Socket:
    """The preview of one session."""

    host: str
    port: int
    caller: str

    def filled(self, upgrade: Upgrade) -> Upgrade:
        """With the origins that stand for themselves in the lists above replaced by real ones."""
        names = {"allowed": self.caller, "own": f"http://{self.host}"}
        origin = upgrade.headers.get(_ORIGIN)
        if origin not in names:
            return upgrade
        headers = {**upgrade.headers, _ORIGIN: names[origin]}
        return Upgrade(upgrade.name, upgrade.path, headers, upgrade.method, upgrade.body)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def socket(http: httpx2.AsyncClient, site: Site) -> AsyncIterator[Socket]:
    """A session that nobody's page shows."""
    async with created(http, project.files()) as preview:
        await preview.ready()
        yield Socket(preview.host, preview.port, site.origin)


@pytest.mark.parametrize("upgrade", REFUSED, ids=lambda upgrade: upgrade.name)
async def test_g11_an_upgrade_that_is_not_for_us_is_refused_at_once(socket: Socket, upgrade: Upgrade) -> None:
    status = await answer(socket.port, socket.filled(upgrade), socket.host, ANSWER_SECONDS)
    assert 400 <= status < 500


@pytest.mark.parametrize("upgrade", ACCEPTED, ids=lambda upgrade: upgrade.name)
async def test_g11_an_upgrade_that_is_for_us_is_accepted_at_once(socket: Socket, upgrade: Upgrade) -> None:
    assert await answer(socket.port, socket.filled(upgrade), socket.host, ANSWER_SECONDS) == 101


@pytest.mark.parametrize("upgrade", ANSWERED, ids=lambda upgrade: upgrade.name)
async def test_g11_an_odd_upgrade_is_answered_at_once(socket: Socket, upgrade: Upgrade) -> None:
    assert await answer(socket.port, socket.filled(upgrade), socket.host, ANSWER_SECONDS) > 0


async def test_g11_fifty_refused_upgrades_at_a_time_leave_none_unanswered(socket: Socket) -> None:
    upgrades = [socket.filled(upgrade) for upgrade in REFUSED] * 2
    answers = await asyncio.gather(*(answer(socket.port, one, socket.host, ANSWER_SECONDS) for one in upgrades))
    assert all(400 <= status < 500 for status in answers)


async def test_an_upgrade_to_a_vite_client_without_a_token_is_a_400(socket: Socket) -> None:
    upgrade = socket.filled(Upgrade("", headers={_ORIGIN: "own", _PROTOCOL: "vite-hmr"}))
    assert await answer(socket.port, upgrade, socket.host, ANSWER_SECONDS) == 400


async def test_g28_a_close_frame_without_a_status_comes_back_with_1000(socket: Socket) -> None:
    upgrade = socket.filled(ACCEPTED[0])
    assert await close_answer(socket.port, upgrade, socket.host, ANSWER_SECONDS) == 1000
