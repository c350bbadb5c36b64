"""Every test here needs the cluster; sessions are each test's own and are deleted after it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

import httpx2
import pytest
import pytest_asyncio

from e2e.cluster.installed import Installed
from e2e.guarantees.caller import Session, create

Create = Callable[..., Awaitable[Session]]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--on") != "cluster":
        ours = [item for item in items if "guarantees" in item.path.parts]
        items[:] = [item for item in items if item not in ours]
        config.hook.pytest_deselected(items=ours)


@pytest.fixture(scope="session")
def cluster(installed: Installed | None) -> Installed:
    assert installed is not None, "run these tests with --on cluster"
    return installed


@pytest_asyncio.fixture(loop_scope="session")
async def new(http: httpx2.AsyncClient) -> AsyncIterator[Create]:
    """Creates sessions that are deleted when the test is over."""
    made: list[Session] = []

    async def call(text: str = "First", **more: object) -> Session:
        made.append(await create(http, text, **more))
        return made[-1]

    yield call
    for session in made:
        await session.close()
