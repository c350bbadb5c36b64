"""The HTTP API through the ingress controller: an address to connect to, and the name that is asked for."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPConnection
from importlib import resources
from pathlib import Path
from typing import Any

from preview_api.cli import project

# A create answers within 3 s; an update of a suspended session waits for its pod.
_CALL_SECONDS = 60
PATH = "/kontext/preview"


class ApiFailed(RuntimeError):
    """The answer was not a 200; the message has its body."""


@dataclass(frozen=True)
class Answer:
    """Header names are in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes


def fetch(address: str, port: int, host: str, path: str, headers: Mapping[str, str] | None = None) -> Answer:
    """GET `path` of the site `host`, from whoever serves it at an address. OSError if nobody answers."""
    with closing(HTTPConnection(address, port, timeout=_CALL_SECONDS)) as connection:
        connection.request("GET", path, headers={"Host": host, **(headers or {})})
        answer = connection.getresponse()
        found = {name.lower(): value for name, value in answer.getheaders()}
        return Answer(answer.status, found, answer.read())


@dataclass(frozen=True)
class Api:
    """Python does not resolve names below `localhost`, so the name travels in the Host header."""

    address: str
    port: int
    host: str

    @property
    def url(self) -> str:
        """For clients that resolve the name: browsers and curl do."""
        return f"http://{self.host}"

    def call(
        self, method: str, path: str, body: object = None, headers: Mapping[str, str] | None = None
    ) -> tuple[int, Any]:
        """Status and decoded body (None if it is not JSON). OSError if nobody answers."""
        sent = {"Host": self.host, "Content-Type": "application/json", **(headers or {})}
        with closing(HTTPConnection(self.address, self.port, timeout=_CALL_SECONDS)) as connection:
            connection.request(method, path, None if body is None else json.dumps(body), sent)
            answer = connection.getresponse()
            text = answer.read()
        try:
            return answer.status, json.loads(text)
        except ValueError:
            return answer.status, None

    def create(self, folder: Path) -> dict[str, Any]:
        """Make a preview of the files in a folder. ApiFailed if it is refused."""
        files = [found.sent() for found in project.read(folder).files]
        body = {"files": files, "packageJson": None, "projectType": "icpstudio"}
        status, answer = self.call("POST", PATH, body)
        if status != 200:
            raise ApiFailed(f"{status}: {answer}")
        made: dict[str, Any] = answer
        return made

    def demo(self) -> dict[str, Any]:
        """The same of the product's own sample."""
        with resources.as_file(resources.files("preview_api") / "sample") as folder:
            return self.create(folder)
