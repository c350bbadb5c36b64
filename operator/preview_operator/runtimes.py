"""The status of a PreviewRuntime, and the sessions whose turn it is to roll over: pure, from the cache."""

from __future__ import annotations

from collections.abc import Iterable

from preview_core.objects import names
from preview_core.resources.conditions import Condition, Finding, Reason, settle
from preview_core.resources.runtime import STEPS, PreviewRuntime, RuntimeConditionType, RuntimeStatus
from preview_operator.findings import false, true
from preview_operator.members import Member
from preview_operator.rollover import Outdated
from preview_operator.warm import Pool


def status_of(
    runtime: PreviewRuntime, revision: str, members: Iterable[Member], pool: Pool, misses: int, now: int
) -> RuntimeStatus:
    """What to write; `revision` is that of a pod that were made now."""
    members = list(members)
    live = [member for member in members if member.session.spec.ended is None]
    faults = runtime.spec.faults()
    found: dict[str, Finding] = {
        RuntimeConditionType.ACCEPTED: false(Reason.INVALID_SPEC, f"{'; '.join(faults)}.")
        if faults
        else true(Reason.VALID),
        RuntimeConditionType.FILLED: true(Reason.FILLED)
        if pool.ready >= pool.desired
        else false(Reason.FILLING, f"{pool.ready} of {pool.desired} warm sessions work."),
    }
    conditions: tuple[Condition, ...] = settle(
        runtime.status.conditions, found, now=now, generation=runtime.metadata.generation, steps=STEPS
    )
    return RuntimeStatus(
        conditions=conditions,
        observed_generation=runtime.metadata.generation,
        revision=revision,
        desired=pool.desired,
        warm=pool.warm,
        ready=pool.ready,
        claimed=sum(member.session.spec.owner is not None for member in live),
        outdated=sum(pod.runtime_revision != revision for member in live for pod in member.pods if pod.alive),
        pods=sum(len(member.pods) for member in members),
        misses=misses,
        selector=f"{names.PART_LABEL}={names.POD},{names.RUNTIME_LABEL}={runtime.metadata.name}",
    )


def outdated(revision: str, members: Iterable[Member]) -> list[Outdated]:
    """Live sessions with a pod of another revision than this, the newest. Those that wait for an owner are not moved
    but given up: making another one costs the same, and is not in anybody's way."""
    found = []
    for member in members:
        revisions = {pod.runtime_revision for pod in member.pods if pod.alive}
        if member.session.spec.ended is None and not member.waits and revisions - {revision}:
            at = member.session.status.last_activity_at or 0
            found.append(Outdated(member.session.metadata.name, revision in revisions, at))
    return found
