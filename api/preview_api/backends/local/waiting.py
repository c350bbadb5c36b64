"""What a preview URL answers while no child serves it: a page that reloads itself, and never a 502.

Deliberately not a web server: one request per connection, no body is read, everything is bounded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

RETRY_S = 1  # a child is up about a second after the request that wakes it

PAGE = b"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta http-equiv="refresh" content="1">
<meta name="viewport" content="width=device-width"><title>Starting the preview</title>
<style>body{font:15px system-ui,sans-serif;color:#475569;background:#f8fafc;display:grid;place-items:center;
min-height:100vh;margin:0}p{display:flex;gap:.75em;align-items:center}
i{width:1em;height:1em;border:2px solid #cbd5e1;border-top-color:#4f46e5;border-radius:50%;
animation:t .8s linear infinite}@keyframes t{to{transform:rotate(1turn)}}</style></head>
<body><p><i></i>Starting the preview&hellip;</p></body></html>
"""

REASONS = {200: "OK", 400: "Bad Request", 403: "Forbidden", 503: "Service Unavailable"}


@dataclass(frozen=True)
class Heard:
    """What matters of one request head."""

    method: str
    host: str
    upgrade: bool
    navigation: bool


def parse(head: bytes) -> Heard | None:
    """The request in `head` (up to the blank line), None when it is not HTTP/1."""
    try:
        first, *lines = head.decode("latin-1").split("\r\n")
        method, target, version = first.split(" ")
    except ValueError:
        return None
    if not version.startswith("HTTP/1."):
        return None
    headers = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if colon:
            headers[name.strip().lower()] = value.strip()
    mode = headers.get("sec-fetch-mode")
    return Heard(
        method=method,
        host=headers.get("host", "").lower(),
        upgrade="upgrade" in headers,
        navigation=method in ("GET", "HEAD")
        and (mode == "navigate" or (mode is None and _wants_page(target, headers.get("accept", "*/*")))),
    )


def _wants_page(target: str, accept: str) -> bool:
    """As the runtime decides for who does not say it navigates: curl gets the page, a module does not."""
    name = target.partition("?")[0].rpartition("/")[2]
    return "text/html" in accept or ("*/*" in accept and "." not in name and not target.startswith("/@"))


def answer(heard: Heard | None, host: str, allowed_origins: Sequence[str]) -> tuple[bytes, bool]:
    """The whole response, and whether the request may wake the session. `host` is the preview's, with its port."""
    if heard is None:
        return _response(400, b"", ()), False
    if heard.host != host:
        return _response(403, b"", ()), False
    if heard.navigation and not heard.upgrade:
        body = PAGE if heard.method == "GET" else b""
        return _response(200, body, allowed_origins, "Content-Type: text/html; charset=utf-8"), True
    return _response(503, b"", allowed_origins, f"Retry-After: {RETRY_S}"), True


def _response(status: int, body: bytes, allowed_origins: Sequence[str], *more: str) -> bytes:
    lines = [
        f"HTTP/1.1 {status} {REASONS[status]}",
        f"Content-Length: {len(body)}",
        "Connection: close",
        "Cache-Control: no-store",
        "Referrer-Policy: no-referrer",
        "Cross-Origin-Resource-Policy: cross-origin",
        f"Content-Security-Policy: frame-ancestors {' '.join(allowed_origins) or chr(39) + 'none' + chr(39)}",
        *more,
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + body
