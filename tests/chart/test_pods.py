"""What the control plane's pods are allowed to do to their node, and what they are told."""

from __future__ import annotations

import json
from typing import Any

import pytest
from helm import render
from tests.chart.conftest import EVERYTHING, of_kind

from preview_core.kube.settings import ClusterSettings
from preview_core.objects import names

COMPONENTS = ("api", "operator", "waker")


def pod(documents: list[render.Document], component: str) -> dict[str, Any]:
    found: dict[str, Any] = of_kind(documents, "Deployment")[component]["spec"]["template"]
    return found


def environment(documents: list[render.Document], component: str) -> dict[str, str]:
    [container] = pod(documents, component)["spec"]["containers"]
    return {entry["name"]: entry["value"] for entry in container["env"]}


@pytest.mark.parametrize("component", COMPONENTS)
def test_a_pod_has_no_rights_on_its_node(release: list[render.Document], component: str) -> None:
    """The `restricted` Pod Security Standard, and a root file system that nobody can write to."""
    spec = pod(release, component)["spec"]
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["runAsUser"] > 0
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert spec["enableServiceLinks"] is False
    assert not {"hostNetwork", "hostPID", "hostIPC"} & spec.keys()
    assert [next(iter(volume.keys() - {"name"})) for volume in spec["volumes"]] == ["emptyDir"]
    for container in spec["containers"]:
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert "hostPort" not in str(container["ports"])


@pytest.mark.parametrize("component", COMPONENTS)
def test_annotations_and_labels_of_a_pod_are_added_to_its_own(defaults: list[render.Document], component: str) -> None:
    """The waker's label is what Services of sleeping sessions select: without it nobody is ever woken."""
    given = {"podAnnotations": {"example.org/a": "a"}, "podLabels": {"example.org/b": "b"}}
    before = pod(defaults, component)["metadata"]
    after = pod(render.documents({component: given}), component)["metadata"]
    assert after["labels"] == {**before["labels"], **given["podLabels"]}
    assert after["annotations"] == {**before.get("annotations", {}), **given["podAnnotations"]}


def test_services_of_sleeping_sessions_find_the_waker(release: list[render.Document]) -> None:
    assert pod(release, "waker")["metadata"]["labels"][names.PART_LABEL] == names.WAKER


def test_components_have_service_accounts_of_their_own(defaults: list[render.Document]) -> None:
    accounts = {pod(defaults, component)["spec"]["serviceAccountName"] for component in COMPONENTS}
    assert len(accounts) == len(COMPONENTS)
    assert accounts == {one["metadata"]["name"] for one in of_kind(defaults, "ServiceAccount").values()}


def test_replicas_of_the_api_are_spread_and_replaced_without_a_gap(defaults: list[render.Document]) -> None:
    deployment = of_kind(defaults, "Deployment")["api"]["spec"]
    assert deployment["replicas"] == 2
    assert deployment["strategy"]["rollingUpdate"]["maxUnavailable"] == 0
    [constraint] = deployment["template"]["spec"]["topologySpreadConstraints"]
    assert constraint["topologyKey"] == "kubernetes.io/hostname"
    [container] = deployment["template"]["spec"]["containers"]
    assert container["readinessProbe"]["httpGet"]["path"] == "/readyz"
    assert container["livenessProbe"]["httpGet"]["path"] == "/healthz"


def test_the_operator_never_runs_twice(release: list[render.Document]) -> None:
    deployment = of_kind(release, "Deployment")["operator"]["spec"]
    assert deployment["replicas"] == 1
    assert deployment["strategy"] == {"type": "Recreate"}


def test_the_waker_can_be_selected_by_the_services_of_sessions(release: list[render.Document]) -> None:
    waker = pod(release, "waker")
    assert waker["metadata"]["labels"]["preview.coinnation.io/part"] == "waker"
    [container] = waker["spec"]["containers"]
    # The name of the port is that of a session's pod.
    assert container["ports"] == [{"name": "preview", "containerPort": 8080, "protocol": "TCP"}]


def test_every_component_is_told_the_same_about_the_installation(everything: list[render.Document]) -> None:
    told = {component: environment(everything, component) for component in COMPONENTS}
    common = dict(set.intersection(*(set(one.items()) for one in told.values())))
    assert common == {
        "KONTEXT_NAMESPACE": "elsewhere",
        "KONTEXT_CONTROL_NAMESPACE": render.NAMESPACE,
        "KONTEXT_SECRET": "given",
        "KONTEXT_RUNTIME": "gpu",
        "KONTEXT_DOMAIN": "previews.example.org",
        "KONTEXT_SCHEME": "http",
        "KONTEXT_PUBLIC_PORT": "8443",
        "KONTEXT_ALLOWED_ORIGINS": ",".join(EVERYTHING["allowedOrigins"]),
        "KONTEXT_LOG_LEVEL": "debug",
        "KONTEXT_PORT": "8080",
    }
    assert told["waker"] == common
    assert told["api"] == {**common, "KONTEXT_TRUSTED_PROXIES": "192.0.2.0/24,2001:db8::/32"}
    operator = told["operator"]
    assert json.loads(operator.pop("KONTEXT_INGRESS_ANNOTATIONS")) == EVERYTHING["ingress"]["annotations"]
    assert operator == {**common, "KONTEXT_INGRESS_CLASS": "traefik", "KONTEXT_TLS_SECRET": "wildcard"}


def test_what_is_empty_is_not_told(defaults: list[render.Document]) -> None:
    """Kubernetes drops empty values: applied again, they would look like a change each time."""
    assert environment(defaults, "operator") == {
        "KONTEXT_NAMESPACE": f"{render.NAMESPACE}-sessions",
        "KONTEXT_CONTROL_NAMESPACE": render.NAMESPACE,
        "KONTEXT_SECRET": "kontext-preview",
        "KONTEXT_RUNTIME": "default",
        "KONTEXT_DOMAIN": "preview.example.com",
        "KONTEXT_SCHEME": "https",
        "KONTEXT_LOG_LEVEL": "info",
        "KONTEXT_PORT": "8080",
    }


@pytest.mark.parametrize("component", COMPONENTS)
def test_what_is_told_is_what_the_programs_understand(release: list[render.Document], component: str) -> None:
    assert ClusterSettings.of(environment(release, component)).port == 8080


def test_a_big_port_is_written_out() -> None:
    """Helm reads numbers as floating point: 1e+06 is how a template prints one by itself."""
    told = environment(render.documents({"publicPort": 65535}), "operator")
    assert told["KONTEXT_PUBLIC_PORT"] == "65535"


def test_labels_that_are_given_are_no_part_of_a_selector(everything: list[render.Document]) -> None:
    """Selectors cannot be changed: a new label would make an upgrade fail."""
    for deployment in of_kind(everything, "Deployment").values():
        selector = deployment["spec"]["selector"]["matchLabels"]
        assert set(selector) == {f"app.kubernetes.io/{part}" for part in ("name", "instance", "component")}
        assert deployment["spec"]["template"]["metadata"]["labels"]["team"] == "platform"


def test_nothing_but_the_one_port_of_a_component_is_reached(
    defaults: list[render.Document], everything: list[render.Document]
) -> None:
    policies = of_kind(defaults, "NetworkPolicy")
    assert set(policies) == set(COMPONENTS)
    for component, policy in policies.items():
        assert policy["spec"]["ingress"] == [{"ports": [{"port": 8080, "protocol": "TCP"}]}]
        labels = pod(defaults, component)["metadata"]["labels"]
        assert policy["spec"]["podSelector"]["matchLabels"].items() <= labels.items()
        assert policy["metadata"]["namespace"] == of_kind(defaults, "Deployment")[component]["metadata"]["namespace"]
    assert not of_kind(everything, "NetworkPolicy")
