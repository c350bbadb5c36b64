"""The API server goes away under the operator, and comes back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from e2e.browser import project
from e2e.cluster.controlplane import ControlPlane
from tests.component.conftest import CRDS, DEFINITIONS
from tests.component.operator.conftest import World, running, tree

from preview_core.kube.resource import PODS, SERVICES

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(loop_scope="session")
async def alone(tmp_path: Path) -> AsyncIterator[tuple[ControlPlane, World]]:
    """A control plane that nobody else uses."""
    with ControlPlane() as plane:
        plane.kubectl("apply", "--validate=false", "-f", str(CRDS))
        plane.kubectl("wait", "--for=condition=Established", *DEFINITIONS, "--timeout=30s")
        async with running(plane.kubeconfig, plane.kubectl, tmp_path) as world:
            yield plane, world


async def test_g02_a_restart_of_the_api_server_stops_nothing_for_good(alone: tuple[ControlPlane, World]) -> None:
    plane, world = alone
    session_id = await world.create(tree())
    await world.ready(session_id)
    before = world.operator.process
    plane.stop_api_server()
    # Pages are served all the while: nothing of them asks the API server.
    assert "Clicked" in await world.page_at(session_id, "/src/components/Counter.tsx")
    await asyncio.sleep(3)
    plane.start_api_server()

    await world.commit(session_id, tree(Title=project.title("Second")))
    await world.ready(session_id, revision=2)
    await world.kube.delete(SERVICES, world.namespace, f"preview-{session_id}")
    await world.kube.delete(PODS, world.namespace, f"preview-{session_id}-1", grace_seconds=0)
    await world.ready(session_id, revision=2, not_pod=f"preview-{session_id}-1")
    other = await world.create(tree())
    await world.ready(other)
    assert world.operator.process is before
    assert before is not None
    assert before.returncode is None
    assert (await world.operator.health())[0] == 200
