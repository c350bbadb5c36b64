"""Keeps one session's preview answering: a child when somebody needs it, the waiting page when there is none.

One task per session that is awake runs `start -> hydrate -> wait for the end -> back off`, and everything else only
asks it (`wake`, `live`) or cancels it (`suspend`). So there is never a second child for a session.
"""

from __future__ import annotations

import asyncio
import signal
import socket
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from contextvars import Context
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import httpx2
import structlog

from preview_api.backends.base import Gone, Phase, Snapshot, Unreachable
from preview_api.backends.delivery import deliver, hydrate
from preview_api.backends.local.backoff import Backoff
from preview_api.backends.local.processes import Child, Launch, StartFailed, start
from preview_api.backends.local.slots import Slots
from preview_api.backends.local.sockets import Doorkeeper
from preview_api.backends.local.vitals import MEMORY, Silence, Vitals, heard, verdict
from preview_core import standin
from preview_core.client import HYDRATION_SECONDS, RuntimeAway, RuntimeClient, RuntimeRefused
from preview_core.delivery import put_message
from preview_core.errors import BackendUnavailable, Capacity
from preview_core.wire import Outcome, RuntimePhase, Status

log = structlog.get_logger(__name__)

# A caller who updates a session that is just starting wants to hear what Vite says; one who waits longer than a
# start takes (about a second) gains nothing, the files are delivered anyway.
AWAKE_TIMEOUT_S = 3.0
# Whether the preview is looked at is asked while somebody else waits for the slot.
IDLE_TIMEOUT_S = 1.0
FAREWELL_TIMEOUT_S = 1.0  # SIGTERM follows anyway
# A child is asked once per second how it is, and answers in milliseconds.
LOOK_S = 1.0
PHASES = {RuntimePhase.STARTING: Phase.STARTING, RuntimePhase.READY: Phase.READY, RuntimePhase.FAILED: Phase.FAILED}


class Folders(Protocol):
    """The session's working folder on disk."""

    async def fresh(self, session_id: str) -> Path: ...
    async def clear(self, session_id: str) -> None: ...
    async def remove(self, session_id: str) -> None: ...


@dataclass(frozen=True)
class Surroundings:
    """What a supervisor needs from the backend."""

    http: httpx2.AsyncClient
    slots: Slots
    folders: Folders
    launch: Callable[[Path], Launch]
    vitals: Callable[[int], Awaitable[Vitals | None]]
    newest: Callable[[], Awaitable[Snapshot]]
    remember: Callable[[Child | None], Awaitable[None]]
    idle_after_s: float


class Supervisor:
    """Of one live session, or (`is_owned` False) of one that nobody has yet: its child serves the stand-in until
    `claim`, is the first to make room for another, and has one life.

    `called_at` is a monotonic time: the last call or request that needs the child.
    """

    def __init__(
        self,
        session_id: str,
        listening: socket.socket,
        host: str,
        allowed_origins: Sequence[str],
        around: Surroundings,
        *,
        is_owned: bool = True,
    ) -> None:
        self.id = session_id
        self.is_owned = is_owned
        self.waits = False
        self.called_at = time.monotonic()
        self.last_error: str | None = None
        self._door = Doorkeeper(listening, host, allowed_origins, self.wake)
        self._around = around
        self._task: asyncio.Task[None] | None = None
        self._client: RuntimeClient | None = None
        self._hydrated: Outcome | None = None
        self._alive = asyncio.Event()
        self._claimed = asyncio.Event()
        self._settled = asyncio.Event()
        self._delivery = asyncio.Lock()
        self._impatient = asyncio.Event()
        self._backoff = Backoff()
        self._suspending = False
        self._suspended = asyncio.Event()
        self._wake_again = False
        self._started = False
        self._ended = False
        self._farewell = False
        self._suspect = False
        self._verdict: str | None = None
        self._last_end: str | None = None
        self._healing: asyncio.Task[None] | None = None

    # --- what others ask ---

    def open(self) -> None:
        """Answers on the socket from now on."""
        self._door.open()

    def wake(self) -> None:
        """Sets the child going if it is not. Never waits and never fails: without room nothing happens."""
        self.called_at = time.monotonic()
        if self._suspending:
            self._wake_again = True
        elif not self._ended and (self._task is None or self._task.done()):
            # Without the context of the request that woke it: it logs for itself.
            self._task = asyncio.create_task(self._run(), context=Context())
            self._task.add_done_callback(_report)

    def claim(self) -> None:
        """It is a session's from now on. A child that waited gets the session's files; without one, one is started."""
        self.is_owned = True
        self.waits = False
        self._claimed.set()
        self._settled.set()
        self.wake()

    async def push(self, base: Snapshot, new: Snapshot) -> Outcome:
        """Delivers a committed change. Raises Unreachable; the child gets the files when it is back."""
        # New files may be the fix of what ended it.
        self._impatient.set()
        async with self._delivery:
            client = await self._live()
            hydrated = self._hydrated
            if hydrated is not None and hydrated.revision == new.record.revision:
                return hydrated
            try:
                outcome = await deliver(client, base, new, self._around.newest)
                # How an earlier child ended is no news once another one has taken an update.
                self.last_error = None
                return outcome  # noqa: TRY300 - what follows are its errors
            except RuntimeRefused as error:
                log.error("runtime_refused", code=error.problem.code)  # noqa: TRY400 - its text may name files
                raise Unreachable from error
            except RuntimeAway as error:
                # It hangs, or has just ended and is about to be started again: either way it gets the files.
                self._healing = asyncio.create_task(self._heal())
                raise Unreachable from error
            except Gone as error:
                raise Unreachable from error

    async def status(self) -> Status | None:
        """Of the running child; None when there is none that answers."""
        client = self._client
        if client is None:
            return None
        try:
            async with asyncio.timeout(IDLE_TIMEOUT_S):
                return await client.status()
        except (RuntimeAway, RuntimeRefused, TimeoutError):
            return None

    async def observe(self) -> tuple[Phase, str | None]:
        """The phase and the last error of this moment."""
        status = await self.status()
        if status is not None:
            return PHASES[status.phase], status.last_error.message if status.last_error else self.last_error
        # A child that does not answer has not shown that it serves.
        return (Phase.STARTING if self._client is not None else self.phase), self.last_error

    @property
    def phase(self) -> Phase:
        """Without asking the child: a running one counts as Ready."""
        if self._client is not None:
            return Phase.READY
        if self._backoff.failed:
            return Phase.FAILED
        if self._task is not None and not self._task.done() and not self._suspending:
            return Phase.STARTING
        return Phase.SUSPENDED if self._started else Phase.PENDING

    async def idle_since(self) -> float | None:
        """Monotonic time of the last use; None while a page is looked at, or used within the last `idle_after_s`."""
        if not self.is_owned:
            return float("-inf")
        if self._is_recent(self.called_at) or self.phase is Phase.STARTING:
            return None
        if self._client is None:
            return self.called_at
        status = await self.status()
        if status is None:
            # Too busy to say: nobody is thrown out on a guess. One that hangs is for `check`.
            return None
        if status.clients.watching:
            return None
        ago = max(0.0, time.time() - status.last_activity_at / 1000)
        used = max(self.called_at, time.monotonic() - ago)
        return None if self._is_recent(used) else used

    async def is_open(self) -> bool:
        """Whether a page or an observer is connected, looked at or not. One that does not answer counts as well."""
        if self._client is None:
            return False
        status = await self.status()
        return status is None or status.clients.hmr > 0 or status.clients.observers > 0

    async def check(self, revision: int, digest: str) -> Status | None:
        """The child's status; one that is behind, or does not answer, is brought up to date."""
        if self._client is None:
            return None
        status = await self.status()
        is_current = status is not None and (status.revision, status.digest) == (revision, digest)
        was_suspect, self._suspect = self._suspect, not is_current
        # Twice in a row: an update may just be on its way, and a busy child may miss one question.
        if was_suspect and self._suspect:
            await self._heal()
        return status

    # --- while nobody owns it ---

    @property
    def is_spare(self) -> bool:
        """Nobody's, and its child is there or on its way."""
        return not self.is_owned and not self._suspending and self._task is not None and not self._task.done()

    async def prepared(self) -> bool:
        """Returns when it waits (True), is claimed, or its child has ended."""
        await self._settled.wait()
        return self.waits

    async def over(self) -> None:
        """Waits for the end of its one life."""
        if self._task is not None:
            await asyncio.wait((self._task,))

    # --- what ends it ---

    async def suspend(self) -> None:
        """Ends the child; the next call or page request brings it back. Who comes second waits for the first."""
        if self._suspending:
            await self._suspended.wait()
            return
        self._suspending = True
        self._suspended.clear()
        try:
            task, self._task = self._task, None
            if task is not None:
                task.cancel()
                await asyncio.wait((task,))
        finally:
            self._suspending = False
            self._suspended.set()
        if self._wake_again:
            self._wake_again = False
            self.wake()

    async def suspend_unused(self, for_s: float) -> bool:
        """Ends a child that nobody has used for so long; whether it did.

        Nothing waits between the look and the end: who comes after it is answered by the door.
        """
        if self._client is None:
            return False
        since = await self.idle_since()
        if since is None or time.monotonic() - since < for_s:
            return False
        await self.suspend()
        return True

    async def end(self, *, session_too: bool) -> None:
        """Ends the child for good; the caller closes the socket. `session_too`: whoever watches is told not to wait."""
        self._ended = True
        self._farewell = session_too
        await self.suspend()
        self._door.shut()
        if session_too:
            await self._around.folders.remove(self.id)

    # --- the task ---

    async def _run(self) -> None:
        try:
            await self._lives()
        finally:
            self._settled.set()

    async def _lives(self) -> None:
        while True:
            began = time.monotonic()
            try:
                await self._around.slots.reserve(self)
                await self._around.slots.vacated()
                await self._one_life()
            except Capacity:
                log.info("no_room_to_wake")
                return
            except Gone:
                return
            except (StartFailed, RuntimeAway, RuntimeRefused, BackendUnavailable, OSError) as error:
                log.warning("runtime_failed", error=type(error).__name__, reason=str(error))
                self.last_error = str(error) if isinstance(error, StartFailed) else self._how_it_failed()
            finally:
                self._around.slots.release(self)
            if not self.is_owned:
                return
            self._backoff = self._backoff.after(time.monotonic() - began)
            log.warning("runtime_ended", failures=self._backoff.failures, retry_in_s=self._backoff.delay_s)
            await self._wait_for_retry()

    async def _one_life(self) -> None:
        """From the start of a child to its end."""
        child = await self._start()
        self._started = True
        self._verdict = None
        # From the first moment: the first files may hang it.
        watch = asyncio.create_task(self._watch(child))
        try:
            await self._around.remember(child)
            client = RuntimeClient(child.control_url, child.token, self._around.http)
            if self.is_owned:
                await self._become_live(client)
            else:
                await self._wait_for_owner(child, client)
                await self._become_live(client)
                # Only now there is a record to remember it in, and files go before it.
                await self._around.remember(child)
            status = await child.wait()
            self.last_error = f"the preview process ended ({self._verdict or _how(status)})"
        finally:
            watch.cancel()
            # Shielded: a second cancellation must not leave a child behind.
            await asyncio.shield(self._after_life(child))

    async def _watch(self, child: Child) -> None:
        """Ends a child that does harm, see `vitals`. Endless: cancelled with the life that it watches."""
        silence: Silence | None = None
        while True:
            asked_at = time.monotonic()
            answered = await self._answers(child)
            vitals = await self._around.vitals(child.pid)
            silence = heard(silence, asked_at, answered, vitals)
            if self._verdict is None:
                self._verdict = verdict(silence, time.monotonic(), vitals)
            if self._verdict is not None:
                log.warning("runtime_killed", why=self._verdict)
                # Again until it is over: of processes without end, some may just be starting.
                child.kill()
            await asyncio.sleep(max(0.0, asked_at + LOOK_S - time.monotonic()))

    async def _answers(self, child: Child) -> bool:
        try:
            async with asyncio.timeout(LOOK_S):
                return (await self._around.http.get(f"{child.control_url}/healthz", timeout=LOOK_S)).is_success
        except (httpx2.HTTPError, TimeoutError):
            return False

    async def _start(self) -> Child:
        async with self._around.slots.starts:
            folder = await self._around.folders.fresh(self.id)
            # A page that comes now waits in the socket's queue for the child, which holds it until there is something
            # to see: the waiting page would cost it a second until its next reload.
            self._door.shut()
            try:
                return await start(replace(self._around.launch(folder), last_end=self._last_end))
            except BaseException:
                self._door.open()
                raise

    async def _wait_for_owner(self, child: Child, client: RuntimeClient) -> None:
        """Raises StartFailed when the child ends first."""
        app = standin.tree()
        message = await asyncio.to_thread(put_message, app, standin.REVISION, app.digest)
        await client.put(message, HYDRATION_SECONDS)
        self.waits = not self.is_owned
        self._settled.set()
        ended, claimed = asyncio.create_task(child.wait()), asyncio.create_task(self._claimed.wait())
        try:
            await asyncio.wait((ended, claimed), return_when=asyncio.FIRST_COMPLETED)
        finally:
            ended.cancel()
            claimed.cancel()
            self.waits = False
        if not self.is_owned:
            raise StartFailed("the preview process ended while it waited")

    async def _become_live(self, client: RuntimeClient) -> None:
        # Given up, it would be killed and begin all over.
        outcome = await hydrate(client, await self._around.newest(), HYDRATION_SECONDS)
        self._client, self._hydrated = client, outcome
        self._alive.set()

    async def _after_life(self, child: Child) -> None:
        self._client = self._hydrated = None
        self._alive.clear()
        self._door.open()
        if self._farewell:
            await self._say_goodbye(child)
        await child.stop()
        # V8 aborts when its heap is full; what else aborts is told apart by the note that the child left.
        self._last_end = self._verdict or (MEMORY if await child.wait() == -signal.SIGABRT else None)
        await self._around.remember(None)
        await self._around.folders.clear(self.id)

    async def _say_goodbye(self, child: Child) -> None:
        """Lets the sockets be closed with 1000: the session is over, not only this process."""
        with suppress(httpx2.HTTPError):
            await self._around.http.post(
                f"{child.control_url}/v1/shutdown?ended=true",
                headers={"Authorization": f"Bearer {child.token}"},
                timeout=FAREWELL_TIMEOUT_S,
            )

    async def _wait_for_retry(self) -> None:
        self._impatient.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(self._backoff.delay_s):
                await self._impatient.wait()

    async def _live(self) -> RuntimeClient:
        self.wake()
        if self._client is None and self._task is not None:
            alive = asyncio.create_task(self._alive.wait())
            # The task ends when there is no room: then nobody needs to wait.
            await asyncio.wait((alive, self._task), timeout=AWAKE_TIMEOUT_S, return_when=asyncio.FIRST_COMPLETED)
            alive.cancel()
        if self._client is None:
            raise Unreachable
        return self._client

    async def _heal(self) -> None:
        """Gives a child that is behind the newest files, and ends one that does not take them."""
        async with self._delivery:
            client, task = self._client, self._task
            if client is None or task is None:
                return
            log.warning("runtime_behind")
            try:
                await hydrate(client, await self._around.newest())
            except Gone:
                return
            except (RuntimeAway, RuntimeRefused):
                log.warning("runtime_replaced")
                await self.suspend()
                self.wake()

    def _how_it_failed(self) -> str:
        return f"the preview process ended ({self._verdict})" if self._verdict else "the preview process did not start"

    def _is_recent(self, moment: float) -> bool:
        return time.monotonic() - moment < self._around.idle_after_s


def _report(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("supervisor_failed", error=type(error).__name__)


def _how(status: int) -> str:
    return f"signal {-status}" if status < 0 else f"status {status}"
