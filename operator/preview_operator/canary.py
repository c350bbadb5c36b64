"""Proof that the watches live: an object of our own is changed, and the change has to come back through kopf."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import structlog

from preview_core.kube.client import Kube
from preview_core.kube.errors import KubeError
from preview_core.kube.resource import SERVICES
from preview_core.objects import names
from preview_core.resources.names import GROUP

log = structlog.get_logger(__name__)

NAME = "kontext-preview-operator-canary"
BEAT = f"{GROUP}/beat"
PERIOD_S = 20.0
# Three beats. While the API server is away nothing is written, so nothing can come back: that is not our fault.
SILENCE_MS = 60_000


class Canary:
    """A Service that leads nowhere. `written` and `seen` are epoch milliseconds of the newest beat."""

    def __init__(self, kube: Kube, namespace: str, clock: Callable[[], int]) -> None:
        self._kube = kube
        self._namespace = namespace
        self._clock = clock
        self._written = 0
        self._seen = 0
        self._waits_since: int | None = None

    @property
    def dead(self) -> bool:
        """A beat was written and for too long none has come back."""
        return self._waits_since is not None and self._clock() - self._waits_since > SILENCE_MS

    def event(self, found: Mapping[str, Any]) -> None:
        """Of the watch."""
        metadata = found["metadata"]
        if metadata["name"] == NAME:
            self._seen = max(self._seen, int((metadata.get("annotations") or {}).get(BEAT, 0)))
            if self._seen >= self._written:
                self._waits_since = None

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            try:
                await self._beat()
            except KubeError as error:
                self._waits_since = None
                log.warning("canary_postponed", error=type(error).__name__)
            await asyncio.sleep(PERIOD_S)

    async def _beat(self) -> None:
        beat = self._clock()
        manifest = {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {
                "name": NAME,
                "labels": {names.MANAGED_BY: names.MANAGER, names.PART_LABEL: "canary"},
                "annotations": {BEAT: str(beat)},
            },
            "spec": {
                "clusterIP": "None",
                "ports": [{"name": "none", "port": 9, "protocol": "TCP", "targetPort": 9}],
            },
        }
        # Before the write: the watch may be faster than the answer.
        self._written = beat
        self._waits_since = self._waits_since or beat
        await self._kube.apply(SERVICES, self._namespace, manifest)
