"""The port on one machine. Its state folder is held exclusively, so what is in memory is the truth as written."""

from __future__ import annotations

import asyncio
import os
import socket
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import ParamSpec, TypeVar
from urllib.parse import urlsplit

import httpx2
import structlog

from preview_api.backends.base import Conflict, Ended, Gone, NewSession, OwnerFull, Phase, Record, Snapshot, Unreachable
from preview_api.backends.local.census import Census
from preview_api.backends.local.folders import Folders
from preview_api.backends.local.installation import Installation
from preview_api.backends.local.notes import ProcessNotes
from preview_api.backends.local.npm import npm_configuration
from preview_api.backends.local.pool import SIZE, Pool
from preview_api.backends.local.processes import Child, Launch, end_stale
from preview_api.backends.local.slots import LIMIT, Slots
from preview_api.backends.local.sockets import PortTaken, bind_new, rebind
from preview_api.backends.local.store import Row, Store
from preview_api.backends.local.supervisor import Supervisor, Surroundings
from preview_api.backends.local.sweeper import Sweeper
from preview_api.backends.trees import Trees
from preview_api.expiry import extended, first_expiry, is_expired
from preview_api.quota import LIVE_PER_OWNER, has_room
from preview_core import standin
from preview_core.errors import BackendUnavailable
from preview_core.filetree import FileTree
from preview_core.naming import new_session_id, preview_host
from preview_core.wire import Outcome

log = structlog.get_logger(__name__)

DOMAIN = "localhost"  # browsers resolve every name below it to the loopback interface
# A page asks for its modules within a second of a create, and the caller's page opens the preview lazily.
IDLE_AFTER_S = 10.0
SUSPEND_AFTER_S = 900.0  # as a cluster's runtime by default

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(eq=False)
class Session:
    """A record in memory, and what keeps its preview answering. Neither socket nor supervisor: see `trouble`.

    A spare's record is in memory only, has no owner, and is at the stand-in's revision.
    """

    row: Row
    listening: socket.socket | None = None
    supervisor: Supervisor | None = None
    trouble: str | None = None
    writing: asyncio.Lock = field(default_factory=asyncio.Lock)


@dataclass(frozen=True)
class LocalSettings:
    """`state_folder` keeps records and files; `allowed_origins` may frame and observe the previews; `warm` runtimes
    wait for sessions, within `max_processes`."""

    state_folder: Path
    allowed_origins: Sequence[str]
    max_processes: int = LIMIT
    warm: int = SIZE
    idle_after_s: float = IDLE_AFTER_S
    suspend_after_s: float = SUSPEND_AFTER_S
    live_per_owner: int = LIVE_PER_OWNER


def now_ms() -> int:
    """The wall clock in epoch milliseconds."""
    return time.time_ns() // 1_000_000


class LocalBackend:
    """Implements `backends.base.Backend`. `store` is opened by the caller, so that a second server fails early."""

    def __init__(
        self,
        settings: LocalSettings,
        installation: Installation,
        store: Store,
        clock: Callable[[], int] = now_ms,
    ) -> None:
        self._settings = settings
        self._installation = installation
        self._store = store
        self._clock = clock
        self._writer = ThreadPoolExecutor(max_workers=1, thread_name_prefix="store")
        self._sessions: dict[str, Session] = {}
        self._keys: dict[str, str] = {}
        self._trees = Trees()
        self._folders = Folders(settings.state_folder / "run")
        self._census = Census()
        self._slots = Slots(settings.max_processes)
        self._notes = ProcessNotes(settings.state_folder / "spares")
        self._pool = Pool(settings.warm, self._slots, self._spare, self._end_spare)
        # The children are local and ours: no proxy from the environment, no limit besides the children's number.
        self._http = httpx2.AsyncClient(trust_env=False, limits=httpx2.Limits(max_connections=None))
        self._creating = asyncio.Lock()
        self._making: Counter[str] = Counter()  # creates under way, by owner
        self.sweeper = Sweeper(self, clock, settings.suspend_after_s)

    # --- life ---

    async def start(self) -> None:
        rows = await self._in_store(self._store.rows)
        left = [(row.pid, row.pid_started) for row in rows if row.pid is not None]
        left += await self._notes.taken()
        await asyncio.gather(*(end_stale(pid, started) for pid, started in left))
        await self._folders.reset()
        for row in rows:
            self._sessions[row.id] = Session(row)
            if row.ended is None and row.idempotency_key is not None:
                self._keys[row.idempotency_key] = row.id
        await self.sweeper.expire_due()
        await self.listen_again()
        self.sweeper.start()
        self._pool.start()
        log.info("sessions_restored", count=len(self.live_sessions()))

    async def stop(self) -> None:
        await self.sweeper.stop()
        await self._pool.stop()
        await asyncio.gather(*(self._shut(session, session_too=False) for session in self._sessions.values()))
        await self._http.aclose()
        await self._in_store(self._store.close)
        self._writer.shutdown()

    async def ready(self) -> None:
        missing = await asyncio.to_thread(self._installation.missing)
        if missing is not None:
            raise BackendUnavailable(missing)
        await self._in_store(self._store.check)

    # --- sessions ---

    async def create(self, new: NewSession) -> tuple[Record, bool]:
        if new.idempotency_key is None:
            return await self._create(new), True
        async with self._creating:
            found = await self._find(new.idempotency_key)
            return (found, False) if found is not None else (await self._create(new), True)

    async def get(self, session_id: str) -> Record | None:
        session = self._sessions.get(session_id)
        return self._record(session) if session is not None else None

    async def observe(self, record: Record) -> Record:
        session = self._sessions.get(record.id)
        if session is None or session.supervisor is None:
            return record
        session.supervisor.wake()
        phase, last_error = await session.supervisor.observe()
        return replace(record, phase=phase, last_error=last_error)

    async def load(self, session_id: str) -> Snapshot | None:
        session = self._sessions.get(session_id)
        if session is None:
            return None
        async with session.writing:
            return await self._snapshot(session)

    async def commit(self, base: Snapshot, tree: FileTree, at: int) -> Record:
        session = self._live(base.record.id)
        # Shielded: what is written must also be remembered here, whoever stops waiting for it.
        return await asyncio.shield(self._commit(session, base, tree, at))

    async def push(self, base: Snapshot, new: Snapshot) -> Outcome:
        self._pool.busy()
        session = self._sessions.get(new.record.id)
        if session is None or session.supervisor is None:
            raise Unreachable
        return await session.supervisor.push(base, new)

    async def touch(self, record: Record, at: int) -> Record | None:
        session = self._sessions.get(record.id)
        if session is None or session.row.ended is not None:
            return None
        if session.supervisor is not None:
            session.supervisor.called_at = time.monotonic()
        await self.note_activity(record.id, at, extended(session.row.expires_at, at))
        return self._record(session) if session.row.ended is None else None

    async def close(self, session_id: str, at: int) -> Record | None:
        return await self.end(session_id, Ended.CLOSED, at)

    async def is_idle(self, record: Record, at: int) -> bool:
        session = self._sessions.get(record.id)
        if session is None or session.supervisor is None:
            return True
        return await session.supervisor.idle_since() is not None and not await session.supervisor.is_open()

    async def count(self) -> dict[Phase, int]:
        return Counter(self._phase(session) for session in self.live_sessions())

    async def warm(self) -> int:
        return self._pool.waiting

    # --- for the sweeper ---

    def live_sessions(self) -> list[Session]:
        """Neither closed nor expired."""
        return [session for session in self._sessions.values() if session.row.ended is None]

    def tombstones(self) -> list[Row]:
        return [session.row for session in self._sessions.values() if session.row.ended is not None]

    async def end(self, session_id: str, how: Ended, at: int) -> Record | None:
        """Makes a tombstone of a live session; None when there is no such id."""
        session = self._sessions.get(session_id)
        if session is None:
            return None
        await asyncio.shield(self._end(session, how, at))
        return self._record(session)

    async def note_activity(self, session_id: str, at: int, expires_at: int) -> None:
        """Moves the times of a live session forward; on disk when the expiry moved."""
        session = self._sessions.get(session_id)
        if session is not None:
            await asyncio.shield(self._note_activity(session, at, expires_at))

    async def forget(self, session_ids: Sequence[str]) -> None:
        """Lets tombstones go."""
        await self._in_store(self._store.forget, session_ids)
        for session_id in session_ids:
            self._sessions.pop(session_id, None)

    async def listen_again(self) -> None:
        """Binds the ports of the sessions that have none: all after a start, later those whose port was taken."""
        waiting = [session for session in self.live_sessions() if session.listening is None]
        sockets = await rebind([session.row.port for session in waiting])
        for session in waiting:
            listening = sockets.get(session.row.port)
            if listening is None:
                session.trouble = f"port {session.row.port} of the preview is used by another program"
                log.error("preview_port_taken", port=session.row.port)
            elif session.row.ended is None:
                self._open(session, listening)
            else:
                listening.close()

    # --- inside ---

    async def _find(self, idempotency_key: str) -> Record | None:
        session = self._sessions.get(self._keys.get(idempotency_key, ""))
        if session is None:
            return None
        if is_expired(session.row.expires_at, self._clock()):
            # Before the sweeper: a new session may want the key now.
            await self.end(session.row.id, Ended.EXPIRED, self._clock())
            return None
        return self._record(session)

    async def _create(self, new: NewSession) -> Record:
        digest = await asyncio.to_thread(lambda: new.tree.digest)
        # From here to the shield nothing waits: counting and being counted are one step.
        held = [self._record(session) for session in self.live_sessions() if session.row.owner == new.owner]
        if not has_room(len(held) + self._making[new.owner], self._settings.live_per_owner):
            raise OwnerFull(held)
        session = self._pool.take() or self._unowned(is_owned=True)
        self._pool.busy()
        session.row = replace(
            session.row,
            owner=new.owner,
            idempotency_key=new.idempotency_key,
            created_at=new.at,
            last_activity_at=new.at,
            expires_at=first_expiry(new.at),
            revision=1,
            digest=digest,
        )
        self._making[new.owner] += 1
        return await asyncio.shield(self._made(session, new.tree))

    def _spare(self) -> Session:
        return self._unowned(is_owned=False)

    def _unowned(self, *, is_owned: bool) -> Session:
        """A session that is in no record yet, under its final id and port. Raises BackendUnavailable."""
        try:
            listening, port = bind_new()
        except (PortTaken, OSError) as error:
            raise BackendUnavailable from error
        row = Row(
            id=new_session_id(),
            owner="",
            idempotency_key=None,
            created_at=0,
            last_activity_at=0,
            expires_at=0,
            revision=standin.REVISION,
            digest=standin.tree().digest,
            port=port,
        )
        session = Session(row, listening)
        session.supervisor = self._supervise(session, listening, is_owned=is_owned)
        session.supervisor.open()
        return session

    async def _end_spare(self, session: Session) -> None:
        await self._shut(session, session_too=True)

    async def _made(self, session: Session, tree: FileTree) -> Record:
        try:
            return await self._establish(session, tree)
        finally:
            self._making[session.row.owner] -= 1
            self._making = +self._making

    async def _establish(self, session: Session, tree: FileTree) -> Record:
        row, supervisor = session.row, session.supervisor
        assert supervisor is not None  # noqa: S101 - made with one, and nobody else knows of it
        try:
            await self._slots.reserve(supervisor)
            await self._in_store(self._store.insert, row, tuple(tree.values()))
        except BaseException:
            self._slots.release(supervisor)
            await self._shut(session, session_too=True)
            raise
        self._sessions[row.id] = session
        if row.idempotency_key is not None:
            self._keys[row.idempotency_key] = row.id
        self._trees.put(row.id, tree)
        supervisor.claim()
        return self._record(session)

    def _open(self, session: Session, listening: socket.socket) -> None:
        session.listening, session.trouble = listening, None
        session.supervisor = self._supervise(session, listening)
        session.supervisor.open()

    def _supervise(self, session: Session, listening: socket.socket, *, is_owned: bool = True) -> Supervisor:
        session_id, url = session.row.id, preview_url(session.row)

        async def newest() -> Snapshot:
            snapshot = await self.load(session_id)
            if snapshot is None:
                raise Gone
            return snapshot

        async def remember(child: Child | None) -> None:
            pid, started = (child.pid, child.started) if child is not None else (None, None)
            if session_id in self._sessions:
                await self._in_store(self._store.process, session_id, pid, started)
            if session_id not in self._sessions and pid is not None:
                await self._notes.note(session_id, pid, started)
            else:
                await self._notes.forget(session_id)

        def launch(folder: Path) -> Launch:
            return Launch(
                command=self._installation.command,
                folder=folder,
                catalogue=self._installation.catalogue,
                store=self._installation.store,
                npm=npm_configuration(os.environ, Path.home()),
                preview_fd=listening.fileno(),
                public_url=url,
                allowed_origins=self._settings.allowed_origins,
            )

        around = Surroundings(
            http=self._http,
            slots=self._slots,
            folders=self._folders,
            launch=launch,
            vitals=self._census.of,
            newest=newest,
            remember=remember,
            idle_after_s=self._settings.idle_after_s,
        )
        host, origins = urlsplit(url).netloc, self._settings.allowed_origins
        return Supervisor(session_id, listening, host, origins, around, is_owned=is_owned)

    async def _commit(self, session: Session, base: Snapshot, tree: FileTree, at: int) -> Record:
        async with session.writing:
            row = session.row
            if row.ended is not None:
                raise Gone
            if row.revision != base.record.revision:
                raise Conflict
            committed = replace(
                row,
                revision=row.revision + 1,
                digest=tree.digest,
                last_activity_at=max(row.last_activity_at, at),
                expires_at=extended(row.expires_at, at),
            )
            put = [file for path, file in tree.items() if base.tree.get(path) is not file]
            delete = [path for path in base.tree if path not in tree]
            await self._in_store(self._store.commit, committed, put, delete)
            session.row = committed
            self._trees.put(row.id, tree)
            return self._record(session)

    async def _note_activity(self, session: Session, at: int, expires_at: int) -> None:
        async with session.writing:
            row = session.row
            if row.ended is not None:
                return
            touched = replace(
                row, last_activity_at=max(row.last_activity_at, at), expires_at=max(row.expires_at, expires_at)
            )
            if touched.expires_at != row.expires_at:
                await self._in_store(self._store.touch, [touched])
            session.row = touched

    async def _end(self, session: Session, how: Ended, at: int) -> None:
        async with session.writing:
            if session.row.ended is not None:
                return
            ended = replace(session.row, ended=how, ended_at=at, idempotency_key=None)
            await self._in_store(self._store.end, ended)
            if session.row.idempotency_key is not None:
                self._keys.pop(session.row.idempotency_key, None)
            session.row = ended
            self._trees.drop(ended.id)
        await self._shut(session, session_too=True)

    async def _shut(self, session: Session, *, session_too: bool) -> None:
        supervisor, listening = session.supervisor, session.listening
        session.supervisor = session.listening = None
        if supervisor is not None:
            await supervisor.end(session_too=session_too)
        if listening is not None:
            listening.close()

    async def _snapshot(self, session: Session) -> Snapshot:
        if session.row.ended is not None:
            raise Gone
        tree = self._trees.get(session.row.id)
        if tree is None:
            tree = await self._in_store(self._store.tree, session.row.id)
            self._trees.put(session.row.id, tree)
        return Snapshot(self._record(session), tree)

    def _live(self, session_id: str) -> Session:
        session = self._sessions.get(session_id)
        if session is None or session.row.ended is not None:
            raise Gone
        return session

    def _phase(self, session: Session) -> Phase:
        return session.supervisor.phase if session.supervisor is not None else Phase.FAILED

    def _record(self, session: Session) -> Record:
        row = session.row
        return Record(
            id=row.id,
            owner=row.owner,
            created_at=row.created_at,
            last_activity_at=row.last_activity_at,
            expires_at=row.expires_at,
            revision=row.revision,
            digest=row.digest,
            preview_url=preview_url(row),
            ws_url=preview_url(row).replace("http:", "ws:", 1) + "hmr",
            phase=self._phase(session),
            last_error=session.trouble,
            ended=row.ended,
        )

    async def _in_store(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Runs a blocking call of the store. Raises BackendUnavailable."""
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._writer, lambda: call(*args, **kwargs))
        except (sqlite3.Error, OSError) as error:
            log.error("store_failed", error=type(error).__name__)  # noqa: TRY400 - its text may hold what was written
            raise BackendUnavailable(retry_after=5) from error


def preview_url(row: Row) -> str:
    """Byte-stable for the life of a session: made of what never changes."""
    return f"http://{preview_host(row.id, DOMAIN)}:{row.port}/"
