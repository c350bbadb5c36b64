"""One child process: started, listened to, ended, and recognised again after a crash of the server."""

from __future__ import annotations

import asyncio
import json
import os
import re
import secrets
import signal
import time
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import structlog

log = structlog.get_logger(__name__)

MAIN = "main.js"
# Old space: a loaded session measures 130-190 MB, cold pre-bundling peaks above. Young space: see platform notes, it
# is a third of the memory at no visible cost.
NODE_FLAGS = ("--max-old-space-size=512", "--max-semi-space-size=4")
# `listening` takes 0.1-0.4 s; a machine that is busy with twenty of them needs more.
START_TIMEOUT_S = 20.0
# Vite closes in well under a second; the caller of a stop waits for it.
GRACE_S = 3.0
STALE_GRACE_S = 3.0
STALE_PAUSE_S = 0.02
READ_BYTES = 64 * 1024
LINE_LIMIT = 16 * 1024
TAIL_LINES = 20


class StartFailed(Exception):
    """The child ended, or said nothing, before it listened."""


@dataclass(frozen=True)
class Launch:
    """What a child is started with. `preview_fd` is the listening socket that it inherits."""

    command: tuple[str, ...]
    folder: Path
    catalogue: Path
    # Packages of all sessions, and how npm is set up for whoever runs the server.
    store: Path
    npm: Mapping[str, str]
    preview_fd: int
    public_url: str
    allowed_origins: Sequence[str]
    # Why the session's last child had to be ended, where that is known.
    last_end: str | None = None

    def environment(self, token: str) -> Mapping[str, str]:
        """Minimal: what the server's own environment holds is not the session's business."""
        return {
            "PATH": os.environ.get("PATH", os.defpath),
            "LANG": "C.UTF-8",
            # glibc gives each of Node's threads a heap of its own, up to eight per core, that it never gives back
            # (measured: 7 of 175 MB; no difference in speed).
            "MALLOC_ARENA_MAX": "2",
            "HOME": str(self.folder),
            "TMPDIR": str(self.folder),
            "KP_SESSION_DIR": str(self.folder),
            "KP_CATALOGUE_DIR": str(self.catalogue),
            "KP_STORE_DIR": str(self.store),
            "KP_NPM_CONFIG": json.dumps(dict(self.npm)),
            "KP_PREVIEW_FD": str(self.preview_fd),
            "KP_CONTROL_HOST": "127.0.0.1",
            "KP_CONTROL_PORT": "0",
            "KP_CONTROL_TOKEN": token,
            "KP_PUBLIC_URL": self.public_url,
            "KP_ALLOWED_ORIGINS": ",".join(self.allowed_origins),
            "KP_LAST_END": self.last_end or "",
        }


class Child:
    """A running child. Its standard input stays open: at its end of file the child exits, so no orphan is left."""

    def __init__(self, process: asyncio.subprocess.Process, token: str) -> None:
        self._process = process
        self._tail: deque[str] = deque(maxlen=TAIL_LINES)
        self._announced: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._drains = [asyncio.create_task(self._drain_output()), asyncio.create_task(self._drain_errors())]
        self.token = token
        self.control_port = 0
        self.started = start_time(process.pid)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def control_url(self) -> str:
        return f"http://127.0.0.1:{self.control_port}"

    @property
    def tail(self) -> list[str]:
        """The last lines of its log; for the debug log only, they may name files."""
        return list(self._tail)

    async def listening(self) -> None:
        """Waits for the announcement. Raises StartFailed."""
        try:
            message = json.loads(await self._announced)
            self.control_port = int(message["controlPort"])
        except (ValueError, KeyError, TypeError) as error:
            raise StartFailed("the runtime ended before it listened") from error

    async def wait(self) -> int:
        """The exit status, once it has ended."""
        return await self._process.wait()

    def kill(self) -> None:
        """Ends it and its group at once: it cannot hear, or would go on meanwhile."""
        self._signal(signal.SIGKILL)

    async def stop(self, grace: float = GRACE_S) -> None:
        """Ends the child and everything it started. Idempotent, also for a child that has already ended."""
        self._signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(grace):
                await self._process.wait()
        except TimeoutError:
            log.warning("runtime_killed", after_s=grace)
        # Always: what the child started itself may still run after it.
        self._signal(signal.SIGKILL)
        await self._process.wait()
        if self._process.stdin is not None:
            self._process.stdin.close()
            with suppress(OSError):
                await self._process.stdin.wait_closed()
        # Its grandchildren may hold the pipes open: the end of the drains is not awaited for ever.
        _done, pending = await asyncio.wait(self._drains, timeout=grace)
        for drain in pending:
            drain.cancel()

    def _signal(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, number)

    async def _drain_output(self) -> None:
        assert self._process.stdout is not None  # noqa: S101 - we asked for a pipe
        try:
            line = await self._process.stdout.readline()
        except ValueError:
            # Longer than the reader's limit: no announcement.
            line = b""
        if not self._announced.done():
            self._announced.set_result(line)
        while await self._process.stdout.read(READ_BYTES):
            pass

    async def _drain_errors(self) -> None:
        assert self._process.stderr is not None  # noqa: S101 - we asked for a pipe
        rest = b""
        while data := await self._process.stderr.read(READ_BYTES):
            *lines, rest = (rest + data).split(b"\n")
            rest = rest[-LINE_LIMIT:]
            for line in lines:
                text = line[:LINE_LIMIT].decode(errors="replace")
                self._tail.append(text)
                log.debug("runtime_says", pid=self.pid, line=text)


async def start(launch: Launch) -> Child:
    """Starts a child and waits until it listens. Raises StartFailed; nothing is left running then."""
    token = secrets.token_urlsafe(32)
    try:
        process = await asyncio.create_subprocess_exec(
            *launch.command,
            cwd=launch.folder,
            env=launch.environment(token),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            pass_fds=(launch.preview_fd,),
            start_new_session=True,
        )
    except OSError as error:
        raise StartFailed(f"the runtime cannot be started: {error.strerror}") from error
    child = Child(process, token)
    try:
        async with asyncio.timeout(START_TIMEOUT_S):
            await child.listening()
    except TimeoutError as error:
        await child.stop()
        raise StartFailed("the runtime did not come up in time") from error
    except BaseException:
        await asyncio.shield(child.stop())
        raise
    return child


def start_time(pid: int) -> int | None:
    """Start time of a process in clock ticks since boot; None when it is gone or there is no /proc."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    # The second field is the name in parentheses and may contain anything; `starttime` is field 22.
    fields = stat.rpartition(")")[2].split()
    return int(fields[19]) if fields[0] != "Z" else None


async def end_stale(pid: int, started: int | None, script: str = MAIN) -> None:
    """Ends a child that a killed server left behind; leaves alone whoever else has its pid by now."""
    if started is None or not _is_ours(pid, started, script):
        return
    log.warning("stale_runtime_ended", pid=pid)
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, number)
        deadline = time.monotonic() + STALE_GRACE_S
        # Not our child, so nobody tells us of its end.
        while time.monotonic() < deadline:
            if start_time(pid) != started:
                return
            await asyncio.sleep(STALE_PAUSE_S)


def _is_ours(pid: int, started: int, script: str) -> bool:
    if start_time(pid) != started:
        return False
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False
    return re.search(rb"(^|[/\0])" + re.escape(script.encode()) + rb"(\0|$)", command) is not None
