"""Which answer a request gets: pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from preview_core.waiting import (
    CROWDED,
    ENDED,
    RETRY_S,
    STARTING,
    UNKNOWN,
    WAKING,
    headers,
    is_navigation,
    is_wish,
)


class Found(Enum):
    """What there is under the id in a preview's address."""

    LIVE = "live"
    ASLEEP = "asleep"  # suspended: brought back if it is wanted
    CROWDED = "crowded"  # wanted, and there is no room for its pod
    ENDED = "ended"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Request:
    """`sent`: header fields by lower-case name. `target`: the path."""

    method: str
    target: str
    sent: Mapping[str, str]

    @property
    def is_navigation(self) -> bool:
        """A page may answer it. An upgrade is none, whatever else it says."""
        mode, accept = self.sent.get("sec-fetch-mode"), self.sent.get("accept", "*/*")
        return "upgrade" not in self.sent and is_navigation(self.method, self.target, mode, accept)

    @property
    def is_wish(self) -> bool:
        """It wakes a preview that sleeps."""
        return is_wish(navigation=self.is_navigation, protocol=self.sent.get("sec-websocket-protocol"))


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes = b""


PAGES = {
    Found.LIVE: (200, STARTING),
    Found.ASLEEP: (200, WAKING),
    Found.CROWDED: (200, CROWDED),
    Found.UNKNOWN: (404, UNKNOWN),
    Found.ENDED: (410, ENDED),
}
ALIVE = Answer(200, {"Content-Type": "text/plain; charset=utf-8"}, b"ok\n")
FORBIDDEN = Answer(403, {})


def answer(request: Request, found: Found, allowed_origins: Sequence[str]) -> Answer:
    """On a preview's host."""
    common = headers(allowed_origins)
    status, page = PAGES[found]
    if not request.is_navigation:
        return Answer(503, {**common, "Retry-After": str(RETRY_S)}) if status == 200 else Answer(status, common)
    body = page if request.method == "GET" else b""
    return Answer(status, {**common, "Content-Type": "text/html; charset=utf-8"}, body)
