"""Making a session: a slot of the owner's quota, the object, its files, in this order.

Whatever ends a create in between leaves less than a session: an id in the quota without an object (pruned), or an
object without files, which nobody is told of and which the operator removes a minute later.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from preview_api.backends.base import NewSession
from preview_api.backends.kubernetes.activity import ended
from preview_api.backends.kubernetes.failures import RETRY_AFTER_S
from preview_api.backends.kubernetes.keys import Keys
from preview_api.backends.kubernetes.limits import Runtimes, check_room, check_size, ttl_ms
from preview_api.backends.kubernetes.quota import Quota, is_live
from preview_api.backends.kubernetes.record import ClusterRecord, record_of
from preview_api.backends.kubernetes.sessions import Sessions
from preview_api.expiry import first_expiry
from preview_core.address import PublicAddress
from preview_core.errors import BackendUnavailable
from preview_core.kube.errors import AlreadyExists, KubeError, NotFound
from preview_core.kube.files import StoredFiles
from preview_core.naming import new_session_id
from preview_core.objects.capability import keyed_session_id
from preview_core.resources.runtime import PreviewRuntime
from preview_core.resources.session import OWNER_LENGTH, PreviewSession, RuntimeRef, SessionSpec

log = structlog.get_logger(__name__)

# Sessions under one key, one after the other ended within the hour that a tombstone stands.
GENERATIONS = 20
# Files of 10 MB are stored in a second; who waits longer for another create gets to know that it hangs.
FILES_S = 3.0
POLL_S = 0.05
_OWNER = re.compile(r"[^\x00-\x1f\x7f]+")


@dataclass(frozen=True)
class Creation:
    """`create` may raise what the client raises."""

    sessions: Sessions
    files: StoredFiles
    quota: Quota
    runtimes: Runtimes
    keys: Keys
    address: PublicAddress
    clock: Callable[[], int]

    async def create(self, new: NewSession) -> tuple[ClusterRecord, bool]:
        """As the port's. Raises OwnerFull, Capacity, PayloadTooLarge, BackendUnavailable."""
        if new.idempotency_key is not None:
            found = await self._live_of_key(new, new.idempotency_key)
            if found is not None:
                return found, False
        runtime = await self.runtimes.usable()
        check_size(new.tree, runtime.spec.limits)
        check_room(runtime)
        if new.idempotency_key is not None:
            return await self._create_keyed(new, new.idempotency_key, runtime)
        record, fresh = await self._create(new, new_session_id(), runtime)
        if record is None or not fresh:
            # 128 random bits met another session: they are not random.
            raise BackendUnavailable(retry_after=RETRY_AFTER_S)
        return record, True

    async def _live_of_key(self, new: NewSession, key: str) -> ClusterRecord | None:
        """A session of any generation: tombstones of earlier ones may be gone by now. All live ones have a slot."""
        slots = await self.quota.slots(owner_text(new.owner))
        for session_id in await self._ids(key):
            if session_id in slots.reserved:
                session = await self.sessions.get(session_id)
                if session is not None and self._is_live(session):
                    return await self._with_files(session)
        return None

    async def _create_keyed(self, new: NewSession, key: str, runtime: PreviewRuntime) -> tuple[ClusterRecord, bool]:
        """The first generation that has not ended: N creates with one key try the same id, and the API server lets one
        of them through (G3)."""
        for session_id in await self._ids(key):
            record, fresh = await self._create(new, session_id, runtime)
            if record is not None:
                return record, fresh
        log.warning("key_worn_out", generations=GENERATIONS)
        raise BackendUnavailable(retry_after=RETRY_AFTER_S)

    async def _create(
        self, new: NewSession, session_id: str, runtime: PreviewRuntime
    ) -> tuple[ClusterRecord | None, bool]:
        """None: there is one of that id, and it has ended."""
        owner = owner_text(new.owner)
        await self.quota.reserve(owner, session_id)
        spec = SessionSpec(
            runtime_ref=RuntimeRef(name=runtime.metadata.name),
            owner=owner,
            idempotency_key=new.idempotency_key,
            claimed_at=new.at,
            last_call_at=new.at,
            expires_at=first_expiry(new.at, ttl_ms(runtime)),
        )
        session, ours = await self.sessions.create(session_id, spec, secrets.token_hex(8))
        if session is None:
            # There was one and it is gone, or it is one that is not the owner's.
            raise BackendUnavailable(retry_after=RETRY_AFTER_S)
        if ours:
            return await self._filled(session, new), True
        if self._is_live(session):
            return await self._with_files(session), False
        await self.quota.release(owner, session_id)
        return None, False

    async def _filled(self, session: PreviewSession, new: NewSession) -> ClusterRecord:
        session_id = session.metadata.name
        try:
            index = await self.files.create(session_id, session.metadata.uid, new.tree)
        except KubeError as error:
            await self._abandon(session)
            if isinstance(error, AlreadyExists):
                # Of an earlier session of this id, about to be collected.
                raise BackendUnavailable(retry_after=RETRY_AFTER_S) from error
            raise
        return record_of(session, index, self.address)

    async def _abandon(self, session: PreviewSession) -> None:
        """The caller is told that it failed; if this fails too, the operator finds the object without files."""
        try:
            await self.sessions.change(session, lambda found: ended(found, self.clock()))
        except (KubeError, BackendUnavailable) as error:
            log.warning("create_not_undone", error=type(error).__name__)
            return
        await self.quota.release(session.spec.owner or "", session.metadata.name)

    async def _with_files(self, session: PreviewSession) -> ClusterRecord:
        """Of another create, which may be under way. Raises BackendUnavailable when its files do not come."""
        try:
            async with asyncio.timeout(FILES_S):
                while True:
                    try:
                        index = await self.files.index(session.metadata.name)
                    except NotFound:
                        await asyncio.sleep(POLL_S)
                    else:
                        return record_of(session, index, self.address)
        except TimeoutError as error:
            raise BackendUnavailable(retry_after=RETRY_AFTER_S) from error

    async def _ids(self, key: str) -> list[str]:
        secret = await self.keys.secret()
        return [keyed_session_id(secret, key, generation) for generation in range(GENERATIONS)]

    def _is_live(self, session: PreviewSession) -> bool:
        return is_live(record_of(session, None, self.address), self.clock())


def owner_text(owner: str) -> str:
    """As it fits into a spec. An origin is the caller's text: one that does not fit is as good as its hash."""
    if len(owner) <= OWNER_LENGTH and _OWNER.fullmatch(owner) is not None:
        return owner
    return f"sha256:{hashlib.sha256(owner.encode()).hexdigest()}"
