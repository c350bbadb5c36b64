from __future__ import annotations

import pytest
from tests.unit.api.test_cluster_record import HOUR, NOW, session

from preview_api.waker.answers import Found, Request, answer
from preview_api.waker.visits import is_over, woken
from preview_core.resources.timestamp import rfc3339

NAVIGATE = {"sec-fetch-mode": "navigate"}


@pytest.mark.parametrize(("found", "status"), [(Found.LIVE, 200), (Found.UNKNOWN, 404), (Found.ENDED, 410)])
def test_a_navigation_gets_a_page(found: Found, status: int) -> None:
    page = answer(Request("GET", "/", NAVIGATE), found, ())
    assert (page.status, page.body[:15]) == (status, b"<!doctype html>")
    head = answer(Request("HEAD", "/", NAVIGATE), found, ())
    assert (head.status, head.body) == (status, b"")


@pytest.mark.parametrize(("found", "status"), [(Found.LIVE, 503), (Found.UNKNOWN, 404), (Found.ENDED, 410)])
@pytest.mark.parametrize(
    "request_",
    [
        Request("GET", "/src/App.tsx", {"sec-fetch-mode": "cors"}),
        Request("POST", "/", NAVIGATE),
        Request("GET", "/hmr", {**NAVIGATE, "upgrade": "websocket"}),
    ],
)
def test_everything_else_gets_a_status_alone(request_: Request, found: Found, status: int) -> None:
    said = answer(request_, found, ())
    assert (said.status, said.body) == (status, b"")
    assert ("Retry-After" in said.headers) == (found is Found.LIVE)


def test_only_a_suspended_session_is_woken_and_its_use_is_noted() -> None:
    later = rfc3339(NOW + HOUR)
    assert woken(session(suspended=True), NOW) == {"suspended": False, "lastCallAt": rfc3339(NOW)}
    assert woken(session(suspended=True, lastCallAt=later), NOW)["lastCallAt"] == later
    assert woken(session(), NOW) == {}
    assert woken(session(suspended=True, ended={"at": rfc3339(NOW), "reason": "Closed"}), NOW) == {}


def test_an_expired_session_is_over_before_the_operator_says_so() -> None:
    assert not is_over(session(expiresAt=rfc3339(NOW + 1)), NOW)
    assert is_over(session(expiresAt=rfc3339(NOW)), NOW)
    assert not is_over(session({"expiresAt": rfc3339(NOW + 1)}, expiresAt=rfc3339(NOW)), NOW)
    assert not is_over(session(), NOW)
    assert is_over(session(ended={"at": rfc3339(NOW), "reason": "Closed"}), NOW)
