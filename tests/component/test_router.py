"""The wildcard's nginx with the chart's own configuration: real requests and sockets, names as the test wants them."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

import httpx2
import pytest
import pytest_asyncio
from aiohttp import WSMsgType, web
from e2e.processes import free_port
from helm import render
from tests.component.nameserver import NameServer
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

NGINX = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
pytestmark = pytest.mark.skipif(NGINX is None, reason="no nginx (Debian: nginx-light)")

ID, OTHER, UNKNOWN = "a" * 26, "b" * 24 + "2a", "c" * 26
DOMAIN = "preview.example.org"
BELOW = f"{render.NAMESPACE}-sessions.svc.cluster.local"
WAKER = f"kontext-preview-waker.{BELOW}"
# Addresses of loopback: pods all listen on one port, as in a cluster.
ADDRESSES = {"pod": "127.77.0.2", "other": "127.77.0.3", "waker": "127.77.0.4"}
NOBODY = "127.77.0.9"
BIG = bytes(range(256)) * 40_000
# An upgrade is answered within two seconds, whoever is away (G11).
ANSWERED_S = 2.0
PATIENCE_S = 20.0
USER = 65532


@dataclass
class Pod:
    """Says who it is, and keeps what it was asked."""

    name: str
    seen: list[web.Request] = field(default_factory=list)
    go_on: asyncio.Event = field(default_factory=asyncio.Event)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.seen.append(request)
        if self.name == "waker" and "upgrade" in request.headers:
            return web.Response(status=503, headers={"Retry-After": "1"})
        match request.path:
            case "/socket":
                return await self._socket(request)
            case "/big":
                return web.Response(body=BIG)
            case "/packed":
                return web.Response(body=b"packed", headers={"Content-Encoding": "identity", "ETag": '"1"'})
            case "/posted":
                return web.Response(text=hashlib.sha256(await request.read()).hexdigest())
            case "/slowly":
                return await self._slowly(request)
            case "/broken":
                return web.Response(status=502, text="its own")
        return web.Response(text=self.name, headers={"Connection": "keep-alive"})

    async def _socket(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(protocols=("vite-hmr",))
        await socket.prepare(request)
        await socket.send_str('{"type":"connected"}')
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                await socket.send_str(f"{self.name} {message.data}")
        return socket

    async def _slowly(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"first")
        await self.go_on.wait()
        await response.write(b"second")
        return response


@dataclass
class Router:
    """nginx on `port`; `pods` by the names in ADDRESSES."""

    port: int
    names: NameServer
    pods: dict[str, Pod]
    errors: Path

    async def get(self, host: str, path: str = "/", method: str = "GET", **more: object) -> httpx2.Response:
        headers = {"Host": host, **more.pop("headers", {})}  # type: ignore[dict-item]
        async with httpx2.AsyncClient(trust_env=False, timeout=30) as http:
            url = f"http://127.0.0.1:{self.port}{path}"
            return await http.request(method, url, headers=headers, **more)  # type: ignore[arg-type]

    def preview(self, session_id: str) -> str:
        return f"preview-{session_id}.{DOMAIN}:{self.port}"


def configuration(port: int, names: NameServer, folder: Path) -> str:
    """As rendered, but for its port, its folder, and the one family and address that the test listens on."""
    proxy = {"resolver": f"127.0.0.1:{names.port}", "workers": 1, "ipv6": False}
    documents = render.documents({"domain": DOMAIN, "routing": {"mode": "wildcard", "proxy": proxy}})
    [found] = [one for one in documents if one["kind"] == "ConfigMap"]
    text: str = found["data"]["nginx.conf"]
    return text.replace("8080", str(port)).replace("listen ", "listen 127.0.0.1:").replace("/tmp/", f"{folder}/")


@pytest_asyncio.fixture
async def router() -> AsyncIterator[Router]:
    names, port = NameServer(), free_port()
    async with contextlib.AsyncExitStack() as stack:
        await names.start()
        stack.callback(names.stop)
        pods = {name: Pod(name) for name in ADDRESSES}
        for name, pod in pods.items():
            application = web.Application(client_max_size=2**30)
            application.router.add_route("*", "/{path:.*}", pod.answer)
            runner = web.AppRunner(application, auto_decompress=False)
            await runner.setup()
            stack.push_async_callback(runner.cleanup)
            await web.TCPSite(runner, ADDRESSES[name], port).start()
        names.addresses |= {f"preview-{ID}.{BELOW}": ADDRESSES["pod"], WAKER: ADDRESSES["waker"]}
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="kontext-router-")))
        (folder / "nginx.conf").write_text(configuration(port, names, folder))
        process = await started(folder)
        stack.push_async_callback(ended, process)
        found = Router(port, names, pods, folder / "errors")
        await eventually(lambda: listening(found, process))
        yield found


async def started(folder: Path) -> asyncio.subprocess.Process:
    """As nobody in particular, as in its pod, where this test may do so."""
    assert NGINX is not None
    root = os.geteuid() == 0
    if root:
        os.chown(folder, USER, USER)
    number = USER if root else None
    with (folder / "errors").open("wb") as errors:
        return await asyncio.create_subprocess_exec(
            *(NGINX, "-e", "stderr", "-c", str(folder / "nginx.conf")),
            stdout=errors,
            stderr=errors,
            user=number,
            group=number,
        )


async def ended(process: asyncio.subprocess.Process) -> None:
    """As kubelet ends it, without the patience."""
    if process.returncode is None:
        process.terminate()
    await process.wait()


async def listening(router: Router, process: asyncio.subprocess.Process) -> bool:
    assert process.returncode is None, router.errors.read_text()
    try:
        return (await router.get("10.0.0.1", "/healthz")).status_code == 200
    except httpx2.TransportError:
        return False


async def eventually(true: Callable[[], Awaitable[bool]]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not await true():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.05)


async def test_a_host_leads_to_the_service_of_its_session(router: Router) -> None:
    router.names.addresses[f"preview-{OTHER}.{BELOW}"] = ADDRESSES["other"]
    assert (await router.get(router.preview(ID))).text == "pod"
    assert (await router.get(router.preview(OTHER).upper())).text == "other"


async def test_a_request_is_passed_on_as_it_came(router: Router) -> None:
    sent = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "192.0.2.1", "Accept-Encoding": "br", "Range": "bytes=0-1"}
    await router.get(router.preview(ID), "/a%20b?c=d%2F", headers=sent)
    [seen] = router.pods["pod"].seen
    assert seen.raw_path == "/a%20b?c=d%2F"
    assert seen.headers["Host"] == router.preview(ID), "the runtime refuses other hosts"
    assert seen.headers["X-Forwarded-For"] == "192.0.2.1, 127.0.0.1"
    assert {name: seen.headers[name] for name in sent if name != "X-Forwarded-For"} == {
        name: value for name, value in sent.items() if name != "X-Forwarded-For"
    }


async def test_g07_what_is_answered_arrives_whole_and_as_it_is(router: Router) -> None:
    assert (
        hashlib.sha256((await router.get(router.preview(ID), "/big")).content).digest() == hashlib.sha256(BIG).digest()
    )
    packed = await router.get(router.preview(ID), "/packed")
    assert (packed.headers["Content-Encoding"], packed.headers["ETag"], packed.content) == (
        "identity",
        '"1"',
        b"packed",
    )
    posted = await router.get(router.preview(ID), "/posted", "POST", content=BIG)
    assert posted.text == hashlib.sha256(BIG).hexdigest()
    broken = await router.get(router.preview(ID), "/broken")
    assert (broken.status_code, broken.text) == (502, "its own"), "only nginx's own errors lead to the waker"


async def test_an_answer_is_not_held_back_until_it_is_whole(router: Router) -> None:
    async with (
        httpx2.AsyncClient(trust_env=False, timeout=PATIENCE_S) as http,
        http.stream("GET", f"http://127.0.0.1:{router.port}/slowly", headers={"Host": router.preview(ID)}) as response,
    ):
        parts = response.aiter_raw()
        assert await anext(parts) == b"first"
        router.pods["pod"].go_on.set()
        assert await anext(parts) == b"second"


async def test_a_socket_is_upgraded_with_its_protocol_and_goes_both_ways(router: Router) -> None:
    url = f"ws://{router.preview(ID)}/socket?token=x"
    async with connect(url, host="127.0.0.1", port=router.port, subprotocols=["vite-hmr"], proxy=None) as socket:  # type: ignore[list-item]
        assert socket.subprotocol == "vite-hmr"
        assert await socket.recv() == '{"type":"connected"}'
        for number in range(3):
            await socket.send(str(number))
            assert await socket.recv() == f"pod {number}"


@pytest.mark.parametrize("away", ["no such name", "nobody there"])
async def test_a_session_without_a_pod_is_the_wakers(router: Router, away: str) -> None:
    if away == "nobody there":
        router.names.addresses[f"preview-{UNKNOWN}.{BELOW}"] = NOBODY
    answer = await router.get(router.preview(UNKNOWN), "/page?a=b")
    assert (answer.status_code, answer.text) == (200, "waker")
    [seen] = router.pods["waker"].seen
    assert (seen.raw_path, seen.headers["Host"]) == ("/page?a=b", router.preview(UNKNOWN))


@pytest.mark.parametrize("away", ["no such name", "nobody there"])
async def test_g11_a_socket_of_a_session_without_a_pod_is_answered(router: Router, away: str) -> None:
    if away == "nobody there":
        router.names.addresses[f"preview-{UNKNOWN}.{BELOW}"] = NOBODY
    with pytest.raises(InvalidStatus) as refused:
        async with connect(f"ws://{router.preview(UNKNOWN)}/", host="127.0.0.1", port=router.port, proxy=None):
            pass
    assert refused.value.response.status_code == 503
    assert refused.value.response.headers["Retry-After"] == "1"


async def test_g11_a_silent_name_server_is_not_waited_for_longer_than_a_socket_may(router: Router) -> None:
    router.names.silent = True
    began = time.monotonic()
    assert (await router.get(router.preview(UNKNOWN))).status_code == 502
    assert time.monotonic() - began < ANSWERED_S + PATIENCE_S / 2  # a busy machine


async def test_a_session_whose_pod_changed_is_found_again_long_before_its_names_time_is_over(router: Router) -> None:
    assert (await router.get(router.preview(ID))).text == "pod"
    router.names.addresses[f"preview-{ID}.{BELOW}"] = ADDRESSES["other"]

    async def moved() -> bool:
        return (await router.get(router.preview(ID))).text == "other"

    await eventually(moved)


@pytest.mark.parametrize(
    "label", ["preview-short", f"preview-{'a' * 25}1", f"other-{ID}", "www", f"preview-{ID}.deeper"]
)
async def test_a_host_that_no_session_can_have_is_the_wakers(router: Router, label: str) -> None:
    assert (await router.get(f"{label}.{DOMAIN}")).text == "waker"
    assert router.pods["pod"].seen == []


async def test_a_host_of_another_domain_reaches_no_session(router: Router) -> None:
    """A dot of the domain is a dot."""
    assert (await router.get(f"preview-{ID}.previewxexample.org")).text == "waker"
    assert (await router.get(f"preview-{ID}.{DOMAIN}.example.com")).text == "waker"


async def test_g38_nothing_of_a_request_is_written_down(router: Router) -> None:
    router.names.addresses[f"preview-{UNKNOWN}.{BELOW}"] = NOBODY
    for session_id in (ID, OTHER, UNKNOWN):
        await router.get(router.preview(session_id))
    assert router.errors.read_text() == ""
