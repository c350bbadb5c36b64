from __future__ import annotations

from typing import Any

import pytest

from preview_api.backends.base import Ended, Phase
from preview_api.backends.kubernetes.record import record_of
from preview_api.expiry import SESSION_TTL_MS
from preview_core.address import PublicAddress
from preview_core.objects.files import Index
from preview_core.resources.session import PreviewSession
from preview_core.resources.timestamp import rfc3339

ID = "a" * 26
ADDRESS = PublicAddress("https", "p.example.org")
NOW = 1_800_000_000_000
HOUR = 3600_000


def session(status: dict[str, Any] | None = None, **spec: Any) -> PreviewSession:
    return PreviewSession.model_validate(
        {
            "metadata": {"name": ID, "uid": "u", "resourceVersion": "1", "creationTimestamp": rfc3339(NOW - HOUR)},
            "spec": {"runtimeRef": {"name": "standard"}, "owner": "someone", **spec},
            "status": status or {},
        }
    )


def test_what_was_promised_and_what_the_operator_saw_both_count() -> None:
    spec: dict[str, Any] = {"claimedAt": rfc3339(NOW), "lastCallAt": rfc3339(NOW + 5), "expiresAt": rfc3339(NOW + HOUR)}
    seen = {"lastActivityAt": rfc3339(NOW + 9), "expiresAt": rfc3339(NOW + 2 * HOUR)}
    promised = record_of(session(**spec), None, ADDRESS)
    assert (promised.created_at, promised.last_activity_at, promised.expires_at) == (NOW, NOW + 5, NOW + HOUR)
    record = record_of(session(seen, **spec), None, ADDRESS)
    assert (record.created_at, record.last_activity_at, record.expires_at) == (NOW, NOW + 9, NOW + 2 * HOUR)


def test_a_session_that_says_nothing_of_times_lives_a_day_from_its_creation() -> None:
    record = record_of(session(), None, ADDRESS)
    assert record.created_at == record.last_activity_at == NOW - HOUR
    assert record.expires_at == NOW - HOUR + SESSION_TTL_MS


def test_the_revision_is_that_of_the_stored_files_whatever_the_status_says() -> None:
    index = Index(ID, 7, "d" * 64)
    record = record_of(session({"revision": 5, "digest": "e" * 64}), index, ADDRESS)
    assert (record.revision, record.digest) == (7, "d" * 64)
    assert record.preview_url == f"https://preview-{ID}.p.example.org/"
    assert record.ws_url == f"wss://preview-{ID}.p.example.org/hmr"


@pytest.mark.parametrize(
    ("seen", "suspended", "phase"),
    [
        (None, False, Phase.PENDING),
        ("Pending", False, Phase.PENDING),
        ("Starting", False, Phase.STARTING),
        ("Warm", False, Phase.STARTING),
        ("Ready", False, Phase.READY),
        ("Failed", False, Phase.FAILED),
        ("Suspended", True, Phase.SUSPENDED),
        ("Suspended", False, Phase.PENDING),
        ("Ended", False, Phase.PENDING),
    ],
)
def test_the_phase_is_what_the_operator_saw(seen: str | None, *, suspended: bool, phase: Phase) -> None:
    status = {"phase": seen} if seen is not None else {}
    assert record_of(session(status, suspended=suspended), None, ADDRESS).phase is phase


def test_a_build_error_is_told_and_a_failure_says_why() -> None:
    error = {"lastError": {"message": "Unexpected token"}, "phase": "Ready"}
    assert record_of(session(error), None, ADDRESS).last_error == "Unexpected token"
    ready = {
        "type": "Ready",
        "status": "False",
        "reason": "ImageUnavailable",
        "message": "The image cannot be pulled",
        "lastTransitionTime": rfc3339(NOW),
    }
    failed = {"phase": "Failed", "conditions": [ready]}
    assert record_of(session(failed), None, ADDRESS).last_error == "The image cannot be pulled"
    assert record_of(session({"phase": "Failed"}), None, ADDRESS).last_error is None
    assert record_of(session({"lastError": None}), None, ADDRESS).last_error is None


@pytest.mark.parametrize(("reason", "ended"), [("Closed", Ended.CLOSED), ("Expired", Ended.EXPIRED)])
def test_a_tombstone_says_how_it_ended(reason: str, ended: Ended) -> None:
    record = record_of(session(ended={"at": rfc3339(NOW), "reason": reason}), None, ADDRESS)
    assert record.ended is ended
