from __future__ import annotations

import pytest

from preview_core.waiting import CROWDED, ENDED, STARTING, UNKNOWN, WAKING, headers, is_navigation, is_wish


@pytest.mark.parametrize(
    ("method", "target", "mode", "accept", "expected"),
    [
        ("GET", "/", "navigate", "text/html", True),
        ("HEAD", "/", "navigate", "text/html", True),
        ("GET", "/src/App.tsx", "navigate", "text/html", True),
        ("POST", "/", "navigate", "text/html", False),
        ("GET", "/", "cors", "text/html", False),
        ("GET", "/", None, "text/html,*/*", True),
        ("GET", "/orders?page=1.5", None, "*/*", True),
        ("GET", "/src/App.tsx", None, "*/*", False),
        ("GET", "/@vite/client", None, "*/*", False),
        ("GET", "/", None, "application/json", False),
    ],
)
def test_only_who_sees_the_answer_gets_a_page(
    method: str, target: str, mode: str | None, accept: str, *, expected: bool
) -> None:
    assert is_navigation(method, target, mode, accept) is expected


@pytest.mark.parametrize("page", [STARTING, WAKING, CROWDED])
def test_the_page_of_a_live_preview_reloads_itself_and_only_while_somebody_looks_at_it(page: bytes) -> None:
    assert b'<noscript><meta http-equiv="refresh" content="1"></noscript>' in page
    assert b'if (document.visibilityState === "visible") location.reload()' in page


@pytest.mark.parametrize("page", [UNKNOWN, ENDED])
def test_the_page_of_what_is_over_does_not_reload_itself(page: bytes) -> None:
    assert b"refresh" not in page
    assert b"reload" not in page


@pytest.mark.parametrize(
    ("navigation", "protocol", "expected"),
    [
        (True, None, True),
        (False, "vite-ping", True),
        (False, "vite-hmr", False),
        (False, None, False),
    ],
    ids=["navigation", "a page that is shown", "a page that connects", "an observer, or what a page's code asks for"],
)
def test_g30_only_who_is_there_wakes_a_preview(*, navigation: bool, protocol: str | None, expected: bool) -> None:
    assert is_wish(navigation=navigation, protocol=protocol) is expected


def test_the_pages_need_nothing_from_elsewhere() -> None:
    for page in (STARTING, WAKING, CROWDED, UNKNOWN, ENDED):
        assert page.startswith(b"<!doctype html>")
        for word in (b"src=", b"href=", b"url(", b"@import"):
            assert word not in page


def test_the_headers_name_who_may_frame_a_preview() -> None:
    csp = "Content-Security-Policy"
    assert headers(("https://a.example", "https://b.example"))[csp] == (
        "frame-ancestors https://a.example https://b.example"
    )
    assert headers(())[csp] == "frame-ancestors 'none'"
