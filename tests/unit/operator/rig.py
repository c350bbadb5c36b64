"""The operator's parts around an API server in memory; no pod answers here."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import httpx2
from tests.unit.operator.memory_kube import MemoryKube
from tests.unit.operator.world import ID, OWNER, SECRET, SETTINGS, T0

from preview_core.kube.client import Object
from preview_core.kube.files import Stored
from preview_core.kube.resource import CONFIG_MAPS, RUNTIMES, SESSIONS
from preview_core.objects import files, names
from preview_core.resources.timestamp import rfc3339
from preview_core.wire import Status
from preview_operator.apply import Applier
from preview_operator.cache import Cache
from preview_operator.intake import Intake
from preview_operator.memory import Memories
from preview_operator.metrics import Metrics
from preview_operator.probe import Probe
from preview_operator.reconciler import Key, Reconciler
from preview_operator.seen import PodSeen


class Silent(Probe):
    """Of pods that are not there. `answers` by name of the pod."""

    def __init__(self) -> None:
        super().__init__(httpx2.AsyncClient(), SECRET)
        self.answers: dict[str, Status] = {}
        self.hydrated: list[str] = []

    async def reports(self, pods: Iterable[PodSeen]) -> dict[str, Status]:
        return {pod.name: self.answers[pod.name] for pod in pods if pod.name in self.answers}

    async def hydrate(self, pod: PodSeen, stored: Stored) -> str:
        self.hydrated.append(pod.name)
        return "done"


@dataclass
class Rig:
    kube: MemoryKube = field(default_factory=MemoryKube)
    cache: Cache = field(default_factory=Cache)
    memories: Memories = field(default_factory=Memories)
    metrics: Metrics = field(default_factory=Metrics)
    probe: Silent = field(default_factory=Silent)
    wished: list[tuple[Key, float]] = field(default_factory=list)
    now: int = T0

    def __post_init__(self) -> None:
        self.applier = Applier(
            self.kube, SETTINGS, SECRET, self.cache, self.memories, self.probe, self.metrics, self.clock
        )
        self.reconciler = Reconciler(
            self.kube,
            SETTINGS,
            self.cache,
            self.memories,
            self.probe,
            self.applier,
            self.metrics,
            self.clock,
            self.add,
        )
        self.intake = Intake(self.cache, self.metrics, self.add)

    def clock(self) -> int:
        return self.now

    def add(self, key: Key, delay_s: float) -> None:
        self.wished.append((key, delay_s))

    async def look(self, kind: str = "session", name: str = ID) -> float | None:
        return await self.reconciler.handle(("runtime" if kind == "runtime" else "session", name))

    def counted(self, kind: str, error: str) -> float:
        return float(self.metrics.errors.labels(kind, error)._value.get())

    # --- what somebody else wrote ---

    def session(self, *, seen: bool = True, status: Object | None = None, **spec: object) -> Object:
        given = {"runtimeRef": {"name": "default"}, "owner": OWNER, "claimedAt": rfc3339(T0), **spec}
        found = self.kube.put(SESSIONS, ID, spec=given, **({} if status is None else {"status": status}))
        if seen:
            self.cache.put(SESSIONS, found)
        return found

    def runtime(self, **spec: object) -> Object:
        found = self.kube.put(RUNTIMES, "default", spec={"image": "runtime:1", **spec})
        self.cache.put(RUNTIMES, found)
        return found

    def index(self, *keys: str, seen: bool = True, revision: int = 1) -> Object:
        annotations = {
            files.REVISION: str(revision),
            files.DIGEST: "0" * 64,
            files.BITS: "1" if keys else "0",
            files.SHARDS: ",".join(keys),
        }
        metadata = {"labels": names.labels(ID, names.FILES), "annotations": annotations}
        found = self.kube.put(CONFIG_MAPS, names.files_name(ID), metadata=metadata)
        if seen:
            self.cache.put(CONFIG_MAPS, found)
        return found

    def shard(self, key: str) -> Object:
        found = self.kube.put(
            CONFIG_MAPS, names.shard_name(ID, key), metadata={"labels": names.labels(ID, names.SHARD)}
        )
        self.cache.put(CONFIG_MAPS, found)
        return found
