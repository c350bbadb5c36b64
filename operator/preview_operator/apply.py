"""Carrying out a plan: the only place that writes a session's objects."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

import structlog

from preview_core.kube.client import Kube, Object
from preview_core.kube.errors import AlreadyExists, Conflict, NotFound, Refused
from preview_core.kube.files import StoredFiles
from preview_core.kube.resource import CONFIG_MAPS, EVENTS, INGRESSES, PODS, SERVICES, SESSIONS, Resource
from preview_core.kube.settings import ClusterSettings
from preview_core.naming import new_session_id
from preview_core.objects import names
from preview_core.objects.packing import FilesCorrupt
from preview_core.resources.conditions import Condition
from preview_core.resources.names import API_VERSION, SESSION
from preview_core.resources.runtime import PreviewRuntime
from preview_core.resources.session import EndReason, PreviewSession, RuntimeRef, SessionSpec, SessionStatus
from preview_core.resources.timestamp import rfc3339
from preview_operator.cache import Cache
from preview_operator.memory import Memories
from preview_operator.metrics import Metrics
from preview_operator.observed import (
    Action,
    Adopt,
    ApplyIngress,
    ApplyService,
    CreatePod,
    DeleteFiles,
    DeleteIngress,
    DeletePod,
    DeleteRoute,
    DeleteSession,
    End,
    HandOver,
    Hydrate,
    Move,
    Observed,
    ShowStandIn,
    Suspend,
)
from preview_operator.pods import make_pod
from preview_operator.probe import Probe
from preview_operator.routes import make_ingress, make_service
from preview_operator.seen import PodSeen
from preview_operator.transitions import happenings
from preview_operator.warm import GiveUp

log = structlog.get_logger(__name__)

COMPONENT = "kontext-preview-operator"


@dataclass(frozen=True)
class Applier:
    """Actions are repeatable: a pass that ended between two of them is followed by one that plans the rest."""

    kube: Kube
    settings: ClusterSettings
    secret: bytes
    cache: Cache
    memories: Memories
    probe: Probe
    metrics: Metrics
    clock: Callable[[], int]
    new_id: Callable[[], str] = new_session_id

    @property
    def _namespace(self) -> str:
        return self.settings.namespace

    async def act(self, action: Action, observed: Observed) -> None:
        """Raises Unavailable; a refusal is remembered for the conditions and tried again later."""
        session = observed.session
        self.metrics.actions.labels(type(action).__name__).inc()
        match action:
            case CreatePod(number):
                await self._create_pod(observed, number)
            case ApplyService(pod):
                await self._apply_route(SERVICES, session, make_service(session, pod))
            case ApplyIngress():
                await self._apply_route(INGRESSES, session, make_ingress(session, self.settings))
            case Adopt() | HandOver() | Move():
                await self._pass_on(action, observed)
            case Hydrate(pod):
                await self._hydrate(observed, pod)
            case ShowStandIn(pod):
                self.metrics.stand_ins.labels(await self.probe.show_stand_in(pod)).inc()
            case End(reason):
                await self._end(session, reason)
            case Suspend(cause):
                await self._suspend(session, cause)
            case _:
                await self._remove(session, action)

    async def _remove(
        self, session: PreviewSession, action: DeletePod | DeleteIngress | DeleteRoute | DeleteFiles | DeleteSession
    ) -> None:
        match action:
            case DeletePod(name, uid):
                await self.kube.delete(PODS, self._namespace, name, uid=uid)
            case DeleteIngress():
                await self.kube.delete(INGRESSES, self._namespace, names.route_name(session.metadata.name))
            case DeleteRoute():
                for resource in (SERVICES, INGRESSES):
                    await self.kube.delete(resource, self._namespace, names.route_name(session.metadata.name))
            case DeleteFiles():
                await self._delete_files(session)
            case DeleteSession(why, if_empty):
                if if_empty and await self._has_files(session):
                    return
                log.info("session_removed", why=why)
                await self.kube.delete(SESSIONS, self._namespace, session.metadata.name, uid=session.metadata.uid)

    async def create_waiting(self, runtime: PreviewRuntime) -> str:
        """A session that nobody owns yet; its id. Raises what the client raises."""
        session_id = self.new_id()
        body = {
            "apiVersion": API_VERSION,
            "kind": SESSION.kind,
            "metadata": {
                "name": session_id,
                "labels": {
                    names.MANAGED_BY: names.MANAGER,
                    names.RUNTIME_LABEL: runtime.metadata.name,
                    names.WARM_LABEL: names.WAITING,
                },
            },
            "spec": SessionSpec(runtime_ref=RuntimeRef(name=runtime.metadata.name)).manifest(),
        }
        self.metrics.actions.labels("CreateWaiting").inc()
        try:
            made = await self.kube.create(SESSIONS, self._namespace, body)
        except AlreadyExists:
            # Of an attempt whose answer was lost: ids do not repeat.
            made = await self.kube.get(SESSIONS, self._namespace, session_id)
        self.cache.put(SESSIONS, made)
        return session_id

    async def give_up(self, waiting: GiveUp) -> None:
        """One write against one object: a create that took it a moment ago keeps it."""
        self.metrics.actions.labels("GiveUp").inc()
        gone = await self.kube.delete(
            SESSIONS,
            self._namespace,
            waiting.session_id,
            uid=waiting.uid,
            resource_version=waiting.resource_version,
        )
        log.info("waiting_session_given_up" if gone else "waiting_session_kept", why=waiting.why)

    async def write_status(self, session: PreviewSession, status: SessionStatus) -> None:
        """And tell in Kubernetes Events what it changes."""
        body = {
            "apiVersion": API_VERSION,
            "kind": SESSION.kind,
            "metadata": {"name": session.metadata.name, "uid": session.metadata.uid},
            "status": status.manifest(),
        }
        try:
            self.cache.refresh(SESSIONS, await self.kube.apply(SESSIONS, self._namespace, body, "status"))
        except (NotFound, Conflict):
            return  # gone, or another object of that name: its own pass comes
        except Refused as error:
            # Something in it fits no schema: people see an old status, and visitors their preview all the same.
            self.metrics.errors.labels("status", type(error).__name__).inc()
            log.warning("status_refused", status=error.status)
            return
        await self.tell(session, session.status.conditions, status.conditions)

    async def tell(self, session: PreviewSession, before: tuple[Condition, ...], after: tuple[Condition, ...]) -> None:
        """Events are news, not state: one that is refused is counted, and the pass goes on."""
        now = rfc3339(self.clock() // 1000 * 1000)
        for happening in happenings(before, after):
            event: Object = {
                "apiVersion": "v1",
                "kind": "Event",
                "metadata": {"name": f"{session.metadata.name}.{secrets.token_hex(8)}"},
                "involvedObject": {
                    "apiVersion": API_VERSION,
                    "kind": SESSION.kind,
                    "namespace": self._namespace,
                    "name": session.metadata.name,
                    "uid": session.metadata.uid,
                },
                "type": happening.kind,
                "reason": happening.reason,
                "message": happening.message,
                "source": {"component": COMPONENT},
                "firstTimestamp": now,
                "lastTimestamp": now,
                "count": 1,
            }
            try:
                await self.kube.create(EVENTS, self._namespace, event)
            except Refused as error:
                self.metrics.errors.labels("event", type(error).__name__).inc()
                log.warning("event_refused", status=error.status)

    async def _create_pod(self, observed: Observed, number: int) -> None:
        session, runtime = observed.session, observed.runtime
        assert runtime is not None  # noqa: S101 - only an accepted session is planned a pod
        manifest = make_pod(session, runtime, number, self.settings, self.secret)
        memory = self.memories.of(session.metadata.name)
        memory.note_pod_created(self.clock(), manifest["metadata"]["name"])
        try:
            made = await self.kube.create(PODS, self._namespace, manifest)
        except AlreadyExists:
            # Made by a pass whose operator was killed, and not seen yet.
            made = await self.kube.get(PODS, self._namespace, manifest["metadata"]["name"])
        except Refused as error:
            log.warning("pod_refused", status=error.status)
            memory.pod_refusal = error.message
            return
        memory.pod_refusal = ""
        memory.last_pod = manifest["metadata"]["name"]
        self.cache.put(PODS, made)

    async def _pass_on(self, action: Adopt | HandOver | Move, observed: Observed) -> None:
        match action:
            case Adopt():
                await self._adopt(observed.session, action)
            case HandOver(pod, heir):
                await self._hand_over(pod, heir)
            case Move(pod):
                log.info("runtime_moved", result=await self.probe.move(pod, observed.host))

    async def _adopt(self, session: PreviewSession, waiting: Adopt) -> None:
        body = {
            "metadata": {
                "resourceVersion": waiting.resource_version,
                "labels": {names.WARM_LABEL: names.ADOPTED},
                "annotations": {names.HEIR_ANNOTATION: session.metadata.name},
            }
        }
        try:
            taken = await self.kube.patch(SESSIONS, self._namespace, waiting.session_id, body)
        except Conflict:
            # A create took it, or another session that wakes; or only its status changed. The next pass chooses anew.
            await self._read_again(waiting.session_id)
            return
        except NotFound:
            self.cache.drop(SESSIONS, {"name": waiting.session_id})
            return
        self.cache.refresh(SESSIONS, taken)
        # As a pod that was made for it: if it does not work for a while, the next one has to wait.
        self.memories.of(session.metadata.name).note_pod_created(self.clock(), waiting.pod)
        log.info("waiting_session_adopted")

    async def _read_again(self, session_id: str) -> None:
        with suppress(NotFound):
            self.cache.refresh(SESSIONS, await self.kube.get(SESSIONS, self._namespace, session_id))

    async def _hand_over(self, pod: PodSeen, heir: PreviewSession) -> None:
        """One write: at no time it belongs to both sessions, or to none."""
        body = {
            "metadata": {
                "uid": pod.uid,
                "labels": {names.SESSION_LABEL: heir.metadata.name},
                "ownerReferences": [names.owner_reference(heir.metadata.name, heir.metadata.uid)],
            }
        }
        try:
            self.cache.refresh(PODS, await self.kube.patch(PODS, self._namespace, pod.name, body))
        except (NotFound, Conflict):
            return  # it is gone: its heir gets a new one
        except Refused as error:
            self.metrics.errors.labels("hand-over", type(error).__name__).inc()
            log.warning("pod_not_handed_over", status=error.status)

    async def _apply_route(self, resource: Resource, session: PreviewSession, manifest: Object) -> None:
        memory = self.memories.of(session.metadata.name)
        try:
            made = await self.kube.apply(resource, self._namespace, manifest)
        except Refused as error:
            log.warning("route_refused", kind=resource.kind, status=error.status)
            memory.route_refusal = error.message
            return
        memory.route_refusal = ""
        self.cache.put(resource, made)

    async def _has_files(self, session: PreviewSession) -> bool:
        """Asked, not remembered: a watch that lost an index must not cost the files."""
        try:
            found = await self.kube.get_metadata(CONFIG_MAPS, self._namespace, names.files_name(session.metadata.name))
        except NotFound:
            return False
        self.cache.put(CONFIG_MAPS, found)
        return True

    async def _delete_files(self, session: PreviewSession) -> None:
        session_id = session.metadata.name
        group = self.cache.sessions.get(session_id)
        # The index last: without it nothing would tell the next pass that there is something left.
        for name in (*(group.shards if group is not None else ()), names.files_name(session_id)):
            await self.kube.delete(CONFIG_MAPS, self._namespace, name)

    async def _hydrate(self, observed: Observed, pod: PodSeen) -> None:
        session = observed.session
        memory = self.memories.of(session.metadata.name)
        try:
            stored = await StoredFiles(self.kube, self._namespace).read(session.metadata.name)
        except (NotFound, FilesCorrupt) as error:
            memory.files_fault = str(error) if isinstance(error, FilesCorrupt) else "The stored files are gone."
            memory.files_fault_of = observed.index.resource_version if observed.index is not None else ""
            self.metrics.hydrations.labels("no-files").inc()
            return
        memory.files_fault = ""
        self.metrics.hydrations.labels(await self.probe.hydrate(pod, stored)).inc()

    async def _end(self, session: PreviewSession, reason: EndReason) -> None:
        await self._change(session, {"ended": {"at": rfc3339(self.clock()), "reason": reason.value}})

    async def _suspend(self, session: PreviewSession, cause: str) -> None:
        if await self._change(session, {"suspended": True}):
            self.metrics.suspensions.labels(cause).inc()
            log.info("session_suspended", cause=cause)

    async def _change(self, session: PreviewSession, spec: Object) -> bool:
        """False: somebody used it just now, and the next pass decides anew."""
        body = {"metadata": {"resourceVersion": session.metadata.resource_version}, "spec": spec}
        try:
            self.cache.refresh(SESSIONS, await self.kube.patch(SESSIONS, self._namespace, session.metadata.name, body))
        except (Conflict, NotFound):
            return False
        return True
