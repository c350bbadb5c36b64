"""Sessions that wait for an owner: which of them may be taken, and the one write that takes one."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterator, MutableSequence
from contextlib import contextmanager
from typing import Any

from preview_api.backends.kubernetes.failures import RETRY_AFTER_S
from preview_api.backends.kubernetes.limits import Runtimes
from preview_api.backends.kubernetes.sessions import ATTEMPT
from preview_core.errors import BackendUnavailable
from preview_core.kube.client import Kube, Object
from preview_core.kube.errors import Conflict, NotFound
from preview_core.kube.resource import SESSIONS
from preview_core.objects import names
from preview_core.resources.conditions import Phase
from preview_core.resources.runtime import PreviewRuntime
from preview_core.resources.session import PreviewSession, SessionSpec

# The operator writes the status of the same object now and then; whoever else writes it has taken it.
CONFLICTS = 10


def waits(session: PreviewSession) -> bool:
    """Whether it was made for an owner to come, and is nobody's."""
    label = session.metadata.labels.get(names.WARM_LABEL)
    is_live = session.metadata.deletion_timestamp is None and session.spec.ended is None
    return label == names.WAITING and is_live and session.spec.owner is None


def eligible(session: PreviewSession, revision: str | None) -> bool:
    """Whether to take it: it works, and as its runtime wants it today (`revision`)."""
    status = session.status
    return waits(session) and status.phase is Phase.WARM and status.runtime_revision == revision


def keeps_warm(runtime: PreviewRuntime) -> bool:
    """Whether sessions are to wait at all: without, a create asks for none."""
    return runtime.spec.warm.bounds[0] > 0


class Claims:
    """Of one namespace. `shuffle` spreads replicas over what waits. Methods raise what the client raises."""

    def __init__(
        self,
        kube: Kube,
        namespace: str,
        runtimes: Runtimes,
        shuffle: Callable[[MutableSequence[Any]], None] = random.shuffle,
    ) -> None:
        self._kube = kube
        self._namespace = namespace
        self._runtimes = runtimes
        self._shuffle = shuffle
        self._tried: set[str] = set()

    async def candidates(self, runtime: PreviewRuntime) -> list[PreviewSession]:
        """In the order in which to try them. The list may be of a moment ago: taking one tells whether it waits."""
        if not keeps_warm(runtime):
            return []
        name = runtime.metadata.name
        selector = f"{names.WARM_LABEL}={names.WAITING},{names.RUNTIME_LABEL}={name}"
        # The runtime anew: what is remembered of it may be of before a change, which the waiting ones have followed.
        newest, listed = await asyncio.gather(
            self._runtimes.newest(name), self._kube.list_cached(SESSIONS, self._namespace, selector)
        )
        revision = newest.status.revision if newest is not None else None
        found = [session for session in map(PreviewSession.model_validate, listed.items) if eligible(session, revision)]
        self._shuffle(found)
        return found

    async def waiting(self, session_id: str) -> PreviewSession | None:
        """The session of that id if it waits."""
        found = await self._read(session_id)
        return found if found is not None and waits(found) else None

    @contextmanager
    def alone(self, session_id: str) -> Iterator[bool]:
        """False while another create of this process is about to take it: there is another one to try."""
        if session_id in self._tried:
            yield False
            return
        self._tried.add(session_id)
        try:
            yield True
        finally:
            self._tried.remove(session_id)

    async def claim(
        self, waiting: PreviewSession, spec: SessionSpec, attempt: str
    ) -> tuple[PreviewSession | None, bool]:
        """The session and True if it is ours now; else the session of whoever has it (None: it is gone) and False.

        One write, under compare-and-set, that says everything that a create says. So it has one owner at most,
        whoever else tries, and the operator that gives it up either comes first or not at all. One that does not work
        any more since it was chosen is taken all the same: other creates may have settled on it, see `Wish`.
        """
        session_id = waiting.metadata.name
        current: PreviewSession | None = waiting
        for _ in range(CONFLICTS):
            if current is None or not waits(current):
                return current, False
            try:
                taken = await self._kube.patch(SESSIONS, self._namespace, session_id, _taken(current, spec, attempt))
            except NotFound:
                return None, False
            except Conflict:
                current = await self._read(session_id)
                # The write that was faster may be our own, whose answer was lost.
                if current is not None and current.metadata.annotations.get(ATTEMPT) == attempt:
                    return current, True
            else:
                return PreviewSession.model_validate(taken), True
        raise BackendUnavailable(retry_after=RETRY_AFTER_S)

    async def _read(self, session_id: str) -> PreviewSession | None:
        try:
            return PreviewSession.model_validate(await self._kube.get(SESSIONS, self._namespace, session_id))
        except NotFound:
            return None


def _taken(session: PreviewSession, spec: SessionSpec, attempt: str) -> Object:
    return {
        "metadata": {
            "resourceVersion": session.metadata.resource_version,
            "labels": {
                names.WARM_LABEL: names.CLAIMED,
                names.OWNER_LABEL: names.owner_hash(spec.owner or ""),
            },
            "annotations": {ATTEMPT: attempt},
        },
        "spec": spec.manifest(),
    }
