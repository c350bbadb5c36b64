"""G30: a session that nobody uses has no pod, and is back when somebody comes. Through the ingress controller."""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import httpx2
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Origin, Subprotocol

from e2e.browser import project
from e2e.cluster.installed import ORIGINS, Installed
from e2e.guarantees.caller import FIRST_PAGE_S, TITLE_MODULE, Session, eventually, patiently
from e2e.guarantees.conftest import Create

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(600)]

# The shortest that is worth a name; the operator looks at every session each half minute.
SHORT_S = 5
ASLEEP_S = 180.0
# More than a session may lose pods before the next one has to wait.
ROUNDS = 6
HTML = "text/html"


def found(cluster: Installed, session: Session) -> dict[str, object]:
    """The session's object. Asking the API instead would wake it."""
    read: dict[str, object] = cluster.kubectl.json("get", "previewsession", session.id, "-n", cluster.sessions)
    return read


def change(cluster: Installed, kind: str, name: str, **spec: object) -> None:
    patch = json.dumps({"spec": spec})
    cluster.kubectl("patch", kind, name, "-n", cluster.sessions, "--type=merge", f"--patch={patch}")


def runtime_of(cluster: Installed, session: Session) -> str:
    return str(found(cluster, session)["spec"]["runtimeRef"]["name"])  # type: ignore[index]


@contextmanager
def suspending(cluster: Installed, session: Session) -> Iterator[None]:
    """Meanwhile sessions of its runtime sleep after a few seconds."""
    name = runtime_of(cluster, session)
    before = cluster.kubectl.json("get", "previewruntime", name, "-n", cluster.sessions)["spec"]["suspendAfterSeconds"]
    change(cluster, "previewruntime", name, suspendAfterSeconds=SHORT_S)
    try:
        yield
    finally:
        change(cluster, "previewruntime", name, suspendAfterSeconds=before)


async def asleep(cluster: Installed, session: Session) -> None:
    """Waits until it has no pod and the waker answers. A module is asked for: that wakes nobody."""
    selector = f"--selector=preview.coinnation.io/session={session.id},preview.coinnation.io/part=pod"

    async def there() -> bool:
        if cluster.kubectl("get", "pods", "-n", cluster.sessions, selector, "-o", "name").split():
            return False
        with suppress(httpx2.TransportError):
            answer = await session.page(TITLE_MODULE)
            return answer.status_code == 503 and answer.headers.get("Retry-After") == "1"
        return False

    await eventually(there, "the session sleeps", ASLEEP_S)
    assert found(cluster, session)["spec"]["suspended"] is True  # type: ignore[index]


async def back(session: Session) -> float:
    """Visits, as the waker's page does, until the preview itself is there; seconds since the first visit."""
    began = time.monotonic()

    async def there() -> bool:
        with suppress(httpx2.TransportError):
            return "/@vite/client" in (await session.page("/", HTML)).text
        return False

    await eventually(there, "the preview is back", FIRST_PAGE_S)
    return time.monotonic() - began


async def refused(session: Session, origin: str, *protocols: str) -> int:
    """Status with which a socket is refused: in a browser it is closed with 1006, after which everybody comes back."""
    _, _, port = session.host.rpartition(":")
    with pytest.raises(InvalidStatus) as refusal:
        await connect(
            f"ws://{session.host}/hmr",
            host="127.0.0.1",
            port=int(port),
            origin=Origin(origin),
            subprotocols=[Subprotocol(protocol) for protocol in protocols] or None,
            proxy=None,
            open_timeout=2,
        )
    return refusal.value.response.status_code


async def test_g30_an_idle_session_sleeps_and_a_visit_brings_it_back_with_its_files(
    cluster: Installed, new: Create
) -> None:
    session = await new("Before the sleep")
    await session.ready()
    with suspending(cluster, session):
        await asleep(cluster, session)

    async def told() -> bool:
        # The pod is gone before the pass that says so.
        status = found(cluster, session)["status"]
        assert isinstance(status, dict)
        return (status["phase"], status.get("podName")) == ("Suspended", None)

    await eventually(told, "its phase is Suspended", ASLEEP_S)

    page = await session.page("/", HTML)
    assert page.status_code == 200
    assert "put to sleep. Waking it" in page.text
    assert page.headers["Cache-Control"] == "no-store"
    assert page.headers["Content-Security-Policy"] == f"frame-ancestors {' '.join(ORIGINS)}"
    await back(session)
    await session.serves("Before the sleep")
    answer = (await patiently(session.status)).json()
    assert (answer["status"], answer["sessionId"]) == ("active", session.id)


async def test_g30_an_update_of_a_sleeping_session_is_stored_at_once_and_served_when_it_is_back(
    cluster: Installed, new: Create
) -> None:
    session = await new()
    await session.ready()
    change(cluster, "previewsession", session.id, suspended=True)
    await asleep(cluster, session)
    answer = await patiently(lambda: session.update({project.TITLE: project.title("While it slept")}))
    assert (answer.status_code, answer.json()["revision"]) == (200, 2)
    await session.serves("While it slept")


async def test_g30_tabs_that_nobody_looks_at_wake_nothing_and_one_that_is_shown_does(
    cluster: Installed, new: Create
) -> None:
    session = await new()
    await session.ready()
    change(cluster, "previewsession", session.id, suspended=True)
    await asleep(cluster, session)
    own = f"http://{session.host}"
    assert await refused(session, ORIGINS[0]) == 503
    assert await refused(session, own, "vite-hmr") == 503
    assert (await session.page("/src/App.tsx")).status_code == 503
    assert found(cluster, session)["spec"]["suspended"] is True  # type: ignore[index]
    assert await refused(session, own, "vite-ping") == 503
    await session.serves("First")


async def test_g30_it_comes_back_however_often_it_sleeps(cluster: Installed, new: Create) -> None:
    session = await new()
    await session.ready()
    took = []
    for _ in range(ROUNDS):
        change(cluster, "previewsession", session.id, suspended=True)
        await asleep(cluster, session)
        took.append(await back(session))
        await session.ready()
    print(f"resume: {statistics.median(took):.2f} s ({min(took):.2f}-{max(took):.2f}), {ROUNDS} times")
