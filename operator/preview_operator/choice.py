"""Which of a session's pods is *the* pod, and which pods go: pure."""

from __future__ import annotations

from dataclasses import dataclass

from preview_core.objects import names
from preview_core.wire import RuntimePhase, Status
from preview_operator.observed import Observed
from preview_operator.routes import target_of
from preview_operator.seen import CRASH_LOOP, PodSeen

# Three probes of two seconds: a runtime that compiles 300 files on a busy node was seen to need two.
UNREACHABLE_MS = 8_000
# Kubelet's probe is answered and ours is not: the network between us and the pod is at fault, and most likely that of
# every other pod too. Replacing them all would make it worse; kubelet itself ends a runtime that hangs within 10 s.
UNREACHABLE_READY_MS = 60_000
# One that has not answered yet: Node on a node that starts fifty of them was seen to need ten seconds.
STARTING_MS = 60_000


@dataclass(frozen=True)
class Choice:
    """`best` holds the session (None: there is no pod, or none is wanted); `extra` pods are not needed (any more)."""

    best: PodSeen | None
    extra: tuple[PodSeen, ...]
    outdated: bool  # best is of an earlier revision of the runtime, and no successor is under way


def choose(observed: Observed, now: int) -> Choice:
    """A pod that works beats one that does not, then one that serves, then the newest revision, then the older pod."""
    living = [pod for pod in observed.pods if pod.alive and not is_stuck(pod, observed, now)]
    dead = [pod for pod in observed.pods if pod not in living and not pod.deleting]
    if not living or observed.session.spec.suspended:
        # One that is woken before they went has them back.
        return Choice(None, (*dead, *living), outdated=False)
    routed = target_of(observed.service) if observed.service is not None else None

    def rank(pod: PodSeen) -> tuple[bool, bool, bool, bool, bool, int, int]:
        return (
            works(pod, observed),
            # One missed probe, or an update on its way, must not hand visitors to a successor that still starts.
            serves(pod, observed, routed),
            is_current(pod, observed),
            pod.name == routed,
            pod.name in observed.reports,
            -pod.created_at,
            -names.pod_number(pod.session_id, pod.name),
        )

    best = max(living, key=rank)
    others = [pod for pod in living if pod is not best]
    # While the best one is of an earlier revision, one of the newest is on its way to replace it.
    coming = [pod for pod in others if is_current(pod, observed)] if not is_current(best, observed) else []
    extra = [pod for pod in others if pod not in coming[:1]]
    return Choice(best, (*dead, *extra), outdated=not is_current(best, observed) and not coming)


def works(pod: PodSeen, observed: Observed) -> bool:
    """Its pages work, with the newest files."""
    report = observed.reports.get(pod.name)
    return report is not None and report.phase is RuntimePhase.READY and not is_behind(report, observed)


def serves(pod: PodSeen, observed: Observed, routed: str | None) -> bool:
    """Its pages work, maybe not with the newest files; or they did a moment ago and it is silent now."""
    report = observed.reports.get(pod.name)
    if report is None:
        return pod.running and pod.name == routed
    return report.phase is RuntimePhase.READY


def is_current(pod: PodSeen, observed: Observed) -> bool:
    """Made as the runtime says today. Without a runtime there is nothing newer."""
    return observed.revision is None or pod.runtime_revision == observed.revision


def is_behind(report: Status, observed: Observed) -> bool:
    """Lacks acknowledged files. One that is ahead got a push whose index we have not seen yet."""
    index = observed.index
    if index is None or report.revision > index.revision:
        return False
    return (report.revision, report.digest) != (index.revision, index.digest)


def is_foreign(pod: PodSeen, observed: Observed) -> bool:
    """It was handed over by another session, and answers to that one's host still. An earlier runtime says none."""
    report = observed.reports.get(pod.name)
    return report is not None and report.host not in ("", observed.host)


def is_stuck(pod: PodSeen, observed: Observed, now: int) -> bool:
    """Will not come (back) by itself soon enough: a successor is quicker."""
    report = observed.reports.get(pod.name)
    if report is not None and is_foreign(pod, observed) and report.layout is not None and report.revision > 0:
        return True  # it has files under another host, and stays there
    since = observed.memory.unreachable_since.get(pod.name)
    answered = UNREACHABLE_READY_MS if pod.ready else UNREACHABLE_MS
    patience = answered if has_answered(pod.name, observed) else STARTING_MS
    return pod.waiting == CRASH_LOOP or (since is not None and now - since >= patience)


def has_answered(pod: str, observed: Observed) -> bool:
    """It is silent now, not starting. The status tells so after a restart of the operator."""
    status = observed.session.status
    return pod in observed.memory.answered or (status.pod_name == pod and status.served_revision is not None)
