"""What a create costs the API server, of API and operator together: everything that they ask goes through one proxy."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import and_
from pathlib import Path

import pytest
import pytest_asyncio
from e2e.cluster.kubectl import Kubectl
from tests.component.api_kubernetes.harness import CREATE, PROJECT, Command, sent
from tests.component.operator.conftest import World, running, tree
from tests.component.operator.test_suspension import asleep
from tests.component.operator.test_warm import filled
from tests.component.operator.test_warm_creates import environment
from tests.component.proxy import Call, Proxy

pytestmark = pytest.mark.asyncio(loop_scope="session")

BODY = {"files": sent(PROJECT)}
CREATES = 4
# Longer than the longest pause between two passes that find something to do.
IDLE_S = 12
# What comes whether or not somebody creates: signs of life, the runtime's counts (once a second at most) and policy.
_BY_TIME = ("/previewruntimes", "/networkpolicies", "-canary")


@dataclass
class Counted:
    """A world whose operator asks through a proxy, and an API that does."""

    world: World
    proxy: Proxy
    api: Command

    async def create(self, *, refilled: bool = False) -> Counter[str]:
        """What one asked for until it was Ready (and, `refilled`, another one waited), by method and kind."""
        self.proxy.calls.clear()
        async with self.api.client() as http:
            answer = await http.post(CREATE, json=BODY)
        assert answer.status_code == 200, answer.text
        await self.world.ready(answer.json()["sessionId"])
        if refilled:
            await filled(self.world, 1)
        # What is written of Ready beside its status comes a moment later.
        await asyncio.sleep(0.5)
        return Counter(f"{call.method} {_kind(call)}" for call in self.proxy.calls if not _is_by_time(call))


@pytest_asyncio.fixture(loop_scope="session")
async def counted(control_plane: Path, kubectl: Kubectl, crds: None, tmp_path: Path) -> AsyncIterator[Counted]:
    flat = tmp_path / "flat.kubeconfig"
    flat.write_text(json.dumps(kubectl.json("config", "view", "--raw", "--minify", "--flatten")))
    async with Proxy(flat, tmp_path) as proxy, running(control_plane, kubectl, tmp_path) as world:
        await world.operator.kill()
        world.operator.kubeconfig = proxy.kubeconfig
        await world.operator.start()
        async with Command("serve", environment(world), tmp_path / "serve.log") as api:
            yield Counted(world, proxy, api)


async def test_a_cold_create_costs_the_api_server_eight_requests(counted: Counted) -> None:
    first = await counted.create()
    each = _of_each([await counted.create() for _ in range(CREATES)])

    assert each == Counter(
        {
            "PATCH configmaps": 1,  # the slot of the owner's quota
            "POST previewsessions": 1,
            "POST configmaps": 1,  # the files
            "POST pods": 1,
            "GET configmaps": 1,  # the files, for the pod
            "PATCH services": 1,
            "PATCH ingresses": 1,
            "PATCH previewsessions": 1,  # the status: Ready
        }
    )
    # The owner's quota is made by a first create.
    assert first["POST configmaps"] == each["POST configmaps"] + 1


async def test_a_create_that_takes_what_waits_costs_seven_and_what_waits_next_five(counted: Counted) -> None:
    await counted.create()  # makes the owner's quota
    await counted.world.runtime(warm={"minimum": 1, "maximum": 1})
    costs = []
    for _ in range(CREATES):
        await filled(counted.world, 1)
        costs.append(await counted.create(refilled=True))

    # Beside the runtime and the list of what waits.
    claim = {
        "GET configmaps": 1,  # the quota: others may want the same session
        "PUT configmaps": 1,
        "PATCH previewsessions": 2,  # the claim, and the status: Ready
        "POST configmaps": 1,  # the files
    }
    next_one = {
        "POST previewsessions": 1,
        "POST pods": 1,
        "PATCH services": 1,
        "PATCH ingresses": 1,
        "PATCH previewsessions": 1,  # the status: Warm
    }
    # The API may have a runtime in mind that kept nothing warm.
    claims = [cost for cost in costs if cost["PUT configmaps"]]
    assert _of_each(claims) == Counter(claim) + Counter(next_one), costs


@pytest.mark.parametrize("sleeps", [False, True])
async def test_g30_a_session_that_serves_or_sleeps_asks_the_api_server_for_nothing(
    counted: Counted, sleeps: bool
) -> None:
    world = counted.world
    session_id = await world.create(tree())
    await world.ready(session_id)
    if sleeps:
        await world.change(session_id, suspended=True)
        await asleep(world, session_id)
    # The pass after the last write finds nothing to do.
    await asyncio.sleep(1)
    counted.proxy.calls.clear()
    await asyncio.sleep(IDLE_S)
    assert [call for call in counted.proxy.calls if session_id in call.path] == []


def _of_each(costs: Sequence[Counter[str]]) -> Counter[str]:
    """What every one of them asked for. One that is slow, on a busy machine, asks for something more: a status and an
    event that say so, or the files once again."""
    return reduce(and_, costs)


def _kind(call: Call) -> str:
    return call.path.split("/namespaces/")[-1].split("/")[1]


def _is_by_time(call: Call) -> bool:
    lists = call.method == "GET" and len(call.path.split("/namespaces/")[-1].split("/")) == 2
    return lists or "/namespaces/" not in call.path or any(part in call.path for part in _BY_TIME)
