"""Making a session: a slot of the owner's quota, the object, its files, in this order.

The object is one that waits, taken by one write, or a new one. In both cases the slot comes first: who has no room
takes nothing from those that wait, and no session with an owner is ever without a slot. A create that does not get the
session that its slot names gives that slot back with the one that it writes next.

The creates under one idempotency key meet in the slots too: the first one to write there decides which session it is,
and all of them try to make, or take, that one (G3).

Whatever ends a create in between leaves less than a session: an id in the quota without an object of the owner's
(pruned), or an object with an owner and without files, which nobody is told of and which the operator removes two
minutes later, taken or new. The push to a pod that waited comes after the files, so it has nothing to lose.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import structlog

from preview_api.backends.base import NewSession
from preview_api.backends.kubernetes.activity import ended
from preview_api.backends.kubernetes.claims import Claims, keeps_warm
from preview_api.backends.kubernetes.failures import RETRY_AFTER_S
from preview_api.backends.kubernetes.keys import Keys
from preview_api.backends.kubernetes.limits import Runtimes, check_room, check_size, ttl_ms
from preview_api.backends.kubernetes.quota import Quota, Wanted, Wish, is_live
from preview_api.backends.kubernetes.record import ClusterRecord, record_of
from preview_api.backends.kubernetes.sessions import Sessions
from preview_api.expiry import first_expiry
from preview_core.address import PublicAddress
from preview_core.errors import BackendUnavailable
from preview_core.kube.errors import AlreadyExists, KubeError, NotFound
from preview_core.kube.files import StoredFiles
from preview_core.naming import new_session_id
from preview_core.objects import names
from preview_core.objects.capability import keyed_session_id
from preview_core.resources.runtime import PreviewRuntime
from preview_core.resources.session import OWNER_LENGTH, PreviewSession, RuntimeRef, SessionSpec

log = structlog.get_logger(__name__)

# Sessions under one key, one after the other ended within the hour that a tombstone stands.
GENERATIONS = 20
# Of those that wait. Each that is lost was another create's: after the third they are few.
CLAIMS = 3
# Files of 10 MB are stored in a second; who waits longer for another create gets to know that it hangs.
FILES_S = 3.0
POLL_S = 0.05
_OWNER = re.compile(r"[^\x00-\x1f\x7f]+")


@dataclass(frozen=True)
class _Order:
    """One create under way. `cold`: ids that it may make a session of, one after the other. `over`: see `Wish`."""

    new: NewSession
    spec: SessionSpec
    cold: tuple[str, ...]
    labels: Mapping[str, str]
    over: set[str]

    @property
    def owner(self) -> str:
        return self.spec.owner or ""

    def wish(self, session_id: str) -> Wish:
        key = self.new.idempotency_key
        twins = frozenset(self.cold if key is not None else ())
        is_new = key is None and session_id in self.cold
        return Wish(session_id, key, twins, frozenset(self.over), is_new)

    def is_same(self, session: PreviewSession) -> bool:
        """Whether another create under the same key made it."""
        spec, key = session.spec, self.new.idempotency_key
        return key is not None and (spec.idempotency_key, spec.owner) == (key, self.owner)


@dataclass(frozen=True)
class Creation:
    """`create` may raise what the client raises."""

    sessions: Sessions
    files: StoredFiles
    quota: Quota
    claims: Claims
    runtimes: Runtimes
    keys: Keys
    address: PublicAddress
    clock: Callable[[], int]

    async def create(self, new: NewSession) -> tuple[ClusterRecord, bool]:
        """As the port's. Raises OwnerFull, Capacity, PayloadTooLarge, BackendUnavailable."""
        over: set[str] = set()
        key = new.idempotency_key
        cold = await self._ids(key) if key is not None else (new_session_id(),)
        if key is not None:
            found = await self._live_of_key(new, key, cold, over)
            if found is not None:
                return found, False
        runtime = await self.runtimes.usable()
        check_size(new.tree, runtime.spec.limits)
        order = _Order(new, _spec(new, runtime), cold, _missed(runtime), over)
        made = await self._take(order, runtime)
        if made is None:
            # What was taken has its pod.
            check_room(runtime)
            made = await self._make(order)
        return made

    async def _live_of_key(
        self, new: NewSession, key: str, cold: tuple[str, ...], over: set[str]
    ) -> ClusterRecord | None:
        """A session of any generation: tombstones of earlier ones may be gone by now. All live ones have a slot. What
        is not live any more goes to `over`."""
        owner = owner_text(new.owner)
        slots = await self.quota.slots(owner)
        for session_id in slots.under(key, cold):
            session = await self.sessions.get(session_id)
            if session is None:
                continue
            if (session.spec.owner, session.spec.idempotency_key) == (owner, key) and self._is_live(session):
                return await self._with_files(session)
            over.add(session_id)
        return None

    async def _take(self, order: _Order, runtime: PreviewRuntime) -> tuple[ClusterRecord, bool] | None:
        """One that waits; None when there is none, or others were faster."""
        tries = CLAIMS
        for waiting in await self.claims.candidates(runtime):
            with self.claims.alone(waiting.metadata.name) as alone:
                if not alone:
                    continue
                made = await self._try(order, waiting.metadata.name, waiting)
            tries -= 1
            if made is not None or tries == 0:
                return made
        return None

    async def _make(self, order: _Order) -> tuple[ClusterRecord, bool]:
        """A new one. Under a key the first generation that has not ended: N creates with one key try the same id, and
        the API server lets one of them through (G3)."""
        for session_id in order.cold:
            made = await self._try(order, session_id) if session_id not in order.over else None
            if made is not None:
                return made
        # 20 sessions ended under one key within an hour; or 128 random bits met another session.
        log.warning("ids_worn_out", ids=len(order.cold))
        raise BackendUnavailable(retry_after=RETRY_AFTER_S)

    async def _try(
        self, order: _Order, session_id: str, waiting: PreviewSession | None = None
    ) -> tuple[ClusterRecord, bool] | None:
        """A slot, then the session; None when it is nothing for this create."""
        try:
            held = await self.quota.reserve(order.owner, order.wish(session_id))
        except Wanted:
            return None
        if held != session_id:
            # Settled by another create under the same key.
            waiting = await self.claims.waiting(held)
        session, ours = await self._obtained(order, held, waiting)
        if session is not None and ours:
            return await self._filled(session, order.new), True
        if session is not None and order.is_same(session) and self._is_live(session):
            return await self._with_files(session), False
        order.over.add(held)
        return None

    async def _obtained(
        self, order: _Order, session_id: str, waiting: PreviewSession | None
    ) -> tuple[PreviewSession | None, bool]:
        """The session of that id, and whether this create has it now."""
        attempt = secrets.token_hex(8)
        if waiting is not None:
            return await self.claims.claim(waiting, order.spec, attempt)
        if session_id not in order.cold:
            return await self.sessions.get(session_id), False
        session, ours = await self.sessions.create(session_id, order.spec, attempt, order.labels)
        if session is None:
            # There was one and it is gone, or it is one that is not the owner's.
            raise BackendUnavailable(retry_after=RETRY_AFTER_S)
        return session, ours

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

    async def _ids(self, key: str) -> tuple[str, ...]:
        secret = await self.keys.secret()
        return tuple(keyed_session_id(secret, key, generation) for generation in range(GENERATIONS))

    def _is_live(self, session: PreviewSession) -> bool:
        return is_live(record_of(session, None, self.address), self.clock())


def _spec(new: NewSession, runtime: PreviewRuntime) -> SessionSpec:
    return SessionSpec(
        runtime_ref=RuntimeRef(name=runtime.metadata.name),
        owner=owner_text(new.owner),
        idempotency_key=new.idempotency_key,
        claimed_at=new.at,
        last_call_at=new.at,
        expires_at=first_expiry(new.at, ttl_ms(runtime)),
    )


def _missed(runtime: PreviewRuntime) -> Mapping[str, str]:
    """Labels of a session that is made where one should have waited: the operator counts them."""
    return {names.WARM_LABEL: names.MISSED} if keeps_warm(runtime) else {}


def owner_text(owner: str) -> str:
    """As it fits into a spec. An origin is the caller's text: one that does not fit is as good as its hash."""
    if len(owner) <= OWNER_LENGTH and _OWNER.fullmatch(owner) is not None:
        return owner
    return f"sha256:{hashlib.sha256(owner.encode()).hexdigest()}"
