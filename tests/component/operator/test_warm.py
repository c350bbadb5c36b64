"""Sessions that wait for an owner, on a real API server: kept, taken, made up for, given up."""

from __future__ import annotations

import asyncio
import json

import pytest
from tests.component.operator.conftest import RUNTIME, World, eventually, tree

from preview_core.kube.errors import Conflict, NotFound
from preview_core.kube.resource import INGRESSES, RUNTIMES, SERVICES, SESSIONS
from preview_core.objects import names
from preview_core.resources.conditions import Phase
from preview_core.resources.session import PreviewSession
from preview_core.resources.timestamp import rfc3339
from preview_operator.operator import now_ms

pytestmark = pytest.mark.asyncio(loop_scope="session")

OWNER = "http://localhost:5173 192.0.2.1"


async def all_sessions(world: World) -> list[PreviewSession]:
    listed = await world.kube.list(SESSIONS, world.namespace)
    return [PreviewSession.model_validate(item) for item in listed.items]


async def waiting(world: World, phase: Phase | None = Phase.WARM) -> list[PreviewSession]:
    """Those that nobody owns, in a phase (None: in any)."""
    found = [session for session in await all_sessions(world) if session.spec.owner is None]
    return [session for session in found if phase is None or session.status.phase is phase]


async def filled(world: World, number: int) -> list[PreviewSession]:
    """Waits until exactly so many wait, all of them working."""

    async def there() -> bool:
        return len(await waiting(world)) == len(await waiting(world, None)) == number

    try:
        await eventually(there, f"{number} sessions wait")
    except AssertionError as error:
        states = [(one.status.phase, one.spec.owner is None) for one in await all_sessions(world)]
        raise AssertionError(f"{error}\n{states}\n{world.operator.log.read_text()[-2000:]}") from error
    return await waiting(world)


async def claim(world: World, session: PreviewSession, *, ago_ms: int = 0, files: bool = True) -> bool:
    """As the API does: one write that compares; then the files, and no push. False if somebody was faster."""
    now = now_ms()
    body = {
        "metadata": {
            "resourceVersion": session.metadata.resource_version,
            "labels": {names.WARM_LABEL: names.CLAIMED},
        },
        "spec": {
            "owner": OWNER,
            "claimedAt": rfc3339(now - ago_ms),
            "expiresAt": rfc3339(now + 24 * 3600 * 1000),
        },
    }
    try:
        taken = await world.kube.patch(SESSIONS, world.namespace, session.metadata.name, body)
    except (Conflict, NotFound):
        return False
    if files:
        await world.files.create(session.metadata.name, taken["metadata"]["uid"], tree())
    return True


async def test_a_waiting_session_has_all_that_a_session_has_and_shows_nobody_the_stand_in(own_world: World) -> None:
    world = own_world
    await world.runtime(warm={"minimum": 1})
    (session,) = await filled(world, 1)
    session_id = session.metadata.name
    assert await world.condition(session_id, "Serving") == ("True", "Serving")
    assert await world.condition(session_id, "Routed") == ("True", "Routed")
    assert await world.condition(session_id, "Ready") == ("False", "Unclaimed")
    service = await world.kube.get(SERVICES, world.namespace, f"preview-{session_id}")
    assert service["spec"]["selector"] == {names.POD_LABEL: f"preview-{session_id}-1"}
    await world.kube.get(INGRESSES, world.namespace, f"preview-{session_id}")
    assert session.status.expires_at is None
    assert session.status.revision is None
    assert session.status.served_revision is None


async def test_a_claimed_session_keeps_its_pod_gets_its_files_and_is_made_up_for(own_world: World) -> None:
    world = own_world
    await world.runtime(warm={"minimum": 2})
    first, _ = await filled(world, 2)
    assert await claim(world, first)
    session = await world.ready(first.metadata.name)
    assert session.status.pod_name == first.status.pod_name
    assert session.status.expires_at is not None
    assert "Clicked" in await world.page(first.metadata.name, "/src/components/Counter.tsx")
    others = await filled(world, 2)
    assert first.metadata.name not in {one.metadata.name for one in others}

    async def counted() -> bool:
        status = (await world.read_runtime()).status
        return (status.desired, status.warm, status.ready, status.claimed, status.misses) == (2, 2, 2, 1, 0)

    await eventually(counted, "the runtime counts them")


async def test_kubectl_scale_changes_how_many_wait_and_get_shows_them(own_world: World) -> None:
    world = own_world
    kubectl = world.kubectl
    # What kubectl remembers of this server may be of before it had these kinds.
    await asyncio.to_thread(kubectl, "api-resources", "--cached=false")
    await asyncio.to_thread(kubectl, "scale", "-n", world.namespace, "pvr", RUNTIME, "--replicas=2")
    await filled(world, 2)
    missed = {"labels": {names.WARM_LABEL: names.MISSED}}
    session_id = await world.create(tree())
    await world.kube.patch(SESSIONS, world.namespace, session_id, {"metadata": missed})

    async def shown() -> bool:
        lines = (await asyncio.to_thread(kubectl, "get", "-n", world.namespace, "pvr")).splitlines()
        rows = [dict(zip(lines[0].split(), line.split(), strict=True)) for line in lines[1:]]
        (row,) = [row for row in rows if row["NAME"] == RUNTIME]
        wanted = {"READY": "True", "REASON": "Ready", "DESIRED": "2", "WARM": "2", "CLAIMED": "1", "MISSES": "1"}
        return wanted.items() <= row.items()

    await eventually(shown, "kubectl shows what there is")
    path = f"/apis/{RUNTIMES.api_version}/namespaces/{world.namespace}/{RUNTIMES.plural}/{RUNTIME}/scale"
    scale = json.loads(await asyncio.to_thread(kubectl, "get", "--raw", path))
    assert (scale["spec"]["replicas"], scale["status"]["replicas"]) == (2, 2)

    await asyncio.to_thread(kubectl, "scale", "-n", world.namespace, "pvr", RUNTIME, "--replicas=1")
    await filled(world, 1)
    await asyncio.to_thread(kubectl, "scale", "-n", world.namespace, "pvr", RUNTIME, "--replicas=0")
    await filled(world, 0)
    await world.ready(session_id)


async def test_when_the_runtime_changes_those_that_wait_are_made_anew_and_those_with_an_owner_move(
    own_world: World,
) -> None:
    world = own_world
    await world.runtime(warm={"minimum": 2})
    first, second = await filled(world, 2)
    assert await claim(world, first)
    taken = await world.ready(first.metadata.name)
    before = {second.metadata.name, *(one.metadata.name for one in await filled(world, 2))}
    await world.runtime(warm={"minimum": 2}, image="localhost/runtime:2")

    async def renewed() -> bool:
        there = await waiting(world)
        return len(there) == 2 and before.isdisjoint(one.metadata.name for one in there)

    await eventually(renewed, "others wait")
    moved = await world.ready(first.metadata.name, not_pod=taken.status.pod_name or "")
    assert moved.status.runtime_revision == (await world.read_runtime()).status.revision
    assert {one.status.runtime_revision for one in await waiting(world)} == {moved.status.runtime_revision}


async def test_those_that_wait_give_their_room_to_a_session_with_an_owner(own_world: World) -> None:
    world = own_world
    await world.runtime(warm={"minimum": 2}, limits={"pods": 2})
    await filled(world, 2)
    session_id = await world.create(tree())
    await world.ready(session_id)
    await filled(world, 1)
    second = await world.create(tree())
    await world.ready(second)
    await filled(world, 0)
    assert len(await world.pods_of_all()) == 2


async def test_a_claimed_session_without_files_is_removed_and_made_up_for(own_world: World) -> None:
    world = own_world
    await world.runtime(warm={"minimum": 1})
    (session,) = await filled(world, 1)
    assert await claim(world, session, ago_ms=130_000, files=False)
    await world.gone(session.metadata.name)
    (other,) = await filled(world, 1)
    assert other.metadata.name != session.metadata.name


async def test_those_of_a_runtime_that_is_deleted_go(own_world: World) -> None:
    world = own_world
    await world.runtime(warm={"minimum": 2})
    await filled(world, 2)
    await world.kube.delete(RUNTIMES, world.namespace, RUNTIME)
    await filled(world, 0)


async def test_an_operator_killed_again_and_again_loses_no_claimed_session_and_leaks_none(
    own_world: World,
) -> None:
    world = own_world
    minimum = 3
    await world.runtime(warm={"minimum": minimum, "maximum": minimum})
    taken: set[str] = set()

    async def takes() -> None:
        for number in range(24):
            # More and fewer are wanted all the time, so that some are given up while they are claimed.
            await world.runtime(warm={"minimum": 1 + number % minimum, "maximum": minimum})
            for session in (await waiting(world, None))[:1]:
                if await claim(world, session):
                    taken.add(session.metadata.name)
            await asyncio.sleep(0.25)

    taking = asyncio.create_task(takes())
    for pause in (0.4, 0.7, 0.3, 1.1, 0.5):
        await asyncio.sleep(pause)
        await world.operator.kill()
        await world.operator.start()
    await taking
    await world.runtime(warm={"minimum": minimum, "maximum": minimum})
    assert taken
    for session_id in taken:
        await world.ready(session_id)
    await filled(world, minimum)
    assert {one.metadata.name for one in await all_sessions(world) if one.spec.owner is not None} == taken

    async def clean() -> bool:
        return len(await world.pods_of_all()) == len(taken) + minimum

    await eventually(clean, "every session has one pod and nobody else has any")
