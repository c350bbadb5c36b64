"""What the chart renders is what Kubernetes takes, old and new."""

from __future__ import annotations

from typing import Any

import kubernetes_validate  # type: ignore[import-untyped]
import pytest
from helm import render
from tests.chart.conftest import EVERYTHING, of_kind

from preview_core.resources.runtime import RuntimeSpec

# The oldest and the newest schemas that the package has. 1.20 itself: tests/component/kubernetes/test_chart.py.
# Kinds of others whose schemas it has not.
FOREIGN = {"PreviewRuntime", "PodMonitor", "PrometheusRule"}
VERSIONS = (kubernetes_validate.utils.all_versions()[0], kubernetes_validate.latest_version())


@pytest.mark.parametrize("values", [{}, EVERYTHING], ids=["defaults", "everything"])
def test_lint_finds_nothing(values: dict[str, Any]) -> None:
    assert render.lint(values) == []


@pytest.mark.parametrize("version", VERSIONS)
def test_every_object_is_valid(release: list[render.Document], version: str) -> None:
    for document in release:
        if document["kind"] not in FOREIGN:
            kubernetes_validate.validate(document, version, strict=True)


def test_every_runtime_is_valid(release: list[render.Document]) -> None:
    specs = [RuntimeSpec.model_validate(one["spec"]) for one in of_kind(release, "PreviewRuntime").values()]
    assert specs
    assert not [fault for spec in specs for fault in spec.faults()]


def test_what_is_given_for_a_runtime_is_in_it_and_the_rest_is_left_to_the_definition(
    everything: list[render.Document],
) -> None:
    [runtime] = of_kind(everything, "PreviewRuntime").values()
    assert runtime["metadata"]["name"] == "gpu"
    assert runtime["spec"] == {
        "image": "gpu:1",
        "imagePullPolicy": "Always",
        "limits": {"projectBytes": 33554432},
        "egress": {"dns": True},
    }


def test_no_two_objects_are_the_same(release: list[render.Document]) -> None:
    names = [(one["kind"], one["metadata"].get("namespace"), one["metadata"]["name"]) for one in release]
    assert sorted(set(names), key=str) == sorted(names, key=str)


def test_every_object_names_its_namespace(release: list[render.Document]) -> None:
    """Two namespaces are in play: none is left to where the command is run."""
    cluster_wide = {"ClusterRole", "CustomResourceDefinition", "Namespace"}
    homeless = [
        one["metadata"]["name"]
        for one in release
        if "namespace" not in one["metadata"] and one["kind"] not in cluster_wide
    ]
    assert homeless == []


def test_the_definitions_are_those_of_the_crds_folder_and_outlive_the_release(
    defaults: list[render.Document], everything: list[render.Document]
) -> None:
    assert (render.CHART / "crds-source").resolve() == render.ROOT / "crds"
    crds = [one for one in defaults if one["kind"] == "CustomResourceDefinition"]
    assert {one["spec"]["names"]["kind"] for one in crds} == {"PreviewSession", "PreviewRuntime"}
    assert all(one["metadata"]["annotations"]["helm.sh/resource-policy"] == "keep" for one in crds)
    assert not [one for one in everything if one["kind"] == "CustomResourceDefinition"]


def test_sessions_have_a_namespace_of_their_own_that_refuses_privileged_pods(defaults: list[render.Document]) -> None:
    [namespace] = [one for one in defaults if one["kind"] == "Namespace"]
    assert namespace["metadata"]["name"] == f"{render.NAMESPACE}-sessions"
    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"


def test_a_namespace_that_exists_is_not_made() -> None:
    values = {"sessions": {"namespace": "theirs", "createNamespace": False}}
    documents = render.documents(values)
    assert not [one for one in documents if one["kind"] == "Namespace"]
    assert of_kind(documents, "Deployment")["waker"]["metadata"]["namespace"] == "theirs"


def test_names_fit_into_a_dns_label_whatever_the_release_is_called() -> None:
    name = "a" * 53
    documents = render.documents({}, name)
    assert max(len(one["metadata"]["name"]) for one in documents if one["kind"] == "Service") <= 63


def test_the_notes_have_the_next_commands() -> None:
    notes = render.templates(EVERYTHING)["NOTES.txt"]
    assert "curl -s http://api.example.org:8443/kontext/preview" in notes
    assert "kubectl -n elsewhere get pvs" in notes
    assert "helm -n kontext-preview test kontext-preview" in notes
    assert "port-forward service/kontext-preview-api" in render.templates({})["NOTES.txt"]


def test_previews_and_the_api_have_hosts_of_their_own(everything: list[render.Document]) -> None:
    ingresses = of_kind(everything, "Ingress")
    assert ingresses["api"]["spec"]["rules"][0]["host"] == "api.example.org"
    assert ingresses["api"]["spec"]["ingressClassName"] == "other"
    assert ingresses["api"]["spec"]["tls"] == [{"hosts": ["api.example.org"], "secretName": "api"}]
    wildcard = ingresses["waker"]
    assert wildcard["metadata"]["namespace"] == "elsewhere"
    assert wildcard["spec"]["rules"][0]["host"] == "*.previews.example.org"
    assert wildcard["spec"]["tls"] == [{"hosts": ["*.previews.example.org"], "secretName": "wildcard"}]
    assert (
        wildcard["metadata"]["annotations"].items() >= {"example.org/h": "h", "example.org/a": 'it\'s "quoted"'}.items()
    )


def test_without_a_host_the_api_has_no_ingress(defaults: list[render.Document]) -> None:
    assert set(of_kind(defaults, "Ingress")) == {"waker"}


def test_a_single_replica_gets_no_disruption_budget() -> None:
    """It would keep its node from ever being drained."""
    assert of_kind(render.documents({}), "PodDisruptionBudget")
    assert not of_kind(render.documents({"api": {"replicas": 1}}), "PodDisruptionBudget")
