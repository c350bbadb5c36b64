"""What no event tells: objects that went while no watch was open, changes that a watch lost, time that has passed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

import structlog

from preview_core.kube.client import Kube
from preview_core.kube.errors import KubeError, NotFound
from preview_core.kube.files import COMMIT_SECONDS
from preview_core.kube.resource import CONFIG_MAPS, Resource
from preview_core.objects import files
from preview_operator.cache import Cache
from preview_operator.intake import Intake
from preview_operator.memory import Memories
from preview_operator.metrics import Metrics
from preview_operator.watches import SELECTED, SELECTOR, WATCHED

log = structlog.get_logger(__name__)

TICK_S = 2.0
# Every session is looked at once in this time, whatever happens: that finds runtimes that do not answer, sessions that
# expire, and writes of ours that somebody undid.
PASS_MS = 30_000
COMPARE_S = 60.0
# A commit whose shards are not named by an index after this time has been given up.
SHARD_ORPHAN_MS = int(2 * COMMIT_SECONDS * 1000)
# A watch is told of a change within milliseconds. One that twice in a row lacks what a list shows is dead.
_DEAD_AFTER = 2


@dataclass
class Resync:
    """`behind`: comparisons in a row in which a watch lacked something, by kind. `lag_s`: how late our timer was."""

    kube: Kube
    namespace: str
    cache: Cache
    memories: Memories
    intake: Intake
    metrics: Metrics
    clock: Callable[[], int]
    behind: dict[str, int] = field(default_factory=dict)
    lag_s: float = 0.0

    @property
    def dead_watches(self) -> list[str]:
        """Kinds whose watch tells nothing any more."""
        return [plural for plural, times in self.behind.items() if times >= _DEAD_AFTER]

    async def load(self) -> None:
        """Everything there is, before the first decision. Raises what the client raises: a missing kind, no rights."""
        for resource in WATCHED:
            listed = await self.kube.list(resource, self.namespace, _selector(resource))
            for found in listed.items:
                self.intake.there(resource, _typed(resource, found))

    async def run(self) -> None:
        """Until cancelled."""
        loop = asyncio.get_running_loop()
        compared = loop.time() - COMPARE_S
        while True:
            began = loop.time()
            await asyncio.sleep(TICK_S)
            self.lag_s = max(0.0, loop.time() - began - TICK_S)
            self.metrics.lag.set(self.lag_s)
            try:
                self._look()
                await self._remove_shards()
                if loop.time() - compared >= COMPARE_S:
                    compared = loop.time()
                    await self.compare()
            except KubeError as error:
                log.warning("resync_postponed", error=type(error).__name__)

    def _look(self) -> None:
        now = self.clock()
        for session_id, _ in list(self.cache.valid_sessions()):
            if now - self.memories.of(session_id).looked_at >= PASS_MS:
                self.intake.add(("session", session_id), 0.0)

    async def _remove_shards(self) -> None:
        now = self.clock()
        for session_id, group in list(self.cache.sessions.items()):
            if group.index is None or len(group.shards) <= len(group.index.shards):
                continue
            for name, created_at in list(group.shards.items()):
                named = files.shard_key(session_id, name) in group.index.shards
                if not named and now - created_at > SHARD_ORPHAN_MS:
                    await self.kube.delete(CONFIG_MAPS, self.namespace, name)

    async def compare(self) -> None:
        """Every watched kind with a list of it."""
        for resource in WATCHED:
            before = self.cache.known(resource)
            listed = await self.kube.list_metadata(resource, self.namespace, _selector(resource))
            there = {found["metadata"]["name"]: int(found["metadata"]["resourceVersion"]) for found in listed.items}
            for name in before.keys() - there.keys():
                if self.cache.known(resource).get(name) == before[name]:
                    self.intake.gone(resource, self.cache.metadata(resource, name))
            missed = [name for name, version in there.items() if version > self.cache.known(resource).get(name, 0)]
            caught_up = [await self._catch_up(resource, name) for name in missed]
            self.behind[resource.plural] = self.behind.get(resource.plural, 0) + 1 if any(caught_up) else 0
            self.metrics.missed.labels(resource.plural).inc(sum(caught_up))

    async def _catch_up(self, resource: Resource, name: str) -> bool:
        """Whether the watch still does not know: it may have told of it since the list was made."""
        try:
            found = await self.kube.get(resource, self.namespace, name)
        except NotFound:
            return False
        # What the watch is about to tell anyway gets the moment that it needs.
        await asyncio.sleep(0.2)
        return self.intake.there(resource, found)


def _selector(resource: Resource) -> str:
    return SELECTOR if resource in SELECTED else ""


def _typed(resource: Resource, found: dict[str, object]) -> dict[str, object]:
    """The items of a list do not say what they are."""
    return {"apiVersion": resource.api_version, "kind": resource.kind, **found}
