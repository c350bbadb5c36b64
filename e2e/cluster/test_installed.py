"""The product on a real cluster: the chart's pods, the API and a preview, all through the ingress controller.

On the cluster that runs, else on one of its own. `python -m pytest e2e/cluster/test_installed.py`
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from e2e.cluster.api import fetch
from e2e.cluster.installed import Installed

# A cold session on two busy cores, its route included.
PATIENCE_S = 60.0
NAVIGATION = {"Accept": "text/html", "Sec-Fetch-Mode": "navigate"}

pytestmark = pytest.mark.timeout(600, func_only=True)


@pytest.fixture(scope="module")
def here() -> Iterator[Installed]:
    with Installed() as installed:
        yield installed


@pytest.fixture(scope="module")
def session(here: Installed) -> Iterator[dict[str, Any]]:
    """A preview of the sample project."""
    made = here.api.demo()
    yield made
    here.api.call("DELETE", f"/kontext/preview/{made['sessionId']}")


def eventually(ready: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not ready():
        assert time.monotonic() < deadline
        time.sleep(0.2)


def test_the_api_answers_through_the_ingress_controller(here: Installed) -> None:
    assert here.api.call("GET", "/readyz")[0] == 200


def test_a_preview_is_served_at_the_address_that_the_create_answered(here: Installed, session: dict[str, Any]) -> None:
    session_id = session["sessionId"]
    assert session["previewUrl"] == f"http://preview-{session_id}.{here.domain}:{here.port}/"
    eventually(lambda: b"/@vite/client" in here.visit(session_id, headers=NAVIGATION).body)
    entry = here.visit(session_id, "/src/index.tsx")
    assert entry.status == 200
    assert "javascript" in entry.headers["content-type"]


def test_kubectl_shows_the_session(here: Installed, session: dict[str, Any]) -> None:
    def row() -> list[str]:
        return here.kubectl("get", "pvs", session["sessionId"], "--namespace", here.sessions, "--no-headers").split()

    eventually(lambda: row()[1:3] == ["Ready", "True"])


def test_a_preview_that_nobody_made_is_a_404(here: Installed) -> None:
    assert here.visit("a" * 26, headers=NAVIGATION).status == 404


def test_a_changed_value_reaches_the_pods(here: Installed, session: dict[str, Any]) -> None:
    before = (here.release.values() or {})["allowedOrigins"]
    origin = "http://changed.example.org"
    path = f"/kontext/preview/{session['sessionId']}"

    def allowed() -> str | None:
        answer = fetch("127.0.0.1", here.port, here.api.host, path, {"Origin": origin})
        return answer.headers.get("access-control-allow-origin")

    assert allowed() is None
    try:
        here.configure({"allowedOrigins": [*before, origin]})
        assert allowed() == origin
        # The session was there before and still is.
        assert here.api.call("GET", path)[0] == 200
    finally:
        here.configure({"allowedOrigins": before})
