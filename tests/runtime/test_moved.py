"""A warm runtime that becomes that of a session which had another one before (G30): its address is that session's."""

from __future__ import annotations

import json

import pytest
from tests.runtime.conftest import Start
from tests.runtime.harness import PUBLIC_URL, Runtime
from tests.runtime.page import Page
from tests.runtime.project import FILES, TITLE

from preview_core import standin
from preview_core.delivery import put_message

WAITED_AT = "http://preview-bbbbbbbbbbbbbbbbbbbbbbbbbb.localhost:4999/"
PAGE = {"accept": "text/html"}


def host_of(url: str) -> str:
    return url.split("/")[2]


def name_of(url: str) -> str:
    return host_of(url).split(":")[0]


@pytest.fixture
def waiting(start: Start) -> Runtime:
    """With the stand-in, under an address that nobody was told."""
    runtime = start(public_url=WAITED_AT)
    app = standin.tree()
    answer = runtime.control("PUT", "/v1/files", put_message(app, standin.REVISION, app.digest).wire())
    assert answer.status == 200, answer.body
    return runtime


def move(runtime: Runtime, url: str = PUBLIC_URL) -> int:
    answer = runtime.control("PUT", "/v1/host", {"host": name_of(url)})
    if answer.status == 200:
        assert json.loads(answer.body)["host"] == runtime.status()["host"] == name_of(url)
        runtime.public_url = url
    return answer.status


def test_g32_only_the_host_of_the_session_that_it_is_now_is_answered(waiting: Runtime) -> None:
    assert move(waiting) == 200
    waiting.put(FILES)
    assert waiting.get("/", **PAGE).status == 200
    assert waiting.get("/", host=host_of(WAITED_AT), **PAGE).status == 403
    for host, status in ((host_of(PUBLIC_URL), 101), (host_of(WAITED_AT), 403)):
        connection, answer = waiting.upgrade(Host=host, Origin=PUBLIC_URL.rstrip("/"))
        connection.close()
        assert f" {status} " in answer.splitlines()[0].decode()


def test_g30_pages_of_the_sessions_earlier_runtime_and_new_ones_are_connected(waiting: Runtime, start: Start) -> None:
    earlier = start()
    earlier.put(FILES)
    page_of_before = Page.of(earlier)
    never_moved = start(public_url=WAITED_AT)
    never_moved.put(FILES)
    token_of_before = Page.of(never_moved).token
    assert move(waiting) == 200
    waiting.put(FILES)
    page = Page.of(waiting)
    assert page.token == page_of_before.token != token_of_before
    page_of_before.runtime = waiting
    with page.opened() as socket, page_of_before.opened() as old:
        waiting.patch({"src/components/Title.tsx": TITLE.replace("Hello", "Goodbye")})
        assert socket.until("update")["updates"] == old.until("update")["updates"]
    connection, answer = waiting.upgrade(
        f"/hmr?token={token_of_before}", Origin=PUBLIC_URL.rstrip("/"), Sec_WebSocket_Protocol="vite-hmr"
    )
    connection.close()
    assert b" 400 " in answer.splitlines()[0]


def test_it_moves_without_a_restart_and_again_as_often_as_it_is_told(waiting: Runtime) -> None:
    for _ in range(2):
        assert move(waiting) == 200
    waiting.put(FILES)
    assert move(waiting) == 200, "where it is already"
    status = waiting.status()
    assert (status["phase"], status["revision"], status["restarts"]) == ("Ready", 1, 0)


def test_an_empty_runtime_moves_and_its_first_dev_server_has_the_sessions_token(start: Start) -> None:
    runtime = start(public_url=WAITED_AT)
    assert move(runtime) == 200
    runtime.put(FILES)
    page = Page.of(runtime)
    with page.opened():
        assert runtime.get("/", host=host_of(WAITED_AT), **PAGE).status == 403


def test_one_with_files_of_a_session_stays_that_sessions(waiting: Runtime) -> None:
    waiting.put(FILES)
    waiting.public_url = WAITED_AT
    assert move(waiting) == 409
    answer = waiting.control("PUT", "/v1/host", {"host": name_of(PUBLIC_URL)})
    assert json.loads(answer.body)["code"] == "IN_USE"
    assert waiting.status()["host"] == name_of(WAITED_AT)
    assert waiting.get("/", **PAGE).status == 200


def test_who_has_no_token_moves_nothing(waiting: Runtime) -> None:
    answer = waiting.control("PUT", "/v1/host", {"host": name_of(PUBLIC_URL)}, token="wrong")
    assert answer.status == 401
    assert waiting.status()["host"] == name_of(WAITED_AT)
