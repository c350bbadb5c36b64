"""What a runtime's spec means: when pods are replaced, and what cannot be carried out."""

from __future__ import annotations

from decimal import Decimal

import pytest

from preview_core.resources.quantity import amount
from preview_core.resources.runtime import (
    Dependencies,
    Egress,
    EgressRule,
    Limits,
    PullPolicy,
    Requests,
    Resources,
    RuntimeSpec,
    SessionLimits,
    Warm,
)

SPEC = RuntimeSpec(image="runtime:1")


@pytest.mark.parametrize(
    "changed",
    [
        {"image": "runtime:2"},
        {"image_pull_policy": PullPolicy.NEVER},
        {"runtime_class_name": "gvisor"},
        {"resources": Resources(limits=Limits(memory="1Gi"))},
        {"dependencies": Dependencies(profile="other")},
        {"limits": SessionLimits(workspace_mebibytes=64)},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_the_revision_changes_with_what_pods_are_made_from(changed: dict[str, object]) -> None:
    assert SPEC.model_copy(update=changed).revision != SPEC.revision


@pytest.mark.parametrize(
    "changed",
    [
        {"warm": Warm(minimum=5)},
        {"suspend_after_seconds": 60},
        {"expire_after_seconds": 60},
        {"egress": Egress(dns=True)},
        {"limits": SessionLimits(pods=3)},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_the_revision_stays_when_running_pods_can(changed: dict[str, object]) -> None:
    assert SPEC.model_copy(update=changed).revision == SPEC.revision


def test_the_revision_does_not_depend_on_what_is_spelled_out() -> None:
    spelled = RuntimeSpec.model_validate(SPEC.manifest())
    assert spelled.revision == SPEC.revision
    assert len(SPEC.revision) == 16


def test_a_minimum_above_the_maximum_is_the_maximum() -> None:
    assert Warm(minimum=7, maximum=3).bounds == (3, 3)
    assert Warm(minimum=1, maximum=3).bounds == (1, 3)


def test_the_defaults_can_be_carried_out() -> None:
    assert SPEC.faults() == ()


def test_requests_above_limits_cannot_be_carried_out() -> None:
    resources = Resources(requests=Requests(cpu="1100m", memory="2Gi"), limits=Limits(cpu="1", memory="2048Mi"))
    (fault,) = RuntimeSpec(image="runtime:1", resources=resources).faults()
    assert fault == "resources.requests.cpu (1100m) is above resources.limits.cpu (1)"


@pytest.mark.parametrize("cidr", ["10.0.0.0/33", "999.0.0.0/8", "::/129", ".../8"])
def test_a_range_that_is_none_cannot_be_carried_out(cidr: str) -> None:
    (fault,) = RuntimeSpec(image="runtime:1", egress=Egress(allow=(EgressRule(cidr=cidr),))).faults()
    assert cidr in fault


@pytest.mark.parametrize(
    ("text", "expected"),
    [("100m", "0.1"), ("2", "2"), ("0.5", "0.5"), ("1k", "1000"), ("192Mi", "201326592"), ("1.5Gi", "1610612736")],
)
def test_a_quantity_is_an_amount(text: str, expected: str) -> None:
    assert amount(text) == Decimal(expected)


@pytest.mark.parametrize("text", ["", "Mi", "1 Gi", "-1", "1e3", "1Pi"])
def test_anything_else_is_no_quantity(text: str) -> None:
    with pytest.raises(ValueError, match="not a quantity"):
        amount(text)
