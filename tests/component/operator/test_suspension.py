"""Sessions that nobody uses, on a real API server (G30): asked before they go, and back with all they had."""

from __future__ import annotations

import asyncio
import json
import re

import httpx2
import pytest
from e2e.browser import project
from tests.component.operator.conftest import DOMAIN, World, eventually, tree
from tests.unit.operator.world import settings
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

from preview_core.kube.client import Object
from preview_core.kube.resource import CONFIG_MAPS, EVENTS, INGRESSES, SERVICES
from preview_core.resources.timestamp import rfc3339
from preview_operator.apply import Applier
from preview_operator.cache import Cache
from preview_operator.memory import Memories
from preview_operator.metrics import Metrics
from preview_operator.observed import Observed, Suspend
from preview_operator.operator import now_ms
from preview_operator.probe import Probe

pytestmark = pytest.mark.asyncio(loop_scope="session")

WAKER = {"preview.coinnation.io/part": "waker"}
# Every session is looked at within half a minute, so a shorter time is not kept to the second.
AFTER_S = 4


async def selector(world: World, session_id: str) -> Object:
    found: Object = (await world.kube.get(SERVICES, world.namespace, f"preview-{session_id}"))["spec"]["selector"]
    return found


async def open_page(world: World, session_id: str) -> ClientConnection:
    """The socket that Vite's client opens in a page of the session's pod."""
    [address] = (await world.session(session_id)).status.pod_ips
    token = re.search(r'wsToken = "([^"]+)"', await world.page(session_id, "/@vite/client"))
    assert token is not None
    host = f"preview-{session_id}.{DOMAIN}"
    return await connect(
        f"ws://{host}/hmr?token={token[1]}",
        host=address,
        port=8080,
        origin=Origin(f"https://{host}"),
        subprotocols=[Subprotocol("vite-hmr")],
        proxy=None,
    )


async def tell(socket: ClientConnection, *, visible: bool) -> None:
    """What the script in a page does."""
    event = {"type": "custom", "event": "kontext-preview:visible", "data": {"visible": visible}}
    await socket.send(json.dumps(event))


async def asleep(world: World, session_id: str) -> None:
    """Waits until nothing of the session runs any more."""
    await world.reason(session_id, "Ready", "Suspended")

    async def gone() -> bool:
        return not await world.pods(session_id)

    await eventually(gone, "the pod is gone")
    session = await world.session(session_id)
    assert session.spec.suspended
    assert (str(session.status.phase), session.status.pod_name, session.status.pod_ips) == ("Suspended", None, ())
    assert await selector(world, session_id) == WAKER


async def test_g30_an_idle_session_gives_up_its_pod_and_a_page_that_is_looked_at_keeps_one(own_world: World) -> None:
    world = own_world
    idle, watched = await world.create(tree(Title=project.title("Idle"))), await world.create(tree())
    before = await world.ready(idle)
    await world.ready(watched)
    socket = await open_page(world, watched)
    await tell(socket, visible=True)
    await world.runtime(suspendAfterSeconds=AFTER_S)

    await asleep(world, idle)
    assert (await world.session(watched)).status.phase == "Ready"
    for resource, name in ((INGRESSES, f"preview-{idle}"), (CONFIG_MAPS, f"files-{idle}")):
        assert await world.kube.get(resource, world.namespace, name)

    await tell(socket, visible=False)
    await asleep(world, watched)
    await socket.wait_closed()
    assert socket.close_code != 1000, "the page comes back"

    await world.runtime(suspendAfterSeconds=0)
    await world.change(idle, suspended=False, lastCallAt=rfc3339(now_ms()))
    after = await world.ready(idle)
    assert (after.status.url, after.status.revision) == (before.status.url, before.status.revision)
    assert "Idle" in await world.page(idle, "/src/components/Title.tsx")
    assert await world.pods(idle) == [after.status.pod_name]
    told = [event["reason"] for event in (await world.kube.list(EVENTS, world.namespace)).items if of(event, idle)]
    assert sorted(reason for reason in told if reason != "Ready") == ["Resuming", "Suspended"]
    # Of its first start only if that took long.
    assert told.count("Ready") in (1, 2)
    metrics = await world.operator.metrics()
    assert 'kontext_preview_operator_suspensions_total{cause="idle"} 2.0' in metrics
    assert "kontext_preview_operator_resumptions_total 1.0" in metrics
    assert 'kontext_preview_operator_time_to_resume_seconds_count{start="cold"} 1.0' in metrics


def of(event: Object, session_id: str) -> bool:
    return str(event["involvedObject"]["name"]) == session_id


async def test_g30_an_operator_killed_in_the_middle_of_a_suspension_finishes_it(own_world: World) -> None:
    world = own_world
    session_id = await world.create(tree())
    await world.ready(session_id)
    await world.runtime(suspendAfterSeconds=AFTER_S)

    async def decided() -> bool:
        return (await world.session(session_id)).spec.suspended

    await eventually(decided, "the session is to be suspended")
    await world.operator.kill()
    await world.operator.start()
    await asleep(world, session_id)


async def test_g42_files_that_were_stored_while_a_session_slept_are_served_when_it_wakes(world: World) -> None:
    session_id = await world.create(tree())
    await world.ready(session_id)
    await world.change(session_id, suspended=True)
    await asleep(world, session_id)
    # As the API does it: wanted first, then the files.
    await world.change(session_id, suspended=False, lastCallAt=rfc3339(now_ms()))
    await world.commit(session_id, tree(Title=project.title("Second")))
    await world.ready(session_id, revision=2)
    assert "Second" in await world.page(session_id, "/src/components/Title.tsx")
    assert await selector(world, session_id) != WAKER


async def test_g42_whoever_wakes_a_session_while_it_is_being_suspended_has_it_back(world: World) -> None:
    for pause in (0.0, 0.02, 0.05, 0.1, 0.3):
        session_id = await world.create(tree())
        await world.ready(session_id)
        await world.change(session_id, suspended=True)
        await asyncio.sleep(pause)
        await world.change(session_id, suspended=False, lastCallAt=rfc3339(now_ms()))
        await world.commit(session_id, tree(Title=project.title("Back")))
        await world.ready(session_id, revision=2)
        assert "Back" in await world.page(session_id, "/src/components/Title.tsx")


async def test_a_call_that_is_written_after_the_decision_wins(world: World) -> None:
    session_id = await world.create(tree())
    await world.ready(session_id)
    seen = await world.session(session_id)
    await world.change(session_id, lastCallAt=rfc3339(now_ms()))
    metrics, cluster = Metrics(), settings(namespace=world.namespace)
    async with httpx2.AsyncClient() as http:
        applier = Applier(world.kube, cluster, b"", Cache(), Memories(), Probe(http, b""), metrics, now_ms)
        await applier.act(Suspend("idle"), Observed(session=seen, runtime=await world.read_runtime(), index=None))
    assert not (await world.session(session_id)).spec.suspended
    assert metrics.registry.get_sample_value("kontext_preview_operator_suspensions_total", {"cause": "idle"}) is None
