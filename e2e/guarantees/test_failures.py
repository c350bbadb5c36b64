"""What dies under a session, and what its caller sees of it."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidHandshake
from websockets.typing import Origin

from e2e.browser import project
from e2e.cluster.installed import ORIGINS, Installed
from e2e.cluster.kubectl import KubectlFailed
from e2e.guarantees.caller import AFTER_A_KILL_S, Session, patiently
from e2e.guarantees.conftest import Create

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(300)]

# The caller's page tries three times, three seconds apart, and then gives up (contract, section 3).
TRIES = 3
PAUSE_S = 3.0


def kill(cluster: Installed, namespace: str, *which: str) -> None:
    """At once, without a word, and without waiting for it."""
    cluster.kubectl("delete", "pod", "-n", namespace, *which, "--grace-period=0", "--force", "--wait=false")


def wipe_status(cluster: Installed, session: Session) -> None:
    """As if the operator had never seen the session. It may write at the same time: then again."""
    name = ("previewsession", session.id, "-n", cluster.sessions)
    path = f"/apis/preview.coinnation.io/v1alpha1/namespaces/{cluster.sessions}/previewsessions/{session.id}/status"
    for attempt in range(10):
        found = cluster.kubectl.json("get", *name)
        try:
            cluster.kubectl("replace", "--raw", path, "-f", "-", stdin={**found, "status": {}})
        except KubectlFailed:
            if attempt == 9:
                raise
        else:
            return


def pod_of(cluster: Installed, session: Session) -> str:
    """Name of the session's pod."""
    found = cluster.kubectl.json("get", "previewsession", session.id, "-n", cluster.sessions)
    return str(found["status"]["podName"])


async def test_g06_pod_status_and_caches_go_and_the_caller_keeps_working_on_its_id(
    cluster: Installed, new: Create
) -> None:
    session = await new()
    await session.ready()
    assert (await patiently(lambda: session.update({project.TITLE: project.title("Second")}))).status_code == 200
    kill(cluster, cluster.sessions, pod_of(cluster, session))
    wipe_status(cluster, session)
    kill(cluster, cluster.namespace, "--selector=app.kubernetes.io/component=api")
    await session.serves("Second", AFTER_A_KILL_S)
    answer = await patiently(lambda: session.update({project.TITLE: project.title("Third")}))
    assert (answer.status_code, answer.json()["revision"]) == (200, 3)
    await session.serves("Third", AFTER_A_KILL_S)


@pytest.mark.parametrize("victim", ["session", "api", "operator", "waker", "everything"])
async def test_g42_an_acknowledged_update_is_served_after_a_failure(
    cluster: Installed, new: Create, victim: str
) -> None:
    session = await new()
    await session.ready()
    pod = pod_of(cluster, session)
    edit = {project.TITLE: project.title(f"Before the end of {victim}")}
    answer = await patiently(lambda: session.update(edit))
    assert answer.status_code == 200
    components = {"session": [], "everything": ["api", "operator", "waker"]}.get(victim, [victim])
    for component in components:
        namespace = cluster.sessions if component == "waker" else cluster.namespace
        kill(cluster, namespace, f"--selector=app.kubernetes.io/component={component}")
    if victim in ("session", "everything"):
        kill(cluster, cluster.sessions, pod)
    # All of them at once is more than a single failure: then every start waits for the others on two cores.
    await session.serves(f"Before the end of {victim}", AFTER_A_KILL_S * (3 if victim == "everything" else 1))
    assert (await patiently(session.status)).status_code == 200


async def test_g27_an_observers_socket_is_open_again_within_the_retries_of_its_page(
    cluster: Installed, new: Create
) -> None:
    session = await new()
    await session.ready()
    socket = await _observe(session)
    kill(cluster, cluster.sessions, pod_of(cluster, session))
    await asyncio.wait_for(socket.wait_closed(), AFTER_A_KILL_S)
    for _ in range(TRIES):
        await asyncio.sleep(PAUSE_S)
        with suppress(InvalidHandshake, OSError, TimeoutError):
            again = await _observe(session)
            await again.close()
            return
    pytest.fail("the page would have given up")


async def test_g27_a_restart_of_the_dev_server_keeps_the_observers_socket(new: Create) -> None:
    session = await new()
    await session.ready()
    socket = await _observe(session)
    answer = await session.update({"src/frontend/.env": "VITE_NAME=new\n"})
    assert answer.json()["hmr"]["kind"] == "restart"
    await session.update({project.TITLE: project.title("After the restart")})
    async with asyncio.timeout(10):
        while '"update"' not in str(await socket.recv()):
            continue
    await socket.close()


async def _observe(session: Session) -> ClientConnection:
    """As the caller's page does, through the ingress controller; greeted."""
    host, _, port = session.host.rpartition(":")
    socket = await connect(
        f"ws://{session.host}/hmr",
        host="127.0.0.1",
        port=int(port),
        origin=Origin(ORIGINS[0]),
        proxy=None,
        open_timeout=2,
    )
    assert "connected" in str(await asyncio.wait_for(socket.recv(), 2))
    assert host
    return socket
