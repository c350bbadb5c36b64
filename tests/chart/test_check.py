"""What `helm test` makes: a pod that uses the installation as a caller and a visitor would. Nothing of it before."""

from __future__ import annotations

from typing import Any

import kubernetes_validate  # type: ignore[import-untyped]
import pytest
import typer
from helm import manifests, render
from tests.chart.conftest import EVERYTHING, of_kind
from tests.chart.test_rendering import VERSIONS

from preview_api.cli.commands import app

CHECKS = {"defaults": render.checks({}), "everything": render.checks(EVERYTHING)}


def pod(documents: list[render.Document]) -> dict[str, Any]:
    found: dict[str, Any] = of_kind(documents, "Pod")["test"]
    return found


def arguments(documents: list[render.Document]) -> list[str]:
    [container] = pod(documents)["spec"]["containers"]
    return [*container["command"], *container["args"]]


def test_nothing_of_it_comes_with_an_install(release: list[render.Document]) -> None:
    assert not of_kind(release, "Pod")
    assert "helm.sh/hook" not in manifests.INSTALL.read_text()
    for documents in CHECKS.values():
        assert all(one["metadata"]["annotations"]["helm.sh/hook"] == "test" for one in documents)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("documents", CHECKS.values(), ids=CHECKS)
def test_every_object_is_valid(documents: list[render.Document], version: str) -> None:
    assert documents
    for document in documents:
        kubernetes_validate.validate(document, version, strict=True)


@pytest.mark.parametrize("documents", CHECKS.values(), ids=CHECKS)
def test_its_pod_has_no_rights_on_its_node_and_none_on_the_cluster(documents: list[render.Document]) -> None:
    spec = pod(documents)["spec"]
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert spec["automountServiceAccountToken"] is False
    assert "serviceAccountName" not in spec
    [container] = spec["containers"]
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert spec["restartPolicy"] == "Never"
    assert spec["activeDeadlineSeconds"] > 120


def test_no_service_leads_to_its_pod_and_no_monitor_asks_it(everything: list[render.Document]) -> None:
    labels = pod(CHECKS["everything"])["metadata"]["labels"]
    for service in of_kind(everything, "Service").values():
        assert not service["spec"]["selector"].items() <= labels.items()
    [monitor] = of_kind(everything, "PodMonitor").values()
    [component] = monitor["spec"]["selector"]["matchExpressions"]
    assert labels["app.kubernetes.io/component"] not in component["values"]


def test_it_asks_the_service_of_the_api_and_that_of_the_session() -> None:
    assert arguments(CHECKS["defaults"]) == [
        "kontext-preview",
        "check",
        "http://kontext-preview-api.kontext-preview.svc:80",
        "--at=preview-{id}.kontext-preview-sessions.svc:8080",
        "--patience=180",
    ]


def test_it_asks_where_the_values_say() -> None:
    assert arguments(CHECKS["everything"])[2:] == [
        "http://kontext-preview-other-api.kontext-preview.svc:8000",
        "--at=ingress.example.org:80",
        "--patience=300",
    ]
    assert pod(CHECKS["everything"])["spec"]["nodeSelector"] == EVERYTHING["api"]["nodeSelector"]


@pytest.mark.parametrize("documents", CHECKS.values(), ids=CHECKS)
def test_its_arguments_are_understood_by_the_command(documents: list[render.Document]) -> None:
    _, name, *given = arguments(documents)
    command = typer.main.get_command(app).commands[name]  # type: ignore[attr-defined]
    with command.make_context(name, given) as context:
        assert str(context.params["url"]).startswith("http://")
        assert context.params["at"]


def test_its_pod_may_talk_to_everybody_and_is_reached_by_nobody() -> None:
    """It needs names, the API and the preview, wherever the namespace denies what is not allowed."""
    policy = of_kind(CHECKS["defaults"], "NetworkPolicy")["test"]["spec"]
    assert policy["policyTypes"] == ["Ingress", "Egress"]
    assert policy["egress"] == [{}]
    assert "ingress" not in policy
    assert policy["podSelector"]["matchLabels"].items() <= pod(CHECKS["defaults"])["metadata"]["labels"].items()
    assert not of_kind(CHECKS["everything"], "NetworkPolicy")
