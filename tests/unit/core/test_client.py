"""Against a real HTTP server on a real socket: what the client makes of each answer, and of none."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx2
import pytest
import pytest_asyncio

from preview_core.client import RevisionMismatch, RuntimeAway, RuntimeClient, RuntimeRefused
from preview_core.wire import PatchFiles, PutFiles

FIXTURES = Path(__file__).parents[2] / "fixtures/wire"


def example(name: str) -> dict[str, Any]:
    value: dict[str, Any] = json.loads((FIXTURES / f"{name}.json").read_text(encoding="utf-8"))["value"]
    return value


PUT = PutFiles.model_validate(example("put-files.valid.typical"))
PATCH = PatchFiles.model_validate(example("patch-files.valid.typical"))
OUTCOME = example("outcome.valid.diagnostic")
STATUS = example("status.valid.typical")


@dataclass
class Runtime:
    """A stand-in that gives one scripted answer and remembers what it was sent."""

    status: int = 200
    body: bytes = b""
    hang: bool = False
    trickle: bool = False
    url: str = ""
    requests: list[dict[str, Any]] = field(default_factory=list)
    release: threading.Event = field(default_factory=threading.Event)

    def answer(self, status: int, body: object = None) -> None:
        self.status = status
        self.body = body if isinstance(body, bytes) else json.dumps(body).encode()


def handler_for(runtime: Runtime) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def respond(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            sent = {"method": self.command, "path": self.path, "headers": dict(self.headers.items()), "body": body}
            runtime.requests.append(sent)
            if runtime.hang:
                self.close_connection = True
                runtime.release.wait(30)
                return
            self.send_response(runtime.status)
            self.send_header("Content-Length", str(len(runtime.body)))
            self.send_header("Location", "/elsewhere")
            self.end_headers()
            if runtime.trickle:
                for byte in runtime.body:
                    if runtime.release.wait(0.02):
                        return
                    self.wfile.write(bytes([byte]))
                    self.wfile.flush()
                return
            self.wfile.write(runtime.body)

        do_GET = do_PUT = do_PATCH = do_POST = respond  # noqa: N815 - the names are http.server's

        def log_message(self, *_: object) -> None:
            pass

    return Handler


@pytest.fixture
def runtime() -> Iterator[Runtime]:
    runtime = Runtime()
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler_for(runtime))
    server.daemon_threads = True
    runtime.url = f"http://127.0.0.1:{server.server_port}/"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield runtime
    runtime.release.set()
    server.shutdown()
    server.server_close()
    thread.join()


@pytest_asyncio.fixture
async def http() -> AsyncIterator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient(trust_env=False) as http:
        yield http


@pytest.fixture
def client(runtime: Runtime, http: httpx2.AsyncClient) -> RuntimeClient:
    return RuntimeClient(runtime.url, "the-token", http)


async def test_a_put_sends_the_message_and_gives_the_outcome(runtime: Runtime, client: RuntimeClient) -> None:
    runtime.answer(200, OUTCOME)
    outcome = await client.put(PUT)
    assert outcome.wire() == {**OUTCOME, "warnings": []}
    (sent,) = runtime.requests
    assert (sent["method"], sent["path"]) == ("PUT", "/v1/files")
    assert sent["headers"]["Authorization"] == "Bearer the-token"
    assert sent["headers"]["Content-Type"] == "application/json"
    assert json.loads(sent["body"]) == example("put-files.valid.typical")


async def test_a_patch_sends_the_message_and_gives_the_outcome(runtime: Runtime, client: RuntimeClient) -> None:
    runtime.answer(200, OUTCOME)
    assert (await client.patch(PATCH)).revision == OUTCOME["revision"]
    (sent,) = runtime.requests
    assert (sent["method"], sent["path"]) == ("PATCH", "/v1/files")
    assert json.loads(sent["body"]) == example("patch-files.valid.typical")


async def test_the_status_of_a_runtime(runtime: Runtime, client: RuntimeClient) -> None:
    runtime.answer(200, STATUS)
    assert (await client.status()).wire() == {**STATUS, "installing": []}
    assert (runtime.requests[0]["method"], runtime.requests[0]["path"]) == ("GET", "/v1/status")


@pytest.mark.parametrize(("status", "ready"), [(200, True), (503, False)])
async def test_a_runtime_says_whether_it_is_ready(
    runtime: Runtime, client: RuntimeClient, status: int, ready: bool
) -> None:
    runtime.answer(status, {})
    assert await client.ready() is ready


async def test_a_runtime_that_crashes_over_readiness_is_away(runtime: Runtime, client: RuntimeClient) -> None:
    runtime.answer(500, {})
    with pytest.raises(RuntimeAway):
        await client.ready()


async def test_shutdown_is_accepted(runtime: Runtime, client: RuntimeClient) -> None:
    runtime.answer(202, b"")
    await client.shutdown()
    assert (runtime.requests[0]["method"], runtime.requests[0]["path"]) == ("POST", "/v1/shutdown")


async def test_a_gap_says_what_the_runtime_has(runtime: Runtime, client: RuntimeClient) -> None:
    runtime.answer(409, example("problem.valid.typical"))
    with pytest.raises(RevisionMismatch) as caught:
        await client.patch(PATCH)
    assert (caught.value.revision, caught.value.digest) == (4, "0" * 64)


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (401, "UNAUTHORIZED"),
        (400, "INVALID_MESSAGE"),
        (409, "DIGEST_MISMATCH"),
        (413, "PAYLOAD_TOO_LARGE"),
        (404, "NOT_FOUND"),
    ],
)
async def test_a_refusal_carries_the_problem(runtime: Runtime, client: RuntimeClient, status: int, code: str) -> None:
    runtime.answer(status, {"code": code, "error": "no"})
    with pytest.raises(RuntimeRefused) as caught:
        await client.put(PUT)
    assert caught.value.problem.code == code


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (503, {"code": "NOT_READY", "error": "later"}),
        (500, {"code": "INTERNAL", "error": "broken"}),
        (502, b"<html>"),
        (301, b""),
        (404, b"<html>somebody else</html>"),
        (404, {"detail": "Not Found"}),
        (200, b""),
        (200, b"\xff"),
        (200, b"{"),
        (200, {}),
        (200, {**OUTCOME, "revision": "2"}),
        (200, {**OUTCOME, "extra": 1}),
    ],
)
async def test_g38_an_answer_that_is_none_means_away_and_is_not_quoted(
    runtime: Runtime, client: RuntimeClient, status: int, body: object
) -> None:
    runtime.answer(status, body)
    with pytest.raises(RuntimeAway) as caught:
        await client.put(PUT)
    assert "somebody" not in str(caught.value)
    assert len(runtime.requests) == 1  # neither retried nor redirected


async def test_a_refused_connection_is_away(http: httpx2.AsyncClient) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))  # bound, not listening: nobody else gets the port either
        client = RuntimeClient(f"http://127.0.0.1:{unused.getsockname()[1]}", "token", http)
        for call in (client.status(), client.ready(), client.shutdown(), client.put(PUT), client.patch(PATCH)):
            with pytest.raises(RuntimeAway):
                await call


@pytest.mark.parametrize("way", ["hang", "trickle"])
async def test_an_answer_that_does_not_come_in_time_is_away(runtime: Runtime, client: RuntimeClient, way: str) -> None:
    runtime.answer(200, {**OUTCOME, "diagnostics": [{"message": "x" * 5000}]})
    setattr(runtime, way, True)
    with pytest.raises(RuntimeAway):
        await client.put(PUT, within=0.2)


async def test_a_connection_that_closes_without_an_answer_is_away(runtime: Runtime, client: RuntimeClient) -> None:
    runtime.hang = True
    runtime.release.set()
    with pytest.raises(RuntimeAway):
        await client.put(PUT)


async def test_g38_an_error_does_not_show_the_token_or_the_files(runtime: Runtime, client: RuntimeClient) -> None:
    runtime.answer(500, {})
    with pytest.raises(RuntimeAway) as caught:
        await client.put(PUT)
    assert "the-token" not in repr(caught.value)
    assert PUT.files[0].content not in repr(caught.value)
