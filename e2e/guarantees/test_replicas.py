"""Several API replicas behind one address, no cookies, random balancing: any of them answers anything."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator

import httpx2
import pytest
import pytest_asyncio

from e2e.browser import project
from e2e.browser.upgrades import Upgrade, answer
from e2e.cluster.installed import Installed
from e2e.guarantees.caller import PATH, create
from e2e.guarantees.conftest import Create

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(600)]

REPLICAS = 3
CREATES = 1000
AT_ONCE = 4
ENTRY = "src/index.tsx"
DAY_MS = 24 * 3600 * 1000
MINUTE_MS = 60 * 1000


@pytest_asyncio.fixture(scope="module", loop_scope="session", autouse=True)
async def replicas(cluster: Installed) -> AsyncIterator[None]:
    """Three of them for this module."""
    await asyncio.to_thread(cluster.configure, {"api": {"replicas": REPLICAS}})
    yield
    await asyncio.to_thread(cluster.configure, {"api": {"replicas": 2}})


async def test_g01_a_session_is_known_everywhere_at_once(cluster: Installed, http: httpx2.AsyncClient) -> None:
    # Without the operator: a thousand pods would test the node. Reads, updates and upgrades do not need it to be known.
    await asyncio.to_thread(scale_operator, cluster, 0)
    answers: Counter[str] = Counter()
    slots = asyncio.Semaphore(AT_ONCE)

    async def one(number: int) -> None:
        async with slots:
            made = await http.post(PATH, json={"files": [{"name": ENTRY, "content": str(number)}]})
            answers[f"create {made.status_code}"] += 1
            if made.status_code != 200:
                return
            session_id = made.json()["sessionId"]
            host = made.json()["previewUrl"].split("/")[2]
            upgrade = Upgrade("", headers={"Origin": "http://localhost:5173"})
            update = {"files": [{"name": ENTRY, "content": f"{number} again"}]}
            read, changed, upgraded = await asyncio.gather(
                http.get(f"{PATH}/{session_id}"),
                http.post(f"{PATH}/{session_id}/update", json=update),
                answer(cluster.port, upgrade, host, 5),
            )
            answers[f"read {read.status_code}"] += 1
            answers[f"update {changed.status_code}"] += 1
            answers[f"upgrade {upgraded}"] += 1
            answers[f"delete {(await http.delete(f'{PATH}/{session_id}')).status_code}"] += 1

    try:
        await asyncio.gather(*map(one, range(CREATES)))
    finally:
        sessions = ("-n", cluster.sessions, "previewsessions", "--all", "--wait=false")
        await asyncio.to_thread(cluster.kubectl, "delete", *sessions)
        await asyncio.to_thread(scale_operator, cluster, 1)
        await asyncio.to_thread(cluster.release.wait)
    print(dict(answers))
    assert answers == {
        "create 200": CREATES,
        "read 200": CREATES,
        "update 200": CREATES,
        # Nothing serves it yet, and that is what it is told: come again.
        "upgrade 503": CREATES,
        "delete 200": CREATES,
    }


async def test_g03_many_creates_with_one_id_make_one_session(http: httpx2.AsyncClient, new: Create) -> None:
    ended = await new()
    await ended.close()
    answers = await asyncio.gather(*(create(http, sessionId=ended.id) for _ in range(20)))
    ids = {session.id for session in answers}
    assert len(ids) == 1
    assert ids != {ended.id}
    again = await new(sessionId=answers[0].id)
    assert (again.id, again.created["reused"]) == (answers[0].id, True)


async def test_g29_concurrent_updates_of_one_session_are_serialised(new: Create) -> None:
    session = await new()
    await session.ready()
    names = [f"src/frontend/src/parts/Part{number}.ts" for number in range(24)]

    async def update(name: str) -> int:
        await asyncio.sleep(random.random())  # noqa: S311 - spreads load, guards nothing
        while True:
            answer = await session.update({name: f"export const name = '{name}'\n"})
            if answer.status_code == 200:
                return int(answer.json()["revision"])
            # The one other answer that concurrency may have: somebody else was faster too often.
            assert answer.status_code == 503, answer.text

    revisions = await asyncio.gather(*map(update, names))
    assert sorted(revisions) == list(range(2, 26))
    for name in names:
        module = await session.page(f"/{name.removeprefix('src/frontend/')}")
        assert name in module.text
    assert (await session.status()).json()["revision"] == 25


async def test_g39_expires_at_is_in_milliseconds_and_never_decreases(new: Create) -> None:
    session = await new()
    told = [session.created["expiresAt"]]
    for number in range(20):
        answer = await (session.status() if number % 2 else session.update({project.TITLE: project.title(str(number))}))
        told.append(answer.json()["expiresAt"])
    assert all(isinstance(one, int) for one in told)
    assert told == sorted(told)
    created_at = session.created["createdAt"]
    assert all(DAY_MS <= one - created_at <= DAY_MS + 10 * MINUTE_MS for one in told)


def scale_operator(cluster: Installed, replicas: int) -> None:
    """0: nobody reconciles."""
    which = "--selector=app.kubernetes.io/component=operator"
    cluster.kubectl("scale", "-n", cluster.namespace, "deployment", which, f"--replicas={replicas}")
