"""A small project through all of a running installation: made, served, changed, ended. `helm test` runs it."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx2

from preview_api.cli.output import CommandError
from preview_api.cli.remote import Remote, SessionGone

# A cold pod is there in 3 s, an image that has to be pulled first in a minute or two.
PATIENCE_S = 180.0
_PAUSE_S = 0.2
_TIMEOUT_S = 10.0
# One that asks for a page gets the waiting page while there is nothing else.
_NAVIGATION = {"Accept": "text/html", "Sec-Fetch-Mode": "navigate"}
_PAGE = "src/frontend/index.html"
_MODULE = "src/frontend/src/main.js"
_MARK = "kontext-preview-check"
_SCRIPT = re.compile(r'src="([^"]*/src/main\.js[^"]*)"')
ID = "{id}"


@dataclass(frozen=True)
class Step:
    """What was done, and how long it took."""

    name: str
    seconds: float


@dataclass(frozen=True)
class Preview:
    """One session's preview. `at`: host and port that are connected to; the Host header names the preview's own."""

    at: str
    host: str

    @classmethod
    def of(cls, made: dict[str, Any], at: str | None) -> Preview:
        """`at` may hold {id}. None: what the preview's own URL says. Browsers lead `*.localhost` to themselves."""
        url = urlsplit(made["previewUrl"])
        if at is not None:
            return cls(f"http://{at.replace(ID, made['sessionId'])}", url.netloc)
        name = "127.0.0.1" if (url.hostname or "").endswith(".localhost") else url.hostname
        port = f":{url.port}" if url.port is not None else ""
        return cls(f"{url.scheme}://{name}{port}", url.netloc)

    def get(self, path: str) -> str:
        """The text of a 200; empty for anything else, and for nobody there: the route may still be on its way."""
        sent = {**_NAVIGATION, "Host": self.host} if path == "/" else {"Host": self.host}
        try:
            answer = httpx2.get(f"{self.at}{path}", headers=sent, timeout=_TIMEOUT_S, trust_env=False)
        except httpx2.HTTPError:
            return ""
        return answer.text if answer.status_code == httpx2.codes.OK else ""

    def shows(self, text: str) -> bool:
        """Whether the page is the project's own and its module says so."""
        script = _SCRIPT.search(self.get("/"))
        return script is not None and text in self.get(script.group(1))


def run(server: Remote, at: str | None, told: Callable[[Step], None], patience_s: float = PATIENCE_S) -> None:
    """Raises CommandError for the first thing that does not work. What it made it ends, whatever happens."""
    deadline = time.monotonic() + patience_s
    steps = _Steps(told)
    made = server.create(_project("first"))
    steps.done("created")
    try:
        try:
            _look(server, made, Preview.of(made, at), steps, deadline)
        finally:
            server.close(made["sessionId"])
    except SessionGone as error:
        raise CommandError("the session ended by itself") from error
    try:
        server.status(made["sessionId"])
    except SessionGone:
        steps.done("deleted")
        return
    raise CommandError("the session was deleted and is still there")


def _look(server: Remote, made: dict[str, Any], preview: Preview, steps: _Steps, deadline: float) -> None:
    def until_shown(word: str, otherwise: str) -> None:
        while not preview.shows(_text(word)):
            if time.monotonic() > deadline:
                status = server.status(made["sessionId"])
                raise CommandError(f"{otherwise} (phase {status['phase']}, last error: {status['lastError']})")
            time.sleep(_PAUSE_S)

    until_shown("first", f"the preview is not served at {urlsplit(preview.at).netloc}")
    steps.done("served")
    server.update(made["sessionId"], [_module("second")], [])
    until_shown("second", "the update is not served")
    steps.done("updated")


class _Steps:
    def __init__(self, told: Callable[[Step], None]) -> None:
        self._told = told
        self._began = time.monotonic()

    def done(self, name: str) -> None:
        now = time.monotonic()
        self._told(Step(name, now - self._began))
        self._began = now


def _project(word: str) -> list[dict[str, Any]]:
    page = f'<!doctype html><title>{_MARK}</title><script type="module" src="/src/main.js"></script>'
    return [{"name": _PAGE, "content": page}, _module(word)]


def _module(word: str) -> dict[str, Any]:
    return {"name": _MODULE, "content": f'document.title = "{_text(word)}"\n'}


def _text(word: str) -> str:
    return f"{_MARK} {word}"
