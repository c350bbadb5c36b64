from __future__ import annotations

import pytest

from preview_api.backends.local.waiting import answer, parse

HOST = "preview-abc.localhost:20000"
ORIGINS = ("https://kontext.build",)


def ask(*lines: str) -> tuple[str, bool]:
    response, wakes = answer(parse("\r\n".join(lines).encode()), HOST, ORIGINS)
    return response.decode(), wakes


def test_a_navigation_gets_a_page_that_reloads_itself() -> None:
    response, wakes = ask("GET / HTTP/1.1", f"Host: {HOST}", "Sec-Fetch-Mode: navigate")
    assert response.startswith("HTTP/1.1 200 OK\r\n")
    assert 'http-equiv="refresh"' in response
    assert "Content-Security-Policy: frame-ancestors https://kontext.build\r\n" in response
    assert "Referrer-Policy: no-referrer\r\n" in response
    assert "Cross-Origin-Resource-Policy: cross-origin\r\n" in response
    assert "Cache-Control: no-store\r\n" in response
    assert "x-frame-options" not in response.lower()
    assert wakes


def test_an_old_browser_is_recognised_by_what_it_accepts() -> None:
    response, _ = ask("GET / HTTP/1.1", f"Host: {HOST}", "Accept: text/html,*/*")
    assert response.startswith("HTTP/1.1 200")


def test_curl_gets_the_page_and_a_module_without_fetch_metadata_does_not() -> None:
    assert ask("GET /orders HTTP/1.1", f"Host: {HOST}", "Accept: */*")[0].startswith("HTTP/1.1 200")
    for target in ("/src/App.tsx", "/@vite/client", "/src/App.tsx?t=1"):
        assert ask(f"GET {target} HTTP/1.1", f"Host: {HOST}", "Accept: */*")[0].startswith("HTTP/1.1 503")


def test_a_module_is_asked_to_come_again_and_wakes_nobody() -> None:
    response, wakes = ask("GET /src/App.tsx HTTP/1.1", f"Host: {HOST}", "Sec-Fetch-Mode: cors", "Accept: */*")
    assert response.startswith("HTTP/1.1 503")
    assert "Retry-After: 1\r\n" in response
    assert not wakes


@pytest.mark.parametrize(
    ("protocol", "expected"),
    [("Sec-WebSocket-Protocol: vite-ping", True), ("Sec-WebSocket-Protocol: vite-hmr", False), ("X-None: 1", False)],
    ids=["a page that is shown", "a page that connects", "an observer"],
)
def test_g11_an_upgrade_is_refused_at_once_and_only_a_page_that_is_shown_wakes(
    protocol: str, *, expected: bool
) -> None:
    response, wakes = ask("GET /hmr HTTP/1.1", f"Host: {HOST}", "Upgrade: websocket", "Accept: text/html", protocol)
    assert response.startswith("HTTP/1.1 503")
    assert "Retry-After: 1\r\n" in response
    assert wakes is expected


def test_g32_another_host_gets_nothing_and_wakes_nobody() -> None:
    for host in (
        "localhost:1",
        "preview-abc.localhost",
        "preview-abc.localhost:1",
        "evil.example",
        "",
        f"x{HOST}",
        f"{HOST}.evil.example",
    ):
        response, wakes = ask("GET / HTTP/1.1", f"Host: {host}", "Sec-Fetch-Mode: navigate")
        assert response.startswith("HTTP/1.1 403")
        assert not wakes


def test_what_is_not_http_is_a_bad_request() -> None:
    for head in (b"", b"\x16\x03\x01", b"GET /", b"GET / HTTP/2", b"a b c d"):
        assert parse(head) is None
    response, wakes = answer(None, HOST, ORIGINS)
    assert response.startswith(b"HTTP/1.1 400")
    assert not wakes
