"""A session's life on a real API server: from the object to a page, and to its end."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress

import httpx2
import pytest
from e2e.browser import project
from tests.component.operator.conftest import World, eventually, tree

from preview_core.kube.client import Object
from preview_core.kube.errors import NotFound
from preview_core.kube.resource import CONFIG_MAPS, EVENTS, INGRESSES, PODS, SERVICES, SESSIONS
from preview_core.resources.timestamp import rfc3339
from preview_operator.operator import now_ms

pytestmark = pytest.mark.asyncio(loop_scope="session")

HOUR_MS = 3600 * 1000


async def parts(world: World, session_id: str) -> list[Object]:
    """All that belongs to a session, but itself and its events."""
    selector = f"preview.coinnation.io/session={session_id}"
    found = []
    for resource in (PODS, SERVICES, INGRESSES, CONFIG_MAPS):
        found += (await world.kube.list(resource, world.namespace, selector)).items
    return found


async def test_a_session_becomes_a_pod_with_its_files_a_service_and_an_ingress(world: World) -> None:
    session_id = await world.create(tree())
    session = await world.ready(session_id)
    assert [condition.status.value for condition in session.status.conditions] == ["True"] * 6
    assert session.status.url == f"https://preview-{session_id}.preview.example.org/"
    assert session.status.pod_name == f"preview-{session_id}-1"

    service = await world.kube.get(SERVICES, world.namespace, f"preview-{session_id}")
    assert service["spec"]["selector"] == {"preview.coinnation.io/pod": f"preview-{session_id}-1"}
    ingress = await world.kube.get(INGRESSES, world.namespace, f"preview-{session_id}")
    assert ingress["spec"]["rules"][0]["host"] == f"preview-{session_id}.preview.example.org"
    assert '<div id="root">' in await world.page(session_id)
    assert "Clicked" in await world.page(session_id, "/src/components/Counter.tsx")


async def test_ingresses_go_when_the_wildcard_comes_and_come_when_it_goes(own_world: World) -> None:
    """The chart's value changes and the operator starts anew; the session is served all the time, by the same pod."""

    async def ingresses() -> set[str]:
        return {
            found["metadata"]["name"] for found in (await own_world.kube.list(INGRESSES, own_world.namespace)).items
        }

    async def started_as(routing: str) -> None:
        await own_world.operator.kill()
        own_world.operator.told["KONTEXT_ROUTING"] = routing
        await own_world.operator.start()

    first = await own_world.create(tree())
    pod = (await own_world.ready(first)).status.pod_name
    assert await ingresses() == {f"preview-{first}"}

    await started_as("wildcard")

    async def none() -> bool:
        return not await ingresses()

    await eventually(none, "no session has an Ingress")
    second = await own_world.create(tree())
    await own_world.ready(second)
    assert await ingresses() == set()

    await started_as("perSession")

    async def both() -> bool:
        return await ingresses() == {f"preview-{first}", f"preview-{second}"}

    await eventually(both, "both sessions have an Ingress")
    session = await own_world.ready(first)
    assert session.status.pod_name == pod


async def test_everything_a_session_has_goes_with_its_object(world: World) -> None:
    session_id = await world.create(tree())
    await world.ready(session_id)
    assert len(await parts(world, session_id)) == 4
    await world.kube.delete(SESSIONS, world.namespace, session_id)

    async def clean() -> bool:
        return not await parts(world, session_id)

    await eventually(clean, "the session's objects are gone")


async def test_g42_a_pod_that_missed_a_push_is_sent_what_it_lacks(world: World) -> None:
    session_id = await world.create(tree())
    await world.ready(session_id)
    await world.commit(session_id, tree(Title=project.title("Second")))
    session = await world.ready(session_id, revision=2)
    assert session.status.revision == 2
    assert "Second" in await world.page(session_id, "/src/components/Title.tsx")


async def test_g06_a_deleted_pod_is_replaced_under_the_same_id_with_the_newest_files(world: World) -> None:
    session_id = await world.create(tree())
    await world.ready(session_id)
    await world.commit(session_id, tree(Title=project.title("Second")))
    await world.ready(session_id, revision=2)
    await world.kube.delete(PODS, world.namespace, f"preview-{session_id}-1", grace_seconds=0)
    session = await world.ready(session_id, revision=2, not_pod=f"preview-{session_id}-1")
    assert session.status.pod_name == f"preview-{session_id}-2"
    assert "Second" in await world.page(session_id, "/src/components/Title.tsx")


async def test_g06_a_wiped_status_is_written_again(world: World) -> None:
    session_id = await world.create(tree())
    before = await world.ready(session_id)
    found = await world.kube.get(SESSIONS, world.namespace, session_id)
    path = f"/apis/{SESSIONS.api_version}/namespaces/{world.namespace}/{SESSIONS.plural}/{session_id}/status"
    await asyncio.to_thread(world.kubectl, "replace", "--raw", path, "-f", "-", stdin={**found, "status": {}})
    after = await world.ready(session_id)
    assert (after.status.pod_name, after.status.url) == (before.status.pod_name, before.status.url)
    assert (after.status.expires_at or 0) >= (before.status.expires_at or 0)
    assert await world.pods(session_id) == [f"preview-{session_id}-1"]


async def test_a_crashed_runtime_gets_its_files_again_in_the_same_pod(world: World) -> None:
    session_id = await world.create(tree())
    await world.ready(session_id)
    world.kubelet.kill(f"preview-{session_id}-1")

    async def restarted() -> bool:
        return world.kubelet.containers[f"preview-{session_id}-1"].restarts == 1

    await eventually(restarted, "the kubelet started the container again")

    async def serves() -> bool:
        with suppress(httpx2.TransportError):
            return "Clicked" in await world.page(session_id, "/src/components/Counter.tsx")
        return False

    await eventually(serves, "the page works again")
    assert await world.pods(session_id) == [f"preview-{session_id}-1"]


async def test_a_runtime_that_does_not_answer_any_more_is_replaced(world: World) -> None:
    session_id = await world.create(tree())
    await world.ready(session_id)
    world.kubelet.freeze(f"preview-{session_id}-1")
    await world.commit(session_id, tree(Title=project.title("Second")))
    session = await world.ready(session_id, revision=2, not_pod=f"preview-{session_id}-1")
    assert "Second" in await world.page(session_id, "/src/components/Title.tsx")
    assert session.status.phase == "Ready"


async def test_visitors_get_the_waker_until_the_runtime_answers_and_while_it_is_gone(own_world: World) -> None:
    world = own_world
    world.kubelet.held = True
    session_id = await world.create(tree())

    async def selector() -> Object:
        found: Object = (await world.kube.get(SERVICES, world.namespace, f"preview-{session_id}"))["spec"]["selector"]
        return found

    await world.reason(session_id, "PodAssigned", "Creating")
    # The chart's wildcard Ingress leads to the waker by itself.
    for resource in (SERVICES, INGRESSES):
        with pytest.raises(NotFound):
            await world.kube.get(resource, world.namespace, f"preview-{session_id}")
    world.kubelet.held = False
    await world.ready(session_id)
    assert await selector() == {"preview.coinnation.io/pod": f"preview-{session_id}-1"}
    world.kubelet.held = True
    await world.kube.delete(PODS, world.namespace, f"preview-{session_id}-1", grace_seconds=0)

    async def waits() -> bool:
        return await selector() == {"preview.coinnation.io/part": "waker"}

    await eventually(waits, "the Service leads to the waker")


async def test_suspended_sessions_have_no_pod_and_come_back_with_their_files(world: World) -> None:
    session_id = await world.create(tree())
    await world.ready(session_id)
    await world.change(session_id, suspended=True)
    await world.reason(session_id, "Ready", "Suspended")

    async def empty() -> bool:
        return not await world.pods(session_id)

    await eventually(empty, "the pod is gone")
    await world.change(session_id, suspended=False)
    await world.ready(session_id)
    assert "Clicked" in await world.page(session_id, "/src/components/Counter.tsx")


async def test_g30_an_expired_session_becomes_a_tombstone_and_loses_everything(own_world: World) -> None:
    world = own_world
    await world.runtime(expireAfterSeconds=10, suspendAfterSeconds=10)
    session_id = await world.create(tree(), expiresAt=rfc3339(now_ms() + 2000))
    await world.reason(session_id, "Accepted", "Expired")

    async def clean() -> bool:
        return not await parts(world, session_id)

    await eventually(clean, "the session's objects are gone")
    session = await world.session(session_id)
    assert session.status.phase == "Ended"
    assert session.spec.ended is not None


async def test_a_tombstone_goes_after_an_hour(world: World) -> None:
    young = await world.create(tree(), ended={"at": rfc3339(now_ms() - HOUR_MS + 60_000), "reason": "Closed"})
    old = await world.create(tree(), ended={"at": rfc3339(now_ms() - HOUR_MS - 1000), "reason": "Closed"})
    await world.gone(old)
    assert await world.condition(young, "Accepted") == ("False", "Closed")


async def test_an_interrupted_create_is_removed_and_a_young_one_is_not(world: World) -> None:
    young = await world.create(None)
    old = await world.create(None, claimedAt=rfc3339(now_ms() - 120_000))
    await world.gone(old)
    assert (await world.session(young)).status.phase != "Failed"


async def test_events_tell_of_transitions_once(own_world: World) -> None:
    world = own_world
    world.kubelet.held = True
    session_id = await world.create(tree())
    # It takes long enough for somebody to be told.
    await world.reason(session_id, "PodAssigned", "Creating")
    world.kubelet.held = False
    await world.ready(session_id)
    for minute in range(3):
        before = (await world.session(session_id)).status.observed_generation
        await world.change(session_id, lastCallAt=rfc3339(now_ms() + minute))

        async def seen(before: int | None = before) -> bool:
            return (await world.session(session_id)).status.observed_generation != before

        await eventually(seen, "the change has been looked at")
    events = (await world.kube.list(EVENTS, world.namespace)).items
    ours = [event["reason"] for event in events if event["involvedObject"]["name"] == session_id]
    assert ours == ["Ready"]


async def test_a_build_error_is_told_and_unsets_no_condition(world: World) -> None:
    session_id = await world.create(tree())
    await world.ready(session_id)
    await world.commit(session_id, tree(Title="export default function Title() { return <h1>"))

    async def told() -> bool:
        return (await world.session(session_id)).status.last_error is not None

    await eventually(told, "lastError tells")
    session = await world.session(session_id)
    assert session.status.phase == "Ready"
    assert session.status.last_error is not None
    assert session.status.last_error.path == project.TITLE
    await world.commit(session_id, tree())
    await world.ready(session_id, revision=3)
    assert (await world.session(session_id)).status.last_error is None


async def test_g38_no_session_id_stands_in_the_operators_log(own_world: World) -> None:
    world = own_world
    session_id = await world.create(tree())
    await world.ready(session_id)
    world.kubelet.kill(f"preview-{session_id}-1")
    await world.kube.delete(PODS, world.namespace, f"preview-{session_id}-1", grace_seconds=0)
    await world.ready(session_id, not_pod=f"preview-{session_id}-1")
    log = world.operator.log.read_text()
    assert "loaded" in log
    assert session_id not in log
    assert all(json.loads(line)["level"] in ("info", "warning") for line in log.splitlines())


@pytest.mark.parametrize(
    ("spec", "reason"),
    [({"runtimeRef": {"name": "absent"}}, "RuntimeNotFound")],
)
async def test_a_session_that_cannot_be_accepted_says_why_and_gets_no_pod(
    world: World, spec: Object, reason: str
) -> None:
    session_id = await world.create(tree(), **spec)
    await world.reason(session_id, "Accepted", reason)
    assert await world.pods(session_id) == []
