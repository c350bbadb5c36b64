"""What a pass found about each condition of a session: pure."""

from __future__ import annotations

from collections.abc import Mapping

from preview_core.resources.conditions import MESSAGE_LENGTH, ConditionStatus, ConditionType, Finding, Reason
from preview_core.resources.session import EndReason
from preview_core.wire import RuntimePhase
from preview_operator.choice import Choice, has_answered, is_behind
from preview_operator.observed import Observed
from preview_operator.routes import target_of
from preview_operator.seen import IMAGE_REASONS

Findings = Mapping[str, Finding]


def true(reason: Reason) -> Finding:
    return Finding(ConditionStatus.TRUE, reason)


def false(reason: Reason, message: str = "") -> Finding:
    return Finding(ConditionStatus.FALSE, reason, message[:MESSAGE_LENGTH])


def unknown(reason: Reason, message: str = "") -> Finding:
    return Finding(ConditionStatus.UNKNOWN, reason, message)


def ended(reason: EndReason) -> Findings:
    """Of a tombstone."""
    why = Reason.CLOSED if reason is EndReason.CLOSED else Reason.EXPIRED
    return {
        ConditionType.ACCEPTED: false(why, "The session has ended; its id answers 410 for an hour."),
        ConditionType.POD_ASSIGNED: false(why),
        ConditionType.FILES_SYNCED: false(Reason.NO_POD),
        ConditionType.SERVING: false(Reason.NO_POD),
        ConditionType.ROUTED: false(Reason.NOT_ROUTED),
    }


def of(observed: Observed, choice: Choice, *, routed: bool, waits_ms: int) -> Findings:
    """Of a live session. `waits_ms`: until it may have its next pod."""
    return {
        ConditionType.ACCEPTED: accepted(observed),
        ConditionType.POD_ASSIGNED: _pod_assigned(observed, choice, waits_ms),
        ConditionType.FILES_SYNCED: _files_synced(observed, choice),
        ConditionType.SERVING: _serving(observed, choice, waits_ms),
        ConditionType.ROUTED: _routed(observed, choice, routed),
    }


def accepted(observed: Observed) -> Finding:
    """Whether the spec makes sense."""
    runtime = observed.runtime
    if runtime is None:
        name = observed.session.spec.runtime_ref.name
        return false(Reason.RUNTIME_NOT_FOUND, f"There is no PreviewRuntime {name} in this namespace.")
    faults = runtime.spec.faults()
    if faults:
        return false(Reason.RUNTIME_NOT_ACCEPTED, f"PreviewRuntime {runtime.metadata.name}: {'; '.join(faults)}.")
    return true(Reason.VALID)


def _pod_assigned(observed: Observed, choice: Choice, waits_ms: int) -> Finding:
    best = choice.best
    if best is not None:
        if best.ips:
            return true(Reason.ASSIGNED)
        if best.unschedulable:
            return false(Reason.UNSCHEDULABLE, best.unschedulable)
        return false(Reason.CREATING, best.waiting)
    if observed.session.spec.suspended:
        return false(Reason.SUSPENDED, "The next request or update brings a pod back.")
    if observed.memory.pod_refusal:
        return false(Reason.POD_REFUSED, observed.memory.pod_refusal)
    if not observed.room and not observed.offer:
        return false(Reason.CAPACITY, "The runtime's limits.pods is reached.")
    if waits_ms:
        return false(Reason.CREATING, "Its pods end soon after their start; the next one is made after a pause.")
    if _reason(observed, ConditionType.POD_ASSIGNED) in (Reason.SUSPENDED, Reason.RESUMING):
        return false(Reason.RESUMING, "Somebody wants it again: a pod is on its way.")
    lost = observed.session.status.pod_name is not None
    return false(Reason.POD_LOST if lost else Reason.CREATING)


def _reason(observed: Observed, kind: ConditionType) -> str | None:
    """As it stands in the status."""
    return next((found.reason for found in observed.session.status.conditions if found.type == kind), None)


def _files_synced(observed: Observed, choice: Choice) -> Finding:
    if observed.session.spec.owner is None:
        return false(Reason.UNCLAIMED)
    if observed.memory.files_fault:
        return false(Reason.FILES_MISSING, observed.memory.files_fault)
    if observed.index is None:
        # The create writes the session first, and its files a moment later.
        had_files = observed.session.status.revision is not None
        return false(Reason.FILES_MISSING, "The stored files are gone.") if had_files else false(Reason.BEHIND)
    if choice.best is None:
        return false(Reason.NO_POD)
    report = observed.reports.get(choice.best.name)
    if report is None:
        return unknown(Reason.UNREACHABLE) if has_answered(choice.best.name, observed) else false(Reason.BEHIND)
    return false(Reason.BEHIND) if is_behind(report, observed) else true(Reason.SYNCED)


def _serving(observed: Observed, choice: Choice, waits_ms: int) -> Finding:
    best = choice.best
    if best is None:
        loops = waits_ms > 0 and not observed.session.spec.suspended
        return false(Reason.CRASH_LOOP) if loops else false(Reason.NO_POD)
    if best.waiting in IMAGE_REASONS:
        return false(Reason.IMAGE_UNAVAILABLE, f"{best.waiting}: the nodes cannot get the runtime's image.")
    report = observed.reports.get(best.name)
    if report is None:
        return unknown(Reason.UNREACHABLE) if has_answered(best.name, observed) else false(Reason.STARTING)
    if report.phase is RuntimePhase.READY:
        return true(Reason.SERVING)
    if report.phase is RuntimePhase.FAILED:
        return false(Reason.RUNTIME_FAILED, report.last_error.message if report.last_error is not None else "")
    return false(Reason.STARTING)


def _routed(observed: Observed, choice: Choice, routed: bool) -> Finding:
    if observed.memory.route_refusal:
        return false(Reason.ROUTE_REFUSED, observed.memory.route_refusal)
    target = target_of(observed.service) if observed.service is not None else None
    if routed and choice.best is not None and target == choice.best.name:
        return true(Reason.ROUTED)
    return false(Reason.NOT_ROUTED)
