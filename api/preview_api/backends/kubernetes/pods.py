"""The runtime in a session's pod, where the operator last saw it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import httpx2
import structlog

from preview_api.backends.base import Gone, Snapshot, Unreachable
from preview_api.backends.delivery import deliver, hydrate
from preview_api.backends.kubernetes.keys import Keys
from preview_core.client import RevisionMismatch, RuntimeAway, RuntimeClient, RuntimeRefused
from preview_core.objects import names
from preview_core.objects.capability import control_token
from preview_core.resources.session import PreviewSession
from preview_core.wire import Outcome

log = structlog.get_logger(__name__)


class Pods:
    """Every pod has its control API on the same port: none is ever asked for or allocated (G20)."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys
        # Pods are in the cluster's own network: no proxy of the environment. As many connections as there are updates.
        self._http = httpx2.AsyncClient(trust_env=False, limits=httpx2.Limits(max_connections=None))

    async def close(self) -> None:
        await self._http.aclose()

    async def push(
        self, session: PreviewSession, base: Snapshot, new: Snapshot, newest: Callable[[], Awaitable[Snapshot]]
    ) -> Outcome:
        """Brings the session's pod from `base` to `new`, or to `newest()`. Raises Unreachable."""
        client = await self._client(session)
        if client is None:
            raise Unreachable
        try:
            return await deliver(client, base, new, newest)
        except RuntimeRefused as error:
            self._note(error)
            raise Unreachable from error
        except (RuntimeAway, Gone) as error:
            # Replaced, or ended: the operator gives the files to whatever comes next.
            raise Unreachable from error

    async def fill(self, session: PreviewSession, snapshot: Snapshot) -> None:
        """Gives a session that has just been taken its first files. If they do not arrive, the operator sends them."""
        client = await self._client(session)
        if client is None:
            return
        try:
            await hydrate(client, snapshot)
        except RevisionMismatch:
            # An update was faster: what came with it is newer.
            return
        except RuntimeRefused as error:
            self._note(error)
        except RuntimeAway:
            log.info("first_push_failed")

    async def is_watched(self, session: PreviewSession) -> bool:
        """Whether a page or an observer is open. One that does not answer is: nobody is thrown out on a guess."""
        client = await self._client(session)
        if client is None:
            return False
        try:
            clients = (await client.status()).clients
        except (RuntimeAway, RuntimeRefused):
            return True
        return clients.hmr > 0 or clients.observers > 0

    def _note(self, error: RuntimeRefused) -> None:
        log.error("runtime_refused", code=error.problem.code)  # its text may name files
        if error.problem.code == "UNAUTHORIZED":
            self._keys.forget()

    async def _client(self, session: PreviewSession) -> RuntimeClient | None:
        """None when the session has no pod."""
        status = session.status
        if not status.pod_ips or status.pod_name is None:
            return None
        address = status.pod_ips[0]
        host = f"[{address}]" if ":" in address else address
        token = control_token(await self._keys.secret(), status.pod_name)
        return RuntimeClient(f"http://{host}:{names.CONTROL_PORT}", token, self._http)
