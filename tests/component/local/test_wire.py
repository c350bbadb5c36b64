"""What only a real connection and a real folder show."""

from __future__ import annotations

import json
import random
import socket
from pathlib import Path

import pytest
from tests.component.local.harness import (
    CREATE,
    MODULE,
    ORIGIN,
    PROJECT,
    Page,
    Server,
    eventually,
    sent,
)

from preview_api.backends.local.installation import Installation

LIMIT = 64 * 1024 * 1024
JSON = {"Content-Type": "application/json"}


def body_of(size: int) -> bytes:
    """A project whose request has exactly so many bytes."""
    files = [*sent(PROJECT), {"name": "src/frontend/public/big.txt", "content": ""}]
    frame = json.dumps({"files": files}).encode()
    return frame.replace(b'"content": ""', b'"content": "' + b"x" * (size - len(frame)) + b'"')


def test_g34_64_mib_are_accepted_and_one_byte_more_is_413_with_cors(server: Server) -> None:
    response = server.api.post(CREATE, content=body_of(LIMIT), headers=JSON)
    assert response.status_code == 200, response.text
    session_id = response.json()["sessionId"]
    server.ready(session_id)
    assert "first" in Page(response.json()["previewUrl"]).text(MODULE)
    server.api.delete(f"{CREATE}/{session_id}")

    response = server.api.post(CREATE, content=body_of(LIMIT + 1), headers=JSON)
    assert (response.status_code, response.json()["code"]) == (413, "PAYLOAD_TOO_LARGE")
    assert response.headers["Access-Control-Allow-Origin"] == ORIGIN


SEGMENTS = [
    *("..", ".", "", "...", "a", "src", "frontend", "backend", "node_modules", ".git", "etc", "passwd", "~", "C:"),
    *("a\0b", "a\nb", "\x7f", "ünï", "日本", "a" * 300, "%2e%2e", "..%2f", "$HOME", ".kontext-preview", "con", " "),
    *("App.tsx", "index.html", "styles.css", "vite.config.ts", "\u202e", "｡｡", "‥", "．．", "⁄", "\\..\\", "con"),
    "Complete file: x",
]


def fuzzed(random_: random.Random) -> str:
    separator = random_.choice(["/", "/", "\\", "//", "/./"])
    name = separator.join(random_.choice(SEGMENTS) for _ in range(random_.randint(1, 7)))
    return random_.choice(["", "/", "\\", "../", "/../", "file:///", "C:\\", "src/frontend/"]) + name


def test_g37_10000_fuzzed_names_put_nothing_outside_of_the_session(installation: Installation, tmp_path: Path) -> None:
    random_ = random.Random(37)  # noqa: S311 - a fixed seed: the same names every time
    with Server(tmp_path / "state") as server:
        session, other = server.create(), server.create()
        server.ready(session["sessionId"])
        server.ready(other["sessionId"])
        for _ in range(20):
            files = [{"name": fuzzed(random_), "content": "planted"} for _ in range(500)]
            response = server.api.post(f"{CREATE}/{session['sessionId']}/update", json={"files": files})
            assert response.status_code == 200, response.text
            assert response.json()["rejected"]
        run = tmp_path / "state" / "run" / session["sessionId"]
        planted = [
            path
            for path in tmp_path.rglob("*")
            if path.is_file() and path.stat().st_size == 7 and path.read_bytes() == b"planted"
        ]
        assert planted
        assert all(path.resolve().is_relative_to(run) for path in planted)
        assert not any(part in ("node_modules", ".git") for path in planted for part in path.relative_to(run).parts[1:])
        assert server.status(other["sessionId"])["revision"] == 1
        assert "first" in Page(other["previewUrl"]).text(MODULE)


NAMES = ["../../etc/passwd", "/etc/passwd\0", "..", "a/../../b", "node_modules/x.js", "x" * 1025, "C:\\x"]


@pytest.mark.parametrize("name", NAMES)
def test_g37_a_session_id_from_a_path_is_never_a_path(server: Server, name: str) -> None:
    raw = name.replace("\0", "%00").replace("\\", "%5C").replace("/", "%2F")
    assert server.api.get(f"{CREATE}/{raw}").status_code == 404


def test_g38_a_whole_life_leaves_no_id_and_no_content_in_the_log(installation: Installation, tmp_path: Path) -> None:
    secret = "correct-horse-battery-staple"
    with Server(tmp_path / "state") as server:
        session_id = server.create()["sessionId"]
        server.ready(session_id)
        server.update(session_id, {"src/frontend/src/App.tsx": f"export default () => <p>{secret}</p>"})
        server.update(session_id, {"src/frontend/src/App.tsx": f"export default () => <p>{secret}</b>"})
        server.api.get(f"{CREATE}/{session_id}/{secret}")
        server.api.post(f"{CREATE}/{session_id}/update", content=secret, headers=JSON)
        server.kill()
    with Server(tmp_path / "state") as server:
        server.ready(session_id)
        server.api.delete(f"{CREATE}/{session_id}")
    log = server.log.read_text()
    assert '"route": "/kontext/preview/{session_id}/update"' in log
    assert session_id not in log
    assert secret not in log


def test_g38_a_broken_project_is_described_without_absolute_paths(server: Server) -> None:
    session = server.create()
    server.ready(session["sessionId"])
    answer = server.update(session["sessionId"], {"src/frontend/src/App.tsx": "export default () => <p>"})
    assert answer["diagnostics"]
    assert str(server.state) not in json.dumps(answer)
    assert "/root/" not in json.dumps(answer)
    assert str(server.state) not in json.dumps(server.status(session["sessionId"]))


def test_g04_neither_the_api_nor_a_preview_sets_a_cookie(server: Server) -> None:
    session = server.create()
    server.ready(session["sessionId"])
    page = Page(session["previewUrl"])
    for response in (
        server.api.get(f"{CREATE}/{session['sessionId']}"),
        server.api.get("/docs"),
        page.get("/"),
        page.get("/@vite/client"),
        page.get(MODULE),
    ):
        assert response.status_code == 200
        assert "set-cookie" not in response.headers


def test_g03_a_create_is_answered_before_its_preview_is_ready(server: Server) -> None:
    session = server.create()
    assert session["phase"] in ("Pending", "Starting")
    page = Page(session["previewUrl"])
    # From the first moment on: a page, and never a refused connection.
    assert page.navigate().status_code == 200
    server.ready(session["sessionId"])


def test_what_is_not_http_does_no_harm(server: Server) -> None:
    session = server.create()
    page = Page(session["previewUrl"])
    port = server.api.base_url.port
    assert port is not None
    for target in (port, page.port):
        with socket.create_connection(("127.0.0.1", target), timeout=10) as connection:
            connection.sendall(b"\x16\x03\x01\x00\xff" + b"junk" * 10 + b"\r\n\r\n")
            assert b" 400 " in connection.recv(1000) or target == page.port
    assert server.api.get("/healthz").status_code == 200
    eventually(lambda: page.text(MODULE), bool)
