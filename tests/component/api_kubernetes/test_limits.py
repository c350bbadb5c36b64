"""What the PreviewRuntime allows, and what is said when there is none that can be used."""

from __future__ import annotations

import pytest
from tests.component.api_kubernetes.conftest import StartReplica
from tests.component.api_kubernetes.harness import APP, CREATE, PROJECT, RUNTIME, Cluster, ago, sent

from preview_core.kube.resource import RUNTIMES, SECRETS

BODY = {"files": sent(PROJECT)}


@pytest.mark.parametrize("limits", [{"projectBytes": 1024}, {"projectFiles": len(PROJECT)}])
async def test_a_project_beyond_the_runtimes_limits_is_a_413(
    cluster: Cluster, start_replica: StartReplica, limits: dict[str, int]
) -> None:
    await cluster.runtime({"limits": limits})
    replica = await start_replica()
    session_id = (await replica.create())["sessionId"]
    more = {"src/frontend/src/big.ts": "// " + "x" * 1024}

    for path, body in (
        (CREATE, {"files": sent({**PROJECT, **more})}),
        (f"{CREATE}/{session_id}/update", {"files": sent(more)}),
    ):
        answer = await replica.post(path, body)
        assert (answer.status_code, answer.json()["code"]) == (413, "PAYLOAD_TOO_LARGE")
        assert str(next(iter(limits.values()))) in answer.json()["error"]
    assert (await replica.status(session_id))["revision"] == 1
    assert len(await cluster.sessions()) == 1
    assert (await replica.update(session_id, {APP: "export default 2\n"}))["revision"] == 2


async def test_when_all_pods_are_taken_a_create_is_a_503_and_updates_go_on(
    cluster: Cluster, start_replica: StartReplica
) -> None:
    made = (await (await start_replica()).create())["sessionId"]
    await cluster.runtime({"limits": {"pods": 2}}, {"pods": 2})
    replica = await start_replica()
    answer = await replica.post(CREATE, BODY)
    assert (answer.status_code, answer.json()["code"]) == (503, "CAPACITY")
    assert int(answer.headers["Retry-After"]) > 0
    assert len(await cluster.sessions()) == 1
    assert (await replica.update(made, {APP: "export default 2\n"}))["revision"] == 2


async def test_the_runtime_decides_how_long_a_session_lives(cluster: Cluster, start_replica: StartReplica) -> None:
    await cluster.runtime({"suspendAfterSeconds": 0, "expireAfterSeconds": 3600})
    replica = await start_replica()
    made = await replica.create()
    assert 3600_000 <= made["expiresAt"] - made["createdAt"] < 3700_000
    cluster.clock.shift = 30 * 60_000
    assert (await replica.status(made["sessionId"]))["expiresAt"] >= cluster.clock() + 3600_000 - 1000
    cluster.clock.shift = 100 * 60_000
    assert (await replica.http.get(f"{CREATE}/{made['sessionId']}")).status_code == 410


@pytest.mark.parametrize("missing", ["runtime", "acceptance", "secret", "key"])
async def test_readyz_says_what_is_missing_and_is_well_when_it_comes(
    cluster: Cluster, start_replica: StartReplica, missing: str
) -> None:
    if missing == "runtime":
        await cluster.kube.delete(RUNTIMES, cluster.namespace, RUNTIME)
    elif missing == "acceptance":
        condition = {
            "type": "Accepted",
            "status": "False",
            "reason": "InvalidSpec",
            "message": "requests above limits",
            "lastTransitionTime": ago(cluster.clock, 0),
        }
        await cluster.runtime(status={"conditions": [condition]})
    elif missing == "secret":
        await cluster.kube.delete(SECRETS, cluster.namespace, "kontext-preview")
    else:
        await cluster.kube.patch(SECRETS, cluster.namespace, "kontext-preview", {"data": {"key": "c2hvcnQ="}})
    replica = await start_replica()

    answer = await replica.http.get("/readyz")

    said = {
        "runtime": f"no PreviewRuntime {RUNTIME}",
        "acceptance": "requests above limits",
        "secret": "The Secret kontext-preview is not there yet",
        "key": "The Secret kontext-preview needs the entry `key`",
    }
    assert (answer.status_code, answer.json()["code"]) == (503, "BACKEND_UNAVAILABLE")
    assert said[missing] in answer.json()["error"]
    assert int(answer.headers["Retry-After"]) > 0
    assert (await replica.http.get("/healthz")).status_code == 200
    if missing in ("secret", "key"):
        secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "kontext-preview"}}
        await cluster.kube.apply(SECRETS, cluster.namespace, {**secret, "data": {"key": "c2" * 22}})
    elif missing == "runtime":
        await cluster.runtime()
    if missing != "acceptance":
        assert (await replica.http.get("/readyz")).status_code == 200


async def test_without_a_runtime_a_live_session_goes_on_and_a_new_one_is_refused(
    cluster: Cluster, start_replica: StartReplica
) -> None:
    session_id = (await (await start_replica()).create())["sessionId"]
    await cluster.kube.delete(RUNTIMES, cluster.namespace, RUNTIME)
    replica = await start_replica()
    assert (await replica.update(session_id, {APP: "export default 2\n"}))["revision"] == 2
    assert (await replica.post(CREATE, BODY)).status_code == 503


async def test_an_origin_that_fits_into_no_object_is_an_owner_all_the_same(
    cluster: Cluster, start_replica: StartReplica
) -> None:
    replica = await start_replica()
    answer = await replica.post(CREATE, BODY, Origin="https://" + "x" * 600)
    assert answer.status_code == 200, answer.text
    owner = (await cluster.session(answer.json()["sessionId"])).spec.owner
    assert owner is not None
    assert owner.startswith("sha256:")
