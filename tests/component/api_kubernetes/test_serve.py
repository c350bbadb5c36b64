"""`kontext-preview serve` as a process: its environment, its addresses, its proxies, its log, its end."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest
from e2e.modules import CHECKOUT
from e2e.processes import free_port
from tests.component.api_kubernetes.harness import CREATE, ORIGIN, PROJECT, Cluster, Command, sent

from preview_api.cli.server import bind_any

CODE = "from preview_api.cli import main; main()"
BODY = {"files": sent(PROJECT)}


@pytest.fixture
async def serve(cluster: Cluster, tmp_path: Path) -> AsyncIterator[Command]:
    environment = {
        **cluster.environment,
        "KUBECONFIG": str(cluster.api),
        "KONTEXT_LOG_LEVEL": "debug",
        "KONTEXT_TRUSTED_PROXIES": "127.0.0.0/8",
    }
    async with Command("serve", environment, tmp_path / "serve.log") as command:
        yield command


async def owner(cluster: Cluster, http: httpx2.AsyncClient, **headers: str) -> str | None:
    answer = await http.post(CREATE, json=BODY, headers=headers)
    assert answer.status_code == 200, answer.text
    return (await cluster.session(answer.json()["sessionId"])).spec.owner


async def test_behind_a_trusted_proxy_the_caller_is_whom_the_proxy_names(serve: Command, cluster: Cluster) -> None:
    async with serve.client() as http:
        assert await owner(cluster, http, **{"X-Forwarded-For": "203.0.113.9"}) == f"{ORIGIN} 203.0.113.9"
        # What the caller claims stands further left, and is not believed.
        assert await owner(cluster, http, **{"X-Forwarded-For": "8.8.8.8, 2001:db8::7"}) == f"{ORIGIN} 2001:db8::7"


async def test_without_a_trusted_proxy_nobody_is_believed(cluster: Cluster, tmp_path: Path) -> None:
    for proxies in ("", "192.0.2.0/24"):
        environment = {
            **cluster.environment,
            "KUBECONFIG": str(cluster.api),
            "KONTEXT_TRUSTED_PROXIES": proxies,
        }
        async with Command("serve", environment, tmp_path / "serve.log") as command, command.client() as http:
            assert await owner(cluster, http, **{"X-Forwarded-For": "203.0.113.9"}) == f"{ORIGIN} 127.0.0.1"


async def test_any_host_is_served_and_only_configured_origins_are_allowed(serve: Command) -> None:
    async with serve.client(Host="api.example.org") as http:
        allowed = await http.post(CREATE, json=BODY)
        refused = await http.post(CREATE, json=BODY, headers={"Origin": "https://evil.example"})
    assert allowed.status_code == 200
    assert allowed.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert "Access-Control-Allow-Origin" not in refused.headers


async def test_g38_the_log_names_no_session_and_no_content_even_at_debug(serve: Command, tmp_path: Path) -> None:
    async with serve.client() as http:
        session_id = (await http.post(CREATE, json=BODY)).json()["sessionId"]
        await http.post(f"{CREATE}/{session_id}/update", json={"files": sent({"a.ts": "const secretWord = 1"})})
        await http.get(f"{CREATE}/{session_id}")
        await http.delete(f"{CREATE}/{session_id}")
        await http.get(f"{CREATE}/{session_id}")
    text = serve.log.read_text()
    assert "{session_id}" in text
    for word in (session_id, "secretWord", "<h1>first</h1>"):
        assert word not in text


async def test_the_metrics_leave_the_sessions_to_the_operator(serve: Command) -> None:
    async with serve.client() as http:
        await http.post(CREATE, json=BODY)
        text = (await http.get("/metrics")).text
    assert 'kontext_preview_sessions_created_total{start="cold"} 1.0' in text
    assert "kontext_preview_sessions{" not in text


async def test_a_request_that_comes_just_after_the_sigterm_is_served_and_the_end_is_orderly(serve: Command) -> None:
    serve.process.terminate()
    await asyncio.sleep(0.3)
    async with serve.client() as http:
        assert (await http.post(CREATE, json=BODY)).status_code == 200
    began = time.monotonic()
    assert await asyncio.to_thread(serve.process.wait, 30) == os.EX_OK
    assert time.monotonic() - began < 20


def test_g08_every_address_family_of_the_machine_is_bound_and_ipv4_callers_keep_their_addresses() -> None:
    port = free_port()
    listening = bind_any(port, "KONTEXT_PORT")
    try:
        for family, host in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
            if not has(family, host):
                continue
            with socket.create_connection((host, port), timeout=5):
                (server,) = [one for one in listening if one.family is family]
                connection, address = server.accept()
                connection.close()
                assert address[0] == host
    finally:
        for one in listening:
            one.close()


def has(family: socket.AddressFamily, host: str) -> bool:
    try:
        with socket.socket(family) as probe:
            probe.bind((host, 0))
    except OSError:
        return False
    return True


async def test_what_the_environment_lacks_is_named(tmp_path: Path) -> None:
    path = f"{CHECKOUT / 'core'}:{CHECKOUT / 'api'}"
    base = {"PATH": os.environ["PATH"], "PYTHONPATH": path, "HOME": str(tmp_path)}
    complete = {"KONTEXT_NAMESPACE": "sessions", "KONTEXT_DOMAIN": "p.example.org"}
    for command in ("serve", "waker"):
        for given, said in (
            ({}, "KONTEXT_NAMESPACE is not set"),
            ({**complete, "KONTEXT_DOMAIN": "not a domain"}, "KONTEXT_DOMAIN"),
            (complete, "no cluster"),
            ({**complete, "KUBECONFIG": str(tmp_path / "missing")}, "no cluster"),
        ):
            done = await asyncio.to_thread(
                subprocess.run,
                [sys.executable, "-c", CODE, command, "--host", "127.0.0.1"],
                env={**base, "KONTEXT_PORT": str(free_port()), **given},
                capture_output=True,
                text=True,
                timeout=60,
                check=False,
            )
            assert done.returncode == 1, done.stderr
            assert said in done.stderr
            assert "Traceback" not in done.stderr
