"""The port on a cluster. Every call reads the API server; what this process remembers saves downloads, nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import cast

import structlog

from preview_api.backends.base import Conflict, Gone, NewSession, Phase, Record, Snapshot, Unreachable
from preview_api.backends.kubernetes import activity
from preview_api.backends.kubernetes.creation import Creation
from preview_api.backends.kubernetes.failures import RETRY_AFTER_S, translated
from preview_api.backends.kubernetes.keys import Keys
from preview_api.backends.kubernetes.limits import Runtimes, check_size
from preview_api.backends.kubernetes.pods import Pods
from preview_api.backends.kubernetes.quota import Quota
from preview_api.backends.kubernetes.record import ClusterRecord, record_of
from preview_api.backends.kubernetes.sessions import Sessions
from preview_api.backends.trees import Trees
from preview_api.quota import LIVE_PER_OWNER
from preview_core.errors import BackendUnavailable
from preview_core.filetree import FileTree
from preview_core.kube import errors as kube_errors
from preview_core.kube.client import Kube
from preview_core.kube.errors import NotFound
from preview_core.kube.files import Stored, StoredFiles
from preview_core.kube.resource import SESSIONS
from preview_core.kube.settings import ClusterSettings
from preview_core.objects.files import Index
from preview_core.resources.session import PreviewSession
from preview_core.wire import Outcome

log = structlog.get_logger(__name__)

# A minute without a call or an open page. Calls are recorded with an accuracy of another minute.
IDLE_AFTER_MS = 60 * 1000 + activity.CALL_ACCURACY_MS
# A replica's memory is for requests, a tree that is not kept costs one reading: 100 typical projects, or two of the
# largest that a runtime allows by default. Compressed pieces, which are kept with a tree, come on top.
TREES_BYTES = 64 * 1024 * 1024
# The kubelet asks every few seconds and gives up after some: an answer must be there before.
READY_S = 2.0


class KubernetesBackend:
    """Implements `backends.base.Backend`. `kube` is closed by `stop`."""

    def __init__(
        self,
        settings: ClusterSettings,
        kube: Kube,
        clock: Callable[[], int],
        *,
        live_per_owner: int = LIVE_PER_OWNER,
    ) -> None:
        self._settings = settings
        self._kube = kube
        self._files = StoredFiles(kube, settings.namespace)
        self._sessions = Sessions(kube, settings.namespace)
        self._runtimes = Runtimes(kube, settings.namespace, settings.runtime)
        self._keys = Keys(kube, settings.control_namespace, settings.secret)
        self._pods = Pods(self._keys)
        self._quota = Quota(kube, settings.namespace, self._sessions, settings.address, clock, limit=live_per_owner)
        self._creation = Creation(
            sessions=self._sessions,
            files=self._files,
            quota=self._quota,
            runtimes=self._runtimes,
            keys=self._keys,
            address=settings.address,
            clock=clock,
        )
        self._trees = Trees(TREES_BYTES)

    # --- life ---

    async def start(self) -> None:
        """Nothing to bring back: sessions are the operator's. An API server that is away now may be back soon."""
        try:
            await self.ready()
        except BackendUnavailable as error:
            log.warning("not_ready", reason=error.message)

    async def stop(self) -> None:
        await self._pods.close()
        await self._kube.close()

    async def ready(self) -> None:
        try:
            async with asyncio.timeout(READY_S):
                with translated():
                    await self._kube.list(SESSIONS, self._settings.namespace, limit=1)
                    await self._keys.secret()
                    await self._runtimes.usable()
        except TimeoutError as error:
            raise BackendUnavailable(retry_after=RETRY_AFTER_S) from error

    # --- sessions ---

    async def create(self, new: NewSession) -> tuple[Record, bool]:
        with translated():
            record, fresh = await self._creation.create(new)
        if fresh and record.index is not None:
            self._trees.put(record.id, new.tree, record.index.resource_version)
        return record, fresh

    async def get(self, session_id: str) -> Record | None:
        with translated():
            session, index = await asyncio.gather(self._sessions.get(session_id), self._index(session_id))
        return self._record(session, index)

    async def observe(self, record: Record) -> Record:
        """The status was read with the record."""
        return record

    async def load(self, session_id: str) -> Snapshot | None:
        with translated():
            session, stored = await asyncio.gather(self._sessions.get(session_id), self._stored(session_id))
        record = self._record(session, stored.index if stored is not None else None)
        if record is None:
            return None
        if record.ended is not None or stored is None:
            raise Gone
        return Snapshot(record, stored.tree)

    async def commit(self, base: Snapshot, tree: FileTree, at: int) -> Record:
        record = _read(base.record)
        with translated():
            check_size(tree, await self._runtimes.limits(_runtime(record.session)), base.tree)
            # First: a promise, and that a pod is wanted, must not be lost when the files are there.
            session = await self._called(record.session, at)
            if session is None or record.index is None:
                raise Gone
            try:
                index = await self._files.commit(record.index, session.metadata.uid, tree)
            except kube_errors.Conflict as error:
                raise Conflict from error
            except NotFound as error:
                raise Gone from error
        self._trees.put(record.id, tree, index.resource_version)
        return record_of(session, index, self._settings.address)

    async def push(self, base: Snapshot, new: Snapshot) -> Outcome:
        async def newest() -> Snapshot:
            snapshot = await self.load(new.record.id)
            if snapshot is None:
                raise Gone
            return snapshot

        try:
            with translated():
                return await self._pods.push(_read(new.record).session, base, new, newest)
        except BackendUnavailable as error:
            # The files are durable: that the API server went away since is no failure of the update.
            raise Unreachable from error

    async def touch(self, record: Record, at: int) -> Record | None:
        known = _read(record)
        with translated():
            session = await self._called(known.session, at)
        return record_of(session, known.index, self._settings.address) if session is not None else None

    async def close(self, session_id: str, at: int) -> Record | None:
        with translated():
            session = await self._sessions.get(session_id)
            if session is not None:
                session = await self._sessions.change(session, lambda found: activity.ended(found, at))
            if session is None:
                return None
            self._trees.drop(session_id)
            await self._quota.release(session.spec.owner or "", session_id)
        return record_of(session, None, self._settings.address)

    async def is_idle(self, record: Record, at: int) -> bool:
        if at - record.last_activity_at < IDLE_AFTER_MS:
            return False
        with translated():
            return not await self._pods.is_watched(_read(record).session)

    async def count(self) -> dict[Phase, int] | None:
        """The operator counts: it sees all sessions anyway."""
        return None

    async def warm(self) -> int | None:
        """As `count`."""
        return None

    # --- inside ---

    async def _called(self, session: PreviewSession, at: int) -> PreviewSession | None:
        """Records a call; None when the session has ended."""
        ttl_ms = await self._runtimes.ttl_ms(_runtime(session))
        accuracy_ms = activity.accuracy_ms(await self._runtimes.suspend_after_ms(_runtime(session)))

        def fields(found: PreviewSession) -> dict[str, object]:
            return activity.called(found, at, ttl_ms, accuracy_ms) if found.spec.ended is None else {}

        changed = await self._sessions.change(session, fields)
        return changed if changed is not None and changed.spec.ended is None else None

    async def _index(self, session_id: str) -> Index | None:
        try:
            return await self._files.index(session_id)
        except NotFound:
            return None

    async def _stored(self, session_id: str) -> Stored | None:
        """The newest files, from memory if they are those of the newest index."""
        try:
            if session_id in self._trees:
                index = await self._files.index(session_id)
                tree = self._trees.get(session_id, index.resource_version)
                if tree is not None:
                    return Stored(index, tree)
            stored = await self._files.read(session_id)
        except NotFound:
            self._trees.drop(session_id)
            return None
        self._trees.put(session_id, stored.tree, stored.index.resource_version)
        return stored

    def _record(self, session: PreviewSession | None, index: Index | None) -> ClusterRecord | None:
        """A live session without files is one that is just being made: its id is nobody's yet."""
        if session is None or (index is None and session.spec.ended is None):
            return None
        return record_of(session, index, self._settings.address)


def _read(record: Record) -> ClusterRecord:
    """All records that the service has are this backend's own."""
    return cast(ClusterRecord, record)


def _runtime(session: PreviewSession) -> str:
    return session.spec.runtime_ref.name
