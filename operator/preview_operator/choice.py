"""Which of a session's pods is *the* pod, and which pods go: pure."""

from __future__ import annotations

from dataclasses import dataclass

from preview_core.wire import RuntimePhase, Status
from preview_operator.observed import Observed
from preview_operator.routes import target_of
from preview_operator.seen import CRASH_LOOP, PodSeen

# Three probes of two seconds: a runtime that compiles 300 files on a busy node was seen to need two.
UNREACHABLE_MS = 8_000


@dataclass(frozen=True)
class Choice:
    """`best` holds the session (None: there is no pod); `extra` pods are not needed (any more)."""

    best: PodSeen | None
    extra: tuple[PodSeen, ...]
    outdated: bool  # best is of an earlier revision of the runtime, and no successor is under way


def choose(observed: Observed, now: int) -> Choice:
    """A pod that works beats one that does not, the runtime's newest revision an earlier one, the old a new one."""
    living = [pod for pod in observed.pods if pod.alive and not is_stuck(pod, observed, now)]
    dead = [pod for pod in observed.pods if pod not in living and not pod.deleting]
    if not living:
        return Choice(None, tuple(dead), outdated=False)
    routed = target_of(observed.service) if observed.service is not None else None

    def rank(pod: PodSeen) -> tuple[bool, bool, bool, bool, int]:
        return (
            works(pod, observed),
            is_current(pod, observed),
            pod.name == routed,
            pod.name in observed.reports,
            -pod.created_at,
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


def is_current(pod: PodSeen, observed: Observed) -> bool:
    """Made as the runtime says today. Without a runtime there is nothing newer."""
    return observed.runtime is None or pod.runtime_revision == observed.runtime.spec.revision


def is_behind(report: Status, observed: Observed) -> bool:
    """Lacks acknowledged files. One that is ahead got a push whose index we have not seen yet."""
    index = observed.index
    if index is None or report.revision > index.revision:
        return False
    return (report.revision, report.digest) != (index.revision, index.digest)


def is_stuck(pod: PodSeen, observed: Observed, now: int) -> bool:
    """Will not come (back) by itself soon enough: a successor is quicker."""
    since = observed.memory.unreachable_since.get(pod.name)
    return pod.waiting == CRASH_LOOP or (since is not None and now - since >= UNREACHABLE_MS)
