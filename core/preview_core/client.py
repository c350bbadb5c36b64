"""The caller's side of a runtime's control API (see `wire`). It never retries: the caller knows what a repeat means."""

from __future__ import annotations

import asyncio
import json
from typing import TypeVar

import httpx2
from pydantic import ValidationError

from preview_core.wire import Message, Outcome, PatchFiles, Problem, PutFiles, PutHost, Status

# Loopback or the pod network: a connection that takes longer than this is not going to be made.
CONNECT_SECONDS = 1.0
# A batch of 20 files takes 0.3 s, with a restart of Vite 3 s on two busy cores: after ten the process hangs.
PUSH_SECONDS = 10.0
# A whole project may name a package that nobody has bundled: the runtime gives bundling 30 s. For whoever waits for
# nothing else: after PUSH_SECONDS the runtime goes on, and a second try finds it further.
HYDRATION_SECONDS = 45.0
# These answer from memory; a slower one means that the event loop is blocked, which is as good as away.
PROBE_SECONDS = 2.0

_Answer = TypeVar("_Answer", bound=Message)


class RuntimeAway(Exception):
    """Not reachable, too slow, 5xx, or something else answers at its address. What was sent may have been applied."""


class RevisionMismatch(Exception):
    """The runtime is not at the base of the patch. It has `revision` and `digest` (None when it did not say): PUT."""

    def __init__(self, revision: int | None, digest: str | None) -> None:
        self.revision = revision
        self.digest = digest
        super().__init__(f"the runtime is at revision {revision}")


class RuntimeRefused(Exception):
    """A 4xx that sending the same again does not cure."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        super().__init__(f"{problem.code}: {problem.error}")


class RuntimeClient:
    """One runtime. `http` is shared between clients and closed by its owner; build it with `trust_env=False`, or a
    proxy of the environment gets the token."""

    def __init__(self, base_url: str, token: str, http: httpx2.AsyncClient) -> None:
        """`base_url` as in `http://127.0.0.1:40001`, the control port's."""
        self._base_url = base_url.rstrip("/")
        self._headers = {"Authorization": f"Bearer {token}"}
        self._http = http

    async def put(self, message: PutFiles, within: float = PUSH_SECONDS) -> Outcome:
        """`within` seconds. Raises RevisionMismatch (something newer is there), RuntimeAway, RuntimeRefused."""
        return _parsed(Outcome, await self._call("PUT", "/v1/files", within, message))

    async def patch(self, message: PatchFiles) -> Outcome:
        """Raises RevisionMismatch, RuntimeAway, RuntimeRefused."""
        return _parsed(Outcome, await self._call("PATCH", "/v1/files", PUSH_SECONDS, message))

    async def status(self) -> Status:
        """Raises RuntimeAway, RuntimeRefused."""
        return _parsed(Status, await self._call("GET", "/v1/status", PROBE_SECONDS))

    async def move(self, host: str) -> Status:
        """Makes a warm runtime that of another session. Raises RuntimeAway, RuntimeRefused (it has files of one)."""
        return _parsed(Status, await self._call("PUT", "/v1/host", PROBE_SECONDS, PutHost(host=host)))

    async def ready(self) -> bool:
        """False while the runtime says so (503); raises RuntimeAway when it says nothing, RuntimeRefused."""
        response = await self._send("GET", "/readyz", PROBE_SECONDS)
        if response.status_code == httpx2.codes.SERVICE_UNAVAILABLE:
            return False
        _raise_for(response)
        return True

    async def shutdown(self) -> None:
        """Returns when the runtime has agreed to end, not when it has ended. Raises RuntimeAway, RuntimeRefused."""
        await self._call("POST", "/v1/shutdown", PROBE_SECONDS)

    async def _call(self, method: str, path: str, seconds: float, message: Message | None = None) -> httpx2.Response:
        response = await self._send(method, path, seconds, message)
        _raise_for(response)
        return response

    async def _send(self, method: str, path: str, seconds: float, message: Message | None = None) -> httpx2.Response:
        headers, body = self._headers, None
        if message is not None:
            headers = {**headers, "Content-Type": "application/json"}
            body = json.dumps(message.wire(), ensure_ascii=False, separators=(",", ":")).encode()
        timeout = httpx2.Timeout(seconds, connect=min(seconds, CONNECT_SECONDS))
        try:
            # httpx limits each read; a runtime that trickles its answer must not hold the caller either.
            async with asyncio.timeout(seconds):
                return await self._http.request(
                    method,
                    self._base_url + path,
                    headers=headers,
                    content=body,
                    timeout=timeout,
                    follow_redirects=False,
                )
        except (httpx2.HTTPError, TimeoutError) as error:
            raise RuntimeAway(f"{method} {path}: {type(error).__name__}") from error


def _raise_for(response: httpx2.Response) -> None:
    if response.is_success:
        return
    if not response.is_client_error:
        raise RuntimeAway(f"answered {response.status_code}")
    problem = _parsed(Problem, response)
    if problem.code == "REVISION_MISMATCH":
        raise RevisionMismatch(problem.revision, problem.digest)
    raise RuntimeRefused(problem)


def _parsed(answer: type[_Answer], response: httpx2.Response) -> _Answer:
    try:
        return answer.model_validate_json(response.content, strict=True, by_name=False, by_alias=True)
    except ValidationError as error:
        # Its content may be a project's: only what was expected is named.
        raise RuntimeAway(f"answered {response.status_code} without a valid {answer.__name__}") from error
