"""What goes wrong: always the same JSON, always with CORS, never a word too much."""

from __future__ import annotations

import gzip
import json
import logging
from collections.abc import AsyncIterator

import httpx2
import pytest
from structlog.testing import capture_logs
from tests.unit.api.conftest import CREATE, ORIGIN, PROJECT, created, updated
from tests.unit.api.memory import MemoryBackend

from preview_api.settings import Settings
from preview_core.naming import new_session_id

JSON = {"Content-Type": "application/json"}
FILE = {"name": "src/frontend/src/App.tsx", "content": ""}


def assert_problem(response: httpx2.Response, status: int, code: str) -> None:
    """The contract's shape, with the caller's origin."""
    assert response.status_code == status, response.text
    body = response.json()
    assert body["success"] is False
    assert body["code"] == code
    assert isinstance(body["error"], str)
    assert body["error"]
    assert isinstance(body["retryable"], bool)
    assert body["requestId"] == response.headers["X-Request-Id"]
    assert response.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert response.headers["Access-Control-Allow-Credentials"] == "true"
    assert "Origin" in response.headers["Vary"]
    assert "set-cookie" not in response.headers


BODIES = {
    "invalid JSON": (b"{", "INVALID_REQUEST"),
    "no JSON": (b"\x00\xff\xfe binary junk", "INVALID_REQUEST"),
    "nothing": (b"", "INVALID_REQUEST"),
    "a list": (b"[]", "INVALID_REQUEST"),
    "null": (b"null", "INVALID_REQUEST"),
    "no files": (b"{}", "INVALID_FILES"),
    "empty files": (b'{"files": []}', "INVALID_FILES"),
    "files of a wrong type": (b'{"files": "a"}', "INVALID_FILES"),
    "files of wrong entries": (b'{"files": [1, null, "x"]}', "INVALID_FILES"),
    "package.json of a wrong type": (b'{"files": [], "packageJson": "x"}', "INVALID_REQUEST"),
    "NaN": (b'{"files": NaN}', "INVALID_REQUEST"),
    "half a character": (b'{"files": [{"name": "\\ud800", "content": "x"}]}', "INVALID_REQUEST"),
    "deep nesting": (b"[" * 50_000, "INVALID_REQUEST"),
}


@pytest.mark.parametrize(("body", "code"), BODIES.values(), ids=BODIES.keys())
async def test_bad_bodies_of_a_create(api: httpx2.AsyncClient, backend: MemoryBackend, body: bytes, code: str) -> None:
    assert_problem(await api.post(CREATE, content=body, headers=JSON), 400, code)
    assert backend.sessions == {}


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"files": [], "deleted": "x"}', b"{}", b'{"files": {}}'])
async def test_bad_bodies_of_an_update(api: httpx2.AsyncClient, body: bytes) -> None:
    session = await created(api)
    response = await api.post(f"{CREATE}/{session['sessionId']}/update", content=body, headers=JSON)
    assert response.json()["code"] in ("INVALID_REQUEST", "INVALID_FILES")
    assert_problem(response, 400, response.json()["code"])


NAMES = {
    "traversal": "../../../etc/passwd",
    "hidden traversal": "src/frontend/src/../../../../etc/passwd",
    "backslashes": "..\\..\\windows\\system32",
    "NUL": "src/frontend/src/a\0.tsx",
    "control character": "src/frontend/src/a\x1b[31m.tsx",
    "drive": "C:/Windows/win.ini",
    "too long": "a" * 1025,
    "empty": "",
    "node_modules": "src/frontend/node_modules/react/index.js",
    "git": ".git/config",
    "reserved": ".kontext-preview/x",
    "a number": 5,
    "a list": ["src/frontend/src/App.tsx"],
}


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES.keys())
async def test_g37_a_name_that_cannot_be_used_is_refused_alone_and_reported_in_company(
    api: httpx2.AsyncClient, backend: MemoryBackend, name: object
) -> None:
    bad = {"name": name, "content": "x"}
    assert_problem(await api.post(CREATE, json={"files": [bad]}), 400, "INVALID_FILE_PATH")
    session = await created(api)
    url = f"{CREATE}/{session['sessionId']}/update"
    assert_problem(await api.post(url, json={"files": [bad]}), 400, "INVALID_FILE_PATH")
    response = await api.post(url, json={"files": [bad, {**FILE, "content": "good"}]})
    assert response.status_code == 200
    assert len(response.json()["rejected"]) == 1
    assert response.json()["updated"] == [FILE["name"]]
    tree = backend.sessions[str(session["sessionId"])].tree
    assert set(tree) == {file["name"] for file in PROJECT}


@pytest.fixture
def settings() -> Settings:
    # Small enough to go beyond without a long test; the real one is tested over a real connection.
    return Settings(allowed_origins=(ORIGIN,), body_limit=100_000)


async def test_g34_a_body_beyond_the_limit_is_413_with_cors(api: httpx2.AsyncClient) -> None:
    body = json.dumps({"files": [{**FILE, "content": "x" * 100_000}]}).encode()
    assert_problem(await api.post(CREATE, content=body, headers=JSON), 413, "PAYLOAD_TOO_LARGE")

    async def unannounced() -> AsyncIterator[bytes]:
        for at in range(0, len(body), 1000):
            yield body[at : at + 1000]

    assert_problem(await api.post(CREATE, content=unannounced(), headers=JSON), 413, "PAYLOAD_TOO_LARGE")


async def test_g34_gzip_is_accepted_and_limited_by_what_comes_out(api: httpx2.AsyncClient) -> None:
    headers = {**JSON, "Content-Encoding": "gzip"}
    good = gzip.compress(json.dumps({"files": PROJECT}).encode())
    assert (await api.post(CREATE, content=good, headers=headers)).status_code == 200
    bomb = gzip.compress(json.dumps({"files": [{**FILE, "content": "x" * 10_000_000}]}).encode())
    assert_problem(await api.post(CREATE, content=bomb, headers=headers), 413, "PAYLOAD_TOO_LARGE")
    assert_problem(await api.post(CREATE, content=b"junk", headers=headers), 400, "INVALID_REQUEST")
    assert_problem(await api.post(CREATE, content=good[:-9], headers=headers), 400, "INVALID_REQUEST")


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
async def test_a_type_that_needs_no_preflight_is_refused(api: httpx2.AsyncClient, kind: str) -> None:
    body = json.dumps({"files": PROJECT})
    assert_problem(await api.post(CREATE, content=body, headers={"Content-Type": kind}), 400, "INVALID_REQUEST")


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "127.0.0.1.nip.io:8080", "[::2]", ""])
async def test_g32_another_host_is_refused(api: httpx2.AsyncClient, host: str) -> None:
    assert_problem(await api.get("/healthz", headers={"Host": host}), 403, "INVALID_REQUEST")


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8080", "127.0.0.1:1", "[::1]:8080"])
async def test_g32_our_own_names_are_served(api: httpx2.AsyncClient, host: str) -> None:
    assert (await api.get("/healthz", headers={"Host": host})).status_code == 200


async def test_g05_every_kind_of_error_has_cors_and_the_same_shape(
    api: httpx2.AsyncClient, backend: MemoryBackend
) -> None:
    assert_problem(await api.get("/nowhere"), 404, "NOT_FOUND")
    assert_problem(await api.put(CREATE), 405, "METHOD_NOT_ALLOWED")
    assert_problem(await api.get(f"{CREATE}/{new_session_id()}"), 404, "SESSION_NOT_FOUND")
    session = await created(api)
    backend.faults.capacity = True
    response = await api.post(CREATE, json={"files": PROJECT})
    assert_problem(response, 503, "CAPACITY")
    assert response.headers["Retry-After"]
    backend.faults.unexpected = RuntimeError("a secret of the server")
    response = await api.get(f"{CREATE}/{session['sessionId']}")
    assert_problem(response, 500, "INTERNAL")
    assert "secret" not in response.text


async def test_g05_preflights_of_the_allowed_origin_only(api: httpx2.AsyncClient) -> None:
    ask = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}
    for path in (CREATE, f"{CREATE}/{new_session_id()}/update", f"{CREATE}/{new_session_id()}"):
        response = await api.options(path, headers=ask)
        assert response.status_code == 200
        assert response.headers["Access-Control-Allow-Origin"] == ORIGIN
        assert response.headers["Access-Control-Allow-Credentials"] == "true"
        assert {"GET", "POST", "DELETE", "OPTIONS"} <= set(response.headers["Access-Control-Allow-Methods"].split(", "))
        assert "content-type" in response.headers["Access-Control-Allow-Headers"].lower()


@pytest.mark.parametrize("origin", ["https://evil.example", f"{ORIGIN}.evil.example", "http://kontext.build", "null"])
async def test_g05_another_origin_is_never_echoed(api: httpx2.AsyncClient, origin: str) -> None:
    ask = {"Origin": origin, "Access-Control-Request-Method": "POST"}
    for response in (
        await api.options(CREATE, headers=ask),
        await api.get("/healthz", headers={"Origin": origin}),
        await api.get("/nowhere", headers={"Origin": origin}),
    ):
        assert "Access-Control-Allow-Origin" not in response.headers
        assert "Origin" in response.headers["Vary"]


async def test_g04_nothing_ever_sets_a_cookie(api: httpx2.AsyncClient) -> None:
    session = await created(api)
    url = f"{CREATE}/{session['sessionId']}"
    for response in (
        await api.post(CREATE, json={"files": PROJECT}, headers={"Cookie": "a=b"}),
        await api.post(f"{url}/update", json={"files": PROJECT}),
        await api.get(url),
        await api.delete(url),
        await api.options(CREATE, headers={"Access-Control-Request-Method": "POST"}),
        await api.get("/docs"),
        await api.get("/nowhere"),
    ):
        assert "set-cookie" not in response.headers
    assert not api.cookies


async def test_g38_neither_ids_nor_contents_are_logged(
    api: httpx2.AsyncClient, backend: MemoryBackend, caplog: pytest.LogCaptureFixture
) -> None:
    secret = "a-secret-in-a-file"
    with caplog.at_level(logging.INFO), capture_logs() as logs:
        session = await created(api)
        session_id = str(session["sessionId"])
        await updated(api, session_id, "src/frontend/src/App.tsx", secret)
        await api.get(f"{CREATE}/{session_id}")
        await api.get(f"{CREATE}/{session_id}/nowhere")
        await api.post(f"{CREATE}/{session_id}/update", content=secret.encode(), headers=JSON)
        backend.faults.unexpected = ValueError(f"{session_id} {secret}")
        await api.get(f"{CREATE}/{session_id}")
        backend.faults.unexpected = None
        await api.delete(f"{CREATE}/{session_id}")
    assert len([entry for entry in logs if entry["event"] == "request"]) == 7
    assert [entry["error"] for entry in logs if entry["event"] == "unexpected_error"] == ["ValueError"]
    seen = str(logs) + "".join(record.getMessage() for record in caplog.records if record.name != "httpx2")
    assert session_id not in seen
    assert secret not in seen


async def test_g38_no_answer_names_an_absolute_path(api: httpx2.AsyncClient, backend: MemoryBackend) -> None:
    backend.faults.unexpected = OSError(2, "No such file", "/home/somebody/state.db")
    response = await api.get(f"{CREATE}/{new_session_id()}")
    assert_problem(response, 500, "INTERNAL")
    assert "/home" not in response.text


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
async def test_a_trailing_slash_is_no_route_and_no_redirect(api: httpx2.AsyncClient, method: str) -> None:
    response = await api.request(method, CREATE + "/", headers=JSON)
    assert response.status_code in (404, 405)
    assert response.json()["code"] in ("NOT_FOUND", "METHOD_NOT_ALLOWED")
