"""kontext-preview on a real cluster, for tests: the one that `make cluster` left running, or one of this context.

with Installed() as here:
    here.api.create(...)            # through the ingress controller
    here.kubectl("scale", …)        # as an administrator
"""

from __future__ import annotations

import copy
import sys
import time
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any

from e2e.cluster.api import Answer, Api, fetch
from e2e.cluster.clusters import Cluster, choose
from e2e.cluster.kubectl import Kubectl
from e2e.cluster.lock import exclusively
from e2e.cluster.release import NAMESPACE, SESSIONS, InstallFailed, Release

# Browsers lead every name below `localhost` to this machine, so that neither DNS nor a hosts file is needed.
DOMAIN = "preview.localhost"
# Beside the domain, not below it: a preview is a stranger's page.
API_HOST = "api.localhost"
INGRESS_PORT = 8080
# It hears of a change within milliseconds; this is for two cores on which everything starts at once.
_ROUTED_SECONDS = 60
_PAUSE_SECONDS = 0.2
# Where the caller's page is developed.
ORIGINS = ("http://localhost:5173", "http://127.0.0.1:5173")


def _to_stderr(line: str) -> None:
    print(line, file=sys.stderr)


class Installed:
    """A context manager. What ran before it runs after it; what it started it takes down."""

    def __init__(self, port: int = INGRESS_PORT, say: Callable[[str], None] = _to_stderr) -> None:
        self.port = port
        self.say = say
        self.cluster: Cluster = choose(say)
        self._ours = False

    def __enter__(self) -> Installed:
        try:
            # Whether it runs is found out and acted upon in one go: somebody may be taking it down, or starting it.
            with exclusively(self.say):
                running = self.cluster.running()
                self._ours = running is None
                self.port = running or self.port
                if self._ours:
                    self.cluster.up(self.port)
            if self.release.values() is None:
                self.install()
        except BaseException:
            self._leave()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._leave()

    def _leave(self) -> None:
        if self._ours:
            self.cluster.down()

    @property
    def kubectl(self) -> Kubectl:
        """As an administrator."""
        return self.cluster.kubectl

    @property
    def release(self) -> Release:
        return Release(self.kubectl)

    @property
    def domain(self) -> str:
        """Previews are at http://preview-<id>.<domain>:<port>/, which resolves to 127.0.0.1 in browsers only."""
        return DOMAIN

    @property
    def namespace(self) -> str:
        """Of API, operator and Secret."""
        return NAMESPACE

    @property
    def sessions(self) -> str:
        """Namespace of sessions, runtimes and the waker."""
        return SESSIONS

    @property
    def api(self) -> Api:
        """The HTTP API through the ingress controller."""
        return Api("127.0.0.1", self.port, f"{API_HOST}:{self.port}")

    def visit(self, session_id: str, path: str = "/", headers: Mapping[str, str] | None = None) -> Answer:
        """What a browser gets from a preview. OSError if nobody answers."""
        return fetch("127.0.0.1", self.port, f"preview-{session_id}.{self.domain}:{self.port}", path, headers)

    def up(self) -> None:
        """The cluster, the images, the chart. What is there already is kept or brought up to date."""
        self.cluster.up(self.port)
        self.install()

    def install(self, values: Mapping[str, Any] | None = None) -> None:
        """Build what changed, install or upgrade with `values` over the defaults of this cluster, wait until ready."""
        images = self.cluster.images()
        for one in images:
            self.cluster.load(one)
        self.say("installing the chart")
        wanted = merged(self._values(images.control_plane.name, images.runtime.name), values or {})
        self.release.install(wanted)
        self._wait()
        self.say("kontext-preview is ready")

    def configure(self, values: Mapping[str, Any]) -> None:
        """Change values of the running release, wait until its pods have them."""
        self.release.install(merged(self.release.values() or {}, values))
        self._wait()

    def _wait(self) -> None:
        """For the pods, and for the ingress controller to have heard of them."""
        self.release.wait()
        deadline = time.monotonic() + _ROUTED_SECONDS
        while self.api.call("GET", "/readyz")[0] != 200:
            if time.monotonic() > deadline:
                raise InstallFailed(f"the API does not answer through the ingress controller after {_ROUTED_SECONDS} s")
            time.sleep(_PAUSE_SECONDS)

    def _values(self, control_plane: str, runtime: str) -> dict[str, Any]:
        return {
            "domain": DOMAIN,
            "scheme": "http",
            "publicPort": self.port,
            "allowedOrigins": list(ORIGINS),
            "images": {"controlPlane": control_plane, "runtime": runtime},
            "ingress": {"className": self.cluster.ingress_class},
            "api": {"ingress": {"host": API_HOST}},
            # The only client of the API here is the ingress controller.
            "trustedProxies": [self.cluster.proxy],
        }


def merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """As Helm merges values: objects are merged, everything else is replaced."""
    result = copy.deepcopy(dict(below))
    for name, value in above.items():
        inner = result.get(name)
        both = isinstance(inner, dict) and isinstance(value, dict)
        result[name] = merged(inner, value) if both else copy.deepcopy(value)  # type: ignore[arg-type]
    return result
