"""The watch of stored files: metadata only, because the files themselves are many times the rest of the cluster.

kopf watches whole objects, so this one is our own: list, watch, and list again when the watch is lost.
"""

from __future__ import annotations

import asyncio

import structlog

from preview_core.kube.client import Kube
from preview_core.kube.errors import Expired, KubeError
from preview_core.kube.resource import CONFIG_MAPS
from preview_core.objects import names
from preview_operator.intake import Intake

log = structlog.get_logger(__name__)

SELECTOR = f"{names.MANAGED_BY}={names.MANAGER},{names.PART_LABEL} in ({names.FILES},{names.SHARD})"
_PAUSE_S = 1.0


class FileWatch:
    """Of the files of one namespace's sessions."""

    def __init__(self, kube: Kube, namespace: str, intake: Intake) -> None:
        self._kube = kube
        self._namespace = namespace
        self._intake = intake

    async def list(self) -> str:
        """Takes in all that is there, forgets what is not; the resource version to watch from."""
        listed = await self._kube.list_metadata(CONFIG_MAPS, self._namespace, SELECTOR)
        for found in listed.items:
            self._intake.there(CONFIG_MAPS, found)
        there = {found["metadata"]["name"] for found in listed.items}
        for name in self._intake.cache.known(CONFIG_MAPS).keys() - there:
            self._intake.gone(CONFIG_MAPS, self._intake.cache.metadata(CONFIG_MAPS, name))
        return listed.resource_version

    async def run(self, resource_version: str) -> None:
        """From a version that `list` gave, until cancelled."""
        version: str | None = resource_version
        while True:
            try:
                version = await self._watch(version or await self.list())
            except KubeError as error:
                version = None
                log.warning("files_watch_lost", error=type(error).__name__)
                if not isinstance(error, Expired):
                    await asyncio.sleep(_PAUSE_S)

    async def _watch(self, version: str) -> str:
        """The version that was reached when the server ended the watch, as it does every few minutes."""
        changes = self._kube.watch_metadata(CONFIG_MAPS, self._namespace, SELECTOR, version)
        async for change in changes:
            version = change.object["metadata"]["resourceVersion"]
            if change.kind != "BOOKMARK":
                self._intake.event(CONFIG_MAPS, change.kind, change.object)
        return version
