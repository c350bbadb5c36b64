"""From an acknowledged update to the pod: real runtimes, each on an address of its own, all on the same ports."""

from __future__ import annotations

import asyncio
import socket

import pytest
from tests.component.api_kubernetes.conftest import StartPod, StartReplica
from tests.component.api_kubernetes.harness import (
    APP,
    CREATE,
    DOMAIN,
    ORIGIN,
    PROJECT,
    Cluster,
    Pod,
    Replica,
    Replicas,
    eventually,
    sent,
)
from websockets.asyncio.client import connect
from websockets.typing import Origin

from preview_core.objects import names


def edited(text: str) -> dict[str, str]:
    return {APP: f"export default function App() {{ return <h1>{text}</h1> }}\n"}


async def served(
    replica: Replica, cluster: Cluster, start_pod: StartPod, address: str | None = None
) -> tuple[str, Pod]:
    """A session whose pod has its files and a page."""
    session_id = (await replica.create())["sessionId"]
    pod = await start_pod(session_id, address)
    await cluster.see(session_id, **pod.status)
    # The pod has nothing yet: the first update brings everything.
    first = await replica.update(session_id, edited("second"))
    assert first["revision"] == 2

    async def there() -> bool:
        return "second" in await pod.page(session_id, "/src/App.tsx")

    await eventually(there, "the pod serves the files")
    return session_id, pod


async def test_g20_an_update_reaches_the_pod_on_the_port_that_every_pod_has(
    replicas: Replicas, start_pod: StartPod
) -> None:
    session_id, pod = await served(replicas.all[0], replicas.cluster, start_pod)
    other, another = await served(replicas.all[1], replicas.cluster, start_pod)

    answers = [await replicas.any.update(session_id, edited(f"text {number}")) for number in range(3)]
    await replicas.any.update(other, edited("elsewhere"))

    assert [answer["hmrTriggered"] for answer in answers] == [True] * 3, answers
    assert [answer["hmr"]["kind"] for answer in answers] == ["update"] * 3
    assert "text 2" in await pod.page(session_id, "/src/App.tsx")
    assert "elsewhere" in await another.page(other, "/src/App.tsx")
    assert pod.address != another.address
    url = (await replicas.any.status(session_id))["previewUrl"]
    assert url == f"https://preview-{session_id}.{DOMAIN}/", "no port of its own in the address either"


async def test_g08_a_pod_with_an_ipv6_address_only_is_reached_too(
    cluster: Cluster, start_replica: StartReplica, start_pod: StartPod
) -> None:
    if not ipv6():
        pytest.skip("this machine has no IPv6 loopback")
    replica = await start_replica()
    session_id, pod = await served(replica, cluster, start_pod, "::1")
    assert (await replica.update(session_id, edited("third")))["hmrTriggered"]
    assert "third" in await pod.page(session_id, "/src/App.tsx")


async def test_an_update_while_the_pod_is_away_is_acknowledged_and_the_next_one_brings_both(
    cluster: Cluster, start_replica: StartReplica, start_pod: StartPod
) -> None:
    replica = await start_replica()
    session_id, pod = await served(replica, cluster, start_pod)
    await pod.kill()

    missed = await replica.update(session_id, {"src/frontend/src/missed.ts": "export default 'missed'\n"})
    assert (missed["revision"], missed["hmrTriggered"], missed["hmr"]["kind"]) == (3, False, "none")

    successor = await start_pod(session_id)
    await cluster.see(session_id, **successor.status)
    await replica.update(session_id, edited("fourth"))

    async def there() -> bool:
        return "fourth" in await successor.page(session_id, "/src/App.tsx")

    await eventually(there, "the successor serves the files")
    assert "missed" in await successor.page(session_id, "/src/missed.ts")


async def test_g29_updates_through_three_replicas_leave_the_pod_at_the_last_revision(
    replicas: Replicas, start_pod: StartPod
) -> None:
    session_id, pod = await served(replicas.all[0], replicas.cluster, start_pod)

    async def update(number: int) -> None:
        name = f"src/frontend/src/f{number}.ts"
        await replicas.all[number % 3].update(session_id, {name: f"export default 'file {number}'\n"})

    await asyncio.gather(*(update(number) for number in range(12)))

    for number in range(12):
        assert f"file {number}" in await pod.page(session_id, f"/src/f{number}.ts")


async def test_a_build_error_comes_back_with_the_update(
    cluster: Cluster, start_replica: StartReplica, start_pod: StartPod
) -> None:
    replica = await start_replica()
    session_id, _ = await served(replica, cluster, start_pod)
    answer = await replica.update(session_id, {APP: "export default function App() { return <h1> }\n"})
    assert answer["hmr"]["kind"] == "error"
    assert not answer["hmrTriggered"]
    assert [diagnostic["path"] for diagnostic in answer["diagnostics"]] == [APP]


async def test_a_pod_that_derives_its_token_from_another_secret_is_not_believed_and_the_update_is_durable(
    cluster: Cluster, start_replica: StartReplica, start_pod: StartPod
) -> None:
    replica = await start_replica()
    session_id = (await replica.create())["sessionId"]
    stranger = await start_pod(session_id, secret=b"x" * 32)
    await cluster.see(session_id, **stranger.status)
    answer = await replica.update(session_id, edited("second"))
    assert (answer["revision"], answer["hmrTriggered"]) == (2, False)


async def test_a_session_that_somebody_looks_at_is_not_retired(
    cluster: Cluster, start_replica: StartReplica, start_pod: StartPod
) -> None:
    replica = await start_replica(live_per_owner=1)
    session_id, pod = await served(replica, cluster, start_pod)
    cluster.clock.shift = 10 * 60_000
    body = {"files": sent(PROJECT)}
    uri = f"ws://preview-{session_id}.{DOMAIN}/hmr"
    async with connect(uri, host=pod.address, port=names.PREVIEW_PORT, origin=Origin(ORIGIN)):
        assert (await replica.post(CREATE, body)).status_code == 429

    async def makes_room() -> bool:
        return (await replica.post(CREATE, body)).status_code == 200

    await eventually(makes_room, "a session that nobody looks at any more makes room")
    assert (await cluster.session(session_id)).spec.ended is not None


def ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True
