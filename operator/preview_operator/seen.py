"""What is remembered of watched objects: the few fields that decisions need, read from whatever the API server sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from preview_core.objects import names
from preview_core.resources.timestamp import epoch_ms

Object = Mapping[str, Any]

# What kubelet says when an image does not come. Its other waiting reasons pass by themselves.
IMAGE_REASONS = frozenset(
    {"ErrImagePull", "ImagePullBackOff", "ErrImageNeverPull", "InvalidImageName", "ImageInspectError"}
)
CRASH_LOOP = "CrashLoopBackOff"
_ENDED = ("Failed", "Succeeded")


@dataclass(frozen=True)
class PodSeen:
    """One pod of a session. Times are epoch milliseconds."""

    name: str
    uid: str
    session_id: str
    runtime: str
    runtime_revision: str
    created_at: int
    ips: tuple[str, ...] = ()
    running: bool = False  # its container runs; whether the runtime in it answers is to be asked
    ready: bool = False  # kubelet's probe is answered
    ended: bool = False  # will not run again
    deleting: bool = False
    lost: bool = False  # its node does not answer any more
    waiting: str = ""  # kubelet's reason for a container that does not run
    unschedulable: str = ""  # the scheduler's message
    restarts: int = 0

    @property
    def alive(self) -> bool:
        """Worth keeping: everything else needs a successor."""
        return not (self.ended or self.deleting or self.lost)

    @classmethod
    def of(cls, pod: Object) -> PodSeen | None:
        """None for a pod that is none of ours."""
        metadata, status = pod["metadata"], pod.get("status") or {}
        labels = metadata.get("labels") or {}
        if names.SESSION_LABEL not in labels:
            return None
        conditions = {condition["type"]: condition for condition in status.get("conditions") or ()}
        container: Object = next(iter(status.get("containerStatuses") or ()), {})
        return cls(
            name=metadata["name"],
            uid=metadata["uid"],
            session_id=labels[names.SESSION_LABEL],
            runtime=labels.get(names.RUNTIME_LABEL, ""),
            runtime_revision=labels.get(names.RUNTIME_REVISION_LABEL, ""),
            created_at=epoch_ms(metadata["creationTimestamp"]),
            ips=_addresses(status),
            running="running" in (container.get("state") or {}),
            ready=conditions.get("Ready", {}).get("status") == "True",
            ended=status.get("phase") in _ENDED,
            deleting=metadata.get("deletionTimestamp") is not None,
            lost=conditions.get("Ready", {}).get("reason") == "NodeStatusUnknown" or status.get("reason") == "NodeLost",
            waiting=((container.get("state") or {}).get("waiting") or {}).get("reason", ""),
            unschedulable=_unschedulable(conditions.get("PodScheduled", {})),
            restarts=container.get("restartCount", 0),
        )


def covers(found: Any, wanted: Any) -> bool:
    """Whether `found` has everything that `wanted` says. The API server adds fields of its own; lists must be equal."""
    if isinstance(wanted, Mapping):
        return isinstance(found, Mapping) and all(key in found and covers(found[key], wanted[key]) for key in wanted)
    if isinstance(wanted, list | tuple):
        return (
            isinstance(found, list | tuple)
            and len(found) == len(wanted)
            and all(covers(*pair) for pair in zip(found, wanted, strict=True))
        )
    return bool(found == wanted)


def _addresses(status: Object) -> tuple[str, ...]:
    several = tuple(entry["ip"] for entry in status.get("podIPs") or () if entry.get("ip"))
    one = status.get("podIP")
    return several or ((one,) if one else ())


def _unschedulable(condition: Object) -> str:
    if condition.get("status") != "False":
        return ""
    return str(condition.get("message") or condition.get("reason") or "")
