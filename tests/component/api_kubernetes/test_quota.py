"""At most so many live sessions per owner, exactly, whatever the replicas do at the same time."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest
from tests.component.api_kubernetes.conftest import StartReplica
from tests.component.api_kubernetes.harness import CREATE, DOMAIN, PROJECT, Cluster, Replicas, ago, sent

from preview_core.kube.resource import CONFIG_MAPS
from preview_core.naming import new_session_id
from preview_core.objects import names

LIMIT = 10
# Longer than a call or a page counts as use.
IDLE_MS = 3 * 60_000


@pytest.fixture
async def limited(cluster: Cluster, start_replica: StartReplica) -> Replicas:
    """Three replicas that allow an owner ten sessions."""
    return Replicas(cluster, [await start_replica(live_per_owner=LIMIT) for _ in range(3)])


async def test_fifty_parallel_creates_on_three_replicas_make_exactly_as_many_sessions_as_are_allowed(
    limited: Replicas,
) -> None:
    body = {"files": sent(PROJECT)}
    answers = await asyncio.gather(*(limited.any.post(CREATE, body) for _ in range(50)))

    assert Counter(answer.status_code for answer in answers) == Counter({200: LIMIT, 429: 50 - LIMIT})
    refused = [answer for answer in answers if answer.status_code == 429]
    assert {answer.json()["code"] for answer in refused} == {"QUOTA_EXCEEDED"}
    assert all(int(answer.headers["Retry-After"]) > 0 for answer in refused)
    made = {answer.json()["sessionId"] for answer in answers if answer.status_code == 200}
    assert {session.metadata.name for session in await limited.cluster.sessions()} == made
    assert await limited.cluster.slots(limited.owner) == made


async def test_the_least_recently_used_idle_session_makes_room(limited: Replicas) -> None:
    cluster = limited.cluster
    made = [(await limited.any.create())["sessionId"] for _ in range(LIMIT)]
    cluster.clock.shift = IDLE_MS
    # The oldest one was used by a page, the next one by a call: the third is the least recently used.
    await cluster.see(made[0], lastActivityAt=ago(cluster.clock, 1))
    await limited.any.status(made[1])

    await limited.any.create()

    live = {session.metadata.name for session in await cluster.live()}
    assert len(live) == LIMIT
    assert set(made) - live == {made[2]}


async def test_parallel_creates_of_a_full_owner_each_retire_one_and_stay_within_the_limit(limited: Replicas) -> None:
    first = {(await limited.any.create())["sessionId"] for _ in range(LIMIT)}
    limited.cluster.clock.shift = IDLE_MS

    answers = await asyncio.gather(*(limited.any.create() for _ in range(6)))

    live = {session.metadata.name for session in await limited.cluster.live()}
    assert len(live) == LIMIT
    assert {answer["sessionId"] for answer in answers} <= live
    assert len(first & live) == LIMIT - 6


async def test_an_owner_who_uses_all_sessions_is_refused_and_others_are_not(
    cluster: Cluster, start_replica: StartReplica
) -> None:
    replica = await start_replica(live_per_owner=1)
    await replica.create()
    body = {"files": sent(PROJECT)}
    assert (await replica.post(CREATE, body)).status_code == 429
    assert (await replica.post(CREATE, body, Origin=f"https://other.{DOMAIN}")).status_code == 200


async def test_a_closed_session_gives_its_room_back_at_once(cluster: Cluster, start_replica: StartReplica) -> None:
    replica = await start_replica(live_per_owner=1)
    made = await replica.create()
    await replica.close(made["sessionId"])
    again = await replica.create()
    assert await cluster.slots(Replicas(cluster, [replica]).owner) == {again["sessionId"]}


async def test_what_ended_without_us_and_what_was_never_made_is_no_session(
    cluster: Cluster, start_replica: StartReplica
) -> None:
    replica = await start_replica(live_per_owner=3)
    owner = Replicas(cluster, [replica]).owner
    expired = (await replica.create())["sessionId"]
    cluster.clock.shift = 25 * 3600 * 1000
    live = (await replica.create())["sessionId"]
    # Of a create that died between its slot and its session.
    dead = {new_session_id(): str(cluster.clock() - 61_000)}
    await cluster.kube.patch(CONFIG_MAPS, cluster.namespace, names.quota_name(owner), {"data": dead})

    again = (await replica.create())["sessionId"]

    assert await cluster.slots(owner) == {live, again}
    assert expired in {session.metadata.name for session in await cluster.sessions()}


async def test_a_create_that_is_under_way_elsewhere_keeps_its_room(
    cluster: Cluster, start_replica: StartReplica
) -> None:
    replica = await start_replica(live_per_owner=2)
    owner = Replicas(cluster, [replica]).owner
    await replica.create()
    coming = {new_session_id(): str(cluster.clock() - 5_000)}
    await cluster.kube.patch(CONFIG_MAPS, cluster.namespace, names.quota_name(owner), {"data": coming})
    assert (await replica.post(CREATE, {"files": sent(PROJECT)})).status_code == 429
