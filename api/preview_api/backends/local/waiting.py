"""The waiting page on a session's own socket.

Deliberately not a web server: one request per connection, no body is read, everything is bounded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from preview_core.waiting import RETRY_S, STARTING, headers, is_navigation, is_wish

REASONS = {200: "OK", 400: "Bad Request", 403: "Forbidden", 503: "Service Unavailable"}


@dataclass(frozen=True)
class Heard:
    """What matters of one request head."""

    method: str
    host: str
    navigation: bool
    protocol: str | None = None  # of an upgrade to a WebSocket


def parse(head: bytes) -> Heard | None:
    """The request in `head` (up to the blank line), None when it is not HTTP/1."""
    try:
        first, *lines = head.decode("latin-1").split("\r\n")
        method, target, version = first.split(" ")
    except ValueError:
        return None
    if not version.startswith("HTTP/1."):
        return None
    sent = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if colon:
            sent[name.strip().lower()] = value.strip()
    return Heard(
        method=method,
        host=sent.get("host", "").lower(),
        navigation="upgrade" not in sent
        and is_navigation(method, target, sent.get("sec-fetch-mode"), sent.get("accept", "*/*")),
        protocol=sent.get("sec-websocket-protocol"),
    )


def answer(heard: Heard | None, host: str, allowed_origins: Sequence[str]) -> tuple[bytes, bool]:
    """The whole response, and whether the request may wake the session. `host` is the preview's, with its port."""
    if heard is None:
        return _response(400, b"", ()), False
    if heard.host != host:
        return _response(403, b"", ()), False
    if heard.navigation:
        body = STARTING if heard.method == "GET" else b""
        return _response(200, body, allowed_origins, "Content-Type: text/html; charset=utf-8"), True
    wakes = is_wish(navigation=False, protocol=heard.protocol)
    return _response(503, b"", allowed_origins, f"Retry-After: {RETRY_S}"), wakes


def _response(status: int, body: bytes, allowed_origins: Sequence[str], *more: str) -> bytes:
    lines = [
        f"HTTP/1.1 {status} {REASONS[status]}",
        f"Content-Length: {len(body)}",
        "Connection: close",
        *(f"{name}: {value}" for name, value in headers(allowed_origins).items()),
        *more,
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + body
