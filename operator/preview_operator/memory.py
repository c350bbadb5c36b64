"""What this process noticed about sessions itself, one mutable note for each; `Memory` is what a plan gets to see."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from preview_core.resources.conditions import Phase
from preview_core.resources.session import PreviewSession
from preview_core.wire import RuntimePhase, Status
from preview_operator.backoff import HEALTHY_MS
from preview_operator.observed import Memory
from preview_operator.seen import PodSeen

_LONGEST_HISTORY = 16
# Longer ago than this is no call that woke a session.
_LONGEST_RESUME_MS = 60_000


class Note:
    """Of one session."""

    def __init__(self) -> None:
        self.known_since: int | None = None
        self.pods_created_at: list[int] = []
        self.newest_pod = ""  # the last one that was asked for
        self.last_pod = ""  # the last one that was made: its name is not used again
        self.ready_since: int | None = None  # of the newest pod
        self.unreachable_since: dict[str, int] = {}
        self.answered: frozenset[str] = frozenset()
        self.pod_refusal = ""
        self.route_refusal = ""
        self.files_fault = ""
        self.files_fault_of = ""  # resource version of the index that it was found with
        self.looked_at = 0
        self.streak = 0  # passes in a row that had something to do, since somebody last changed what is wanted
        self.generation = 0  # that the streak is of
        self.resumed_at: int | None = None  # a suspended session was wanted again then, and is not Ready yet

    def note_pod_created(self, now: int, name: str) -> None:
        """An attempt counts, whether or not the API server takes it."""
        self.newest_pod = name
        self.ready_since = None
        self.pods_created_at = [*self.pods_created_at, now][-_LONGEST_HISTORY:]

    def note_reports(self, pods: Collection[PodSeen], reports: Mapping[str, Status], now: int) -> None:
        """Who answers, and since when somebody does not."""
        if self.known_since is None:
            self.known_since = now
        running = [pod.name for pod in pods if pod.alive and pod.running and pod.ips]
        self.unreachable_since = {
            name: self.unreachable_since.get(name, now) for name in running if name not in reports
        }
        self.answered = (self.answered & {pod.name for pod in pods}) | reports.keys()
        # The newest one only: a working pod of an earlier revision says nothing about a successor that crashes.
        newest = reports.get(self.newest_pod)
        if newest is None or newest.phase is not RuntimePhase.READY:
            self.ready_since = None
            return
        self.ready_since = now if self.ready_since is None else self.ready_since
        if now - self.ready_since >= HEALTHY_MS:
            self.pods_created_at = []

    def note_wanted(self, session: PreviewSession, now: int) -> bool:
        """Whether this is the first that is seen of a suspended session being wanted again."""
        if session.spec.suspended or session.spec.ended is not None:
            self.resumed_at = None
            if self.ready_since is not None:
                # It worked until it was put to sleep: no reason to let its successor wait.
                self.pods_created_at = []
        elif self.resumed_at is None and session.status.phase is Phase.SUSPENDED:
            # Who wakes it writes lastCallAt in the same stroke; an administrator does not.
            called_at = session.spec.last_call_at or 0
            self.resumed_at = called_at if 0 <= now - called_at < _LONGEST_RESUME_MS else now
            return True
        return False

    def seen(self, index_fault: str = "") -> Memory:
        """As a value. `index_fault`: what is wrong with the index, which nobody has read yet."""
        return Memory(
            known_since=self.known_since or 0,
            pods_created_at=tuple(self.pods_created_at),
            unreachable_since=dict(self.unreachable_since),
            answered=self.answered,
            last_pod=self.last_pod,
            pod_refusal=self.pod_refusal,
            route_refusal=self.route_refusal,
            files_fault=index_fault or self.files_fault,
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
