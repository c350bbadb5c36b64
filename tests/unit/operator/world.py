"""A session's surroundings in memory: objects as an API server keeps them, pods that start, runtimes that take files.

`World` does what the reconciler does with a plan, and may be killed between any two of its writes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from preview_core.address import PublicAddress
from preview_core.kube.settings import ClusterSettings
from preview_core.objects import names
from preview_core.objects.files import Index
from preview_core.resources.conditions import READY, Condition
from preview_core.resources.runtime import PreviewRuntime
from preview_core.resources.session import PreviewSession, SessionStatus
from preview_core.resources.timestamp import rfc3339
from preview_core.wire import Clients, Layout, RuntimePhase, Status
from preview_operator.memory import Note
from preview_operator.observed import (
    Action,
    ApplyIngress,
    ApplyService,
    CreatePod,
    DeleteFiles,
    DeleteIngress,
    DeletePod,
    DeleteRoute,
    DeleteSession,
    End,
    Hydrate,
    Observed,
    Plan,
    ShowStandIn,
    Suspend,
)
from preview_operator.plan import plan
from preview_operator.pods import make_pod
from preview_operator.revision import revision_of
from preview_operator.routes import make_ingress, make_service, target_of
from preview_operator.seen import PodSeen
from preview_operator.transitions import happenings

Object = dict[str, Any]

_VARIABLE = re.compile(r"\$\((\w+)\)")

ID = "abcdefghijklmnopqrstuvwxya"
UID = "7b7a1c5e-0000-4000-8000-000000000001"
T0 = 1_795_464_000_000
OWNER = "https://kontext.build 203.0.113.7"
SECRET = b"s" * 32
SETTINGS = ClusterSettings(
    namespace="previews",
    control_namespace="control",
    secret="kontext-preview",
    runtime="default",
    address=PublicAddress("https", "preview.example.org"),
    routing="perSession",
    allowed_origins=("https://kontext.build", "http://localhost:5173"),
    trusted_proxies=(),
    ingress_class="traefik",
    tls_secret="wildcard",
    ingress_annotations={"example.org/a": "b"},
    log_level="info",
    port=8080,
)


def settings(**changed: Any) -> ClusterSettings:
    return ClusterSettings(**{**vars(SETTINGS), **changed})


def digest(revision: int) -> str:
    """Any revision's files."""
    return f"{revision:064x}"


def runtime(**spec: Any) -> PreviewRuntime:
    return PreviewRuntime.model_validate(
        {"metadata": {"name": "default", "uid": "r", "generation": 1}, "spec": {"image": "runtime:1", **spec}}
    )


def pod_revision() -> str:
    return revision_of(runtime(), SETTINGS)


def session(*, status: Object | None = None, metadata: Object | None = None, **spec: Any) -> PreviewSession:
    """A claimed one, a minute old."""
    claimed = {"runtimeRef": {"name": "default"}, "owner": OWNER, "claimedAt": rfc3339(T0 - 60_000)}
    return PreviewSession.model_validate(
        {
            "metadata": {
                "name": ID,
                "uid": UID,
                "resourceVersion": "1",
                "generation": 1,
                "creationTimestamp": rfc3339(T0 - 60_000),
                **(metadata or {}),
            },
            "spec": {**claimed, **spec},
            "status": status or {},
        }
    )


def index(revision: int = 1) -> Index:
    return Index(ID, revision, digest(revision), resource_version=str(revision))


def pod(number: int = 1, **changed: Any) -> PodSeen:
    """A running one of the runtime's newest revision."""
    given = {
        "name": names.pod_name(ID, number),
        "uid": f"pod-{number}",
        "session_id": ID,
        "runtime": "default",
        "runtime_revision": pod_revision(),
        "created_at": T0 - 30_000 + number,
        "ips": (f"10.0.0.{number}",),
        "running": True,
    }
    return PodSeen(**{**given, **changed})


def report(revision: int = 1, phase: RuntimePhase = RuntimePhase.READY, **changed: Any) -> Status:
    given = {
        "phase": phase,
        "revision": revision,
        "digest": digest(revision),
        "layout": None,
        "clients": Clients(hmr=0, observers=0),
        "last_activity_at": 0,
        "last_error": None,
        "restarts": 0,
        "rss_bytes": 0,
        "vite": "7.3.8",
    }
    return Status(**{**given, **changed})


def observed(**changed: Any) -> Observed:
    """A session that works, routed to its only pod, as the pass before left it."""
    found = session()
    given = {
        "session": found,
        "runtime": runtime(),
        "index": index(),
        "pods": (pod(),),
        "service": make_service(found, pod().name),
        "ingress": make_ingress(found, SETTINGS),
        "reports": {pod().name: report()},
        "revision": pod_revision() if changed.get("runtime", True) is not None else None,
    }
    return Observed(**{**given, **changed})


@dataclass
class Container:
    """What runs in a pod. `answers_at`: from then on its runtime answers (None: never)."""

    answers_at: int | None
    runs_at: int
    revision: int = 0
    digest: str = digest(0)
    stand_in: bool = False


START_MS = 1_000
LISTEN_MS = 300
NEVER = 2**60


@dataclass
class World:
    """`writes`: what the API server was asked to change, in its order; `reasons`: of the Events that it was told."""

    session: PreviewSession | None
    runtime: PreviewRuntime | None
    index: Index | None = None
    settings: ClusterSettings = SETTINGS
    now: int = T0
    pods: dict[str, Object] = field(default_factory=dict)
    containers: dict[str, Container] = field(default_factory=dict)
    service: Object | None = None
    ingress: Object | None = None
    note: Note = field(default_factory=Note)
    writes: list[str] = field(default_factory=list)
    hydrated: list[str] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    hmr: int = 0
    _uids: int = 0

    # --- the reconciler ---

    def look(self) -> Observed:
        assert self.session is not None
        self._advance()
        pods = tuple(self.seen())
        reports = self.reports()
        self.note.note_reports(pods, reports, self.now)
        return Observed(
            session=self.session,
            runtime=self.runtime,
            index=self.index,
            pods=pods,
            service=self.service,
            ingress=self.ingress,
            reports=reports,
            memory=self.note.seen(),
            revision=revision_of(self.runtime, self.settings) if self.runtime is not None else None,
            may_roll=True,
        )

    def step(self, killed_after: int | None = None) -> Plan:
        """One pass. `killed_after` so many of its writes the operator ends, and another starts."""
        decided = plan(self.look(), self.settings, self.now)
        assert sum(isinstance(action, CreatePod) for action in decided.actions) <= 1
        quick = [action for action in decided.actions if not isinstance(action, Hydrate | ShowStandIn)]
        slow = [action for action in decided.actions if isinstance(action, Hydrate | ShowStandIn)]
        for number, work in enumerate((*quick, decided.status, *slow)):
            if killed_after is not None and number >= killed_after:
                self.note = Note()
                break
            self.carry_out(work)
        return decided

    def carry_out(self, work: Action | SessionStatus | None) -> None:
        if self.session is None or work is None:
            return
        if isinstance(work, SessionStatus):
            self._write_status(self.session, work)
        else:
            self.writes.append(type(work).__name__)
            self._act(self.session, work)

    def settle(self, passes: int = 600) -> int:
        """Passes until there is nothing to do and nothing to wait for. Fails when there is no end to it."""
        for number in range(passes):
            if self.session is None:
                return number
            before = self._picture()
            decided = self.step()
            if decided == Plan() and self._picture() == before and not self._coming():
                return number
            self.now += min(decided.again_ms or 100, 1_000)
        raise AssertionError(f"still busy after {passes} passes: {self.writes[-20:]}")

    # --- kubelet and controllers ---

    def seen(self) -> Iterable[PodSeen]:
        for manifest in self.pods.values():
            found = PodSeen.of(manifest)
            assert found is not None
            yield found

    def living(self) -> list[PodSeen]:
        return [found for found in self.seen() if found.alive]

    def reports(self) -> dict[str, Status]:
        return {
            found.name: self._report(self.containers[found.name])
            for found in self.living()
            if found.running and found.ips and self._answers(found.name)
        }

    def add_pod(self, manifest: Object, *, answers: bool = True, starts: bool = True) -> str:
        name: str = manifest["metadata"]["name"]
        self._uids += 1
        metadata = {**manifest["metadata"], "uid": f"uid-{self._uids}", "creationTimestamp": rfc3339(self.now)}
        self.pods[name] = {**manifest, "metadata": metadata, "status": {"phase": "Pending"}}
        runs_at = self.now + START_MS if starts else NEVER
        self.containers[name] = Container(runs_at + LISTEN_MS if answers else None, runs_at)
        return name

    def lose_pods(self) -> None:
        self.pods.clear()
        self.containers.clear()

    def _advance(self) -> None:
        for name, manifest in list(self.pods.items()):
            if manifest["metadata"].get("deletionTimestamp") is not None:
                del self.pods[name], self.containers[name]
            elif self.containers[name].runs_at <= self.now and manifest["status"]["phase"] == "Pending":
                address = f"10.0.0.{len(name)}"
                manifest["status"] = {
                    "phase": "Running",
                    "podIP": address,
                    "podIPs": [{"ip": address}],
                    "containerStatuses": [{"name": "runtime", "restartCount": 0, "state": {"running": {}}}],
                }

    def _answers(self, name: str) -> bool:
        at = self.containers[name].answers_at
        return at is not None and at <= self.now

    def _report(self, container: Container) -> Status:
        serves = container.revision > 0 or container.stand_in
        phase = RuntimePhase.READY if serves else RuntimePhase.STARTING
        layout = Layout(root="", entry=None, index="synthesised") if serves else None
        clients = Clients(hmr=self.hmr, watching=self.hmr, observers=0)
        return report(container.revision, phase, digest=container.digest, clients=clients, layout=layout)

    def _coming(self) -> bool:
        """A watch will tell of something."""
        return any(
            manifest["metadata"].get("deletionTimestamp") is not None
            or self.now < self.containers[name].runs_at < NEVER
            for name, manifest in self.pods.items()
        )

    def _picture(self) -> tuple[Any, ...]:
        return (self.session, tuple(self.seen()), self.service, self.ingress, self.index, tuple(self.reports().items()))

    # --- the API server ---

    def _act(self, session: PreviewSession, action: Action) -> None:
        match action:
            case CreatePod(number):
                self._create_pod(session, number)
            case ApplyService(name):
                added = {"clusterIPs": ["None"], "ipFamilies": ["IPv4"], "type": "ClusterIP"}
                made = make_service(session, name)
                self.service = {**made, "spec": {**made["spec"], **added}}
            case ApplyIngress():
                self.ingress = make_ingress(session, self.settings)
            case Hydrate(found):
                self._hydrate(found)
            case ShowStandIn(found):
                # A runtime never goes back to it.
                self.containers[found.name].stand_in = self.containers[found.name].revision == 0
            case _:
                self._remove(session, action)

    def _create_pod(self, session: PreviewSession, number: int) -> None:
        assert self.runtime is not None
        manifest = make_pod(session, self.runtime, number, self.settings, SECRET)
        self.note.note_pod_created(self.now, manifest["metadata"]["name"])
        assert manifest["metadata"]["name"] not in self.pods
        self.note.last_pod = self.add_pod(manifest)
        assert len(self.living()) <= 2, "never more than two living pods"

    def _hydrate(self, found: PodSeen) -> None:
        assert self.index is not None
        self.hydrated.append(found.name)
        container = self.containers[found.name]
        container.revision, container.digest = self.index.revision, self.index.digest

    def _remove(self, session: PreviewSession, action: Action) -> None:
        match action:
            case DeletePod(name, uid):
                if name in self.pods and self.pods[name]["metadata"]["uid"] == uid:
                    self.pods[name]["metadata"]["deletionTimestamp"] = rfc3339(self.now)
            case DeleteIngress():
                self.ingress = None
            case DeleteRoute():
                self.service = self.ingress = None
            case DeleteFiles():
                assert session.spec.ended is not None, "files of a live session"
                self.index = None
            case End(reason):
                self._change(session, ended={"at": rfc3339(self.now), "reason": reason.value})
            case Suspend():
                self._change(session, suspended=True)
            case DeleteSession():
                self.session = self.service = self.ingress = self.index = None
                self.lose_pods()

    def _change(self, session: PreviewSession, **spec: Any) -> None:
        changed = session.manifest()
        self.session = PreviewSession.model_validate({**changed, "spec": {**changed["spec"], **spec}})

    def _write_status(self, session: PreviewSession, status: SessionStatus) -> None:
        self.writes.append("Status")
        self.reasons += [found.reason for found in happenings(session.status.conditions, status.conditions)]
        self.session = PreviewSession.model_validate({**session.manifest(), "status": status.manifest()})


def live(revision: int = 1, **spec: Any) -> World:
    """A session that has just been written, with its files."""
    return World(session(**spec), runtime(), index(revision))


def ready(world: World) -> bool:
    """The whole truth, not only what the status says."""
    living, found = world.living(), world.session
    if found is None or world.index is None or world.runtime is None or len(world.pods) != 1 or len(living) != 1:
        return False
    container = world.containers[living[0].name]
    return (
        is_true(found.status.conditions, READY)
        and living[0].runtime_revision == revision_of(world.runtime, world.settings)
        and (container.revision, container.digest) == (world.index.revision, world.index.digest)
        and world.service is not None
        and target_of(world.service) == living[0].name
        and (world.ingress is None) == (world.settings.routing == "wildcard")
    )


def is_true(conditions: Iterable[Condition], kind: str) -> bool:
    return any(condition.type == kind and condition.status == "True" for condition in conditions)


def reason(conditions: Iterable[Condition], kind: str) -> str:
    return next(condition.reason for condition in conditions if condition.type == kind)


def environment(pod: Mapping[str, Any]) -> dict[str, str]:
    """Of a container that starts now, as a kubelet makes it: with what labels and earlier variables say."""
    found: dict[str, str] = {}
    for entry in pod["spec"]["containers"][0]["env"]:
        if "valueFrom" in entry:
            path = entry["valueFrom"]["fieldRef"]["fieldPath"]
            value = pod["metadata"]["labels"][path.removeprefix("metadata.labels['").removesuffix("']")]
        else:
            value = _VARIABLE.sub(lambda match: found[match[1]], entry["value"])
        found[entry["name"]] = value
    return found


def selector(found: Mapping[str, Any]) -> Object:
    chosen: Object = found["spec"]["selector"]
    return chosen
