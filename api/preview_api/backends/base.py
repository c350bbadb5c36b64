"""The port between the service and whatever holds the sessions.

Two adapters shape it: child processes on one machine (`local`), and API objects on a cluster (`kubernetes`), where any
of N stateless replicas answers any call. So: records are values, not handles; every write of files is a compare-and-set
on `revision`; nothing is remembered between two calls; times to live are the backend's; durable first (`create`,
`commit`), then `push`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from preview_core.filetree import FileTree
from preview_core.wire import Outcome


class Phase(StrEnum):
    """Where the preview of a session is, for people and for `phase` in answers."""

    PENDING = "Pending"  # accepted, nothing runs yet
    STARTING = "Starting"
    READY = "Ready"
    SUSPENDED = "Suspended"  # nothing runs; the next call or page request wakes it
    FAILED = "Failed"  # `last_error` says why


class Ended(StrEnum):
    """Why a tombstone is one."""

    CLOSED = "closed"
    EXPIRED = "expired"


@dataclass(frozen=True)
class Record:
    """A session as it was read. Times are epoch milliseconds. `ended` set: a tombstone without files."""

    id: str
    owner: str
    created_at: int
    last_activity_at: int
    expires_at: int
    revision: int
    digest: str
    preview_url: str
    ws_url: str
    phase: Phase
    last_error: str | None = None
    ended: Ended | None = None
    warm: bool = False  # a runtime waited for it when it was created


@dataclass(frozen=True)
class Snapshot:
    """A record and exactly the files of its revision."""

    record: Record
    tree: FileTree


@dataclass(frozen=True)
class NewSession:
    """What a create asks for. `idempotency_key` is opaque and already scoped to the owner."""

    owner: str
    idempotency_key: str | None
    tree: FileTree
    at: int


class BackendError(Exception):
    """Base of what a backend raises besides the callers' errors: Capacity, PayloadTooLarge, BackendUnavailable."""


class Conflict(BackendError):
    """Somebody else committed first: read again and re-apply."""


class Gone(BackendError):
    """The session ended meanwhile."""


class OwnerFull(BackendError):
    """The owner holds as many live sessions as are allowed: `held`, of which one may be closed to make room."""

    def __init__(self, held: Sequence[Record]) -> None:
        self.held = tuple(held)
        super().__init__("the owner's quota is used up")


class Unreachable(BackendError):
    """The files are durable but no runtime took them; the backend heals on its own."""


class Backend(Protocol):
    """Every method may raise `BackendUnavailable`; none of them blocks the event loop."""

    async def start(self) -> None:
        """Brings every unexpired session back; called once before the first request."""

    async def stop(self) -> None:
        """Ends what runs here. Sessions remain."""

    async def ready(self) -> None:
        """Raises BackendUnavailable (with a text for the operator) when creates and updates cannot work."""

    async def create(self, new: NewSession) -> tuple[Record, bool]:
        """Makes the session durable at revision 1 and sets its runtime going without waiting for it.

        Returns `(record, True)`, or `(the live record with the same idempotency key, False)`: one atomic step, the
        check of the owner's quota included. Raises OwnerFull, Capacity, PayloadTooLarge.
        """

    async def get(self, session_id: str) -> Record | None:
        """The record, a tombstone's too. A miss is only reported after reading the source of truth."""

    async def observe(self, record: Record) -> Record:
        """The record with the phase and last error of this moment."""

    async def load(self, session_id: str) -> Snapshot | None:
        """Record and files; None when there is no such id. Raises Gone for a tombstone."""

    async def commit(self, base: Snapshot, tree: FileTree, at: int) -> Record:
        """Durably replaces the files of `base` by `tree` at revision + 1; it is activity as in `touch`.

        Raises Conflict, Gone, PayloadTooLarge.
        """

    async def push(self, base: Snapshot, new: Snapshot) -> Outcome:
        """Brings the session's runtime from `base` to `new` (or, if it is elsewhere, to the newest files).

        Raises Unreachable; the runtime gets the files as soon as it is back.
        """

    async def touch(self, record: Record, at: int) -> Record | None:
        """Records activity and wakes a suspended session. None when the session ended.

        The new `expires_at`, never lower than before and never less than the time to live away, is durable before this
        returns: it may be told.
        """

    async def close(self, session_id: str, at: int) -> Record | None:
        """Ends the session and deletes its files. On a tombstone: no change. None when there is no such id."""

    async def is_idle(self, record: Record, at: int) -> bool:
        """True when nobody looks at the preview and nobody called lately: it may be retired or suspended."""

    async def count(self) -> dict[Phase, int] | None:
        """Live sessions by phase, for the metrics; None when somebody else counts them."""

    async def warm(self) -> int | None:
        """Runtimes that wait for a create, for the metrics; None when somebody else counts them."""
