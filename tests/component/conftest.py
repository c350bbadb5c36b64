"""A real API server for the tests that want one.

It is started here from `KUBEBUILDER_ASSETS` or from what e2e/cluster/build.sh made (it builds when its cache is empty:
3-4 minutes, once per machine). KONTEXT_USE_KUBECONFIG=1 takes the cluster of `KUBECONFIG` instead: asked for by a
variable of its own, because a developer's KUBECONFIG may well lead to a cluster that is not for tests.
"""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from e2e.cluster.binaries import BinariesMissing, binaries
from e2e.cluster.controlplane import ControlPlane
from e2e.cluster.kubectl import Kubectl

CRDS = Path(__file__).parents[2] / "crds"
DEFINITIONS = tuple(f"crd/{plural}.preview.coinnation.io" for plural in ("previewsessions", "previewruntimes"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The first test here may have to wait for a build, which has a limit of its own."""
    for item in items:
        if Path(__file__).parent in item.path.parents and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(180, func_only=True))


@pytest.fixture(scope="session")
def control_plane() -> Iterator[Path]:
    """Kubeconfig of an administrator. One control plane for the whole run: a test keeps to a namespace of its own."""
    if os.environ.get("KONTEXT_USE_KUBECONFIG") == "1":
        given = os.environ.get("KUBECONFIG")
        assert given, "KONTEXT_USE_KUBECONFIG=1 wants KUBECONFIG, the cluster to test against"
        yield Path(given)
        return
    try:
        plane = ControlPlane()
    except BinariesMissing as error:
        pytest.fail(str(error), pytrace=False)
    with plane:
        yield plane.kubeconfig


@pytest.fixture(scope="session")
def kubectl(control_plane: Path) -> Kubectl:
    """kubectl as an administrator."""
    if os.environ.get("KONTEXT_USE_KUBECONFIG") == "1":
        found = shutil.which("kubectl")
        assert found, "KONTEXT_USE_KUBECONFIG=1 wants kubectl on PATH"
        return Kubectl(found, control_plane)
    return Kubectl(binaries().kubectl, control_plane)


@pytest.fixture(scope="session")
def crds(kubectl: Kubectl) -> None:
    """The custom resource definitions, in force."""
    # Before 1.25 the API server drops CEL rules, and kubectl refuses them unless it is told not to look.
    kubectl("apply", "--validate=false", "-f", str(CRDS))
    kubectl("wait", "--for=condition=Established", *DEFINITIONS, "--timeout=30s")


@pytest.fixture
def namespace(kubectl: Kubectl) -> Iterator[str]:
    """A namespace for one test. Its end is asked for, not awaited."""
    name = f"test-{secrets.token_hex(4)}"
    kubectl("create", "namespace", name)
    yield name
    kubectl("delete", "namespace", name, "--wait=false")
