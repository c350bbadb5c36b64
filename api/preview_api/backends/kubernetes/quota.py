"""An owner's live sessions as one object, on which all creates of that owner meet: the quota is exact on N replicas.

A create writes its id there before it makes the session. Ids of sessions that have ended stay until they are in the
way; so what is there may be too much, never too little.

An id that nobody else can want is added blindly, by one request whose answer tells all ids of that moment; one too many
is taken out again. What stays was within the limit when it was written, so the quota is exact. Everything else is read,
decided and written under compare-and-set. So is, in a second try, what was one too many: it may have been so because of
others that were about to be taken out, and the last one of them sees the truth.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakValueDictionary

import structlog

from preview_api.backends.base import OwnerFull
from preview_api.backends.kubernetes.record import ClusterRecord, record_of
from preview_api.backends.kubernetes.sessions import Sessions
from preview_api.expiry import is_expired
from preview_api.quota import LIVE_PER_OWNER, has_room
from preview_core.address import PublicAddress
from preview_core.errors import BackendUnavailable
from preview_core.kube.client import Kube
from preview_core.kube.errors import AlreadyExists, Conflict, KubeError, NotFound
from preview_core.kube.resource import CONFIG_MAPS
from preview_core.objects import names

log = structlog.get_logger(__name__)

# On one replica creates take turns, so each lost try is a create that went through on another replica.
RESERVE_TRIES = 20
PAUSE_S = 0.02
# Twice as long as a create takes with all its retries: an id this old whose session is not there belongs to a create
# that died.
CREATE_MS = 60 * 1000
_PARALLEL = 10  # readings at the same time, of up to a hundred sessions


class Wanted(Exception):
    """The id has the slot of another create of the same owner: of two that share a slot one would have none."""


@dataclass(frozen=True)
class Wish:
    """The session that a create wants a slot for.

    `key`: its idempotency key. Sessions under one key are one: `twins` are the ids that those have which are made cold,
    of the others their slot tells the key. `over`: ids under the key, or tried by this create, that are of no use to
    it: their slots are given back. `is_new`: the id was made up for this create, so no other one can want it.
    """

    session_id: str
    key: str | None = None
    twins: frozenset[str] = frozenset()
    over: frozenset[str] = frozenset()
    is_new: bool = False


@dataclass(frozen=True)
class Slots:
    """Session id → epoch milliseconds of its reservation. `keys`: session id → idempotency key of its create.
    `resource_version` is empty when there is no object yet."""

    reserved: Mapping[str, int]
    resource_version: str = ""
    keys: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, config_map: Mapping[str, Any]) -> Slots:
        """An unreadable time counts as long ago: the session itself is asked then."""
        data = config_map.get("data") or {}
        parts = {session_id: text.partition(" ") for session_id, text in data.items()}
        times = {session_id: int(at) if at.isdecimal() else 0 for session_id, (at, _, _) in parts.items()}
        keys = {session_id: key for session_id, (_, _, key) in parts.items() if key}
        return cls(times, config_map["metadata"]["resourceVersion"], keys)

    def manifest(self, owner: str) -> dict[str, Any]:
        """What `of` reads. Merging `{id: null}` into its data gives a slot back."""
        metadata: dict[str, Any] = {
            "name": names.quota_name(owner),
            "labels": {
                names.MANAGED_BY: names.MANAGER,
                names.PART_LABEL: names.QUOTA,
                names.OWNER_LABEL: names.owner_hash(owner),
            },
        }
        if self.resource_version:
            metadata["resourceVersion"] = self.resource_version
        data = {
            session_id: f"{at} {self.keys[session_id]}" if session_id in self.keys else str(at)
            for session_id, at in self.reserved.items()
        }
        return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}

    def without(self, session_ids: frozenset[str]) -> Slots:
        left = {session_id: at for session_id, at in self.reserved.items() if session_id not in session_ids}
        keys = {session_id: key for session_id, key in self.keys.items() if session_id in left}
        return Slots(left, self.resource_version, keys)

    def with_one(self, session_id: str, at: int, key: str | None = None) -> Slots:
        keys = {**self.keys, session_id: key} if key is not None else self.keys
        return Slots({**self.reserved, session_id: at}, self.resource_version, keys)

    def under(self, key: str, twins: Collection[str]) -> list[str]:
        """Ids of the sessions under one idempotency key."""
        return [session_id for session_id in self.reserved if self.keys.get(session_id) == key or session_id in twins]


class Quota:
    """Of the owners in one namespace. `clock` gives epoch milliseconds. Methods raise what the client raises."""

    def __init__(
        self,
        kube: Kube,
        namespace: str,
        sessions: Sessions,
        address: PublicAddress,
        clock: Callable[[], int],
        limit: int = LIVE_PER_OWNER,
    ) -> None:
        self._kube = kube
        self._namespace = namespace
        self._sessions = sessions
        self._address = address
        self._clock = clock
        self._limit = limit
        # Entries live as long as somebody holds or awaits the lock.
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def slots(self, owner: str) -> Slots:
        """The newest state."""
        try:
            return Slots.of(await self._kube.get(CONFIG_MAPS, self._namespace, names.quota_name(owner)))
        except NotFound:
            return Slots({})

    async def reserve(self, owner: str, wish: Wish) -> str:
        """Makes the id one of the owner's; the id that has the slot, another one if its key has one already. Raises
        Wanted, OwnerFull."""
        turn = self._turns.setdefault(owner, asyncio.Lock())
        async with turn:
            if wish.is_new and await self._added(owner, wish):
                return wish.session_id
            for _ in range(RESERVE_TRIES):
                reserved = await self._reserved(owner, wish)
                if reserved is not None:
                    return reserved
                await asyncio.sleep(random.uniform(0, PAUSE_S))  # noqa: S311 - spreads replicas, hides nothing
        raise BackendUnavailable(retry_after=1)

    async def release(self, owner: str, session_id: str) -> None:
        """Gives the slot of a session back that has ended or was not made. If it fails: it is pruned when needed."""
        patch = {"data": {session_id: None}}
        try:
            await self._kube.patch(CONFIG_MAPS, self._namespace, names.quota_name(owner), patch)
        except KubeError as error:
            log.info("slot_not_released", error=type(error).__name__)

    async def _added(self, owner: str, wish: Wish) -> bool:
        """Blindly; False when it is one too many, or others write at the same time."""
        data = {**dict.fromkeys(wish.over), wish.session_id: str(self._clock())}
        try:
            found = await self._kube.patch(CONFIG_MAPS, self._namespace, names.quota_name(owner), {"data": data})
        except NotFound:
            return await self._is_first(owner, wish)
        except Conflict:
            # Only after the API server's own tries: a merge is compared with nothing of ours.
            return False
        others = Slots.of(found).without(frozenset([wish.session_id]))
        if has_room(len(others.reserved), self._limit):
            return True
        await self.release(owner, wish.session_id)
        return False

    async def _is_first(self, owner: str, wish: Wish) -> bool:
        try:
            first = Slots({}).with_one(wish.session_id, self._clock()).manifest(owner)
            await self._kube.create(CONFIG_MAPS, self._namespace, first)
        except AlreadyExists:
            return False
        return True

    async def _reserved(self, owner: str, wish: Wish) -> str | None:
        """None when somebody else was faster."""
        slots = (await self.slots(owner)).without(wish.over)
        same = slots.under(wish.key, wish.twins) if wish.key is not None else []
        if not same and wish.session_id in slots.reserved:
            raise Wanted
        session_id = same[0] if same else wish.session_id
        if self._clock() - slots.reserved.get(session_id, 0) < CREATE_MS // 2:
            # Another create of the same id; old enough to be pruned, it would be reserved anew.
            return session_id
        slots = slots.without(frozenset([session_id]))
        if not has_room(len(slots.reserved), self._limit):
            slots = await self._pruned(owner, slots)
        write = self._kube.replace if slots.resource_version else self._kube.create
        manifest = slots.with_one(session_id, self._clock(), wish.key).manifest(owner)
        try:
            await write(CONFIG_MAPS, self._namespace, manifest)
        except (Conflict, AlreadyExists, NotFound):
            return None
        return session_id

    async def _pruned(self, owner: str, slots: Slots) -> Slots:
        """Without what is not live. Raises OwnerFull with what is."""
        limit = asyncio.Semaphore(_PARALLEL)

        async def read(session_id: str) -> tuple[str, ClusterRecord | None]:
            async with limit:
                session = await self._sessions.get(session_id)
            if session is None or session.spec.owner != owner:
                # Not made yet; or a waiting one that this owner's create did not get, and another one's did.
                return session_id, None
            return session_id, record_of(session, None, self._address)

        now = self._clock()
        found = await asyncio.gather(*map(read, slots.reserved))
        live = [record for _, record in found if record is not None and is_live(record, now)]
        coming = [key for key, record in found if record is None and now - slots.reserved[key] < CREATE_MS]
        kept = frozenset([*(record.id for record in live), *coming])
        if not has_room(len(kept), self._limit):
            raise OwnerFull(live)
        return slots.without(frozenset(slots.reserved) - kept)


def is_live(record: ClusterRecord, now: int) -> bool:
    """Neither ended nor about to be: the operator ends what has expired, a moment later."""
    return record.ended is None and not is_expired(record.expires_at, now)
