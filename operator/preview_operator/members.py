"""The sessions of one PreviewRuntime, as the plans about all of them see them: pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from preview_core.objects import names
from preview_core.resources.session import PreviewSession
from preview_operator.seen import PodSeen


@dataclass(frozen=True)
class Member:
    """A session of the runtime with its pods."""

    session: PreviewSession
    pods: tuple[PodSeen, ...]

    @property
    def is_live(self) -> bool:
        metadata, spec = self.session.metadata, self.session.spec
        return spec.ended is None and metadata.deletion_timestamp is None

    @property
    def waits(self) -> bool:
        """For an owner. One that somebody made by hand without an owner is left alone."""
        label = self.session.metadata.labels.get(names.WARM_LABEL)
        return self.is_live and self.session.spec.owner is None and label == names.WAITING


def lacking(members: Iterable[Member]) -> list[Member]:
    """Sessions with an owner that want a pod and have none: the room that there is is theirs first."""
    return [
        member
        for member in members
        if member.is_live
        and member.session.spec.owner is not None
        and not member.session.spec.suspended
        and not any(pod.alive for pod in member.pods)
    ]
