from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest
from platformdirs import user_cache_path
from tests.component.local.harness import ORIGIN, Server

from preview_api.app import create_app
from preview_api.backends.local.backend import LocalBackend, LocalSettings, now_ms
from preview_api.backends.local.installation import Installation, ensure
from preview_api.backends.local.store import Store
from preview_api.settings import Settings


@pytest.fixture(scope="session")
def installation() -> Installation:
    return ensure(user_cache_path("kontext-preview"), lambda _: None)


@pytest.fixture(scope="module")
def server(installation: Installation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for the tests that leave it as it was."""
    with Server(tmp_path_factory.mktemp("shared") / "state") as server:
        yield server


@dataclass
class Clock:
    """The wall clock, shifted by so many milliseconds."""

    shift: int = 0

    def __call__(self) -> int:
        return now_ms() + self.shift


@dataclass
class Local:
    """The local backend and its API in this process."""

    backend: LocalBackend
    api: httpx2.AsyncClient
    clock: Clock
    running: bool = True

    async def stop(self) -> None:
        if self.running:
            self.running = False
            await self.backend.stop()


Start = Callable[..., Awaitable[Local]]


@pytest.fixture
async def start(installation: Installation, tmp_path: Path) -> AsyncIterator[Start]:
    """Starts backends that end with the test."""
    async with AsyncExitStack() as stack:

        async def started(warm: int = 0, **options: object) -> Local:
            clock = Clock()
            state = tmp_path / "state"
            settings = LocalSettings(state_folder=state, allowed_origins=(ORIGIN,), warm=warm, **options)  # type: ignore[arg-type]
            backend = LocalBackend(settings, installation, Store(state), clock)
            await backend.start()
            transport = httpx2.ASGITransport(create_app(Settings(allowed_origins=(ORIGIN,)), backend, clock))
            api = await stack.enter_async_context(
                httpx2.AsyncClient(transport=transport, base_url="http://localhost", headers={"Origin": ORIGIN})
            )
            local = Local(backend, api, clock)
            stack.push_async_callback(local.stop)
            return local

        yield started
