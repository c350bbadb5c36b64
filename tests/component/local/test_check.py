"""`kontext-preview check`: what `helm test` runs, here against a server of this machine."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
from tests.component.local.harness import Server, cli

from preview_api.cli import check
from preview_api.cli.output import CommandError
from preview_api.cli.remote import Remote

STEPS = ["created", "served", "updated", "deleted"]


def url(server: Server) -> str:
    return str(server.api.base_url)


def live(server: Server) -> list[str]:
    listed = cli("ls", "--state-dir", str(server.state), "-o", "json").stdout.splitlines()
    return [json.loads(line)["sessionId"] for line in listed]


def test_a_session_is_made_served_changed_and_ended(server: Server) -> None:
    done = cli("check", url(server), "-o", "json")
    assert done.returncode == 0, done.stderr
    assert [json.loads(line)["step"] for line in done.stdout.splitlines()] == STEPS
    assert live(server) == []


def test_the_preview_may_be_asked_for_elsewhere_than_at_its_own_url() -> None:
    made = {"sessionId": "a" * 26, "previewUrl": f"https://preview-{'a' * 26}.preview.example.org:8443/"}
    host = urlsplit(made["previewUrl"]).netloc
    assert check.Preview.of(made, "preview-{id}.sessions.svc:8080") == check.Preview(
        f"http://preview-{'a' * 26}.sessions.svc:8080", host
    )
    assert check.Preview.of(made, None) == check.Preview(f"https://{host}", host)


def test_a_preview_that_nobody_serves_fails_the_check_and_is_ended(server: Server) -> None:
    told: list[check.Step] = []
    with pytest.raises(CommandError, match=r"not served at 127\.0\.0\.1:9 \(phase "):
        check.run(Remote(url(server)), "127.0.0.1:9", told.append, patience_s=1)
    assert [step.name for step in told] == STEPS[:1]
    assert live(server) == []


@pytest.mark.parametrize(
    ("broken", "said"),
    [("update", "the update is not served"), ("close", "was deleted and is still there")],
)
def test_a_call_that_does_nothing_is_found_out(
    server: Server, monkeypatch: pytest.MonkeyPatch, broken: str, said: str
) -> None:
    remote = Remote(url(server))
    real: Callable[..., Any] = getattr(remote, broken)
    monkeypatch.setattr(remote, broken, lambda *_: {})
    made: list[str] = []
    create = remote.create

    def noted(files: list[dict[str, Any]]) -> dict[str, Any]:
        answer = create(files)
        made.append(answer["sessionId"])
        return answer

    monkeypatch.setattr(remote, "create", noted)
    with pytest.raises(CommandError, match=said):
        check.run(remote, None, lambda _: None, patience_s=15)
    if broken == "close":
        real(made[0])


def test_a_session_that_ends_meanwhile_is_told(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    remote = Remote(url(server))
    create = remote.create

    def ended(files: list[dict[str, Any]]) -> dict[str, Any]:
        answer = create(files)
        remote.close(answer["sessionId"])
        return answer

    monkeypatch.setattr(remote, "create", ended)
    with pytest.raises(CommandError, match="ended by itself"):
        check.run(remote, None, lambda _: None, patience_s=1)


def test_an_api_that_is_not_there_is_told_by_its_address() -> None:
    refused = cli("check", "http://127.0.0.1:9")
    assert refused.returncode == 1
    assert "http://127.0.0.1:9 did not answer" in refused.stderr
