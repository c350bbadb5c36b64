"""What no event tells: objects that went while no watch was open, changes that a watch lost, time that has passed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

import structlog

from preview_core.kube.client import Kube
from preview_core.kube.errors import KubeError, NotFound
from preview_core.kube.files import COMMIT_SECONDS, StoredFiles
from preview_core.kube.resource import CONFIG_MAPS, Resource
from preview_core.objects import files, names
from preview_core.objects.packing import FilesCorrupt
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
# A process that works off a storm of events may be a second late.
_SETTLE_S = 2.0
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
            self._look()
            await self._tried(self.remove_shards())
            if loop.time() - compared >= COMPARE_S:
                compared = loop.time()
                await self._tried(self.compare())

    async def _tried(self, work: Awaitable[None]) -> None:
        """One chore that fails must not keep the others from being done."""
        try:
            await work
        except KubeError as error:
            self.metrics.errors.labels("resync", type(error).__name__).inc()
            log.warning("resync_postponed", error=type(error).__name__)

    def _look(self) -> None:
        now = self.clock()
        for session_id, _ in list(self.cache.valid_sessions()):
            if now - self.memories.of(session_id).looked_at >= PASS_MS:
                self.intake.add(("session", session_id), 0.0)

    async def remove_shards(self) -> None:
        """Those that no index names, left by commits that were overtaken or given up."""
        for session_id in list(self.cache.sessions):
            stale = self._stale_shards(session_id)
            if not stale:
                continue
            try:
                # Asked, not remembered: what a watch has missed names shards that only seem to be nobody's.
                index = await StoredFiles(self.kube, self.namespace).index(session_id)
            except (NotFound, FilesCorrupt):
                continue  # they go with the session
            for name in stale:
                if files.shard_key(session_id, name) not in index.shards:
                    await self.kube.delete(CONFIG_MAPS, self.namespace, name)

    def _stale_shards(self, session_id: str) -> list[str]:
        group, now = self.cache.sessions.get(session_id), self.clock()
        if group is None or group.index is None:
            return []
        named = {names.shard_name(session_id, key) for key in group.index.shards}
        return [
            name
            for name, created_at in group.shards.items()
            if name not in named and now - created_at > SHARD_ORPHAN_MS
        ]

    async def compare(self) -> None:
        """Every watched kind with a list of it."""
        for resource in WATCHED:
            before = self.cache.known(resource)
            listed = await self.kube.list_metadata(resource, self.namespace, _selector(resource))
            there = {found["metadata"]["name"]: int(found["metadata"]["resourceVersion"]) for found in listed.items}
            for name in before.keys() - there.keys():
                if self.cache.known(resource).get(name) == before[name]:
                    self.intake.gone(resource, self.cache.metadata(resource, name))
            missed = self._missed(resource, there)
            if missed:
                # What the watch is about to tell anyway gets the moment that it needs.
                await asyncio.sleep(_SETTLE_S)
                missed = self._missed(resource, there)
            caught_up = [await self._catch_up(resource, name) for name in missed]
            self.behind[resource.plural] = self.behind.get(resource.plural, 0) + 1 if any(caught_up) else 0
            self.metrics.missed.labels(resource.plural).inc(sum(caught_up))

    def _missed(self, resource: Resource, there: Mapping[str, int]) -> list[str]:
        known = self.cache.known(resource)
        return [name for name, version in there.items() if version > known.get(name, 0)]

    async def _catch_up(self, resource: Resource, name: str) -> bool:
        """Whether it belongs to a session and the watch still has not told of it."""
        try:
            found = await self.kube.get(resource, self.namespace, name)
        except NotFound:
            return False
        return self.intake.there(resource, found)


def _selector(resource: Resource) -> str:
    return f"{SELECTOR},{names.SESSION_LABEL}" if resource in SELECTED else ""


def _typed(resource: Resource, found: dict[str, object]) -> dict[str, object]:
    """The items of a list do not say what they are."""
    return {"apiVersion": resource.api_version, "kind": resource.kind, **found}
