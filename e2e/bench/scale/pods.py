"""Pods that cost nothing: a kubelet that gives each an address of loopback, one server that answers for all of them."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass

from aiohttp import web

from preview_core.kube.client import Kube
from preview_core.kube.errors import Conflict, Expired, NotFound, Unavailable
from preview_core.kube.resource import PODS
from preview_core.objects import names
from preview_core.wire import Clients, Hmr, HmrKind, Outcome, RuntimePhase, Status

_SELECTOR = f"{names.MANAGED_BY}={names.MANAGER},{names.SESSION_LABEL}"
_EMPTY = "0" * 64
_PER_NETWORK = 250
# The API server of a busy machine may be silent for a while; for longer than this it is a fault of the bench.
_TRIES = 60
_PAUSE_S = 1.0
# A project of this size in one message.
_BODY_BYTES = 64 * 1024 * 1024


@dataclass
class Tree:
    """What a runtime was sent last."""

    revision: int = 0
    digest: str = _EMPTY


class Pods:
    """`asked`: how often a runtime was asked how it is. `port`: of every pod's control API."""

    def __init__(self, kube: Kube, namespace: str) -> None:
        self._kube = kube
        self._namespace = namespace
        self._trees: dict[str, Tree] = {}  # by address
        self._started: set[str] = set()
        self.asked = 0
        self.port = 0

    async def serve(self) -> web.AppRunner:
        """On every address of the machine; the caller cleans it up."""
        app = web.Application(client_max_size=_BODY_BYTES)
        app.add_routes([web.get("/v1/status", self._status), web.put("/v1/files", self._files)])
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, "0.0.0.0", 0, backlog=4096)  # noqa: S104 - pods are all addresses of loopback
        await site.start()
        self.port = runner.addresses[0][1]
        return runner

    async def run(self) -> None:
        """The kubelet, until cancelled."""
        while True:
            with suppress(Expired, Unavailable):
                listed = await self._kube.list_metadata(PODS, self._namespace, _SELECTOR)
                for pod in listed.items:
                    await self._begin(pod["metadata"]["name"])
                await self._watch(listed.resource_version)

    async def _watch(self, version: str) -> None:
        async for change in self._kube.watch_metadata(PODS, self._namespace, _SELECTOR, version):
            if change.kind == "ADDED":
                await self._begin(change.object["metadata"]["name"])

    async def _begin(self, name: str) -> None:
        if name in self._started:
            return
        number = len(self._started)
        self._started.add(name)
        address = f"127.200.{number // _PER_NETWORK}.{1 + number % _PER_NETWORK}"
        state = {"name": "runtime", "image": "", "imageID": "", "ready": True, "restartCount": 0}
        status = {
            "phase": "Running",
            "podIP": address,
            "podIPs": [{"ip": address}],
            "containerStatuses": [{**state, "state": {"running": {}}}],
        }
        for _ in range(_TRIES):
            try:
                with suppress(NotFound, Conflict):
                    await self._kube.patch(PODS, self._namespace, name, {"status": status}, "status")
            except Unavailable:
                await asyncio.sleep(_PAUSE_S)
            else:
                return
        raise TimeoutError("a pod could not be started: the API server is away")

    async def _status(self, request: web.Request) -> web.Response:
        self.asked += 1
        tree = self._tree(request)
        status = Status(
            phase=RuntimePhase.READY if tree.revision else RuntimePhase.STARTING,
            revision=tree.revision,
            digest=tree.digest,
            layout=None,
            clients=Clients(hmr=0, observers=0),
            last_activity_at=0,
            last_error=None,
            restarts=0,
            rss_bytes=0,
            vite="played",
        )
        return web.json_response(status.wire())

    async def _files(self, request: web.Request) -> web.Response:
        sent = await request.json()
        tree = self._tree(request)
        tree.revision, tree.digest = sent["revision"], sent["digest"]
        hmr = Hmr(kind=HmrKind.NONE, modules=[], duration_ms=0)
        done = Outcome(revision=tree.revision, digest=tree.digest, hmr=hmr, diagnostics=[])
        return web.json_response(done.wire())

    def _tree(self, request: web.Request) -> Tree:
        assert request.transport is not None
        address: str = request.transport.get_extra_info("sockname")[0]
        return self._trees.setdefault(address, Tree())
