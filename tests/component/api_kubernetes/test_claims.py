"""A create takes a session that waits: one owner each, whoever else tries and whoever dies in between.

The operator, which makes them and reports on them, is played by the test.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import httpx2
import pytest
from tests.component.api_kubernetes.conftest import StartPod, StartReplica
from tests.component.api_kubernetes.harness import (
    APP,
    CREATE,
    ORIGIN,
    PROJECT,
    RUNTIME,
    SECRET,
    Cluster,
    Command,
    Pod,
    Replica,
    Replicas,
    eventually,
    sent,
)
from tests.component.proxy import Call, Cut, Fault, Proxy, storm

from preview_core import standin
from preview_core.client import RuntimeClient
from preview_core.delivery import put_message
from preview_core.kube.resource import CONFIG_MAPS, SESSIONS
from preview_core.naming import new_session_id
from preview_core.objects import names
from preview_core.objects.capability import control_token
from preview_core.resources.session import PreviewSession

BODY = {"files": sent(PROJECT)}
REVISION, OLD = "a" * 16, "b" * 16
Through = Callable[[Fault], Awaitable[tuple[Replica, Proxy]]]


@pytest.fixture
async def warm(cluster: Cluster) -> Cluster:
    """A runtime that keeps sessions warm; none wait yet."""
    await cluster.runtime({"warm": {"minimum": 1}}, {"revision": REVISION})
    return cluster


@pytest.fixture
async def through(warm: Cluster, start_replica: StartReplica, tmp_path: Path) -> object:
    """Starts a replica behind a proxy, whose faults begin when it is ready."""
    async with AsyncExitStack() as stack:

        async def start(fault: Fault) -> tuple[Replica, Proxy]:
            proxy = await stack.enter_async_context(Proxy(warm.api, tmp_path))
            replica = await start_replica(proxy.kubeconfig)
            proxy.calls.clear()
            proxy.fault = fault
            return replica, proxy

        yield start


async def wait(cluster: Cluster, number: int = 1, runtime: str = RUNTIME, **status: object) -> list[str]:
    """Ids of sessions that wait from now on, as the operator makes and sees them."""
    made = []
    for _ in range(number):
        session_id = new_session_id()
        labels = {names.WARM_LABEL: names.WAITING, names.RUNTIME_LABEL: runtime, names.MANAGED_BY: names.MANAGER}
        body = {
            "apiVersion": SESSIONS.api_version,
            "kind": SESSIONS.kind,
            "metadata": {"name": session_id, "labels": labels},
            "spec": {"runtimeRef": {"name": runtime}},
        }
        await cluster.kube.create(SESSIONS, cluster.namespace, body)
        await cluster.see(session_id, **{"phase": "Warm", "runtimeRevision": REVISION, **status})
        made.append(session_id)
    await cached(cluster, made)
    return made


async def cached(cluster: Cluster, session_ids: list[str]) -> None:
    """The API server's memory follows its own writes within milliseconds."""

    async def there() -> bool:
        listed = await cluster.kube.list_cached(SESSIONS, cluster.namespace, f"{names.WARM_LABEL}={names.WAITING}")
        seen = {item["metadata"]["name"] for item in listed.items if "status" in item}
        return set(session_ids) <= seen

    await eventually(there, "the API server remembers what it wrote")


def ids(answers: list[httpx2.Response]) -> list[str]:
    assert {answer.status_code for answer in answers} == {200}, [answer.text for answer in answers]
    return [answer.json()["sessionId"] for answer in answers]


async def labels(cluster: Cluster) -> Counter[str]:
    return Counter(one.metadata.labels.get(names.WARM_LABEL, "") for one in await cluster.sessions())


async def test_a_create_takes_one_that_waits_with_everything_that_a_create_writes(
    warm: Cluster, replicas: Replicas
) -> None:
    (waits,) = await wait(warm)
    made = await replicas.any.create()
    assert made["sessionId"] == waits
    assert made["phase"] == "Starting"
    session = await warm.session(waits)
    assert session.spec.owner == replicas.owner
    assert session.spec.claimed_at == made["createdAt"]
    assert session.spec.expires_at == made["expiresAt"]
    assert session.metadata.labels[names.OWNER_LABEL] == names.owner_hash(replicas.owner)
    assert session.metadata.labels[names.WARM_LABEL] == names.CLAIMED
    assert await warm.slots(replicas.owner) == {waits}
    assert (await warm.files.read(waits)).tree[APP].content.decode() == PROJECT[APP]
    assert (await replicas.any.status(waits))["revision"] == 1
    assert len(await warm.sessions()) == 1


async def test_a_create_that_finds_none_makes_one_and_says_so(warm: Cluster, replicas: Replicas) -> None:
    made = (await replicas.any.create())["sessionId"]
    assert (await warm.session(made)).metadata.labels[names.WARM_LABEL] == names.MISSED


async def test_where_nothing_is_kept_warm_a_create_asks_for_nothing_and_misses_nothing(
    cluster: Cluster, through: Through
) -> None:
    await cluster.runtime({"warm": {"minimum": 0}})
    replica, proxy = await through(lambda _call: None)
    made = (await replica.create())["sessionId"]
    assert names.WARM_LABEL not in (await cluster.session(made)).metadata.labels
    # The collection is only ever written to.
    assert [call for call in proxy.calls if call.method == "GET" and call.path.endswith("/previewsessions")] == []


@pytest.mark.parametrize(
    ("runtime", "status"),
    [
        (RUNTIME, {"phase": "Starting"}),
        (RUNTIME, {"phase": "Failed"}),
        (RUNTIME, {"runtimeRevision": OLD}),
        ("other", {}),
    ],
    ids=["starting", "failed", "outdated", "of another runtime"],
)
async def test_only_one_that_works_as_the_runtime_is_today_is_taken(
    warm: Cluster, replicas: Replicas, runtime: str, status: dict[str, object]
) -> None:
    (waits,) = await wait(warm, 1, runtime, **status)
    made = (await replicas.any.create())["sessionId"]
    assert made != waits
    assert (await warm.session(waits)).spec.owner is None


async def test_a_runtime_that_has_just_changed_is_not_remembered_as_it_was(warm: Cluster, replicas: Replicas) -> None:
    for replica in replicas.all:
        await replica.create()
    await warm.runtime({"warm": {"minimum": 1}}, {"revision": OLD})
    (waits,) = await wait(warm, runtimeRevision=OLD)
    assert (await replicas.any.create())["sessionId"] == waits


async def test_one_that_waits_is_shown_to_nobody(warm: Cluster, replicas: Replicas) -> None:
    (waits,) = await wait(warm)
    http = replicas.any.http
    answers = [
        await http.get(f"{CREATE}/{waits}"),
        await http.delete(f"{CREATE}/{waits}"),
        await http.post(f"{CREATE}/{waits}/update", json={"files": sent({APP: "x"})}),
    ]
    assert [answer.status_code for answer in answers] == [404] * 3
    assert (await warm.session(waits)).spec.owner is None


async def test_of_fifty_creates_on_ten_that_wait_each_has_a_session_of_its_own(
    warm: Cluster, replicas: Replicas
) -> None:
    waits = await wait(warm, 10)
    origins = [f"{ORIGIN}:{number}" for number in range(50)]
    answers = await asyncio.gather(*(replicas.any.post(CREATE, BODY, Origin=origin) for origin in origins))
    made = ids(list(answers))
    assert len(set(made)) == 50
    sessions = {one.metadata.name: one for one in await warm.sessions()}
    assert sessions.keys() == set(made)
    for origin, session_id in zip(origins, made, strict=True):
        owner = f"{origin} 127.0.0.1"
        assert sessions[session_id].spec.owner == owner
        assert await warm.slots(owner) == {session_id}
        assert (await warm.files.index(session_id)).revision == 1
    assert set(waits) <= set(made)
    assert await labels(warm) == Counter({names.CLAIMED: 10, names.MISSED: 40})


async def test_of_fifty_creates_of_one_owner_on_ten_that_wait_each_has_a_session_and_a_slot(
    warm: Cluster, replicas: Replicas
) -> None:
    await wait(warm, 10)
    made = ids(list(await asyncio.gather(*(replicas.any.post(CREATE, BODY) for _ in range(50)))))
    assert len(set(made)) == 50
    assert {one.metadata.name for one in await warm.sessions() if one.spec.owner} == set(made)
    assert await warm.slots(replicas.owner) == set(made)


async def test_the_quota_is_exact_and_who_is_refused_takes_nothing(warm: Cluster, start_replica: StartReplica) -> None:
    limit = 5
    limited = Replicas(warm, [await start_replica(live_per_owner=limit) for _ in range(3)])
    await wait(warm, 8)
    answers = await asyncio.gather(*(limited.any.post(CREATE, BODY) for _ in range(30)))
    assert Counter(answer.status_code for answer in answers) == Counter({200: limit, 429: 30 - limit})
    made = {answer.json()["sessionId"] for answer in answers if answer.status_code == 200}
    assert {one.metadata.name for one in await warm.sessions() if one.spec.owner} == made
    assert await warm.slots(limited.owner) == made
    # Whatever was not taken is there for others.
    assert sum(one.spec.owner is None for one in await warm.sessions()) >= 8 - limit


@pytest.mark.parametrize("number", [0, 1, 10], ids=["none waits", "one waits", "many wait"])
async def test_g03_creates_with_one_key_are_one_session_whether_one_waits_or_not(
    warm: Cluster, replicas: Replicas, number: int
) -> None:
    await wait(warm, number)
    key = {"Idempotency-Key": "k"}
    answers = await asyncio.gather(*(replicas.any.post(CREATE, BODY, **key) for _ in range(20)))
    made = set(ids(list(answers)))
    assert len(made) == 1
    assert {one.metadata.name for one in await warm.sessions() if one.spec.owner} == made
    assert await warm.slots(replicas.owner) == made
    assert [answer.json()["reused"] for answer in answers].count(False) == 1
    # And again later, with others waiting.
    await wait(warm, 1)
    assert set(ids([await replicas.any.post(CREATE, BODY, **key)])) == made


async def test_a_key_whose_session_has_ended_has_another_one(warm: Cluster, replicas: Replicas) -> None:
    key = {"Idempotency-Key": "k"}
    seen = set()
    for number in range(4):
        await wait(warm, number % 2)
        (made,) = ids([await replicas.any.post(CREATE, BODY, **key)])
        assert ids([await replicas.any.post(CREATE, BODY, **key)]) == [made]
        seen.add(made)
        await replicas.any.close(made)
    assert len(seen) == 4
    assert await warm.slots(replicas.owner) == set()


async def test_g03_a_session_of_the_key_that_expired_is_followed_by_one_that_waits(
    warm: Cluster, replicas: Replicas
) -> None:
    (first,) = await wait(warm)
    body = {**BODY, "sessionId": new_session_id()}
    assert ids([await replicas.any.post(CREATE, body)]) == [first]
    warm.clock.shift = 25 * 3600 * 1000
    (second,) = await wait(warm)
    assert set(ids([await replica.post(CREATE, body) for replica in replicas.all])) == {second}
    assert await warm.slots(replicas.owner) == {second}


# --- faults ---


async def test_a_claim_whose_answer_was_lost_is_this_creates_own(through: Through, warm: Cluster) -> None:
    (waits,) = await wait(warm)
    replica, proxy = await through(storm("PATCH", "previewsessions", Cut.AFTER, times=1))
    assert (await replica.create())["sessionId"] == waits
    assert len(await warm.sessions()) == 1
    assert proxy.times("PATCH", "previewsessions") == 2


async def test_some_conflicts_on_one_that_waits_are_nobodys_business(through: Through, warm: Cluster) -> None:
    (waits,) = await wait(warm)
    replica, _ = await through(storm("PATCH", "previewsessions", (409, None), times=3))
    assert (await replica.create())["sessionId"] == waits


async def test_a_storm_of_conflicts_on_one_that_waits_is_a_503_after_a_bounded_number_of_tries(
    through: Through, warm: Cluster
) -> None:
    await wait(warm)
    replica, proxy = await through(storm("PATCH", "previewsessions", (409, None)))
    answer = await replica.post(CREATE, BODY)
    assert (answer.status_code, answer.json()["code"]) == (503, "BACKEND_UNAVAILABLE")
    assert proxy.times("PATCH", "previewsessions") <= 10


async def test_one_that_is_given_up_while_it_is_claimed_is_followed_by_another(through: Through, warm: Cluster) -> None:
    first, second = await wait(warm, 2)
    gone: list[str] = []

    def fault(call: Call) -> tuple[int, str | None] | None:
        # As if the operator were faster with the first one that is tried.
        if call.method == "PATCH" and "previewsessions" in call.path and not gone:
            gone.append(call.path.rpartition("/")[2])
            return (404, None)
        return None

    replica, _ = await through(fault)
    made = (await replica.create())["sessionId"]
    assert {made, *gone} == {first, second}
    assert await warm.slots(Replicas(warm, [replica]).owner) == {made}


async def test_after_some_that_others_took_a_create_makes_its_own(through: Through, warm: Cluster) -> None:
    waits = await wait(warm, 8)
    replica, proxy = await through(
        lambda call: (404, None) if call.method == "PATCH" and "previewsessions" in call.path else None
    )
    made = (await replica.create())["sessionId"]
    assert made not in waits
    assert proxy.times("PATCH", "previewsessions") == 3
    assert await warm.slots(Replicas(warm, [replica]).owner) == {made}


async def test_a_claimed_one_whose_files_cannot_be_stored_is_ended_and_takes_no_room(
    through: Through, warm: Cluster
) -> None:
    (waits,) = await wait(warm)
    replica, proxy = await through(
        lambda call: (500, None) if call.method == "POST" and "configmaps" in call.path and call.number > 1 else None
    )
    assert (await replica.post(CREATE, BODY)).status_code == 503
    assert (await warm.session(waits)).spec.ended is not None
    assert await warm.slots(Replicas(warm, [replica]).owner) == set()
    proxy.fault = lambda _call: None
    assert (await replica.create())["sessionId"] != waits


@pytest.mark.parametrize(
    ("method", "part", "owned"),
    [("PUT", "configmaps/quota-", False), ("PATCH", "previewsessions", False), ("POST", "configmaps", True)],
    ids=["before its slot", "between slot and claim", "between claim and files"],
)
async def test_a_create_killed_between_two_writes_leaves_nothing_that_anybody_was_told_of(
    warm: Cluster, start_replica: StartReplica, tmp_path: Path, method: str, part: str, *, owned: bool
) -> None:
    other = await start_replica()
    owner = Replicas(warm, [other]).owner
    # So that the quota's object is there, and the next POST of a ConfigMap is that of the files.
    await other.close((await other.create())["sessionId"])
    (waits,) = await wait(warm)
    reached = asyncio.Event()

    async with Proxy(warm.api, tmp_path) as proxy:
        environment = {**warm.environment, "KUBECONFIG": str(proxy.kubeconfig)}
        async with Command("serve", environment, tmp_path / "serve.log") as command, command.client() as http:

            def fault(call: Call) -> Cut | None:
                if call.method == method and part in call.path:
                    # Dead before anything else reaches the API server.
                    command.kill()
                    reached.set()
                    return Cut.BEFORE
                return None

            proxy.fault = fault
            with pytest.raises(httpx2.TransportError):
                await http.post(CREATE, json=BODY, headers={"Idempotency-Key": "k"})
            assert reached.is_set()

    session = await warm.session(waits)
    assert (session.spec.owner is not None) is owned
    assert (await other.http.get(f"{CREATE}/{waits}")).status_code == 404
    again = await other.post(CREATE, BODY, **{"Idempotency-Key": "k"})
    if owned:
        # As with a session that was made for it: until the operator has removed it, two minutes later.
        assert again.status_code == 503
        await warm.kube.delete(SESSIONS, warm.namespace, waits)
        again = await other.post(CREATE, BODY, **{"Idempotency-Key": "k"})
        assert again.status_code == 200
        assert again.json()["sessionId"] != waits
    else:
        assert again.json()["sessionId"] == waits
    live = {one.metadata.name for one in await warm.live()}
    assert live == {again.json()["sessionId"]} == await warm.slots(owner)


async def test_a_slot_of_a_dead_create_that_names_a_session_of_another_owner_is_no_session_of_this_one(
    warm: Cluster, start_replica: StartReplica
) -> None:
    replica = await start_replica(live_per_owner=1)
    owner = Replicas(warm, [replica]).owner
    (waits,) = await wait(warm)
    other = {"Origin": f"{ORIGIN}:1"}
    assert ids([await replica.post(CREATE, BODY, **other)]) == [waits]
    slot = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": names.quota_name(owner)},
        "data": {waits: str(warm.clock() - 61_000)},
    }
    await warm.kube.create(CONFIG_MAPS, warm.namespace, slot)
    warm.clock.shift = 3 * 60_000
    made = (await replica.create())["sessionId"]
    assert made != waits
    assert (await warm.session(waits)).spec.ended is None, "somebody else's is not retired"
    assert await warm.slots(owner) == {made}


# --- the pod that waited ---


async def stand_in(pod: Pod, session_id: str) -> None:
    """As the operator sends it."""
    app = standin.tree()
    async with httpx2.AsyncClient(trust_env=False) as http:
        client = RuntimeClient(f"http://{pod.address}:{names.CONTROL_PORT}", control_token(SECRET, pod.name), http)
        await client.put(put_message(app, standin.REVISION, app.digest))


async def test_the_pod_that_waited_serves_the_project_without_the_operator(
    warm: Cluster, start_replica: StartReplica, start_pod: StartPod
) -> None:
    replica = await start_replica()
    (waits,) = await wait(warm)
    pod = await start_pod(waits)
    await stand_in(pod, waits)
    await warm.see(waits, **{**pod.status, "phase": "Warm"})
    made = await replica.create()
    assert made["sessionId"] == waits

    async def there() -> bool:
        return "first" in await pod.page(waits, "/src/App.tsx")

    await eventually(there, "the project has the stand-in's place")
    updated = await replica.update(waits, {APP: "export default function App() { return <h1>second</h1> }\n"})
    assert (updated["revision"], updated["hmrTriggered"]) == (2, True)
    assert "second" in await pod.page(waits, "/src/App.tsx")


async def test_a_pod_that_does_not_answer_keeps_no_create_waiting_and_loses_no_files(
    warm: Cluster, start_replica: StartReplica
) -> None:
    replica = await start_replica()
    # Nobody listens there.
    (waits,) = await wait(warm, podName="preview-x-1", podIPs=["127.251.250.250"])
    assert (await replica.create())["sessionId"] == waits
    assert (await warm.files.index(waits)).revision == 1


async def test_the_metrics_tell_how_creates_started(warm: Cluster, start_replica: StartReplica) -> None:
    replica = await start_replica()
    await wait(warm)
    for _ in range(3):
        await replica.create()
    text = (await replica.http.get("/metrics")).text
    assert 'kontext_preview_sessions_created_total{start="warm"} 1.0' in text
    assert 'kontext_preview_sessions_created_total{start="cold"} 2.0' in text


async def test_a_full_runtime_refuses_who_finds_none_waiting_and_nobody_else(
    warm: Cluster, start_replica: StartReplica
) -> None:
    spec = {"warm": {"minimum": 1}, "limits": {"pods": 2}}
    await warm.runtime(spec, {"revision": REVISION, "pods": 2, "warm": 1})
    replica = await start_replica()
    (waits,) = await wait(warm)
    assert (await replica.create())["sessionId"] == waits
    # As far as it knows one of the two pods is nobody's, and the operator will give that up.
    assert (await replica.post(CREATE, BODY)).status_code == 200
    await warm.runtime(spec, {"revision": REVISION, "pods": 2, "warm": 0})
    full = await start_replica()
    answer = await full.post(CREATE, BODY)
    assert (answer.status_code, answer.json()["code"]) == (503, "CAPACITY")


def owners(sessions: list[PreviewSession]) -> Counter[str]:
    return Counter(one.spec.owner or "" for one in sessions)


async def test_replicas_killed_at_random_leave_every_session_one_owner_and_none_without_files_told(
    warm: Cluster, start_replica: StartReplica, tmp_path: Path
) -> None:
    """Three processes, one after the other killed under load; what was told is there, and what is there was told or
    goes like an interrupted create."""
    environment = {**warm.environment, "KUBECONFIG": str(warm.api)}
    await wait(warm, 12)
    told: list[str] = []

    async def create(command: Command, number: int) -> None:
        async with command.client(Origin=f"{ORIGIN}:{number}") as http:
            try:
                answer = await http.post(CREATE, json=BODY)
            except httpx2.TransportError:
                return
        if answer.status_code == 200:
            told.append(answer.json()["sessionId"])

    async with AsyncExitStack() as stack:
        commands = [
            await stack.enter_async_context(Command("serve", environment, tmp_path / f"serve-{number}.log"))
            for number in range(3)
        ]
        creating = [asyncio.create_task(create(commands[number % 3], number)) for number in range(60)]
        for command in commands[:2]:
            await asyncio.sleep(0.4)
            command.kill()
        await asyncio.gather(*creating)

    survivor = await start_replica()
    assert len(told) == len(set(told)) >= 20
    for session_id in told:
        assert (await survivor.status(session_id))["revision"] == 1
    sessions = await warm.sessions()
    assert all(number == 1 for owner, number in owners(sessions).items() if owner)
    unheard = [one for one in sessions if one.spec.owner and one.metadata.name not in told]
    # Each of them belongs to a call that got no answer: at most so many as there were.
    assert len(unheard) <= 60 - len(told)
