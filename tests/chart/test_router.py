"""Wildcard routing: one way in for all sessions. What its nginx does is in tests/component/test_router.py."""

from __future__ import annotations

import re
from typing import Any

import helm_python
import kubernetes_validate  # type: ignore[import-untyped]
import pytest
from helm import render
from tests.chart.conftest import EVERYTHING, of_kind
from tests.chart.test_pods import environment, pod
from tests.chart.test_rendering import FOREIGN, VERSIONS

from preview_core.kube.settings import ClusterSettings
from preview_core.naming import new_session_id

PROXY: dict[str, Any] = {
    "image": "images.example.org/nginx:1",
    "replicas": 3,
    "workers": 4,
    "resolver": "10.96.0.10",
    "clusterDomain": "cluster.example.org",
    "resources": {"limits": {"cpu": "1"}},
    "podAnnotations": {"example.org/i": "i"},
    "podLabels": {"example.org/j": "j"},
    "nodeSelector": {"disk": "ssd"},
}
WILDCARD = {"routing": {"mode": "wildcard"}}
FULL = {**EVERYTHING, "routing": {"mode": "wildcard", "proxy": PROXY}}
GATEWAY = {"name": "public", "namespace": "gateways", "sectionName": "https"}


@pytest.fixture(scope="module", params=[WILDCARD, FULL], ids=["defaults", "everything"])
def wildcard(request: pytest.FixtureRequest) -> list[render.Document]:
    return render.documents(request.param)


def configuration(documents: list[render.Document]) -> str:
    text: str = of_kind(documents, "ConfigMap")["router"]["data"]["nginx.conf"]
    return text


@pytest.mark.parametrize("version", VERSIONS)
def test_every_object_is_valid(wildcard: list[render.Document], version: str) -> None:
    for document in wildcard:
        if document["kind"] not in FOREIGN:
            kubernetes_validate.validate(document, version, strict=True)


@pytest.mark.parametrize("values", [WILDCARD, FULL], ids=["defaults", "everything"])
def test_lint_finds_nothing(values: dict[str, Any]) -> None:
    assert render.lint(values) == []


def test_sessions_have_ingresses_of_their_own_unless_told_otherwise(release: list[render.Document]) -> None:
    assert "router" not in of_kind(release, "Deployment")
    assert ClusterSettings.of(environment(release, "operator")).routing == "perSession"


def test_the_wildcard_leads_to_the_router_and_the_operator_makes_no_ingress(wildcard: list[render.Document]) -> None:
    ingresses = of_kind(wildcard, "Ingress")
    assert "waker" not in ingresses
    [rule] = ingresses["router"]["spec"]["rules"]
    assert rule["host"].startswith("*.")
    [path] = rule["http"]["paths"]
    service = of_kind(wildcard, "Service")["router"]
    assert path["backend"]["service"] == {"name": service["metadata"]["name"], "port": {"name": "preview"}}
    assert service["metadata"]["namespace"] == ingresses["router"]["metadata"]["namespace"]
    assert service["spec"]["selector"].items() <= pod(wildcard, "router")["metadata"]["labels"].items()
    assert ClusterSettings.of(environment(wildcard, "operator")).routing == "wildcard"


def test_the_wildcard_has_class_certificate_and_annotations_of_the_values() -> None:
    ingress = of_kind(render.documents(FULL), "Ingress")["router"]
    assert ingress["metadata"]["annotations"] == EVERYTHING["ingress"]["annotations"]
    assert ingress["spec"]["ingressClassName"] == "traefik"
    assert ingress["spec"]["tls"] == [{"hosts": ["*.previews.example.org"], "secretName": "wildcard"}]


def test_a_gateway_gets_a_route_in_the_place_of_the_ingress() -> None:
    documents = render.documents({"routing": {"mode": "wildcard", "gateway": GATEWAY}})
    assert not of_kind(documents, "Ingress")
    route = of_kind(documents, "HTTPRoute")["router"]
    assert route["apiVersion"] == "gateway.networking.k8s.io/v1"
    assert route["spec"]["parentRefs"] == [GATEWAY]
    assert route["spec"]["hostnames"] == ["*.preview.example.com"]
    [rule] = route["spec"]["rules"]
    assert rule["backendRefs"] == [{"name": of_kind(documents, "Service")["router"]["metadata"]["name"], "port": 8080}]


def test_a_gateway_without_the_wildcard_is_refused() -> None:
    with pytest.raises(helm_python.HelmError, match=r"routing\.gateway needs routing\.mode=wildcard"):
        render.documents({"routing": {"gateway": GATEWAY}})


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"mode": "none"}, "'perSession', 'wildcard'"),
        ({"proxy": {"image": ""}}, "/routing/proxy/image"),
        ({"proxy": {"resolver": "a; return 200"}}, "/routing/proxy/resolver"),
        ({"proxy": {"clusterDomain": ""}}, "/routing/proxy/clusterDomain"),
        ({"proxy": {"workers": 0}}, "/routing/proxy/workers"),
    ],
)
def test_a_bad_value_is_refused_by_name(given: dict[str, Any], said: str) -> None:
    with pytest.raises(helm_python.HelmError) as refused:
        render.documents({"routing": given})
    assert said in str(refused.value)


def test_its_pod_has_no_rights_on_its_node_and_none_on_the_cluster(wildcard: list[render.Document]) -> None:
    spec = pod(wildcard, "router")["spec"]
    assert spec["automountServiceAccountToken"] is False
    assert "serviceAccountName" not in spec
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    [container] = spec["containers"]
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert {mount["name"] for mount in container["volumeMounts"]} == {volume["name"] for volume in spec["volumes"]}


def test_nothing_but_its_port_is_reached() -> None:
    policy = of_kind(render.documents(WILDCARD), "NetworkPolicy")["router"]
    assert policy["spec"]["ingress"] == [{"ports": [{"port": 8080, "protocol": "TCP"}]}]


def test_what_is_given_for_it_is_in_it() -> None:
    documents = render.documents(FULL)
    assert of_kind(documents, "Deployment")["router"]["spec"]["replicas"] == 3
    template = pod(documents, "router")
    assert template["metadata"]["labels"]["example.org/j"] == "j"
    assert template["metadata"]["annotations"]["example.org/i"] == "i"
    assert template["spec"]["nodeSelector"] == {"disk": "ssd"}
    [container] = template["spec"]["containers"]
    assert container["image"] == PROXY["image"]
    text = configuration(documents)
    assert "worker_processes 4;" in text
    assert "resolver 10.96.0.10 valid=1s;" in text
    assert "set $pod preview-$session.elsewhere.svc.cluster.example.org:8080;" in text
    assert "set $waker kontext-preview-other-waker.elsewhere.svc.cluster.example.org:8080;" in text


def test_a_changed_configuration_replaces_its_pods() -> None:
    def checksum(values: dict[str, Any]) -> str:
        found: str = pod(render.documents(values), "router")["metadata"]["annotations"]["checksum/config"]
        return found

    assert checksum(WILDCARD) == checksum({**WILDCARD, "logLevel": "debug"})
    assert checksum(WILDCARD) != checksum({**WILDCARD, "domain": "other.example.org"})


def test_every_session_has_a_host_that_it_knows() -> None:
    [pattern] = re.findall(r'server_name "~(.*)";', configuration(render.documents(WILDCARD)))
    for _ in range(1000):
        session_id = new_session_id()
        found = re.match(pattern.replace("(?<", "(?P<"), f"preview-{session_id}.preview.example.com")
        assert found is not None
        assert found["session"] == session_id
