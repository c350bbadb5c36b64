"""Where the tests of this folder find the product: `--on local` (the default), or `--on cluster`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import httpx2
import pytest
import pytest_asyncio

from e2e.browser.profile import Cookies
from e2e.browser.site import Site
from e2e.browser.target import Target
from e2e.cluster.installed import Installed
from e2e.cluster.target import ClusterTarget
from e2e.server import Server


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--on",
        choices=("local", "cluster"),
        default="local",
        help="local: a server on this machine. cluster: the chart on a real Kubernetes, through its ingress controller",
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """On the cluster, what is served is the same and the tests are slower: what it cannot change runs once, locally."""
    if config.getoption("--on") == "cluster":
        again = [item for item in items if _local_only(item)]
        items[:] = [item for item in items if item not in again]
        config.hook.pytest_deselected(items=again)


def _local_only(item: pytest.Item) -> bool:
    """Marked so, or with a browser that blocks third-party cookies only: one without any cookies is the harder case."""
    parameters = item.callspec.params if isinstance(item, pytest.Function) and hasattr(item, "callspec") else {}
    return item.get_closest_marker("local_only") is not None or parameters.get("browser") is Cookies.NO_THIRD_PARTY


@pytest.fixture(scope="session")
def installed(request: pytest.FixtureRequest) -> Iterator[Installed | None]:
    """The cluster with the chart, if the tests are to run on it."""
    if request.config.getoption("--on") == "local":
        yield None
        return
    with Installed() as here:
        yield here


@pytest.fixture(scope="session")
def site(installed: Installed | None) -> Iterator[Site]:
    """The caller's site."""
    running = Site() if installed is None else Site(ClusterTarget(installed).site_port)
    yield running
    running.close()


@pytest.fixture(scope="session")
def target(installed: Installed | None, site: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """The product, which allows the caller's origin."""
    if installed is not None:
        yield ClusterTarget(installed)
        return
    running = Server(tmp_path_factory.mktemp("server"), origins=[site.origin])
    running.start()
    yield running
    running.stop()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def http(target: Target, site: Site) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of the API, with the caller's origin."""
    headers = {"Origin": site.origin, "Host": target.host}
    async with httpx2.AsyncClient(base_url=target.base_url, headers=headers, trust_env=False, timeout=30) as client:
        yield client
