from __future__ import annotations

import pytest
from tests.unit.api.test_cluster_record import HOUR, NOW, session

from preview_api.waker.answers import Found, Request, answer
from preview_api.waker.visits import found_in, is_over, woken
from preview_core.resources.timestamp import rfc3339

NAVIGATE = {"sec-fetch-mode": "navigate"}


PAGES = [(Found.LIVE, 200), (Found.ASLEEP, 200), (Found.CROWDED, 200), (Found.UNKNOWN, 404), (Found.ENDED, 410)]


@pytest.mark.parametrize(("found", "status"), PAGES)
def test_a_navigation_gets_a_page(found: Found, status: int) -> None:
    page = answer(Request("GET", "/", NAVIGATE), found, ())
    assert (page.status, page.body[:15]) == (status, b"<!doctype html>")
    head = answer(Request("HEAD", "/", NAVIGATE), found, ())
    assert (head.status, head.body) == (status, b"")


def test_the_page_says_what_happens() -> None:
    bodies = {found: answer(Request("GET", "/", NAVIGATE), found, ()).body for found, _ in PAGES}
    assert b"Starting the preview" in bodies[Found.LIVE]
    assert b"put to sleep. Waking it" in bodies[Found.ASLEEP]
    assert b"no room" in bodies[Found.CROWDED]


@pytest.mark.parametrize(
    ("request_", "wish"),
    [
        (Request("GET", "/", NAVIGATE), True),
        (Request("GET", "/hmr", {"upgrade": "websocket", "sec-websocket-protocol": "vite-ping"}), True),
        (Request("GET", "/hmr", {"upgrade": "websocket", "sec-websocket-protocol": "vite-hmr"}), False),
        (Request("GET", "/hmr", {"upgrade": "websocket", "origin": "https://kontext.build"}), False),
        (Request("GET", "/src/App.tsx", {"sec-fetch-mode": "cors"}), False),
        (Request("POST", "/", NAVIGATE), False),
    ],
    ids=["navigation", "shown page", "page that connects", "observer", "module", "form"],
)
def test_g30_only_who_is_there_wakes_a_preview(request_: Request, *, wish: bool) -> None:
    assert request_.is_wish is wish


def test_what_is_found_is_what_a_visitor_should_know() -> None:
    full = {"type": "PodAssigned", "status": "False", "message": "full", "lastTransitionTime": rfc3339(NOW)}
    assert found_in(session()) is Found.LIVE
    assert found_in(session(suspended=True)) is Found.ASLEEP
    for reason, found in (("Capacity", Found.CROWDED), ("Unschedulable", Found.CROWDED), ("Creating", Found.LIVE)):
        assert found_in(session({"conditions": [{**full, "reason": reason}]})) is found


@pytest.mark.parametrize(
    ("found", "status"),
    [(Found.LIVE, 503), (Found.ASLEEP, 503), (Found.CROWDED, 503), (Found.UNKNOWN, 404), (Found.ENDED, 410)],
)
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
    assert ("Retry-After" in said.headers) == (status == 503)


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
