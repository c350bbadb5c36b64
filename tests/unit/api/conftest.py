"""The whole HTTP face over a backend in memory, without a socket."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx2
import pytest
from tests.unit.api.memory import MemoryBackend

from preview_api.app import create_app
from preview_api.settings import Settings

ORIGIN = "https://kontext.build"
CREATE = "/kontext/preview"
PROJECT = [
    {"name": "src/frontend/src/index.tsx", "content": "import './App'"},
    {"name": "src/frontend/src/App.tsx", "content": "export default () => null"},
    {"name": "src/frontend/src/styles.css", "content": "a { color: red }"},
]


@dataclass
class Clock:
    """Epoch milliseconds that only move when told."""

    now: int = 1_800_000_000_000

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def backend() -> MemoryBackend:
    return MemoryBackend()


@pytest.fixture
def settings() -> Settings:
    return Settings(allowed_origins=(ORIGIN,))


@pytest.fixture
async def api(backend: MemoryBackend, settings: Settings, clock: Clock) -> AsyncIterator[httpx2.AsyncClient]:
    app = create_app(settings, backend, clock)
    transport = httpx2.ASGITransport(app=app, raise_app_exceptions=True)
    async with httpx2.AsyncClient(
        transport=transport, base_url="http://localhost", headers={"Origin": ORIGIN}
    ) as client:
        yield client


async def created(api: httpx2.AsyncClient, **more: object) -> dict[str, object]:
    """A session of the small project."""
    response = await api.post(CREATE, json={"files": PROJECT, "packageJson": None, "projectType": "icpstudio", **more})
    assert response.status_code == 200, response.text
    answer: dict[str, object] = response.json()
    return answer


async def updated(api: httpx2.AsyncClient, session_id: object, name: str, content: str | None) -> dict[str, object]:
    """One file changed."""
    response = await api.post(f"{CREATE}/{session_id}/update", json={"files": [{"name": name, "content": content}]})
    assert response.status_code == 200, response.text
    answer: dict[str, object] = response.json()
    return answer
