"""Reading and writing PreviewSessions: one object, always the newest state, changes under compare-and-set."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Mapping
from typing import Any

from preview_api.backends.kubernetes.failures import RETRY_AFTER_S
from preview_core.errors import BackendUnavailable
from preview_core.kube.client import Kube
from preview_core.kube.errors import AlreadyExists, Conflict, NotFound
from preview_core.kube.resource import SESSIONS
from preview_core.objects import names
from preview_core.resources.names import GROUP
from preview_core.resources.session import PreviewSession, SessionSpec

# The operator writes the status of the same object, in bursts while a pod starts: each may cost one try.
CHANGE_TRIES = 10
PAUSE_S = 0.01
# Tells the create that made an object from others with the same id: of a create that got no answer, its repetition
# must know its own work.
ATTEMPT = f"{GROUP}/create"


class Sessions:
    """Of one namespace. Methods raise what the client raises."""

    def __init__(self, kube: Kube, namespace: str) -> None:
        self._kube = kube
        self._namespace = namespace

    async def get(self, session_id: str) -> PreviewSession | None:
        """None when there is none, or one that nobody owns yet: nobody was told its id."""
        try:
            found = await self._kube.get(SESSIONS, self._namespace, session_id)
        except NotFound:
            return None
        session = PreviewSession.model_validate(found)
        return session if session.spec.owner is not None else None

    async def create(
        self, session_id: str, spec: SessionSpec, attempt: str, labels: Mapping[str, str]
    ) -> tuple[PreviewSession | None, bool]:
        """The new session, with `labels` besides its own, and True; or, of one that was there, what `get` gives and
        False."""
        body = {
            "apiVersion": SESSIONS.api_version,
            "kind": SESSIONS.kind,
            "metadata": {
                "name": session_id,
                "labels": {
                    names.MANAGED_BY: names.MANAGER,
                    names.OWNER_LABEL: names.owner_hash(spec.owner or ""),
                    **labels,
                },
                "annotations": {ATTEMPT: attempt},
            },
            "spec": spec.manifest(),
        }
        try:
            return PreviewSession.model_validate(await self._kube.create(SESSIONS, self._namespace, body)), True
        except AlreadyExists:
            found = await self.get(session_id)
            return found, found is not None and found.metadata.annotations.get(ATTEMPT) == attempt

    async def change(
        self, session: PreviewSession, decide: Callable[[PreviewSession], Mapping[str, Any]]
    ) -> PreviewSession | None:
        """Merges the fields that `decide` gives into the spec: nothing is written for none, and it is asked again about
        a newer state when somebody was faster. None when the session is gone."""
        current: PreviewSession | None = session
        for _ in range(CHANGE_TRIES):
            if current is None or not (fields := decide(current)):
                return current
            metadata = {"resourceVersion": current.metadata.resource_version}
            body = {"metadata": metadata, "spec": dict(fields)}
            try:
                changed = await self._kube.patch(SESSIONS, self._namespace, current.metadata.name, body)
            except Conflict:
                await asyncio.sleep(random.uniform(0, PAUSE_S))  # noqa: S311 - spreads writers, hides nothing
                current = await self.get(current.metadata.name)
            except NotFound:
                return None
            else:
                return PreviewSession.model_validate(changed)
        raise BackendUnavailable(retry_after=RETRY_AFTER_S)
