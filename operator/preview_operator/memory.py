"""What this process noticed about sessions itself, one mutable note for each; `Memory` is what a plan gets to see."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from preview_core.wire import RuntimePhase, Status
from preview_operator.backoff import HEALTHY_MS
from preview_operator.observed import Memory
from preview_operator.seen import PodSeen

_LONGEST_HISTORY = 16


class Note:
    """Of one session."""

    def __init__(self) -> None:
        self.pods_created_at: list[int] = []
        self.ready_since: int | None = None
        self.unreachable_since: dict[str, int] = {}
        self.pod_refusal = ""
        self.route_refusal = ""
        self.files_fault = ""
        self.looked_at = 0
        self.streak = 0  # passes in a row that had something to do

    def note_pod_created(self, now: int) -> None:
        """An attempt counts, whether or not the API server takes it."""
        self.pods_created_at = [*self.pods_created_at, now][-_LONGEST_HISTORY:]

    def note_reports(self, pods: Iterable[PodSeen], reports: Mapping[str, Status], now: int) -> None:
        """Who answers, and since when somebody does not."""
        running = [pod.name for pod in pods if pod.alive and pod.running and pod.ips]
        self.unreachable_since = {
            name: self.unreachable_since.get(name, now) for name in running if name not in reports
        }
        if not any(report.phase is RuntimePhase.READY for report in reports.values()):
            self.ready_since = None
            return
        self.ready_since = now if self.ready_since is None else self.ready_since
        if now - self.ready_since >= HEALTHY_MS:
            self.pods_created_at = []

    def seen(self) -> Memory:
        """As a value."""
        return Memory(
            pods_created_at=tuple(self.pods_created_at),
            unreachable_since=dict(self.unreachable_since),
            pod_refusal=self.pod_refusal,
            route_refusal=self.route_refusal,
            files_fault=self.files_fault,
        )


class Memories:
    """By session."""

    def __init__(self) -> None:
        self._notes: dict[str, Note] = {}

    def of(self, session_id: str) -> Note:
        """The session's note, made if there is none."""
        return self._notes.setdefault(session_id, Note())

    def forget(self, session_id: str) -> None:
        """Of a session that is gone."""
        self._notes.pop(session_id, None)
