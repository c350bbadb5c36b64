"""Three replicas, one truth: what one has answered, every other one knows."""

from __future__ import annotations

import asyncio
import os
from collections import Counter

import httpx2
from tests.component.api_kubernetes.harness import APP, CREATE, PROJECT, Cluster, Replicas, ago, sent

from preview_core.filetree import FileTree
from preview_core.kube.resource import SESSIONS
from preview_core.naming import new_session_id
from preview_core.resources.timestamp import epoch_ms


async def test_g01_a_read_and_an_update_elsewhere_right_after_a_create_are_never_a_404(replicas: Replicas) -> None:
    async def visit(number: int) -> Counter[int]:
        made = await replicas.any.create()
        path = f"{CREATE}/{made['sessionId']}"
        changed = {"files": sent({APP: f"export default () => <p>{number}</p>\n"})}
        answers: tuple[httpx2.Response, ...] = await asyncio.gather(
            replicas.any.http.get(path), replicas.any.post(f"{path}/update", changed), replicas.any.http.get(path)
        )
        return Counter(answer.status_code for answer in answers)

    found: Counter[int] = Counter()
    for round_ in range(6):
        for statuses in await asyncio.gather(*(visit(number) for number in range(round_ * 10, round_ * 10 + 10))):
            found += statuses
    assert found == Counter({200: 180})


async def test_g03_creates_with_one_id_on_three_replicas_make_one_session(replicas: Replicas) -> None:
    unknown = new_session_id()

    answers = await asyncio.gather(*(replicas.any.create(sessionId=unknown) for _ in range(30)))

    assert len({answer["sessionId"] for answer in answers}) == 1
    assert answers[0]["sessionId"] != unknown, "only ids that we minted are honoured"
    assert [answer["reused"] for answer in answers].count(False) == 1
    assert {answer["revision"] for answer in answers} == {1}, "the same files again change nothing"
    assert len(await replicas.cluster.sessions()) == 1


async def test_g03_creates_with_one_idempotency_key_on_three_replicas_make_one_session(replicas: Replicas) -> None:
    body = {"files": sent(PROJECT)}

    answers = await asyncio.gather(*(replicas.any.post(CREATE, body, **{"Idempotency-Key": "k"}) for _ in range(30)))

    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["sessionId"] for answer in answers}) == 1
    assert len(await replicas.cluster.sessions()) == 1
    other = await replicas.any.post(CREATE, body, **{"Idempotency-Key": "another"})
    assert other.json()["sessionId"] != answers[0].json()["sessionId"]


async def test_a_key_makes_a_new_session_after_the_old_one_ended_and_keeps_to_it_when_the_tombstone_is_gone(
    replicas: Replicas,
) -> None:
    async def create() -> str:
        answer = await replicas.any.post(CREATE, {"files": sent(PROJECT)}, **{"Idempotency-Key": "k"})
        return str(answer.json()["sessionId"])

    first = await create()
    await replicas.any.close(first)
    second = await create()
    assert second != first
    # An hour later.
    await replicas.cluster.kube.delete(SESSIONS, replicas.cluster.namespace, first)
    assert await create() == second
    assert len(await replicas.cluster.live()) == 1


async def test_a_create_with_a_live_id_updates_that_session_from_any_replica(replicas: Replicas) -> None:
    made = await replicas.all[0].create()
    changed = {**PROJECT, APP: "export default () => null\n"}
    again = await replicas.all[1].create(changed, sessionId=made["sessionId"])
    assert (again["sessionId"], again["reused"], again["revision"]) == (made["sessionId"], True, 2)
    assert again["previewUrl"] == made["previewUrl"]


async def test_g06_a_wiped_status_changes_nothing_that_the_caller_was_told(replicas: Replicas) -> None:
    made = await replicas.any.create()
    cluster, session_id = replicas.cluster, made["sessionId"]
    # The operator saw a page that was used later than any call.
    await cluster.see(session_id, phase="Ready", expiresAt=ago(cluster.clock, -3 * 24 * 3600))
    before = await replicas.any.status(session_id)
    assert before["phase"] == "Ready"

    await cluster.kube.patch(SESSIONS, cluster.namespace, session_id, {"status": None}, "status")
    assert (await cluster.session(session_id)).status.expires_at is None
    after = await replicas.any.status(session_id)

    assert {**after, "phase": "Ready"} == before
    assert (await replicas.any.update(session_id, {APP: "export default () => 1\n"}))["revision"] == 2


async def test_g29_concurrent_updates_are_serialised_and_none_is_lost(replicas: Replicas) -> None:
    made = await replicas.any.create()
    session_id = made["sessionId"]

    async def update(number: int) -> int:
        answer = await replicas.any.update(session_id, {f"src/frontend/src/f{number}.ts": f"export default {number}\n"})
        return int(answer["revision"])

    revisions = await asyncio.gather(*(update(number) for number in range(30)))

    assert sorted(revisions) == list(range(2, 32)), "each update has a revision of its own"
    snapshot = await replicas.any.backend.load(session_id)
    assert snapshot is not None
    assert snapshot.record.revision == 31
    assert {f"src/frontend/src/f{number}.ts" for number in range(30)} <= set(snapshot.tree)


async def test_g29_nobody_reads_half_a_batch_of_a_project_in_many_shards(replicas: Replicas) -> None:
    # Hex of random bytes: 10 MB that compress to half.
    big = {f"src/frontend/public/{number}.txt": os.urandom(170_000).hex() for number in range(30)}
    pair = ("src/frontend/src/a.ts", "src/frontend/src/b.ts")
    session_id = (await replicas.all[0].create({**PROJECT, **big, **dict.fromkeys(pair, "export default 0\n")}))[
        "sessionId"
    ]
    shards = (await replicas.cluster.files.index(session_id)).shards
    assert len(shards) > 10
    writing = True
    seen: set[int] = set()

    async def read() -> None:
        last = 0
        while writing:
            snapshot = await replicas.all[2].backend.load(session_id)
            assert snapshot is not None
            assert snapshot.tree[pair[0]].content == snapshot.tree[pair[1]].content
            assert snapshot.record.revision >= last, "the revision only grows"
            last = snapshot.record.revision
            seen.add(last)

    async def write(writer: int) -> None:
        for number in range(4):
            text = f"export default {writer}{number}\n"
            noise = {f"src/frontend/public/{7 * writer + number}.txt": os.urandom(1000).hex()}
            await replicas.all[writer].update(session_id, {pair[0]: text, pair[1]: text, **noise})

    reading = asyncio.create_task(read())
    await asyncio.gather(write(0), write(1))
    writing = False
    await reading

    assert (await replicas.all[2].status(session_id))["revision"] == 9
    assert len(seen) > 1
    tree: FileTree = (await replicas.cluster.files.read(session_id)).tree
    assert len(tree) == len(PROJECT) + len(big) + 2


async def test_g39_the_expiry_is_a_number_and_never_decreases_whichever_replica_is_asked(replicas: Replicas) -> None:
    made = await replicas.any.create()
    clock, session_id = replicas.cluster.clock, made["sessionId"]
    told = [made["expiresAt"]]
    for minutes in (0, 1, 1, 300, 299, 300, 301):
        clock.shift = minutes * 60_000
        told.append((await replicas.any.status(session_id))["expiresAt"])
        told.append((await replicas.any.update(session_id, {APP: f"export default {minutes}\n"}))["expiresAt"])
        promised = (await replicas.cluster.session(session_id)).spec.expires_at
        assert promised is not None
        assert promised >= told[-1], "what is told stands in the spec"
    assert all(isinstance(expires_at, int) for expires_at in told)
    assert told == sorted(told)
    assert told[-1] >= clock() + 24 * 3600 * 1000 - 60_000


async def test_g39_a_replica_that_decided_on_an_older_state_lowers_no_promise_and_revives_no_session(
    replicas: Replicas,
) -> None:
    cluster, backend = replicas.cluster, replicas.all[0].backend
    session_id = (await replicas.any.create())["sessionId"]
    old = await backend.get(session_id)
    assert old is not None
    later = ago(cluster.clock, -10 * 24 * 3600)
    await cluster.change(session_id, expiresAt=later, suspended=True)

    touched = await backend.touch(old, cluster.clock() + 2 * 60_000)

    assert touched is not None
    session = await cluster.session(session_id)
    assert session.spec.expires_at == epoch_ms(later) == touched.expires_at
    assert not session.spec.suspended, "what came in between is seen"
    await replicas.all[1].close(session_id)
    assert await backend.touch(touched, cluster.clock() + 10 * 60_000) is None


async def test_reading_again_and_again_writes_nothing(replicas: Replicas) -> None:
    session_id = (await replicas.any.create())["sessionId"]
    before = (await replicas.cluster.session(session_id)).metadata.resource_version
    for _ in range(10):
        await replicas.any.status(session_id)
    assert (await replicas.cluster.session(session_id)).metadata.resource_version == before


async def test_a_call_wakes_a_suspended_session(replicas: Replicas) -> None:
    session_id = (await replicas.any.create())["sessionId"]
    for call in (
        replicas.any.status(session_id),
        replicas.any.update(session_id, {APP: "export default 2\n"}),
        replicas.any.update(session_id, {APP: "export default 2\n"}),
    ):
        await replicas.cluster.change(session_id, suspended=True)
        await call
        assert not (await replicas.cluster.session(session_id)).spec.suspended


async def test_a_closed_and_an_expired_session_are_tombstones_everywhere(replicas: Replicas) -> None:
    closed, expired = [(await replicas.any.create())["sessionId"] for _ in range(2)]
    await replicas.all[0].close(closed)
    await replicas.all[1].close(closed)
    now = replicas.cluster.clock()
    replicas.cluster.clock.shift = 25 * 3600 * 1000
    for session_id in (closed, expired):
        for path, method in ((session_id, "GET"), (f"{session_id}/update", "POST")):
            body = {"files": sent(PROJECT)} if method == "POST" else None
            answer = await replicas.any.http.request(method, f"{CREATE}/{path}", json=body)
            assert (answer.status_code, answer.json()["code"]) == (410, "SESSION_EXPIRED")
    ended = (await replicas.cluster.session(closed)).spec.ended
    assert ended is not None
    assert (ended.reason, abs(ended.at - now) < 10_000) == ("Closed", True)


async def test_an_unknown_id_and_one_that_nobody_was_told_are_not_found(cluster: Cluster, replicas: Replicas) -> None:
    warm, unfinished = new_session_id(), new_session_id()
    for session_id, owner in ((warm, {}), (unfinished, {"owner": replicas.owner})):
        spec = {"runtimeRef": {"name": "standard"}, **owner}
        body = {
            "apiVersion": SESSIONS.api_version,
            "kind": SESSIONS.kind,
            "metadata": {"name": session_id},
            "spec": spec,
        }
        await cluster.kube.create(SESSIONS, cluster.namespace, body)
    for session_id in (warm, unfinished, new_session_id(), "not-an-id"):
        answer = await replicas.any.http.get(f"{CREATE}/{session_id}")
        assert (answer.status_code, answer.json()["code"]) == (404, "SESSION_NOT_FOUND")
