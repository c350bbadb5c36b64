"""How many sessions wait for a create on a cluster, as the bench wants it."""

from __future__ import annotations

import json
import time
from typing import Any
from urllib.parse import urlsplit

from e2e.cluster.installed import Installed

# A pod that shall wait takes 4 s on two quiet cores, and one that shall not any more as long to end.
_SECONDS = 120
_PAUSE_SECONDS = 0.25
_RUNTIME = "default"


class Pool:
    """Of the default runtime; `give_back` leaves it as it was."""

    def __init__(self, cluster: Installed) -> None:
        self._cluster = cluster
        self._before = self._runtime()["spec"].get("warm", {})
        self._kept: int | None = None

    def keep(self, number: int) -> None:
        """Returns when exactly so many wait, all of them working, and no other pod begins or ends."""
        if number != self._kept:
            # The maximum as well: a bench creates more in a minute than a pool of one is for.
            self._change({"minimum": number, "maximum": number})
            self._kept = number
        deadline = time.monotonic() + _SECONDS
        while not self._is(number):
            if time.monotonic() > deadline:
                raise RuntimeError(f"not {number} sessions wait")
            time.sleep(_PAUSE_SECONDS)

    def give_back(self) -> None:
        self._change({"minimum": self._before.get("minimum", 0), "maximum": self._before.get("maximum", 10)})

    def hosts(self) -> list[str]:
        """Of the previews that wait."""
        return [urlsplit(one["status"]["url"]).netloc for one in self._waiting()]

    def _is(self, number: int) -> bool:
        """By the sessions themselves: what the runtime says of them comes a moment later."""
        return [one.get("status", {}).get("phase") for one in self._waiting()] == ["Warm"] * number

    def _waiting(self) -> list[Any]:
        selector = "--selector=preview.coinnation.io/warm=waiting"
        return list(json.loads(self._kubectl("get", "previewsessions", selector, "-o", "json"))["items"])

    def _runtime(self) -> Any:
        return json.loads(self._kubectl("get", "previewruntime", _RUNTIME, "-o", "json"))

    def _change(self, warm: dict[str, object]) -> None:
        patch = json.dumps({"spec": {"warm": warm}})
        self._kubectl("patch", "previewruntime", _RUNTIME, "--type=merge", f"--patch={patch}")

    def _kubectl(self, *arguments: str) -> str:
        return self._cluster.kubectl(*arguments, "-n", self._cluster.sessions)
