from __future__ import annotations

import pytest

from preview_core.waiting import ENDED, STARTING, UNKNOWN, headers, is_navigation


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


def test_only_the_page_of_a_live_preview_reloads_itself() -> None:
    assert b'http-equiv="refresh" content="1"' in STARTING
    assert b"refresh" not in UNKNOWN
    assert b"refresh" not in ENDED


def test_the_pages_need_nothing_from_elsewhere() -> None:
    for page in (STARTING, UNKNOWN, ENDED):
        assert page.startswith(b"<!doctype html>")
        for word in (b"src=", b"href=", b"<script", b"url(", b"@import"):
            assert word not in page


def test_the_headers_name_who_may_frame_a_preview() -> None:
    csp = "Content-Security-Policy"
    assert headers(("https://a.example", "https://b.example"))[csp] == (
        "frame-ancestors https://a.example https://b.example"
    )
    assert headers(())[csp] == "frame-ancestors 'none'"
