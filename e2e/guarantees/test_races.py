"""Many creates at a time on a few sessions that wait, while replicas of the API die: each session has one owner.

`KONTEXT_RACE_CREATES=200` runs it with 200 on 20, which takes five minutes; by itself it has 80 on 8.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import statistics
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, contextmanager

import httpx2
import pytest
import pytest_asyncio

from e2e.browser import project
from e2e.cluster.installed import API_HOST, ORIGINS, Installed
from e2e.cluster.kubectl import KubectlFailed
from e2e.guarantees.caller import PASSING, PATH, Session, eventually
from e2e.guarantees.leftovers import leftovers
from e2e.guarantees.races import Answered, Json, faults
from e2e.guarantees.test_replicas import REPLICAS

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(900)]

CREATES = int(os.environ.get("KONTEXT_RACE_CREATES", "80"))
WAITING = CREATES // 10
# An owner, which is an origin and an address, may have 100 live sessions. These have none of another test.
ADDRESSES = tuple(f"127.0.9.{number}" for number in range(1, 5))
RUNTIME = "default"
# A pod takes 4 s of two quiet cores until it waits.
FILLED_S = 400.0
# Replicas are away as long as they take to start, three of them on two busy cores; every answer comes after that.
ANSWERED_S = 300.0
# While the creates are under way; then they must be left to answer. A replica that died sooner
# would have claimed nothing: it starts in some seconds, and all creates are on it at once.
KILLS = 2 * REPLICAS
KILL_EVERY_S = (1.0, 4.0)
# What a session still has may take as long as an expired one's (G30).
GONE_S = 120.0


@pytest_asyncio.fixture(loop_scope="session")
async def callers(cluster: Installed) -> AsyncIterator[list[httpx2.AsyncClient]]:
    """One for each owner, each from an address of its own."""
    async with AsyncExitStack() as stack:
        yield [
            await stack.enter_async_context(
                httpx2.AsyncClient(
                    base_url=f"http://127.0.0.1:{cluster.port}",
                    headers={"Host": f"{API_HOST}:{cluster.port}", "Origin": ORIGINS[0]},
                    transport=httpx2.AsyncHTTPTransport(local_address=address),
                    timeout=30,
                )
            )
            for address in ADDRESSES
        ]


@pytest_asyncio.fixture(loop_scope="session")
async def replicas(cluster: Installed) -> AsyncIterator[None]:
    """That start on a node which takes no other pods, too."""
    there = [{"key": "node.kubernetes.io/unschedulable", "operator": "Exists", "effect": "NoSchedule"}]
    await asyncio.to_thread(cluster.configure, {"api": {"replicas": REPLICAS, "tolerations": there}})
    yield
    await asyncio.to_thread(cluster.configure, {"api": {"replicas": 2, "tolerations": []}})


def change(cluster: Installed, **spec: object) -> None:
    patch = json.dumps({"spec": spec})
    cluster.kubectl("patch", "previewruntime", RUNTIME, "-n", cluster.sessions, "--type=merge", f"--patch={patch}")


def keep_warm(cluster: Installed, number: int) -> None:
    # As many and no more, however many were created a minute ago; 10 is the chart's own maximum.
    change(cluster, warm={"minimum": number, "maximum": number or 10})


@pytest.fixture
def crowd(cluster: Installed) -> Iterator[None]:
    """Meanwhile as many sessions wait as two cores have no room for by what a pod asks for otherwise."""
    found = cluster.kubectl.json("get", "previewruntime", RUNTIME, "-n", cluster.sessions)["spec"]["resources"]
    change(cluster, resources={"requests": {"cpu": "10m"}})
    keep_warm(cluster, WAITING)
    try:
        yield
    finally:
        keep_warm(cluster, 0)
        change(cluster, resources=found)


@contextmanager
def cordoned(cluster: Installed) -> Iterator[None]:
    """Those that find none waiting get pods that start nowhere: the node could not carry them. The operator works,
    which makes up for creates that died half-way; replicas start all the same, see `replicas`."""
    node = cluster.kubectl("get", "nodes", "-o", "name").split()[0]
    cluster.kubectl("cordon", node)
    try:
        yield
    finally:
        cluster.kubectl("uncordon", node)


def listed(cluster: Installed) -> list[Json]:
    found: list[Json] = cluster.kubectl.json("get", "previewsessions", "-n", cluster.sessions)["items"]
    return found


def waiting(cluster: Installed) -> set[str]:
    """Ids of those that a create may take now."""
    selector = "--selector=preview.coinnation.io/warm=waiting"
    found = cluster.kubectl.json("get", "previewsessions", "-n", cluster.sessions, selector)["items"]
    return {one["metadata"]["name"] for one in found if one.get("status", {}).get("phase") == "Warm"}


async def create(http: httpx2.AsyncClient, number: int) -> Answered:
    """Again under the same key for as long as the replicas are away: it may have been made by one that died."""
    files = project.files({project.TITLE: project.title(f"Number {number}.")})
    body = {"files": [{"name": path, "content": text} for path, text in files.items()], "packageJson": None}
    headers = {"Idempotency-Key": f"race-{number}"}
    retries = 0
    async with asyncio.timeout(ANSWERED_S):
        while True:
            try:
                answer = await http.post(PATH, json=body, headers=headers)
            except httpx2.TransportError:
                answer = None
            if answer is not None and answer.status_code not in PASSING:
                assert answer.status_code == 200, answer.text
                return Answered(number, answer.json()["sessionId"], retries)
            retries += 1
            await asyncio.sleep(random.uniform(0.2, 1.0))  # noqa: S311 - spreads load, guards nothing


async def kill_replicas(cluster: Installed) -> Counter[str]:
    """One at random after the other."""
    kills: Counter[str] = Counter()
    try:
        while kills.total() < KILLS:
            await asyncio.sleep(random.uniform(*KILL_EVERY_S))  # noqa: S311 - at any time
            which = ("-n", cluster.namespace, "--selector=app.kubernetes.io/component=api", "-o", "name")
            pods = (await asyncio.to_thread(cluster.kubectl, "get", "pods", *which)).split()
            victim = random.choice(pods) if pods else ""  # noqa: S311 - any of them
            try:
                how = ("-n", cluster.namespace, "--grace-period=0", "--force", "--wait=false")
                await asyncio.to_thread(cluster.kubectl, "delete", victim, *how)
                kills[victim] += 1
            except KubectlFailed:
                pass  # it went between the two calls
    except asyncio.CancelledError:
        pass  # the creates were faster
    return kills


async def race(cluster: Installed, callers: list[httpx2.AsyncClient]) -> tuple[list[Answered], Counter[str]]:
    killing = asyncio.create_task(kill_replicas(cluster))
    try:
        answered = await asyncio.gather(*(create(callers[number % len(callers)], number) for number in range(CREATES)))
    finally:
        killing.cancel()
    return answered, await killing


async def test_g02_each_of_many_creates_at_a_time_gets_a_session_of_its_own_whichever_replica_dies(
    cluster: Installed, callers: list[httpx2.AsyncClient], replicas: None, crowd: None
) -> None:
    async def filled() -> bool:
        return len(waiting(cluster)) == WAITING

    await eventually(filled, f"{WAITING} sessions wait", FILLED_S)
    slots = slots_of_nobody(cluster)
    with cordoned(cluster):
        before = waiting(cluster)
        answered, kills = await race(cluster, callers)
        retried = sum(one.retries for one in answered)
        sessions = [one for one in listed(cluster) if _is_ours(one, before)]
        taken = [one for one in answered if one.session_id in before]
        cold = [one.session_id for one in answered if one.session_id not in before]
        # One that was taken by a create that died before it had written the files is removed by the operator, which
        # waits two minutes for it: until then its caller is told to come again.
        left = {one["metadata"]["name"] for one in sessions}
        found = faults(CREATES, answered, sessions, before & left)
        config_maps = cluster.kubectl.json("get", "configmaps", "-n", cluster.sessions)["items"]
        ids = {one.session_id for one in answered}
        found += leftovers(ids, sessions, config_maps, retried + len(slots))
        # Before the node takes pods again.
        keep_warm(cluster, 0)
        cluster.kubectl("delete", "previewsessions", "-n", cluster.sessions, "--wait=false", *cold)
    print(
        f"creates {CREATES}, owners {len(ADDRESSES)}, replicas killed {kills.total()}, retries {retried}, "
        f"of {len(before)} that waited {len(taken)} were taken, cold {len(cold)}, faults {len(found)}"
    )
    assert found == []
    assert len(before - left) <= retried
    assert kills, "no replica died meanwhile"
    assert len({one["spec"]["owner"] for one in sessions if "owner" in one["spec"]}) == len(ADDRESSES)
    # How many is a matter of who dies when: a create that does leaves its slot, and that session is passed over by the
    # other creates of its owner until the slot is pruned.
    assert taken

    waits = [await _session(callers, one).serves(f"Number {one.number}.", FILLED_S) for one in taken]
    print(f"each taken one serves its own project, the last after {max(waits):.1f} s ({statistics.median(waits):.1f})")
    for one in taken:
        await _session(callers, one).close()
    await eventually(lambda: _nothing_is_left(cluster, {one.session_id for one in answered}), "nothing is left", GONE_S)


def slots_of_nobody(cluster: Installed) -> list[str]:
    """In quotas: of sessions of tests before this one, which are pruned when they are in the way."""
    config_maps = cluster.kubectl.json("get", "configmaps", "-n", cluster.sessions)["items"]
    quotas = [one for one in config_maps if one["metadata"]["name"].startswith("quota-")]
    return [name for one in quotas for name in one.get("data") or {}]


def _is_ours(session: Json, before: set[str]) -> bool:
    """Not of a test before this one, whose tombstones are there for an hour."""
    owner = session["spec"].get("owner", "")
    return session["metadata"]["name"] in before or (
        "ended" not in session["spec"] and owner.rpartition(" ")[2] in ADDRESSES and owner.startswith(ORIGINS[0])
    )


def _session(callers: list[httpx2.AsyncClient], one: Answered) -> Session:
    http = callers[one.number % len(callers)]
    host = f"preview-{one.session_id}.preview.localhost:{http.base_url.port}"
    return Session(http, {"sessionId": one.session_id, "previewUrl": f"http://{host}/"})


async def _nothing_is_left(cluster: Installed, ids: set[str]) -> bool:
    """But tombstones, which have nothing."""
    kinds = "pods,services,ingresses,configmaps"
    left = cluster.kubectl.json("get", kinds, "-n", cluster.sessions)["items"]
    owners = {(one["metadata"].get("labels") or {}).get("preview.coinnation.io/session") for one in left}
    return not owners & ids
