"""The server as the commands see it: its HTTP API, like any other caller."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx2

from preview_api.cli.folders import read_server_note
from preview_api.cli.output import CommandError

# An update waits for a waking preview (3 s) and for Vite; a big project is written first.
TIMEOUT_S = 60.0
ENDED = (404, 410)
PATH = "/kontext/preview"


class SessionGone(Exception):
    """The server does not know the session (any longer)."""


class Remote:
    """A running server. Raises CommandError for what the person should read."""

    def __init__(self, url: str) -> None:
        self.url = url
        # The server is on this machine: no proxy.
        self._http = httpx2.Client(base_url=url, timeout=TIMEOUT_S, trust_env=False)

    def create(self, files: list[dict[str, Any]], session_id: str | None = None) -> dict[str, Any]:
        body = {"files": files, "packageJson": None, "projectType": "icpstudio", "sessionId": session_id}
        return self._call("POST", PATH, body)

    def update(self, session_id: str, files: list[dict[str, Any]], deleted: list[str]) -> dict[str, Any]:
        return self._call("POST", f"{PATH}/{session_id}/update", {"files": files, "deleted": deleted})

    def status(self, session_id: str) -> dict[str, Any]:
        return self._call("GET", f"{PATH}/{session_id}")

    def close(self, session_id: str) -> dict[str, Any]:
        return self._call("DELETE", f"{PATH}/{session_id}")

    def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        try:
            response = self._http.request(method, path, json=body)
            answer: dict[str, Any] = response.json()
        except (httpx2.HTTPError, ValueError) as error:
            raise CommandError(f"the server at {self.url} did not answer: {error}") from error
        if response.status_code in ENDED:
            raise SessionGone(answer.get("error", ""))
        if response.is_error:
            raise CommandError(f"{answer.get('error', 'the server refused')} ({answer.get('code', 'no code')})")
        return answer


def find(state: Path, url: str | None = None) -> Remote:
    """The server at `url`, or the one that holds the state folder. Raises CommandError."""
    remote = running(state, url)
    if remote is None:
        raise CommandError("no server is running here; start one with `kontext-preview up`")
    return remote


def running(state: Path, url: str | None = None) -> Remote | None:
    """As `find`, None when there is none."""
    if url is None:
        known = read_server_note(state)
        if known is None:
            return None
        url = known.url
    try:
        # A note may have outlived its server.
        httpx2.get(f"{url.rstrip('/')}/healthz", timeout=5, trust_env=False).raise_for_status()
    except httpx2.HTTPError:
        return None
    return Remote(url.rstrip("/"))
