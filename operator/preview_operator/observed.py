"""What one pass knows about a session, and what a pass decides to do: plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from preview_core.objects.files import Index
from preview_core.resources.runtime import PreviewRuntime
from preview_core.resources.session import EndReason, PreviewSession, SessionStatus
from preview_core.wire import Status
from preview_operator.seen import PodSeen


@dataclass(frozen=True)
class Memory:
    """What this process noticed itself. Losing it costs at most some patience. Times are epoch milliseconds."""

    known_since: int = 0
    pods_created_at: tuple[int, ...] = ()  # since a pod of the session last worked for a while
    unreachable_since: Mapping[str, int] = field(default_factory=dict)  # by name of a pod that runs and does not answer
    answered: frozenset[str] = frozenset()  # pods that have answered before
    last_pod: str = ""  # name of the last one that was made
    pod_refusal: str = ""  # the API server's words about the last pod that it did not take
    route_refusal: str = ""
    files_fault: str = ""  # why the stored files could not be read


@dataclass(frozen=True)
class Adopt:
    """Mark a waiting session as one whose pod goes to this session, under compare-and-set: see `adoption`."""

    session_id: str
    resource_version: str
    pod: str


@dataclass(frozen=True)
class Offer:
    """What sessions that nobody owns have for one that wants a pod: one on its way, or some to choose from."""

    coming: bool = False
    pods: tuple[Adopt, ...] = ()

    def __bool__(self) -> bool:
        return self.coming or bool(self.pods)


@dataclass(frozen=True)
class Observed:
    """`reports`: what the runtimes said that answered in this pass, by pod. `index` None: no files are stored."""

    session: PreviewSession
    runtime: PreviewRuntime | None
    index: Index | None
    pods: tuple[PodSeen, ...] = ()
    service: Mapping[str, Any] | None = None
    ingress: Mapping[str, Any] | None = None
    reports: Mapping[str, Status] = field(default_factory=dict)
    memory: Memory = Memory()
    room: bool = True  # the runtime's limit allows another pod
    revision: str | None = None  # of a pod that were made now (see `revision`); None without a runtime
    may_roll: bool = False  # it is this session's turn to get a pod of the runtime's newest revision
    host: str = ""  # of the session's public address, without port
    offer: Offer = Offer()
    heir: PreviewSession | None = None  # of an adopted session: who still wants its pod


@dataclass(frozen=True)
class CreatePod:
    number: int


@dataclass(frozen=True)
class HandOver:
    """Make a pod that of another session."""

    pod: PodSeen
    heir: PreviewSession


@dataclass(frozen=True)
class Move:
    """Tell the runtime of a pod that was handed over which host it answers to from now on."""

    pod: PodSeen


@dataclass(frozen=True)
class DeletePod:
    """`uid`: that pod and not a later one of its name."""

    name: str
    uid: str


@dataclass(frozen=True)
class ApplyService:
    """`pod` None: it leads to the waker."""

    pod: str | None


@dataclass(frozen=True)
class ApplyIngress:
    pass


@dataclass(frozen=True)
class DeleteIngress:
    """Of a session that is reached by the wildcard."""


@dataclass(frozen=True)
class DeleteRoute:
    """Service and Ingress."""


@dataclass(frozen=True)
class DeleteFiles:
    """The index and every shard."""


@dataclass(frozen=True)
class Hydrate:
    """Send the newest files to a pod that is behind."""

    pod: PodSeen


@dataclass(frozen=True)
class ShowStandIn:
    """Have the pod of a session that nobody owns serve the stand-in: what is slow the first time is done before."""

    pod: PodSeen


@dataclass(frozen=True)
class End:
    """Make a tombstone of the session, under compare-and-set: whoever used it meanwhile has it back."""

    reason: EndReason


@dataclass(frozen=True)
class Suspend:
    """Want no pod any more, under compare-and-set: whoever used it meanwhile keeps it. `cause`: see `idleness`."""

    cause: str


@dataclass(frozen=True)
class DeleteSession:
    """And with it all that it owns. `if_empty`: only if the API server has no files of it either."""

    why: str
    if_empty: bool = False


Action = (
    CreatePod
    | Adopt
    | HandOver
    | Move
    | DeletePod
    | ApplyService
    | ApplyIngress
    | DeleteIngress
    | DeleteRoute
    | DeleteFiles
    | Hydrate
    | ShowStandIn
    | End
    | Suspend
    | DeleteSession
)


@dataclass(frozen=True)
class Plan:
    """`actions` in their order; `status` to write, None for as it is; `again_ms`: look again then at the latest."""

    actions: tuple[Action, ...] = ()
    status: SessionStatus | None = None
    again_ms: int | None = None
