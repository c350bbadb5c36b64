"""The backend port in memory, with the faults that a real one has on request."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field, replace

from preview_api.backends.base import (
    Backend,
    Conflict,
    Ended,
    Gone,
    NewSession,
    OwnerFull,
    Phase,
    Record,
    Snapshot,
    Unreachable,
)
from preview_api.expiry import extended, first_expiry
from preview_api.quota import LIVE_PER_OWNER, has_room
from preview_core.errors import BackendUnavailable, Capacity
from preview_core.filetree import FileTree, diff
from preview_core.naming import new_session_id
from preview_core.wire import Hmr, HmrKind, Outcome, Warned


@dataclass
class Faults:
    """`conflicts`: so many commits lose a race. `crowded`: so many creates find the owner's room taken by another
    replica. `away`: no runtime. The rest is named after what is raised."""

    conflicts: int = 0
    crowded: int = 0
    away: bool = False
    capacity: bool = False
    unavailable: bool = False
    unexpected: Exception | None = None


@dataclass
class MemoryBackend(Backend):
    faults: Faults = field(default_factory=Faults)
    live_per_owner: int = LIVE_PER_OWNER
    busy: set[str] = field(default_factory=set)
    sessions: dict[str, Snapshot] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)
    pushed: list[tuple[int, int]] = field(default_factory=list)
    warned: list[Warned] = field(default_factory=list)  # what the runtime says to every push

    async def start(self) -> None:
        return

    async def stop(self) -> None:
        return

    async def ready(self) -> None:
        if self.faults.unavailable:
            raise BackendUnavailable(retry_after=5)

    async def create(self, new: NewSession) -> tuple[Record, bool]:
        if self.faults.capacity:
            raise Capacity(retry_after=10)
        if new.idempotency_key is not None and (found := self._find(new.idempotency_key)) is not None:
            return found, False
        held = [s.record for s in self.sessions.values() if s.record.owner == new.owner and s.record.ended is None]
        if not has_room(len(held), self.live_per_owner):
            raise OwnerFull(held)
        if held and self.faults.crowded:
            self.faults.crowded -= 1
            raise OwnerFull(held)
        session_id = new_session_id()
        record = Record(
            id=session_id,
            owner=new.owner,
            created_at=new.at,
            last_activity_at=new.at,
            expires_at=first_expiry(new.at),
            revision=1,
            digest=new.tree.digest,
            preview_url=f"http://preview-{session_id}.localhost:20000/",
            ws_url=f"ws://preview-{session_id}.localhost:20000/hmr",
            phase=Phase.STARTING,
        )
        self.sessions[session_id] = Snapshot(record, new.tree)
        if new.idempotency_key is not None:
            self.keys[new.idempotency_key] = session_id
        # A real create takes time: whoever relies on nothing happening meanwhile is found out.
        await asyncio.sleep(0)
        return record, True

    async def get(self, session_id: str) -> Record | None:
        if self.faults.unexpected is not None:
            raise self.faults.unexpected
        snapshot = self.sessions.get(session_id)
        return snapshot.record if snapshot is not None else None

    async def observe(self, record: Record) -> Record:
        return replace(record, phase=Phase.READY)

    async def load(self, session_id: str) -> Snapshot | None:
        snapshot = self.sessions.get(session_id)
        if snapshot is not None and snapshot.record.ended is not None:
            raise Gone
        await asyncio.sleep(0)
        return snapshot

    async def commit(self, base: Snapshot, tree: FileTree, at: int) -> Record:
        current = self.sessions[base.record.id].record
        if current.ended is not None:
            raise Gone
        if self.faults.conflicts:
            self.faults.conflicts -= 1
            raise Conflict
        if current.revision != base.record.revision:
            raise Conflict
        record = replace(
            current,
            revision=current.revision + 1,
            digest=tree.digest,
            last_activity_at=at,
            expires_at=extended(current.expires_at, at),
        )
        self.sessions[record.id] = Snapshot(record, tree)
        return record

    async def push(self, base: Snapshot, new: Snapshot) -> Outcome:
        await asyncio.sleep(0)
        if self.faults.away:
            raise Unreachable
        self.pushed.append((base.record.revision, new.record.revision))
        change = diff(base.tree, new.tree)
        kind = HmrKind.UPDATE if change else HmrKind.NONE
        modules = [file.path for file in change.put]
        hmr = Hmr(kind=kind, modules=modules, duration_ms=1)
        return Outcome(
            revision=new.record.revision, digest=new.record.digest, hmr=hmr, diagnostics=[], warnings=self.warned
        )

    async def touch(self, record: Record, at: int) -> Record | None:
        snapshot = self.sessions[record.id]
        if snapshot.record.ended is not None:
            return None
        record = replace(snapshot.record, last_activity_at=at, expires_at=extended(snapshot.record.expires_at, at))
        self.sessions[record.id] = replace(snapshot, record=record)
        return record

    async def close(self, session_id: str, at: int) -> Record | None:
        snapshot = self.sessions.get(session_id)
        if snapshot is None:
            return None
        record = replace(snapshot.record, ended=snapshot.record.ended or Ended.CLOSED)
        self.sessions[session_id] = Snapshot(record, FileTree())
        self.keys = {key: found for key, found in self.keys.items() if found != session_id}
        return record

    def _find(self, idempotency_key: str) -> Record | None:
        session_id = self.keys.get(idempotency_key)
        return self.sessions[session_id].record if session_id is not None else None

    async def is_idle(self, record: Record, at: int) -> bool:
        return record.id not in self.busy

    async def count(self) -> dict[Phase, int]:
        return Counter(snapshot.record.phase for snapshot in self.sessions.values() if snapshot.record.ended is None)

    async def warm(self) -> int:
        return 0
