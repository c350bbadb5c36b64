"""The status of a PreviewRuntime, and the sessions whose turn it is to roll over: pure, from the cache."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from preview_core.objects import names
from preview_core.resources.conditions import Condition, Finding, Reason, settle
from preview_core.resources.runtime import STEPS, PreviewRuntime, RuntimeConditionType, RuntimeStatus
from preview_core.resources.session import PreviewSession
from preview_operator.findings import false, true
from preview_operator.rollover import Outdated
from preview_operator.seen import PodSeen


@dataclass(frozen=True)
class Member:
    """A session of the runtime with its pods."""

    session: PreviewSession
    pods: tuple[PodSeen, ...]


def status_of(runtime: PreviewRuntime, revision: str, members: Iterable[Member], now: int) -> RuntimeStatus:
    """What to write; `revision` is that of a pod that were made now. Warm sessions are none so far: `desired` is 0."""
    members = list(members)
    live = [member for member in members if member.session.spec.ended is None]
    faults = runtime.spec.faults()
    found: dict[str, Finding] = {
        RuntimeConditionType.ACCEPTED: false(Reason.INVALID_SPEC, f"{'; '.join(faults)}.")
        if faults
        else true(Reason.VALID),
        RuntimeConditionType.FILLED: true(Reason.FILLED),
    }
    conditions: tuple[Condition, ...] = settle(
        runtime.status.conditions, found, now=now, generation=runtime.metadata.generation, steps=STEPS
    )
    return RuntimeStatus(
        conditions=conditions,
        observed_generation=runtime.metadata.generation,
        revision=revision,
        claimed=sum(member.session.spec.owner is not None for member in live),
        outdated=sum(pod.runtime_revision != revision for member in live for pod in member.pods if pod.alive),
        pods=sum(len(member.pods) for member in members),
        selector=f"{names.PART_LABEL}={names.POD},{names.RUNTIME_LABEL}={runtime.metadata.name}",
    )


def outdated(revision: str, members: Iterable[Member]) -> list[Outdated]:
    """Live sessions with a pod of another revision than this, the newest."""
    found = []
    for member in members:
        revisions = {pod.runtime_revision for pod in member.pods if pod.alive}
        if member.session.spec.ended is None and revisions - {revision}:
            at = member.session.status.last_activity_at or 0
            found.append(Outdated(member.session.metadata.name, revision in revisions, at))
    return found
