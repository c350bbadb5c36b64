"""What to do about one session: pure. The same observation always gives the same plan, whoever died before.

Every plan is level-triggered: it looks at what is there, never at what an earlier pass meant to do, so a pass after a
killed one finishes the same work.
"""

from __future__ import annotations

from collections.abc import Sequence

from preview_core.kube.settings import ClusterSettings
from preview_core.objects import names
from preview_core.resources.conditions import ConditionStatus, phase, settle
from preview_core.resources.session import EndReason, LastError, PreviewSession, SessionStatus
from preview_core.wire import RuntimePhase, Status
from preview_operator import adoption, backoff, expiry, findings, idleness, quiet
from preview_operator.choice import UNREACHABLE_READY_MS, Choice, choose, has_answered, is_behind, is_foreign, is_stuck
from preview_operator.findings import Findings
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
    Plan,
    ShowStandIn,
    Suspend,
)
from preview_operator.routes import make_ingress, make_service, target_of
from preview_operator.seen import PodSeen, covers

# A container that has just started listens within 0.3 s.
STARTING_MS = 50
# After this long its node is busy: fifty of them must not be asked twenty times a second each.
QUICK_MS = 2_000
# Nothing tells us when a runtime that is being asked becomes ready, or answers again. One whose page does not work is
# asked less and less often: most likely its project is broken, and the update that mends it is told by an event.
ASKING_MS = 500
# Watch events tell of everything else; this is for one that was lost.
PENDING_MS = 5_000
# A runtime that misses one probe is busy; after this long visitors are better served by the waker.
SILENT_MS = 3_000


def plan(observed: Observed, settings: ClusterSettings, now: int) -> Plan:
    """`now` in epoch milliseconds."""
    session = observed.session
    if session.metadata.deletion_timestamp is not None:
        # What it owns goes with it.
        return Plan()
    if session.spec.ended is not None:
        return _ended(observed, now)
    if adoption.heir_of(session) is not None:
        return _given_away(observed)
    if expiry.is_orphan(session, has_files=_has_files(observed), now=now):
        return Plan((DeleteSession("an interrupted create", if_empty=True),))
    activity = expiry.last_activity(session, observed.reports.values(), now)
    expires = expiry.expires_at(session, observed.runtime, activity)
    if expires is not None and now >= expires:
        return Plan((End(EndReason.EXPIRED),))
    cause = idleness.cause(observed, activity, now)
    if cause is not None:
        return Plan((Suspend(cause),))
    choice = choose(observed, now)
    moves = _moves(observed, choice)
    if moves:
        # Until it answers to this session's host nobody is told where it is.
        return Plan(tuple(moves))
    waits_ms = backoff.wait_ms(observed.memory.pods_created_at, now)
    target = _target(observed, choice, now)
    dead, superfluous = _unwanted(observed, choice, now)
    actions = (
        *_delete(dead),
        *_new_pod(observed, choice, waits_ms, superfluous),
        # The route moves before the pod goes that it led to: no visitor is sent to one that is ending.
        *_route(observed, settings, target),
        *_delete(superfluous),
        *_hydrations(observed, choice),
        *_stand_ins(observed, choice),
    )
    routed = not any(isinstance(action, ApplyService | ApplyIngress) for action in actions)
    found = findings.of(observed, choice, routed=routed, waits_ms=waits_ms)
    status = _status(observed, choice, found, settings, now, activity, expires)
    again_ms = _again_ms(observed, choice, waits_ms, now)
    quiet_ms = quiet.left_ms(observed, status, now, busy=bool(actions))
    if quiet_ms > 0:
        return Plan(actions, None, min(again_ms or quiet_ms, quiet_ms))
    return Plan(actions, _unless_same(session, status), again_ms)


def _has_files(observed: Observed) -> bool:
    """Damaged ones are files."""
    return observed.index is not None or bool(observed.memory.files_fault)


def _ended(observed: Observed, now: int) -> Plan:
    session = observed.session
    assert session.spec.ended is not None  # noqa: S101 - decided by the caller
    if expiry.is_forgotten(session.spec.ended.at, now):
        return Plan((DeleteSession("a tombstone of an hour"),))
    actions: list[Action] = []
    if observed.service is not None or observed.ingress is not None:
        actions.append(DeleteRoute())
    actions += [DeletePod(pod.name, pod.uid) for pod in observed.pods if not pod.deleting]
    if observed.index is not None:
        actions.append(DeleteFiles())
    found = findings.ended(session.spec.ended.reason)
    stored = session.status
    status = SessionStatus(
        phase=phase(found),
        conditions=settle(stored.conditions, found, now=now, generation=session.metadata.generation),
        observed_generation=session.metadata.generation,
        url=stored.url,
        last_activity_at=stored.last_activity_at,
        expires_at=stored.expires_at,
    )
    return Plan(tuple(actions), _unless_same(session, status))


def _given_away(observed: Observed) -> Plan:
    """What its heir does not want any more goes with it."""
    heir = observed.heir
    pods = [HandOver(pod, heir) for pod in observed.pods if pod.alive] if heir is not None else []
    return Plan((*pods, DeleteSession("its pod is another session's")))


def _moves(observed: Observed, choice: Choice) -> list[Action]:
    return [Move(pod) for pod in observed.pods if pod.alive and pod not in choice.extra and is_foreign(pod, observed)]


def _unwanted(observed: Observed, choice: Choice, now: int) -> tuple[list[PodSeen], list[PodSeen]]:
    """Pods to delete: those that serve nobody, and those that may be serving somebody."""
    superfluous = [pod for pod in choice.extra if pod.alive and not is_stuck(pod, observed, now)]
    return [pod for pod in choice.extra if pod not in superfluous], superfluous


def _delete(pods: Sequence[PodSeen]) -> list[Action]:
    return [DeletePod(pod.name, pod.uid) for pod in pods]


def _new_pod(observed: Observed, choice: Choice, waits_ms: int, superfluous: Sequence[PodSeen]) -> list[Action]:
    """At most one, and never a third that lives."""
    session = observed.session
    accepted = findings.accepted(observed).status is ConditionStatus.TRUE
    rolls = choice.outdated and observed.may_roll and not superfluous
    wanted = not session.spec.suspended and (choice.best is None or rolls)
    if not (accepted and wanted and waits_ms == 0):
        return []
    if choice.best is None and observed.offer.coming:
        return []
    adopted = _adoption(observed, choice)
    if adopted is not None:
        return [adopted]
    # A rollover ends with as many pods as it began with, and no more than a handful are under way: were it to need
    # room, a full runtime could never be changed.
    room = observed.room or choice.best is not None
    if not room:
        return []
    # A name is not used twice, or kubelet and watches mix up the two. After a restart of the operator the number of a
    # suspended session begins anew: its last pod is long gone.
    taken = (*(pod.name for pod in observed.pods), session.status.pod_name or "", observed.memory.last_pod)
    return [CreatePod(max(names.pod_number(session.metadata.name, name) for name in taken) + 1)]


def _adoption(observed: Observed, choice: Choice) -> Adopt | None:
    """A pod that waits, for a session that wakes. It needs no room: it is there."""
    session = observed.session
    is_served = session.spec.owner is not None and observed.index is not None and not observed.memory.files_fault
    return next(iter(observed.offer.pods), None) if is_served and choice.best is None else None


def _target(observed: Observed, choice: Choice, now: int) -> str | None:
    """The pod that visitors should get to; None: none answers."""
    best = choice.best
    if best is None or not best.ips:
        return None
    if best.name in observed.reports:
        return best.name
    since = observed.memory.unreachable_since.get(best.name, now)
    routed = target_of(observed.service) if observed.service is not None else None
    patience = UNREACHABLE_READY_MS if best.ready else SILENT_MS
    return best.name if best.running and routed == best.name and now - since < patience else None


def _route(observed: Observed, settings: ClusterSettings, target: str | None) -> list[Action]:
    if target is None and observed.service is None and observed.ingress is None:
        # The wildcard leads to the waker by itself: a route there and then one to the pod would be a write more, and
        # one more change for the ingress controller to work through.
        return []
    actions: list[Action] = []
    if not covers(observed.service, make_service(observed.session, target)):
        actions.append(ApplyService(target))
    if settings.routing == "wildcard":
        if observed.ingress is not None:
            actions.append(DeleteIngress())
    # Not in the pass that makes the Service: a controller that hears of the Ingress before the Service has addresses
    # answers 503 itself, and a page that reloads into that does not come back. The push of the files lies between.
    elif observed.service is not None and not covers(observed.ingress, make_ingress(observed.session, settings)):
        actions.append(ApplyIngress())
    return actions


def _hydrations(observed: Observed, choice: Choice) -> list[Action]:
    return [
        Hydrate(pod)
        for pod in observed.pods
        if pod.alive
        and pod not in choice.extra
        and pod.name in observed.reports
        and is_behind(observed.reports[pod.name], observed)
    ]


def _stand_ins(observed: Observed, choice: Choice) -> list[Action]:
    """For pods that have nothing yet. One that was given files meanwhile refuses it: it never goes back."""
    if observed.session.spec.owner is not None:
        return []
    empty = [pod for pod in observed.pods if pod.name in observed.reports and observed.reports[pod.name].layout is None]
    return [ShowStandIn(pod) for pod in empty if pod.alive and pod not in choice.extra]


def _status(
    observed: Observed,
    choice: Choice,
    found: Findings,
    settings: ClusterSettings,
    now: int,
    activity: int | None,
    expires: int | None,
) -> SessionStatus:
    session, best = observed.session, choice.best
    report = observed.reports.get(best.name) if best is not None else None
    return SessionStatus(
        phase=phase(found),
        conditions=settle(session.status.conditions, found, now=now, generation=session.metadata.generation),
        observed_generation=session.metadata.generation,
        revision=observed.index.revision if observed.index is not None else session.status.revision,
        served_revision=_served(session, best.name if best is not None else None, report),
        digest=observed.index.digest if observed.index is not None else None,
        runtime_revision=(best.runtime_revision or None) if best is not None else None,
        pod_name=best.name if best is not None and best.ips else None,
        pod_ips=best.ips[:4] if best is not None else (),
        url=settings.address.url(session.metadata.name),
        last_activity_at=expiry.in_steps(session.status.last_activity_at, activity),
        expires_at=expiry.in_steps(session.status.expires_at, expires),
        last_error=_last_error(session, report),
    )


def _served(session: PreviewSession, pod: str | None, report: Status | None) -> int | None:
    if report is not None:
        return report.revision or None
    return session.status.served_revision if pod is not None and pod == session.status.pod_name else None


def _last_error(session: PreviewSession, report: Status | None) -> LastError | None:
    if report is None:
        return session.status.last_error
    if report.last_error is None or report.phase is RuntimePhase.FAILED:
        return None
    return LastError.of(report.last_error, report.revision)


def _unless_same(session: PreviewSession, status: SessionStatus) -> SessionStatus | None:
    return None if status == session.status else status


def _again_ms(observed: Observed, choice: Choice, waits_ms: int, now: int) -> int | None:
    best = choice.best
    if observed.session.spec.suspended:
        return None
    if best is None:
        return waits_ms or PENDING_MS
    answers = [observed.reports.get(pod.name) for pod in observed.pods if pod.alive and pod.ips and pod.running]
    if None in answers:
        since = observed.memory.unreachable_since.get(best.name, now)
        return STARTING_MS if now - since < QUICK_MS and not has_answered(best.name, observed) else ASKING_MS
    # Without files it starts nothing; that they are there is told by an event.
    if observed.index is not None and any(one is not None and one.phase is RuntimePhase.STARTING for one in answers):
        return min(max(ASKING_MS, (now - best.created_at) // 10), PENDING_MS)
    return PENDING_MS if not best.ips or choice.outdated else None
