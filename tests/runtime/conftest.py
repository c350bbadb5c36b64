"""Real runtimes from the installation that `make setup` leaves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from platformdirs import user_cache_path
from tests.runtime.harness import PUBLIC_URL, Runtime
from tests.runtime.project import FILES

from preview_api.backends.local.installation import Installation, ensure

Start = Callable[..., Runtime]


@pytest.fixture(scope="session")
def installation() -> Installation:
    return ensure(user_cache_path("kontext-preview"), lambda _: None)


@pytest.fixture
def start(installation: Installation, tmp_path: Path) -> Iterator[Start]:
    """Starts runtimes that end with the test."""
    with ExitStack() as stack:
        count = iter(range(100))

        def started(public_url: str = PUBLIC_URL, **settings: str) -> Runtime:
            folder = tmp_path / f"session-{next(count)}"
            runtime = Runtime(list(installation.command), installation.catalogue, folder, public_url, settings)
            return stack.enter_context(runtime)

        yield started


@pytest.fixture(scope="module")
def served(installation: Installation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runtime]:
    """One runtime with the small project, for tests that do not change it."""
    with Runtime(list(installation.command), installation.catalogue, tmp_path_factory.mktemp("served")) as runtime:
        runtime.put(FILES)
        yield runtime
