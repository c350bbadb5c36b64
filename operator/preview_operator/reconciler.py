"""One key of the queue, from what is known to what is done: observe, plan, apply."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import structlog

from preview_core.kube.client import Kube
from preview_core.kube.errors import Conflict, KubeError, NotFound, Refused
from preview_core.kube.resource import NETWORK_POLICIES, RUNTIMES, SESSIONS
from preview_core.kube.settings import ClusterSettings
from preview_core.objects import names
from preview_core.resources.conditions import READY, ConditionStatus, Reason, phase, settle
from preview_core.resources.names import API_VERSION, RUNTIME, SESSION
from preview_core.resources.runtime import PreviewRuntime
from preview_core.resources.session import PreviewSession, SessionStatus
from preview_core.wire import Status
from preview_operator import adoption, findings, rollover, runtimes, warm
from preview_operator.apply import Applier
from preview_operator.cache import Cache, Group, Invalid
from preview_operator.members import Member, lacking
from preview_operator.memory import Memories
from preview_operator.metrics import Metrics
from preview_operator.misses import Misses
from preview_operator.observed import (
    Action,
    Adopt,
    CreatePod,
    HandOver,
    Hydrate,
    Observed,
    Offer,
    Plan,
    ShowStandIn,
)
from preview_operator.plan import plan
from preview_operator.policy import Manifest, make_policy
from preview_operator.probe import Probe
from preview_operator.revision import revision_of
from preview_operator.warm import Pool

log = structlog.get_logger(__name__)

Kind = Literal["session", "runtime"]
Key = tuple[Kind, str]

# A pass that did something is followed by another, which sees the effect. If passes go on finding work (the API server
# changes what we write), they do so at growing distances.
_SOON_S = 0.02
_STREAK_FREE = 8
_STREAK_LONGEST_S = 10.0
# A policy that somebody deleted is there again after so long.
_POLICY_S = 300.0
# The watch is about to tell that a runtime is gone, or another of its name there.
_GONE_S = 1.0


@dataclass(frozen=True)
class Reconciler:
    """`add` puts a key into the queue (with a delay in seconds)."""

    kube: Kube
    settings: ClusterSettings
    cache: Cache
    memories: Memories
    probe: Probe
    applier: Applier
    metrics: Metrics
    clock: Callable[[], int]
    add: Callable[[Key, float], None]
    # Pods that are being made, by runtime: passes over other sessions must not take the same room.
    making: Counter[str] = field(default_factory=Counter)
    misses: Misses = field(default_factory=Misses)
    # Of each runtime, the policy that was written last, and when: passes over a runtime come as often as its creates.
    policies: dict[str, tuple[Manifest, int]] = field(default_factory=dict)

    async def handle(self, key: Key) -> float | None:
        """One pass; seconds until the next, None for when something happens."""
        kind, name = key
        began = time.perf_counter()
        try:
            return await (self._session(name) if kind == "session" else self._runtime(name))
        finally:
            self.metrics.passes.labels(kind).observe(time.perf_counter() - began)

    def failed(self, key: Key, error: Exception) -> None:
        """A pass that raised. The name of a session is a secret, so is a message that may hold it."""
        self.metrics.errors.labels(key[0], type(error).__name__).inc()
        if isinstance(error, KubeError):
            log.warning("pass_failed", kind=key[0], error=type(error).__name__, reason=str(error))
        else:
            trace = error.__traceback__
            while trace is not None and trace.tb_next is not None:
                trace = trace.tb_next
            at = f"{trace.tb_frame.f_code.co_name}:{trace.tb_lineno}" if trace is not None else ""
            log.error("pass_failed", kind=key[0], error=type(error).__name__, at=at)

    # --- sessions ---

    async def _session(self, session_id: str) -> float | None:
        group = self.cache.sessions.get(session_id)
        if group is None or group.session is None:
            # What it owned is collected by the API server.
            self.memories.forget(session_id)
            return None
        if isinstance(group.session, Invalid):
            await self._refuse(session_id, group.session)
            return None
        note = self.memories.of(session_id)
        now = self.clock()
        note.looked_at = now
        if note.note_wanted(group.session, now):
            self.metrics.resumptions.inc()
        reports = await self.probe.reports(group.pods.values())
        note.note_reports(group.pods.values(), reports, now)
        observed = self._observed(group.session, group, reports)
        decided = plan(observed, self.settings, now)
        again = await self._carry_out(decided, observed)
        return _SOON_S if self._is_overtaken(observed.session) else again

    def _is_overtaken(self, session: PreviewSession) -> bool:
        """Changed since the pass began. The answer to a write of ours may tell that first, and then no watch does."""
        group = self.cache.sessions.get(session.metadata.name)
        known = group.session if group is not None else None
        return isinstance(known, PreviewSession) and known.metadata.generation != session.metadata.generation

    def _observed(self, session: PreviewSession, group: Group, reports: Mapping[str, Status]) -> Observed:
        session_id = session.metadata.name
        runtime = self.cache.runtime(session.spec.runtime_ref.name)
        note = self.memories.of(session_id)
        if group.index is not None and group.index.resource_version != note.files_fault_of:
            note.files_fault = ""  # written anew since then
        room = runtime is None or self._room(session, runtime)
        return Observed(
            session=session,
            runtime=runtime,
            index=group.index,
            pods=tuple(group.pods.values()),
            service=group.service,
            ingress=group.ingress,
            reports=reports,
            memory=note.seen(group.index_fault),
            room=room,
            revision=revision_of(runtime, self.settings) if runtime is not None else None,
            may_roll=runtime is not None and self._may_roll(session_id, runtime),
            host=self.settings.address.host(session_id),
            offer=self._offer(session, group, runtime),
            heir=self._heir(session),
        )

    def _offer(self, session: PreviewSession, group: Group, runtime: PreviewRuntime | None) -> Offer:
        member = Member(session, tuple(group.pods.values()))
        if runtime is None or session.spec.owner is None or not adoption.inherits(member):
            return Offer()
        offer = adoption.offer_to(session, revision_of(runtime, self.settings), self._unowned())
        # Many that wake at once would all try the first one.
        return replace(offer, pods=tuple(random.sample(offer.pods, len(offer.pods))))

    def _heir(self, session: PreviewSession) -> PreviewSession | None:
        """Whoever is to have its pod, and still wants it."""
        group = self.cache.sessions.get(adoption.heir_of(session) or "")
        if group is None or not isinstance(group.session, PreviewSession):
            return None
        return group.session if adoption.inherits(Member(group.session, tuple(group.pods.values()))) else None

    def _room(self, session: PreviewSession, runtime: PreviewRuntime) -> bool:
        """Whether its runtime's limit allows it a pod. Nobody's session leaves room for those that have an owner; who
        has an owner and finds none has it made, where sessions wait that can be given up."""
        name, limit = runtime.metadata.name, runtime.spec.limits.pods
        if session.spec.owner is None:
            return self._pods(name) + len(lacking(self._members(name))) < limit
        if self._pods(name) < limit:
            return True
        if any(member.waits for member in self._members(name)):
            self.add(("runtime", name), 0.0)
        return False

    def _pods(self, runtime: str) -> int:
        return self.cache.counted(runtime) + self.making[runtime]

    def _may_roll(self, session_id: str, runtime: PreviewRuntime) -> bool:
        pods = self.cache.sessions[session_id].pods.values()
        revision = revision_of(runtime, self.settings)
        if all(pod.runtime_revision == revision for pod in pods):
            return False
        return session_id in rollover.turns(runtimes.outdated(revision, self._members(runtime.metadata.name)))

    async def _carry_out(self, decided: Plan, observed: Observed) -> float | None:
        note = self.memories.of(observed.session.metadata.name)
        quick = [action for action in decided.actions if not isinstance(action, Hydrate | ShowStandIn)]
        await self._act(quick, observed)
        if decided.status is not None:
            self._note_ready(observed.session, decided.status)
            await self.applier.write_status(observed.session, decided.status)
            self.add(("runtime", observed.session.spec.runtime_ref.name), 1.0)
        # Last: it takes as long as Vite's start, and the route leads to the pod by now.
        for slow in (action for action in decided.actions if isinstance(action, Hydrate | ShowStandIn)):
            await self.applier.act(slow, observed)
        if not decided.actions:
            note.streak = 0
            return decided.again_ms / 1000 if decided.again_ms is not None else None
        generation = observed.session.metadata.generation
        note.streak = note.streak + 1 if note.generation == generation else 1
        note.generation = generation
        return _SOON_S if note.streak <= _STREAK_FREE else min(2.0 ** (note.streak - _STREAK_FREE), _STREAK_LONGEST_S)

    async def _act(self, actions: Sequence[Action], observed: Observed) -> None:
        runtime = observed.session.spec.runtime_ref.name
        # Taken before the first await, given back as soon as the cache knows the pod.
        taken = sum(isinstance(action, CreatePod) for action in actions)
        self.making[runtime] += taken
        try:
            for action in actions:
                await self.applier.act(action, observed)
                if isinstance(action, CreatePod):
                    self.making[runtime] -= 1
                    taken -= 1
                elif isinstance(action, Adopt):
                    self.add(("session", action.session_id), 0.0)
                elif isinstance(action, HandOver):
                    # The answer to the write was the news: no watch tells more of it.
                    self.add(("session", action.heir.metadata.name), 0.0)
        finally:
            self.making[runtime] -= taken

    def _note_ready(self, session: PreviewSession, status: SessionStatus) -> None:
        """The first time that a session is Ready, or that it is again after it was suspended."""
        born = session.spec.claimed_at or session.metadata.creation_timestamp
        was = {condition.type for condition in session.status.conditions if condition.status is ConditionStatus.TRUE}
        now_ready = any(c.type == READY and c.status is ConditionStatus.TRUE for c in status.conditions)
        if not now_ready or READY in was:
            return
        note = self.memories.of(session.metadata.name)
        if note.resumed_at is not None:
            is_adopted = names.pod_number(session.metadata.name, status.pod_name or "") == 0
            start = "warm" if is_adopted else "cold"
            self.metrics.resume_seconds.labels(start).observe(max(0, self.clock() - note.resumed_at) / 1000)
            note.resumed_at = None
        elif session.status.served_revision in (None, 1) and born is not None:
            self.metrics.ready_seconds.observe(max(0, self.clock() - born) / 1000)

    async def _refuse(self, session_id: str, invalid: Invalid) -> None:
        """An object past the schema: says so once per generation, and does nothing else to it."""
        note = self.memories.of(session_id)
        if note.looked_at == invalid.generation:
            return
        found = {"Accepted": findings.false(Reason.INVALID_SPEC, invalid.message)}
        conditions = settle((), found, now=self.clock(), generation=invalid.generation)
        status = SessionStatus(phase=phase(found), conditions=conditions, observed_generation=invalid.generation)
        body = {
            "apiVersion": API_VERSION,
            "kind": SESSION.kind,
            "metadata": {"name": session_id, "uid": invalid.uid},
            "status": status.manifest(),
        }
        try:
            await self.kube.apply(SESSIONS, self.settings.namespace, body, "status")
        except (NotFound, Conflict):
            return
        except Refused as error:
            # Every write of such an object is held against the schema, its status too: there is no place to say it.
            log.warning("invalid_session", status=error.status)
        note.looked_at = invalid.generation

    # --- runtimes ---

    async def _runtime(self, name: str) -> float | None:
        runtime = self.cache.runtime(name)
        members = self._members(name)
        if runtime is None:
            self.policies.pop(name, None)
            await self._give_up(warm.plan(None, "", members, self.clock()))
            self._look_at(members)  # they are no longer accepted
            return None
        if not runtime.spec.faults():
            # One with faults would be refused, and gets no pods.
            await self._write_policy(runtime)
        revision = revision_of(runtime, self.settings)
        pool = warm.plan(runtime, revision, members, self.clock())
        # First: somebody may wait for the room.
        await self._give_up(pool)
        misses = self.misses.count(name, members)
        status = runtimes.status_of(runtime, revision, members, pool, misses, self.clock())
        if status != runtime.status:
            body = {
                "apiVersion": API_VERSION,
                "kind": RUNTIME.kind,
                "metadata": {"name": name, "uid": runtime.metadata.uid},
                "status": status.manifest(),
            }
            try:
                self.cache.refresh(RUNTIMES, await self.kube.apply(RUNTIMES, self.settings.namespace, body, "status"))
            except (NotFound, Conflict):
                return _GONE_S
            known = self.cache.runtime(name)
            if known is not None and known.metadata.generation != runtime.metadata.generation:
                # As of a session, see `_is_overtaken`.
                return _SOON_S
        if (
            status.observed_generation != runtime.status.observed_generation
            or status.revision != runtime.status.revision
        ):
            self._look_at(members)
        else:
            turn = rollover.turns(runtimes.outdated(revision, members))
            self._look_at([member for member in members if member.session.metadata.name in turn])
        if self._pods(name) < runtime.spec.limits.pods:
            self._look_at(lacking(members))
        # Last: whatever fails above or is to be done for sessions with an owner comes first.
        await self._refill(runtime, pool)
        return min(_POLICY_S, pool.again_ms / 1000) if pool.again_ms is not None else _POLICY_S

    async def _write_policy(self, runtime: PreviewRuntime) -> None:
        name, now = runtime.metadata.name, self.clock()
        policy = make_policy(runtime, self.settings.control_namespace)
        written, at = self.policies.get(name, ({}, 0))
        if policy != written or now - at >= _POLICY_S * 1000:
            await self.kube.apply(NETWORK_POLICIES, self.settings.namespace, policy)
            self.policies[name] = (policy, now)

    async def _give_up(self, pool: Pool) -> None:
        for waiting in pool.give_up:
            await self.applier.give_up(waiting)

    async def _refill(self, runtime: PreviewRuntime, pool: Pool) -> None:
        """The watch tells nothing new of a session whose creation was answered."""
        for _ in range(pool.create):
            self.add(("session", await self.applier.create_waiting(runtime)), 0.0)

    def _members(self, runtime: str) -> list[Member]:
        return [
            Member(session, tuple(self.cache.sessions[key].pods.values()))
            for key, session in self.cache.valid_sessions()
            if session.spec.runtime_ref.name == runtime
        ]

    def _unowned(self) -> list[Member]:
        groups = [self.cache.sessions[key] for key in self.cache.unowned]
        return [
            Member(group.session, tuple(group.pods.values()))
            for group in groups
            if isinstance(group.session, PreviewSession)
        ]

    def _look_at(self, members: list[Member]) -> None:
        for member in members:
            self.add(("session", member.session.metadata.name), 0.0)
