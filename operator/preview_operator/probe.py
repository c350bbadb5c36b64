"""Asking the runtimes of pods how they are, and giving them what they lack."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from functools import cache

import httpx2

from preview_core import standin
from preview_core.client import RevisionMismatch, RuntimeAway, RuntimeClient, RuntimeRefused
from preview_core.delivery import put_message
from preview_core.kube.files import Stored
from preview_core.objects import names
from preview_core.objects.capability import control_token
from preview_core.wire import PutFiles, Status
from preview_operator.seen import PodSeen


class Probe:
    """`secret` is what the pods' tokens are derived from. `control_port` is another one in tests only."""

    def __init__(self, http: httpx2.AsyncClient, secret: bytes, control_port: int = names.CONTROL_PORT) -> None:
        self._http = http
        self._secret = secret
        self._control_port = control_port

    async def reports(self, pods: Iterable[PodSeen]) -> dict[str, Status]:
        """What those said that answered, by name of the pod."""
        asked = [pod for pod in pods if pod.alive and pod.running and pod.ips]
        answers = await asyncio.gather(*map(self._ask, asked))
        return {pod.name: answer for pod, answer in zip(asked, answers, strict=True) if answer is not None}

    async def hydrate(self, pod: PodSeen, stored: Stored) -> str:
        """Sends all files; what came of it, as one word. The next pass sees whether the pod has them."""
        message = await asyncio.to_thread(put_message, stored.tree, stored.index.revision, stored.index.digest)
        return await self._put(pod, message)

    async def show_stand_in(self, pod: PodSeen) -> str:
        """What came of it, as one word: "overtaken" when the pod has files already."""
        return await self._put(pod, _stand_in())

    async def move(self, pod: PodSeen, host: str) -> str:
        """Tells a runtime which host it answers to; what came of it, as one word. The next pass sees it."""
        try:
            await self._client(pod).move(host)
        except RuntimeAway:
            return "away"
        except RuntimeRefused:
            return "refused"  # it has files: the next pass gives it up
        return "done"

    async def _put(self, pod: PodSeen, message: PutFiles) -> str:
        try:
            await self._client(pod).put(message)
        except RevisionMismatch:
            return "overtaken"  # the API was faster, with something newer
        except RuntimeAway:
            return "away"
        except RuntimeRefused:
            return "refused"
        return "done"

    async def _ask(self, pod: PodSeen) -> Status | None:
        try:
            return await self._client(pod).status()
        except (RuntimeAway, RuntimeRefused):
            return None

    def _client(self, pod: PodSeen) -> RuntimeClient:
        address = f"[{pod.ips[0]}]" if ":" in pod.ips[0] else pod.ips[0]
        return RuntimeClient(
            f"http://{address}:{self._control_port}", control_token(self._secret, pod.name), self._http
        )


@cache
def _stand_in() -> PutFiles:
    app = standin.tree()
    return put_message(app, standin.REVISION, app.digest)
