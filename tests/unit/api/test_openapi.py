"""Requests made up from our own OpenAPI document: no 5xx, and every answer is one that the document announces."""

from __future__ import annotations

from typing import Any

import hypothesis
import schemathesis
from schemathesis.checks import CHECKS
from tests.unit.api.conftest import ORIGIN, Clock
from tests.unit.api.memory import MemoryBackend

from preview_api.app import create_app
from preview_api.settings import Settings

application = create_app(Settings(allowed_origins=(ORIGIN,), allowed_hosts=None), MemoryBackend(), Clock())
schema = schemathesis.openapi.from_asgi("/openapi.json", application)
NAMES = ("not_a_server_error", "status_code_conformance", "content_type_conformance", "response_schema_conformance")
checks: list[Any] = [check for check in CHECKS.get_all() if check.__name__ in NAMES]


@schema.parametrize()
@hypothesis.settings(
    max_examples=60, deadline=None, suppress_health_check=list(hypothesis.HealthCheck), derandomize=True
)
def test_answers_are_as_documented(case: schemathesis.Case[Any]) -> None:
    case.call_and_validate(checks=checks)


def test_all_checks_are_there() -> None:
    assert {check.__name__ for check in checks} == set(NAMES)
