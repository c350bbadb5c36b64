"""An API server that is away, refuses, or answers nobody: callers are told to come again, and nothing is half made."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from e2e.cluster.controlplane import ControlPlane
from e2e.modules import CHECKOUT
from tests.component.api_kubernetes import harness
from tests.component.api_kubernetes.conftest import StartReplica
from tests.component.api_kubernetes.harness import APP, CREATE, PROJECT, Cluster, Command, Replica, Replicas, sent
from tests.component.proxy import Call, Cut, Fault, Proxy, storm

from preview_core.kube.client import Kube
from preview_core.kube.resource import SESSIONS

BODY = {"files": sent(PROJECT)}
Through = Callable[[Fault], Awaitable[tuple[Replica, Proxy]]]


@pytest.fixture
async def through(cluster: Cluster, start_replica: StartReplica, tmp_path: Path) -> AsyncIterator[Through]:
    """Starts a replica behind a proxy, whose faults begin when it is ready."""
    async with AsyncExitStack() as stack:

        async def start(fault: Fault) -> tuple[Replica, Proxy]:
            proxy = await stack.enter_async_context(Proxy(cluster.api, tmp_path))
            replica = await start_replica(proxy.kubeconfig)
            proxy.calls.clear()
            proxy.fault = fault
            return replica, proxy

        yield start


@pytest.fixture
async def second(tmp_path: Path) -> AsyncIterator[tuple[ControlPlane, Cluster]]:
    """A control plane of its own, to be broken."""
    if os.environ.get("KONTEXT_USE_KUBECONFIG") == "1":
        pytest.skip("KONTEXT_USE_KUBECONFIG=1: no control plane of our own")
    with ControlPlane() as plane:
        kubectl, namespace = plane.kubectl, "broken"
        kubectl("apply", "--validate=false", "-f", str(CHECKOUT / "crds"))
        kubectl("wait", "--for=condition=Established", "crd/previewsessions.preview.coinnation.io", "--timeout=30s")
        kubectl("wait", "--for=condition=Established", "crd/previewruntimes.preview.coinnation.io", "--timeout=30s")
        kubectl("create", "namespace", namespace)
        items = {"apiVersion": "v1", "kind": "List", "items": harness.objects(namespace)}
        kubectl("create", "-n", namespace, "-f", "-", stdin=items)
        api, waker = [harness.service_account(kubectl, namespace, name, tmp_path) for name in ("api", "waker")]
        async with await Kube.of_kubeconfig(plane.kubeconfig, "test") as kube:
            yield plane, Cluster(kube, kubectl, namespace, api, waker)


async def test_an_api_server_that_is_away_is_a_503_with_a_time_to_come_again_and_afterwards_all_is_well(
    second: tuple[ControlPlane, Cluster],
) -> None:
    plane, cluster = second
    replica = await harness.replica(cluster)
    try:
        session_id = (await replica.create())["sessionId"]
        assert (await replica.http.get("/readyz")).status_code == 200

        await asyncio.to_thread(plane.stop_api_server)
        began = time.monotonic()
        calls = [
            replica.http.post(CREATE, json=BODY),
            replica.http.post(f"{CREATE}/{session_id}/update", json={"files": sent({APP: "export default 2\n"})}),
            replica.http.get(f"{CREATE}/{session_id}"),
            replica.http.delete(f"{CREATE}/{session_id}"),
            replica.http.get("/readyz"),
        ]
        for answer in await asyncio.gather(*calls):
            assert (answer.status_code, answer.json()["code"]) == (503, "BACKEND_UNAVAILABLE")
            assert int(answer.headers["Retry-After"]) > 0
            assert session_id not in answer.text
        assert time.monotonic() - began < harness.PATIENCE_S, "bounded"
        assert (await replica.http.get("/healthz")).status_code == 200

        await asyncio.to_thread(plane.start_api_server)

        async def ready() -> bool:
            return (await replica.http.get("/readyz")).status_code == 200

        await harness.eventually(ready, "the API is ready again")
        assert (await replica.status(session_id))["revision"] == 1
        assert (await replica.update(session_id, {APP: "export default 2\n"}))["revision"] == 2
    finally:
        await harness.stop(replica)


@pytest.mark.parametrize(
    ("method", "kind"), [("POST", "previewsessions"), ("POST", "configmaps"), ("PUT", "configmaps")]
)
async def test_a_server_that_sheds_load_is_asked_again_after_the_time_it_names(
    through: Through, method: str, kind: str
) -> None:
    replica, proxy = await through(storm(method, kind, (429, "1"), times=1))
    began = time.monotonic()
    session_id = (await replica.create())["sessionId"]
    await replica.update(session_id, {APP: "export default 2\n"})
    assert time.monotonic() - began >= 1
    assert (await replica.status(session_id))["revision"] == 2
    assert proxy.times(method, kind) >= 2


async def test_a_server_that_sheds_all_load_is_a_503_after_a_bounded_number_of_attempts(through: Through) -> None:
    replica, proxy = await through(storm("POST", "previewsessions", (429, "1")))
    answer = await replica.post(CREATE, BODY)
    assert (answer.status_code, answer.json()["code"]) == (503, "BACKEND_UNAVAILABLE")
    assert proxy.times("POST", "previewsessions") == 3


async def test_some_conflicts_are_nobodys_business(through: Through) -> None:
    replica, proxy = await through(lambda _call: None)
    session_id = (await replica.create())["sessionId"]
    proxy.calls.clear()
    proxy.fault = storm("PUT", "configmaps/files-", (409, None), times=8)
    assert (await replica.update(session_id, {APP: "export default 2\n"}))["revision"] == 2
    assert proxy.times("PUT", "configmaps/files-") == 9


async def test_a_storm_of_conflicts_is_a_503_after_a_bounded_number_of_attempts(
    through: Through, cluster: Cluster
) -> None:
    replica, proxy = await through(lambda _call: None)
    session_id = (await replica.create())["sessionId"]
    proxy.fault = storm("PUT", "configmaps", (409, None))
    answer = await replica.post(f"{CREATE}/{session_id}/update", {"files": sent({APP: "export default 2\n"})})
    assert (answer.status_code, answer.json()["code"]) == (503, "BACKEND_UNAVAILABLE")
    assert int(answer.headers["Retry-After"]) > 0
    proxy.fault = storm("PATCH", "previewsessions", (409, None))
    assert (await replica.http.delete(f"{CREATE}/{session_id}")).status_code == 503
    assert proxy.times("PATCH", "previewsessions") < 20
    proxy.fault = lambda _call: None
    assert (await replica.status(session_id))["revision"] == 1
    assert len(await cluster.live()) == 1


async def test_a_create_whose_answer_was_lost_is_one_session_with_its_files(through: Through, cluster: Cluster) -> None:
    for fault in (
        storm("POST", "previewsessions", Cut.AFTER, times=1),
        storm("POST", "configmaps", Cut.AFTER, times=2),
        storm("PUT", "configmaps", Cut.AFTER, times=1),
    ):
        replica, _ = await through(fault)
        before = {session.metadata.name for session in await cluster.live()}
        made = await replica.post(CREATE, BODY, **{"Idempotency-Key": str(len(before))})
        assert made.status_code == 200, made.text
        session_id = made.json()["sessionId"]
        assert {session.metadata.name for session in await cluster.live()} == {*before, session_id}
        assert (await replica.status(session_id))["revision"] == 1


async def test_g42_an_update_whose_commit_got_no_answer_is_applied_once(through: Through, cluster: Cluster) -> None:
    replica, proxy = await through(lambda _call: None)
    session_id = (await replica.create())["sessionId"]
    proxy.calls.clear()
    proxy.fault = storm("PUT", "configmaps", Cut.AFTER, times=1)
    assert (await replica.update(session_id, {APP: "export default 2\n"}))["revision"] == 2
    stored = await cluster.files.read(session_id)
    assert (stored.index.revision, stored.tree[APP].content) == (2, b"export default 2\n")


async def test_a_create_whose_files_cannot_be_stored_leaves_no_session_and_no_used_up_room(
    through: Through, cluster: Cluster
) -> None:
    def fault(call: Call) -> tuple[int, str | None] | None:
        # The quota's object is made by the first POST.
        return (500, None) if call.method == "POST" and "configmaps" in call.path and call.number > 1 else None

    replica, proxy = await through(fault)
    answer = await replica.post(CREATE, BODY)
    assert (answer.status_code, answer.json()["code"]) == (503, "BACKEND_UNAVAILABLE")
    assert await cluster.live() == []
    assert await cluster.slots(Replicas(cluster, [replica]).owner) == set()
    proxy.fault = lambda _call: None
    await replica.create()


async def test_a_create_that_the_api_died_in_is_finished_by_nobody_and_in_nobodys_way_once_it_is_removed(
    through: Through, cluster: Cluster
) -> None:
    replica, proxy = await through(lambda _call: None)
    await replica.create()
    # From the session on nothing is written any more.
    stopped = {("POST", "configmaps"), ("PATCH", "previewsessions"), ("PATCH", "configmaps")}
    proxy.fault = lambda call: (500, None) if any(m == call.method and k in call.path for m, k in stopped) else None
    key = {"Idempotency-Key": "k"}
    assert (await replica.post(CREATE, BODY, **key)).status_code == 503
    proxy.fault = lambda _call: None
    (unfinished,) = [session.metadata.name for session in await cluster.live() if session.spec.idempotency_key]

    assert (await replica.http.get(f"{CREATE}/{unfinished}")).status_code == 404
    meanwhile = await replica.post(CREATE, BODY, **key)
    assert (meanwhile.status_code, meanwhile.json()["code"]) == (503, "BACKEND_UNAVAILABLE")
    # As the operator does after a minute.
    await cluster.kube.delete(SESSIONS, cluster.namespace, unfinished)
    again = await replica.post(CREATE, BODY, **key)
    assert again.status_code == 200
    assert (await replica.status(again.json()["sessionId"]))["revision"] == 1


async def test_a_server_that_forbids_is_a_503_whose_log_tells_why_without_the_sessions_id(
    cluster: Cluster, tmp_path: Path
) -> None:
    # The waker may read and change sessions, and nothing else.
    log = tmp_path / "serve.log"
    environment = {**cluster.environment, "KUBECONFIG": str(cluster.waker)}
    made = await harness.replica(cluster)
    try:
        session_id = (await made.create())["sessionId"]
    finally:
        await harness.stop(made)
    async with Command("serve", environment, log) as command, command.client() as http:
        answer = await http.get(f"{CREATE}/{session_id}")
        assert (answer.status_code, answer.json()["code"]) == (503, "BACKEND_UNAVAILABLE")
        assert (await http.get("/readyz")).status_code == 503
    text = log.read_text()
    assert "forbidden" in text
    assert "files-<id>" in text
    assert session_id not in text


async def test_g42_an_acknowledged_update_outlives_the_replica_that_acknowledged_it(
    cluster: Cluster, tmp_path: Path, start_replica: StartReplica
) -> None:
    environment = {**cluster.environment, "KUBECONFIG": str(cluster.api)}
    other = await start_replica()
    session_id = (await other.create())["sessionId"]
    for number in range(3):
        async with Command("serve", environment, tmp_path / "serve.log") as command, command.client() as http:
            text = f"export default {number}\n"
            path = f"{CREATE}/{session_id}/update"
            answer = await http.post(path, json={"files": sent({APP: text})})
            command.kill()
        assert answer.status_code == 200, answer.text
        snapshot = await other.backend.load(session_id)
        assert snapshot is not None
        assert snapshot.tree[APP].content == text.encode()
        assert snapshot.record.revision == answer.json()["revision"]
