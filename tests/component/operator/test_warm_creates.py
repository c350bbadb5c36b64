"""API and operator together on a real API server: creates that take what waits, in the pods that waited."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import AsyncExitStack
from pathlib import Path

import httpx2
import pytest
from tests.component.api_kubernetes.harness import CREATE, PROJECT, Command, sent
from tests.component.operator.conftest import DOMAIN, RUNTIME, World, eventually
from tests.component.operator.test_warm import all_sessions, filled

from preview_core.objects import names

pytestmark = pytest.mark.asyncio(loop_scope="session")

BODY = {"files": sent(PROJECT)}


def environment(world: World) -> dict[str, str]:
    """Of an API beside the world's operator."""
    return {
        "KUBECONFIG": str(world.operator.kubeconfig),
        "KONTEXT_NAMESPACE": world.namespace,
        "KONTEXT_RUNTIME": RUNTIME,
        "KONTEXT_DOMAIN": DOMAIN,
        "KONTEXT_ALLOWED_ORIGINS": "https://kontext.build",
    }


async def test_a_create_that_takes_what_waits_is_served_before_the_operator_sends_anything(
    own_world: World, tmp_path: Path
) -> None:
    world = own_world
    await world.runtime(warm={"minimum": 1, "maximum": 1})
    (waits,) = await filled(world, 1)
    async with Command("serve", environment(world), tmp_path / "serve.log") as api, api.client() as http:
        # Whatever the page gets from now on, it has from the API.
        await world.operator.kill()
        answer = await http.post(CREATE, json=BODY)
        assert answer.status_code == 200, answer.text
        session_id = answer.json()["sessionId"]
        assert session_id == waits.metadata.name
        # Asked for at once: the runtime has the answer wait for the project.
        assert "first" in await world.page(session_id, "/src/App.tsx")
        await world.operator.start()
        session = await world.ready(session_id)
        assert session.status.pod_name == waits.status.pod_name
        (other,) = await filled(world, 1)
        assert other.metadata.name != session_id


async def test_creates_on_three_apis_while_the_operator_and_apis_are_killed_lose_no_session_and_leak_none(
    own_world: World, tmp_path: Path
) -> None:
    world = own_world
    await world.runtime(warm={"minimum": 3, "maximum": 3})
    await filled(world, 3)
    told: list[str] = []

    async def create(api: Command, number: int) -> None:
        async with api.client(Origin=f"https://kontext.build:{number}") as http:
            try:
                answer = await http.post(CREATE, json=BODY)
            except httpx2.TransportError:
                return
        assert answer.status_code == 200, answer.text
        told.append(answer.json()["sessionId"])

    async with AsyncExitStack() as stack:
        apis = [
            await stack.enter_async_context(Command("serve", environment(world), tmp_path / f"serve-{number}.log"))
            for number in range(3)
        ]
        creating = [asyncio.create_task(create(apis[number % 3], number)) for number in range(9)]
        await asyncio.sleep(0.3)
        apis[0].kill()
        await world.operator.kill()
        await asyncio.gather(*creating)
        await world.operator.start()

        assert len(told) == len(set(told)) >= 6
        for session_id in told:
            await world.ready(session_id)
        owners = Counter(one.spec.owner for one in await all_sessions(world) if one.spec.owner is not None)
        assert set(owners.values()) == {1}
        kinds = Counter(one.metadata.labels[names.WARM_LABEL] for one in await all_sessions(world))
        assert kinds[names.CLAIMED] >= 3 - 1, "a killed API may have taken one and told nobody"

        async def counted() -> bool:
            status = (await world.read_runtime()).status
            return (status.ready, status.warm) == (3, 3) and status.claimed >= len(told)

        await eventually(counted, "three wait again")
