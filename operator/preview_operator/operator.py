"""The operator as a whole: what is connected to what, in which order it starts, and how it ends."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import httpx2
import kopf
import structlog

from preview_core.kube.client import Kube
from preview_core.kube.resource import SERVICES, Resource
from preview_core.kube.settings import ClusterSettings
from preview_core.resources.conditions import Phase
from preview_core.resources.runtime import PreviewRuntime
from preview_operator import watches, web
from preview_operator.apply import COMPONENT, Applier
from preview_operator.cache import Cache
from preview_operator.canary import Canary
from preview_operator.filewatch import FileWatch
from preview_operator.intake import Intake
from preview_operator.memory import Memories
from preview_operator.metrics import Metrics
from preview_operator.probe import Probe
from preview_operator.queue import KeyedQueue
from preview_operator.reconciler import Key, Reconciler
from preview_operator.resync import Resync
from preview_operator.secret import ensure_secret

log = structlog.get_logger(__name__)

# A process whose timers are so late does not answer pods in time either.
LAG_LIMIT_S = 10.0


def now_ms() -> int:
    """The wall clock in epoch milliseconds."""
    return time.time_ns() // 1_000_000


async def run(
    settings: ClusterSettings,
    stop: asyncio.Event,
    *,
    clock: Callable[[], int] = now_ms,
    control_port: int | None = None,
    ready: asyncio.Event | None = None,
) -> None:
    """Until `stop`. Raises what ends it early. `control_port` of pods: another than theirs in tests only."""
    async with (
        await Kube.connect(COMPONENT) as kube,
        # Pods are ours and near: no proxy of the environment gets their tokens. No connection is kept: a pod is asked
        # every half minute, and each request looks at every connection that is (a fifth of the CPU at 1,000 sessions).
        httpx2.AsyncClient(
            trust_env=False, limits=httpx2.Limits(max_connections=None, max_keepalive_connections=0)
        ) as http,
    ):
        secret = await ensure_secret(kube, settings.control_namespace, settings.secret)
        probe = Probe(http, secret) if control_port is None else Probe(http, secret, control_port)
        await Operator(settings, kube, probe, secret, clock).run(stop, ready)


class Operator:
    """One operator of one namespace."""

    def __init__(
        self, settings: ClusterSettings, kube: Kube, probe: Probe, secret: bytes, clock: Callable[[], int]
    ) -> None:
        self.settings = settings
        self.cache = Cache()
        self.metrics = Metrics()
        memories = Memories()
        applier = Applier(kube, settings, secret, self.cache, memories, probe, self.metrics, clock)
        self.reconciler = Reconciler(
            kube, settings, self.cache, memories, probe, applier, self.metrics, clock, self._add
        )
        self.queue: KeyedQueue[Key] = KeyedQueue(
            self.reconciler.handle, self.reconciler.failed, self.metrics.queue_wait.observe
        )
        self.intake = Intake(self.cache, self.metrics, self._add)
        self.files = FileWatch(kube, settings.namespace, self.intake)
        self.resync = Resync(kube, settings.namespace, self.cache, memories, self.intake, self.metrics, clock)
        self.canary = Canary(kube, settings.namespace, clock)

    async def run(self, stop: asyncio.Event, ready: asyncio.Event | None = None) -> None:
        """Until `stop`. Raises what ends it early."""
        runner = await web.serve(self.settings.port, self.troubles, self.refresh, self.metrics)
        try:
            # All of it before the first decision: a session whose pod is not known yet would get a second one.
            await self.resync.load()
            version = await self.files.list()
            log.info("loaded", sessions=sum(1 for _ in self.cache.valid_sessions()))
            await self._run_all(stop, version, ready)
        finally:
            await runner.cleanup()

    async def _run_all(self, stop: asyncio.Event, version: str, ready: asyncio.Event | None) -> None:
        stop_flag, ready_flag = asyncio.Event(), asyncio.Event()
        watching = kopf.operator(
            registry=watches.registry(self.event),
            settings=watches.settings(),
            namespaces=[self.settings.namespace],
            standalone=True,
            stop_flag=stop_flag,
            ready_flag=ready_flag,
        )
        tasks = [
            asyncio.create_task(work, name=name)
            for name, work in {
                "kopf": watching,
                "files": self.files.run(version),
                "queue": self.queue.run(),
                "resync": self.resync.run(),
                "canary": self.canary.run(),
                "stop": stop.wait(),
            }.items()
        ]
        if ready is not None:
            await ready_flag.wait()
            ready.set()
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                log.info("ending", because=task.get_name())
                task.result()
        finally:
            stop_flag.set()
            for task in tasks[1:]:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def event(self, resource: Resource, kind: str | None, found: Mapping[str, Any]) -> None:
        """What kopf tells."""
        try:
            if resource is SERVICES:
                self.canary.event(found)
            self.intake.event(resource, kind, found)
        except Exception as error:
            # kopf would log it under the object's name, where nobody may look.
            self.metrics.errors.labels("event", type(error).__name__).inc()
            log.error("event_not_taken", resource=resource.plural, error=type(error).__name__)  # noqa: TRY400
            raise

    def troubles(self) -> list[str]:
        """Reasons to start this process anew."""
        found = [f"the watch of {plural} is dead" for plural in self.resync.dead_watches]
        if self.canary.dead:
            found.append("the canary's change did not come back")
        if self.resync.lag_s > LAG_LIMIT_S:
            found.append("the event loop is too late")
        return found

    def refresh(self) -> None:
        """Gauges that are counted when asked for."""
        phases = Counter(session.status.phase or Phase.PENDING for _, session in self.cache.valid_sessions())
        for phase in Phase:
            self.metrics.sessions.labels(phase.value).set(phases.get(phase, 0))
        pools = [found.status for found in self.cache.runtimes.values() if isinstance(found, PreviewRuntime)]
        self.metrics.warm_desired.set(sum(pool.desired for pool in pools))
        self.metrics.warm_ready.set(sum(pool.ready for pool in pools))
        self.metrics.warm_misses.set(self.reconciler.misses.total)
        self.metrics.pods.set(sum(len(group.pods) for group in self.cache.sessions.values()))
        self.metrics.queue.set(len(self.queue))

    def _add(self, key: Key, delay_s: float) -> None:
        self.queue.add(key, delay_s)
