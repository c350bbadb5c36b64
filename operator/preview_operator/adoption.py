"""A session that wakes takes the pod of one that waits for an owner: pure.

Three writes, each of which may be the last of its operator, and every pass after them finishes the work:

1. The waiting session is marked with its heir, under compare-and-set: from then on no create takes it, and no other
   session that wakes.
2. Its pod is given to the heir. Until the runtime in it says that it answers to the heir's host, it is sent neither
   visitors nor files (`choice.is_foreign`).
3. The waiting session is deleted. A pod that was not given away by then goes with it, and the heir gets a new one.
"""

from __future__ import annotations

from collections.abc import Iterable

from preview_core.objects import names
from preview_core.resources.conditions import ConditionType, Phase, Reason
from preview_core.resources.session import PreviewSession
from preview_operator.members import Member
from preview_operator.observed import Adopt, Offer

_WAKING = frozenset({Reason.SUSPENDED, Reason.RESUMING})


def heir_of(session: PreviewSession) -> str | None:
    """Id of the session that gets the pod of this one; None: it is not given away."""
    metadata = session.metadata
    if session.spec.owner is not None or metadata.labels.get(names.WARM_LABEL) != names.ADOPTED:
        return None
    return metadata.annotations.get(names.HEIR_ANNOTATION, "")


def inherits(member: Member) -> bool:
    """Whether it still wants the pod that was meant for it."""
    return member.is_live and not member.session.spec.suspended and not any(pod.alive for pod in member.pods)


def _wakes(session: PreviewSession) -> bool:
    """From its suspension to its next pod. Who creates has its own session to take, or takes none; who loses a pod may
    have ended it, and must not use up those of others."""
    return any(
        found.type == ConditionType.POD_ASSIGNED and found.reason in _WAKING for found in session.status.conditions
    )


def offer_to(session: PreviewSession, revision: str, unowned: Iterable[Member]) -> Offer:
    """What those that nobody owns have for a session that wants a pod; `revision` is that of pods made now."""
    members = list(unowned)
    if any(heir_of(member.session) == session.metadata.name for member in members):
        return Offer(coming=True)
    if not _wakes(session):
        return Offer()
    runtime = session.spec.runtime_ref.name
    found = [_adoptable(member, revision) for member in members if member.session.spec.runtime_ref.name == runtime]
    return Offer(pods=tuple(one for one in found if one is not None))


def _adoptable(member: Member, revision: str) -> Adopt | None:
    if not (member.waits and member.session.status.phase is Phase.WARM and len(member.pods) == 1):
        return None
    (pod,) = member.pods
    if not (pod.alive and pod.running and pod.ips and pod.runtime_revision == revision):
        return None
    metadata = member.session.metadata
    return Adopt(metadata.name, metadata.resource_version, pod.name)
