"""What goes wrong around the operator: it is killed, the API server goes, pods are refused, watches are lost."""

from __future__ import annotations

import asyncio

import pytest
from e2e.browser import project
from tests.component.operator.conftest import World, eventually, tree

from preview_core.kube.client import Object
from preview_core.kube.resource import CONFIG_MAPS, INGRESSES, PODS, SERVICES, Resource
from preview_core.objects import names

pytestmark = pytest.mark.asyncio(loop_scope="session")

QUOTAS = Resource("", "v1", "resourcequotas", "ResourceQuota")


async def test_g02_an_operator_killed_again_and_again_finishes_every_session(own_world: World) -> None:
    world = own_world
    made: list[str] = []

    async def creates() -> None:
        for _ in range(8):
            made.append(await world.create(tree()))
            await asyncio.sleep(0.2)

    creating = asyncio.create_task(creates())
    for pause in (0.15, 0.3, 0.45, 0.2, 0.6):
        await asyncio.sleep(pause)
        await world.operator.kill()
        await world.operator.start()
    await creating
    for session_id in made:
        await world.ready(session_id)
        assert len(await world.pods(session_id)) == 1
    assert len(await world.pods_of_all()) == len(made)


async def test_what_went_while_the_operator_was_away_is_made_again(own_world: World) -> None:
    world = own_world
    session_id = await world.create(tree())
    await world.ready(session_id)
    await world.operator.kill()
    await world.kube.delete(PODS, world.namespace, f"preview-{session_id}-1", grace_seconds=0)
    await world.kube.delete(SERVICES, world.namespace, f"preview-{session_id}")
    await world.kube.delete(INGRESSES, world.namespace, f"preview-{session_id}")
    await world.operator.start()
    await world.ready(session_id, not_pod=f"preview-{session_id}-1")
    assert (await world.condition(session_id, "Routed")) == ("True", "Routed")


@pytest.mark.parametrize("resource", [SERVICES, INGRESSES], ids=lambda resource: resource.kind)
async def test_a_route_that_somebody_deleted_or_changed_is_made_right(world: World, resource: Resource) -> None:
    session_id = await world.create(tree())
    await world.ready(session_id)
    name = f"preview-{session_id}"
    before = await world.kube.get(resource, world.namespace, name)
    await world.kube.delete(resource, world.namespace, name)

    async def there() -> bool:
        listed = (await world.kube.list(resource, world.namespace, f"{names.SESSION_LABEL}={session_id}")).items
        return [found["metadata"]["uid"] != before["metadata"]["uid"] for found in listed] == [True]

    await eventually(there, "it is there again")
    wrong: Object = (
        {"spec": {"selector": {names.POD_LABEL: "nowhere"}}}
        if resource is SERVICES
        else {"spec": {"rules": [{"host": "elsewhere.example.org"}]}}
    )
    await world.kube.patch(resource, world.namespace, name, wrong)

    async def right() -> bool:
        spec = (await world.kube.get(resource, world.namespace, name))["spec"]
        return bool(
            spec.get("selector") == before["spec"].get("selector") and spec.get("rules") == before["spec"].get("rules")
        )

    await eventually(right, "it is as it was")


async def test_pods_that_a_full_quota_refuses_are_made_when_there_is_room(own_world: World) -> None:
    world = own_world
    quota = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "pods"}, "spec": {"hard": {"pods": "1"}}}
    await world.kube.create(QUOTAS, world.namespace, quota)

    async def counted() -> bool:
        return bool((await world.kube.get(QUOTAS, world.namespace, "pods")).get("status", {}).get("hard"))

    await eventually(counted, "the quota is in force")
    first = await world.create(tree())
    await world.ready(first)
    second = await world.create(tree())
    await world.reason(second, "PodAssigned", "PodRefused")
    session = await world.session(second)
    assert session.status.phase == "Failed"
    assert any("exceeded quota" in condition.message for condition in session.status.conditions)
    await world.kube.patch(QUOTAS, world.namespace, "pods", {"spec": {"hard": {"pods": "5"}}})
    await world.ready(second)


async def test_the_runtimes_limit_of_pods_holds(own_world: World) -> None:
    world = own_world
    await world.runtime(limits={"pods": 2})
    sessions = [await world.create(tree()) for _ in range(3)]

    async def full() -> bool:
        reasons = [(await world.condition(one, "PodAssigned"))[1] for one in sessions]
        return reasons.count("Capacity") == 1 and reasons.count("Assigned") == 2

    await eventually(full, "one of three has no pod")
    assert len(await world.pods_of_all()) == 2
    await world.runtime(limits={"pods": 3})
    for one in sessions:
        await world.ready(one)


async def test_a_changed_runtime_rolls_its_sessions_over_without_a_gap(own_world: World) -> None:
    world = own_world
    sessions = [await world.create(tree()) for _ in range(3)]
    for session_id in sessions:
        await world.ready(session_id)
        await world.commit(session_id, tree(Title=project.title("Second")))
        await world.ready(session_id, revision=2)
    await world.runtime(image="localhost/runtime:2")
    for session_id in sessions:
        session = await world.ready(session_id, revision=2, not_pod=f"preview-{session_id}-1")
        # The old pod goes only after the new one works.
        assert session.status.pod_name == f"preview-{session_id}-2"
        assert "Second" in await world.page(session_id, "/src/components/Title.tsx")

    async def done() -> bool:
        pods = await world.pods_of_all()
        return len(pods) == 3 and (await world.read_runtime()).status.outdated == 0

    await eventually(done, "the old pods are gone")


async def test_a_runtime_that_comes_later_lets_its_sessions_start(world: World) -> None:
    session_id = await world.create(tree(), runtimeRef={"name": "later"})
    await world.reason(session_id, "Accepted", "RuntimeNotFound")
    await world.runtime(name="later")
    await world.ready(session_id)


async def test_a_runtime_that_contradicts_itself_is_refused_with_a_reason(own_world: World) -> None:
    world = own_world
    resources = {"requests": {"memory": "2Gi"}, "limits": {"memory": "1Gi"}}
    await world.runtime(resources=resources)
    session_id = await world.create(tree())
    await world.reason(session_id, "Accepted", "RuntimeNotAccepted")

    async def told() -> bool:
        conditions = (await world.read_runtime()).status.conditions
        return any(c.type == "Accepted" and c.status == "False" and "memory" in c.message for c in conditions)

    await eventually(told, "the runtime says why")
    assert await world.pods(session_id) == []


async def test_shards_that_no_index_names_are_removed_and_named_ones_stay(world: World) -> None:
    session_id = await world.create(tree())
    session = await world.ready(session_id)
    assert session.metadata.uid
    index = await world.files.index(session_id)
    assert index.shards == ()
    # Nothing here may wait for two minutes: the age is part of a unit test, here it is that young ones stay.
    name = names.shard_name(session_id, "1-0123456789abcdef")
    orphan = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "labels": names.labels(session_id, names.SHARD)},
    }
    await world.kube.create(CONFIG_MAPS, world.namespace, orphan)
    await asyncio.sleep(3)
    assert await world.kube.get(CONFIG_MAPS, world.namespace, name)


async def test_liveness_and_metrics_answer(world: World) -> None:
    session_id = await world.create(tree())
    await world.ready(session_id)
    status, body = await world.operator.health()
    assert (status, body) == (200, {"status": "ok", "troubles": []})
    metrics = await world.operator.metrics()
    assert 'kontext_preview_operator_sessions{phase="Ready"}' in metrics
    assert "kontext_preview_operator_time_to_ready_seconds_count" in metrics
    assert session_id not in metrics


async def test_a_dependency_profile_that_the_image_lacks_is_named_and_its_pod_stays(own_world: World) -> None:
    world = own_world
    await world.runtime("games", dependencies={"profile": "games"})
    session_id = await world.create(tree(), runtimeRef={"name": "games"})
    await world.reason(session_id, "Serving", "RuntimeFailed")
    (serving,) = [one for one in (await world.session(session_id)).status.conditions if one.type == "Serving"]
    assert serving.message == 'the image of this runtime has no dependency profile "games"'
    assert await world.pods(session_id) == [f"preview-{session_id}-1"]
    await world.runtime("games")
    await world.ready(session_id)
