"""Sessions that wake take the pods of those that wait, on a real API server (G30): one each, whoever dies meanwhile."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx2
import pytest
from e2e.browser import project
from tests.component.operator.conftest import DOMAIN, World, eventually, tree
from tests.component.operator.test_suspension import asleep, selector
from tests.component.operator.test_warm import all_sessions, claim, filled
from tests.unit.operator.world import settings

from preview_api.backends.kubernetes.claims import waits
from preview_core.kube.resource import PODS, SERVICES, SESSIONS
from preview_core.objects import names
from preview_core.resources.conditions import Phase
from preview_core.resources.session import PreviewSession
from preview_core.resources.timestamp import rfc3339
from preview_operator.apply import Applier
from preview_operator.cache import Cache
from preview_operator.memory import Memories
from preview_operator.metrics import Metrics
from preview_operator.observed import Adopt, HandOver, Observed
from preview_operator.operator import now_ms
from preview_operator.probe import Probe
from preview_operator.seen import PodSeen

pytestmark = pytest.mark.asyncio(loop_scope="session")


@dataclass
class Hand:
    """Writes what an operator writes, and no more than it is told."""

    world: World
    applier: Applier

    async def adopts(self, waiting: PreviewSession, heir: str) -> None:
        action = Adopt(waiting.metadata.name, waiting.metadata.resource_version, waiting.status.pod_name or "")
        await self.applier.act(action, await self._observed(heir))

    async def hands_over(self, waiting: PreviewSession, heir: str) -> None:
        pod = PodSeen.of(await self.world.kube.get(PODS, self.world.namespace, waiting.status.pod_name or ""))
        assert pod is not None
        action = HandOver(pod, await self.world.session(heir))
        await self.applier.act(action, await self._observed(waiting.metadata.name))

    async def _observed(self, session_id: str) -> Observed:
        return Observed(await self.world.session(session_id), await self.world.read_runtime(), index=None)


@asynccontextmanager
async def hand(world: World) -> AsyncIterator[Hand]:
    cluster = settings(namespace=world.namespace)
    async with httpx2.AsyncClient() as http:
        probe = Probe(http, b"")
        yield Hand(world, Applier(world.kube, cluster, b"", Cache(), Memories(), probe, Metrics(), now_ms))


async def sleeping(world: World, title: str = "Back") -> str:
    session_id = await world.create(tree(Title=project.title(title)))
    await world.ready(session_id)
    await world.change(session_id, suspended=True)
    await asleep(world, session_id)
    return session_id


async def wake(world: World, session_id: str) -> None:
    await world.change(session_id, suspended=False, lastCallAt=rfc3339(now_ms()))


async def pod(world: World, name: str | None) -> Any:
    return await world.kube.get(PODS, world.namespace, name or "")


async def served_by(world: World, session_id: str, waiting: PreviewSession, title: str = "Back") -> None:
    """Waits until the session is Ready in the pod of that waiting one, which is gone."""
    session = await world.ready(session_id)
    assert session.status.pod_name == waiting.status.pod_name
    metadata = (await pod(world, session.status.pod_name))["metadata"]
    assert metadata["labels"][names.SESSION_LABEL] == session_id
    assert metadata["ownerReferences"] == [names.owner_reference(session_id, session.metadata.uid)]
    assert await selector(world, session_id) == {names.POD_LABEL: waiting.status.pod_name}
    assert title in await world.page(session_id, "/src/components/Title.tsx")
    await world.gone(waiting.metadata.name)
    assert await world.pods(session_id) == [waiting.status.pod_name]


async def test_g30_a_session_that_wakes_takes_the_pod_that_waits_with_its_own_files_route_and_host(
    own_world: World,
) -> None:
    world = own_world
    session_id = await sleeping(world)
    before = await world.session(session_id)
    await world.runtime(warm={"minimum": 1})
    (waiting,) = await filled(world, 1)
    uid = (await pod(world, waiting.status.pod_name))["metadata"]["uid"]

    await wake(world, session_id)
    await served_by(world, session_id, waiting)
    after = await world.session(session_id)
    assert (await pod(world, after.status.pod_name))["metadata"]["uid"] == uid
    assert (after.status.url, after.status.revision) == (before.status.url, before.status.revision)
    async with httpx2.AsyncClient(trust_env=False) as http:
        host = f"preview-{waiting.metadata.name}.{DOMAIN}"
        answer = await http.get(f"http://{after.status.pod_ips[0]}:8080/", headers={"Host": host})
    assert answer.status_code == 403

    (other,) = await filled(world, 1)
    assert other.status.pod_name != waiting.status.pod_name
    metrics = await world.operator.metrics()
    assert 'kontext_preview_operator_time_to_resume_seconds_count{start="warm"} 1.0' in metrics
    assert (await world.read_runtime()).status.misses == 0


async def test_the_pod_it_took_is_replaced_by_one_of_its_own_and_not_by_the_next_that_waits(own_world: World) -> None:
    world = own_world
    session_id = await sleeping(world)
    await world.runtime(warm={"minimum": 1})
    (waiting,) = await filled(world, 1)
    await wake(world, session_id)
    await served_by(world, session_id, waiting)
    (other,) = await filled(world, 1)

    adopted = waiting.status.pod_name or ""
    world.kubelet.kill(adopted)

    async def restarted() -> bool:
        return world.kubelet.containers[adopted].restarts == 1

    await eventually(restarted, "the container runs again")
    # Before anybody tells it: what its pod's label says now counts.
    assert await answers(world, adopted, session_id) != 403
    await world.ready(session_id)
    assert "Back" in await world.page(session_id, "/src/components/Title.tsx")

    await world.kube.delete(PODS, world.namespace, adopted, grace_seconds=0)
    session = await world.ready(session_id, not_pod=adopted)
    assert names.pod_number(session_id, session.status.pod_name or "") > 0
    assert [one.metadata.name for one in await filled(world, 1)] == [other.metadata.name]


async def answers(world: World, name: str, session_id: str) -> int:
    """With which status it answers to the session's host, once it answers at all."""
    host = f"preview-{session_id}.{DOMAIN}"
    found: list[int] = []

    async def asked() -> bool:
        async with httpx2.AsyncClient(trust_env=False) as http:
            try:
                url = f"http://{world.kubelet.containers[name].address}:8080/"
                found.append((await http.get(url, headers={"Host": host}, timeout=10)).status_code)
            except httpx2.TransportError:
                return False
            return True

    await eventually(asked, "it answers")
    return found[0]


@pytest.mark.parametrize("writes", [1, 2])
async def test_g30_an_operator_killed_between_any_two_writes_of_it_is_followed_by_one_that_finishes(
    own_world: World, writes: int
) -> None:
    world = own_world
    session_id = await sleeping(world)
    await world.runtime(warm={"minimum": 1})
    (waiting,) = await filled(world, 1)
    await world.operator.kill()
    await wake(world, session_id)
    async with hand(world) as operator:
        await operator.adopts(waiting, session_id)
        if writes > 1:
            await operator.hands_over(waiting, session_id)
    assert not waits(await world.session(waiting.metadata.name)), "no create takes it any more"
    await world.operator.start()
    await served_by(world, session_id, waiting)
    await filled(world, 1)
    assert len(await world.pods_of_all()) == 2


@pytest.mark.parametrize("fate", ["ended", "suspended", "deleted"])
async def test_what_its_heir_does_not_want_any_more_goes(own_world: World, fate: str) -> None:
    world = own_world
    session_id = await sleeping(world)
    await world.runtime(warm={"minimum": 1})
    (waiting,) = await filled(world, 1)
    await world.operator.kill()
    async with hand(world) as operator:
        await operator.adopts(waiting, session_id)
    if fate == "ended":
        await world.change(session_id, ended={"at": rfc3339(now_ms()), "reason": "Closed"})
    elif fate == "deleted":
        await world.kube.delete(SESSIONS, world.namespace, session_id)
    await world.operator.start()
    await world.gone(waiting.metadata.name)
    (other,) = await filled(world, 1)

    async def only() -> bool:
        return await world.pods_of_all() == [other.status.pod_name]

    await eventually(only, "nothing is left of it")


async def test_of_two_that_wake_one_has_the_pod_that_waits_and_the_other_a_new_one(own_world: World) -> None:
    world = own_world
    both = await asyncio.gather(sleeping(world, "First"), sleeping(world, "Second"))
    await world.runtime(warm={"minimum": 1, "maximum": 1})
    (waiting,) = await filled(world, 1)
    # What would wait next does not start.
    world.kubelet.held = True
    await asyncio.gather(*(wake(world, session_id) for session_id in both))

    async def served() -> bool:
        return [(await world.session(session_id)).status.phase for session_id in both].count(Phase.READY) == 1

    await eventually(served, "one is served")
    (first,) = [one for one in both if (await world.session(one)).status.phase is Phase.READY]
    await served_by(world, first, waiting, "First" if first == both[0] else "Second")
    world.kubelet.held = False
    for session_id, title in zip(both, ("First", "Second"), strict=True):
        await world.ready(session_id)
        assert title in await world.page(session_id, "/src/components/Title.tsx")
        assert len(await world.pods(session_id)) == 1


async def test_a_create_and_a_session_that_wakes_never_get_the_same_pod(own_world: World) -> None:
    world = own_world
    session_id = await sleeping(world)
    await world.runtime(warm={"minimum": 1, "maximum": 1})
    for pause in (0.0, 0.01, 0.03, 0.1):
        (waiting,) = await filled(world, 1)

        async def create(waiting: PreviewSession = waiting, pause: float = pause) -> bool:
            await asyncio.sleep(pause)
            return await claim(world, waiting)

        claimed, _ = await asyncio.gather(create(), wake(world, session_id))
        woken = await world.ready(session_id)
        if claimed:
            assert woken.status.pod_name != waiting.status.pod_name
            taken = await world.ready(waiting.metadata.name)
            assert taken.status.pod_name == waiting.status.pod_name
        else:
            await served_by(world, session_id, waiting)
        await world.change(session_id, suspended=True)
        await asleep(world, session_id)


async def test_operators_killed_again_and_again_while_sessions_wake_lose_none_and_leak_nothing(
    own_world: World,
) -> None:
    world = own_world
    sessions = await asyncio.gather(*(sleeping(world, f"Number {number}") for number in range(3)))
    await world.runtime(warm={"minimum": 2, "maximum": 2})
    await filled(world, 2)

    async def wakes() -> None:
        for session_id in sessions:
            await wake(world, session_id)
            await asyncio.sleep(0.4)

    waking = asyncio.create_task(wakes())
    for pause in (0.05, 0.1, 0.2, 0.05):
        await asyncio.sleep(pause)
        await world.operator.kill()
        await world.operator.start()
    await waking
    for number, session_id in enumerate(sessions):
        await world.ready(session_id)
        assert f"Number {number}" in await world.page(session_id, "/src/components/Title.tsx")
    await filled(world, 2)

    async def clean() -> bool:
        listed = await world.kube.list(PODS, world.namespace)
        owners = [one["metadata"]["labels"][names.SESSION_LABEL] for one in listed.items]
        there = [one.metadata.name for one in await all_sessions(world)]
        routes = await world.kube.list(SERVICES, world.namespace)
        return sorted(owners) == sorted(there) and len(there) == 5 and len(_routes(routes.items)) == 5

    try:
        await eventually(clean, "every session has one pod and one route")
    except AssertionError as error:
        found = [(one.status.phase, one.metadata.labels) for one in await all_sessions(world)]
        raise AssertionError(f"{error}\n{json.dumps(found, indent=1)}") from error


def _routes(services: list[Any]) -> list[str]:
    return [one["metadata"]["name"] for one in services if one["metadata"]["name"].startswith("preview-")]
