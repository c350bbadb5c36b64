"""What the API promises, on top of any backend: durable first, then push, then answer.

Nothing is remembered between two requests but locks and pushes under way: updates of a session are committed one at a
time and pushed in that order here, and the backend's compare-and-set holds against everybody else (G29).
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from weakref import WeakValueDictionary

import structlog

from preview_api import quota
from preview_api.backends.base import Backend, Conflict, Gone, NewSession, OwnerFull, Record, Snapshot, Unreachable
from preview_api.expiry import is_expired
from preview_api.metrics import Metrics
from preview_api.pushes import Pushes
from preview_api.requests import Create, Files
from preview_core import batch as batches
from preview_core.batch import Batch
from preview_core.content import JUNK
from preview_core.errors import (
    BackendUnavailable,
    InvalidFilePath,
    QuotaExceeded,
    SessionExpired,
    SessionNotFound,
)
from preview_core.filetree import FileTree
from preview_core.layout import layout
from preview_core.naming import is_session_id
from preview_core.wire import Hmr, HmrKind, Layout, Outcome

log = structlog.get_logger(__name__)

# Each conflict means that another replica's update went through. On one replica updates of a session take turns; of
# three replicas that all commit without a pause, one loses twenty times in a row once in 3,000 commits.
COMMIT_TRIES = 20
# Of an owner whose quota is used up: each means that a create elsewhere took the room that was just made.
RETIRE_TRIES = 5
PROJECT_TYPES = ("icpstudio",)
# What `batch` says about contents; every other reason is about a name.
CONTENT_REASONS = frozenset({"content-not-a-string", "content-encoding"})
# Applying a batch hashes it and looks at every file: beyond this it would hold up the other requests.
INLINE_BYTES = 256 * 1024


@dataclass(frozen=True)
class Created:
    """What a create came to."""

    record: Record
    reused: bool
    layout: Layout
    warnings: list[Mapping[str, str | None]]


@dataclass(frozen=True)
class Updated:
    """What an update came to. `outcome` None: the runtime did not take it (yet).

    Updates that came at the same time are pushed together: each has its own record and batch, all have one outcome.
    """

    record: Record
    tree: FileTree
    batch: Batch
    outcome: Outcome | None

    @property
    def hmr(self) -> Hmr:
        if self.outcome is None:
            return Hmr(kind=HmrKind.NONE, modules=[], duration_ms=0)
        return self.outcome.hmr

    @property
    def warnings(self) -> list[Mapping[str, str | None]]:
        """About the files as they were sent, and about what the runtime makes of them."""
        return [*self.batch.warnings, *_wires(self.outcome)]


class PreviewService:
    """`clock` gives epoch milliseconds."""

    def __init__(self, backend: Backend, clock: Callable[[], int], metrics: Metrics) -> None:
        self._backend = backend
        self._clock = clock
        self._metrics = metrics
        # Entries live as long as somebody holds or awaits the lock.
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._pushes = Pushes(self._push)

    async def create(self, request: Create, owner: str, idempotency: str | None = None) -> Created:
        """`idempotency`: the caller's key already mixed with the body. Raises the callers' errors."""
        if request.session_id is not None and is_session_id(request.session_id):
            live = await self._live(request.session_id)
            if live is not None:
                return await self._reuse(live, request)
        made = await self._new(request, owner, _scoped_key(owner, request.session_id, idempotency))
        if isinstance(made, Created):
            return made
        return await (self._again(made) if idempotency is not None else self._reuse(made, request))

    async def update(self, session_id: str, request: Files) -> Updated:
        """Raises SessionNotFound, SessionExpired, InvalidFilePath and what the backend raises."""
        async with self._turn(session_id):
            base, batch, record = await self._commit(session_id, request)
            # Taken in the turn, awaited outside of it: what is committed meanwhile goes out in one pass.
            pushed = None if record is base.record else self._pushes.join(base, Snapshot(record, batch.tree))
        if pushed is None:
            # Somebody else may just have sent the same: an answer means that the preview has it.
            await self._pushes.settled(session_id)
            return Updated(await self._touched(record), base.tree, batch, None)
        outcome = await pushed
        self._metrics.updates.labels("away" if outcome is None else outcome.hmr.kind.value).inc()
        return Updated(record, batch.tree, batch, outcome)

    async def status(self, session_id: str) -> Record:
        """Asking counts as activity and wakes a suspended preview."""
        record = await self._touched(await self._known(session_id))
        observed = await self._backend.observe(record)
        return replace(record, phase=observed.phase, last_error=observed.last_error)

    async def close(self, session_id: str) -> None:
        """Ends the session; again on a tombstone: the same. Raises SessionNotFound."""
        if not is_session_id(session_id) or await self._backend.close(session_id, self._clock()) is None:
            raise SessionNotFound

    # --- create ---

    async def _new(self, request: Create, owner: str, key: str | None) -> Created | Record:
        """A new session; the record of another one when there is a live one with the same key."""
        batch = await _applied(FileTree(), request)
        _refuse_if_no_name_is_usable(batch, request)
        record, fresh = await self._admitted(NewSession(owner, key, batch.tree, self._clock()))
        if not fresh:
            return record
        self._metrics.created.labels("warm" if record.warm else "cold").inc()
        return _created(record, False, batch, request)

    async def _reuse(self, record: Record, request: Create) -> Created:
        try:
            updated = await self.update(record.id, request)
        except (SessionNotFound, SessionExpired):
            # It ended while we looked: the caller wants a session, not that one.
            return await self.create(replace(request, session_id=None), record.owner)
        return _created(updated.record, True, updated.batch, request, updated.outcome)

    async def _again(self, record: Record) -> Created:
        """A repeated create: the answer of the first one, without undoing what came after it."""
        snapshot = await self._loaded(record.id)
        return Created(await self._touched(snapshot.record), True, layout(snapshot.tree), [])

    async def _admitted(self, new: NewSession) -> tuple[Record, bool]:
        """Creates, after making room in the owner's quota if there is none. Raises QuotaExceeded."""
        try:
            return await self._backend.create(new)
        except OwnerFull:
            log.info("owner_full")
        # One at a time here: only other replicas compete for the room that is made.
        async with self._turn(f"retire {new.owner}"):
            for _ in range(RETIRE_TRIES):
                try:
                    return await self._backend.create(new)
                except OwnerFull as full:
                    await self._retire(full.held)
        raise BackendUnavailable(retry_after=1)

    async def _retire(self, held: Sequence[Record]) -> None:
        """Closes the least recently used session that is idle. Raises QuotaExceeded."""
        now = self._clock()
        for record in quota.retirement_order(held):
            if await self._backend.is_idle(record, now):
                await self._backend.close(record.id, now)
                self._metrics.retired.inc()
                return
        raise QuotaExceeded(retry_after=quota.RETRY_AFTER_S)

    # --- update ---

    async def _commit(self, session_id: str, request: Files) -> tuple[Snapshot, Batch, Record]:
        """The snapshot that was changed, what was applied, and the record after it: the same one if nothing changed."""
        for _ in range(COMMIT_TRIES):
            base = await self._loaded(session_id)
            batch = await _applied(base.tree, request)
            _refuse_if_no_name_is_usable(batch, request)
            if batch.tree == base.tree:
                return base, batch, base.record
            try:
                record = await self._backend.commit(base, batch.tree, self._clock())
            except Conflict:
                self._metrics.conflicts.inc()
                continue
            except Gone as error:
                raise SessionExpired from error
            return base, batch, record
        raise BackendUnavailable(retry_after=1)

    async def _push(self, base: Snapshot, new: Snapshot) -> Outcome | None:
        with self._metrics.push_seconds.time():
            try:
                return await self._backend.push(base, new)
            except Unreachable:
                return None

    # --- reading ---

    async def _known(self, session_id: str) -> Record:
        record = await self._backend.get(session_id) if is_session_id(session_id) else None
        if record is None:
            raise SessionNotFound
        return self._unexpired(record)

    def _unexpired(self, record: Record) -> Record:
        if record.ended is not None or is_expired(record.expires_at, self._clock()):
            raise SessionExpired
        return record

    async def _live(self, session_id: str) -> Record | None:
        try:
            return await self._known(session_id)
        except (SessionNotFound, SessionExpired):
            return None

    async def _loaded(self, session_id: str) -> Snapshot:
        try:
            snapshot = await self._backend.load(session_id) if is_session_id(session_id) else None
        except Gone as error:
            raise SessionExpired from error
        if snapshot is None:
            raise SessionNotFound
        self._unexpired(snapshot.record)
        return snapshot

    async def _touched(self, record: Record) -> Record:
        touched = await self._backend.touch(record, self._clock())
        if touched is None:
            raise SessionExpired
        return touched

    def _turn(self, name: str) -> asyncio.Lock:
        lock = self._turns.get(name)
        if lock is None:
            lock = self._turns[name] = asyncio.Lock()
        return lock


def owner_of(origin: str | None, address: str | None) -> str:
    """Who a caller is when nobody authenticates: the page and the machine that it runs on."""
    return f"{origin or '-'} {address or '-'}"


def idempotency_of(header: str | None, body: bytes) -> str | None:
    """The caller's Idempotency-Key together with what it was sent for."""
    if header is None:
        return None
    return hashlib.sha256(header.encode() + b"\0" + hashlib.sha256(body).digest()).hexdigest()


def _scoped_key(owner: str, session_id: str | None, idempotency: str | None) -> str | None:
    """A header's key, else an id that we do not (any longer) know: N creates with it make one new session."""
    if idempotency is not None:
        kind, text = "header", idempotency
    elif session_id is not None and is_session_id(session_id):
        kind, text = "id", session_id
    else:
        return None
    return hashlib.sha256("\0".join((kind, owner, text)).encode()).hexdigest()


async def _applied(tree: FileTree, request: Files) -> Batch:
    def work() -> Batch:
        batch = batches.apply(tree, request.files, request.deleted, request.package_json)
        # Computed here, off the event loop for a big one: everybody asks for it next.
        _ = batch.tree.digest
        return batch

    size = sum(len(file.content) for file in request.files if isinstance(file.content, str))
    return work() if size < INLINE_BYTES else await asyncio.to_thread(work)


def _refuse_if_no_name_is_usable(batch: Batch, request: Files) -> None:
    """A fault of some files is told in a 200; a request of which nothing can be placed is refused."""
    names = len(request.files) + len(request.deleted)
    if not names or len(batch.rejected) < names or request.package_json is not None:
        return
    if all(rejected["reason"] not in CONTENT_REASONS for rejected in batch.rejected):
        reasons = sorted({rejected["reason"] for rejected in batch.rejected})
        raise InvalidFilePath(f"No file name in the request can be used ({', '.join(reasons)})")


def _created(record: Record, reused: bool, batch: Batch, request: Create, outcome: Outcome | None = None) -> Created:
    """`outcome`: of the runtime, when this call waited for it."""
    found = layout(batch.tree)
    junk = [entry for entry in batch.ignored if entry["reason"] in JUNK]
    warnings: list[Mapping[str, str | None]] = [
        *batch.warnings,
        *map(_skipped, junk),
        *map(_refusal, batch.rejected),
        *_wires(outcome),
    ]
    if found.entry is None:
        warnings.append({"code": "NO_ENTRY", "path": found.root, "message": "Nothing in the project can be rendered"})
    if request.project_type not in (None, *PROJECT_TYPES):
        warnings.append({"code": "UNKNOWN_PROJECT_TYPE", "path": "", "message": "Treated as an icpstudio project"})
    return Created(record, reused, found, warnings)


def _wires(outcome: Outcome | None) -> list[dict[str, str | None]]:
    return [warning.wire() for warning in outcome.warnings] if outcome is not None else []


def _skipped(junk: dict[str, str]) -> dict[str, str]:
    reason = junk["reason"]
    return {"code": "JUNK_CONTENT", "path": junk["name"], "message": f"Skipped: {reason}. {JUNK[reason]}"}


def _refusal(rejected: dict[str, str]) -> dict[str, str]:
    code = "INVALID_CONTENT" if rejected["reason"] in CONTENT_REASONS else "INVALID_FILE_PATH"
    return {"code": code, "path": rejected["name"], "message": f"Not kept: {rejected['reason']}"}
