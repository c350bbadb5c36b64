"""values.yaml documents itself; its schema refuses what would fail later, and says what is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import helm_python
import pytest
import yaml
from helm import render, values

# Lists and objects that are handed to Kubernetes as they are, or whose keys are the user's.
FREE = {"annotations", "namespaceLabels", "nodeSelector", "affinity", "resources", "runtimes", "podLabels"}
FREE |= {"podAnnotations", "commonLabels", "labels"}


def paths(part: dict[str, Any], above: str = "") -> Iterator[str]:
    for name, value in part.items():
        path = f"{above}{name}"
        if isinstance(value, dict) and name not in FREE:
            yield from paths(value, f"{path}.")
        else:
            yield path


def test_every_value_has_a_comment() -> None:
    documented = {one.path: one.text for one in values.documented()}
    assert set(paths(yaml.safe_load(values.VALUES.read_text()))) == set(documented)
    assert all(text.endswith((".", ")")) for text in documented.values())


def test_an_object_of_the_schema_is_strict_or_the_users_own() -> None:
    with render.folder() as chart, helm_python.Chart.load(chart) as loaded:
        schema = loaded.schema
    assert schema is not None

    def loose(part: Any, path: str) -> Iterator[str]:
        if not isinstance(part, dict):
            return
        if "properties" in part and part.get("additionalProperties") is not False:
            yield path
        for name, value in part.items():
            yield from loose(value, f"{path}/{name}")

    assert list(loose(schema, "")) == []


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"domian": "x.example.org"}, "additional properties 'domian' not allowed"),
        ({"domain": "Preview.Example.Org"}, "/domain"),
        ({"domain": "*.example.org"}, "/domain"),
        ({"domain": ""}, "/domain"),
        ({"scheme": "ftp"}, "'https', 'http'"),
        ({"publicPort": "8080"}, "got string, want null or integer"),
        ({"publicPort": 70000}, "/publicPort"),
        ({"allowedOrigins": ["https://app.example.org/"]}, "/allowedOrigins/0"),
        ({"allowedOrigins": ["*"]}, "/allowedOrigins/0"),
        ({"allowedOrigins": "https://app.example.org"}, "got string, want array"),
        ({"trustedProxies": ["192.0.2.1"]}, "/trustedProxies/0"),
        ({"logLevel": "verbose"}, "/logLevel"),
        ({"images": {"controlPlane": "Kontext Preview"}}, "/images/controlPlane"),
        ({"images": {"pullPolicy": "Sometimes"}}, "/images/pullPolicy"),
        ({"api": {"replica": 3}}, "additional properties 'replica' not allowed"),
        ({"api": {"replicas": 0}}, "/api/replicas"),
        ({"api": {"ingress": {"host": "https://api.example.org"}}}, "/api/ingress/host"),
        ({"operator": {"replicas": 2}}, "additional properties 'replicas' not allowed"),
        ({"ingress": {"annotations": {"a": True}}}, "got boolean, want string"),
        ({"sessions": {"namespace": "Not_A_Name"}}, "/sessions/namespace"),
        ({"sessions": {"namespace": render.NAMESPACE}}, "must not be the namespace of the release"),
        ({"runtimes": {"Not A Name": {}}}, "Not A Name"),
        ({"runtimes": {"default": {"imagee": "x"}}}, "additional properties 'imagee' not allowed"),
        ({"runtimes": {"default": {"limits": {"pods": 0}}}}, "/runtimes/default/limits/pods"),
        ({"runtimes": {"default": {"egress": {"allow": [{"cidr": "everything"}]}}}}, "/egress/allow/0/cidr"),
        ({"defaultRuntime": ""}, "/defaultRuntime"),
        ({"monitoring": {"podMonitor": {"interval": "often"}}}, "/monitoring/podMonitor/interval"),
        ({"monitoring": {"prometheusRule": {"runbook": "page#section"}}}, "/monitoring/prometheusRule/runbook"),
        ({"test": {"previewAddress": "http://ingress.example.org"}}, "/test/previewAddress"),
        ({"test": {"patienceSeconds": 0}}, "/test/patienceSeconds"),
    ],
)
def test_a_bad_value_is_refused_by_name(given: dict[str, Any], said: str) -> None:
    with pytest.raises(helm_python.HelmError) as refused:
        render.documents(given)
    assert said in str(refused.value)


@pytest.mark.parametrize(
    "image", ["a", "a/b:1", "host.example.org:5000/a/b-c.d_e:v1.0", f"a@sha256:{'f' * 64}", f"a:1@sha256:{'f' * 64}"]
)
def test_an_image_is_named_as_container_engines_name_it(image: str) -> None:
    assert render.documents({"images": {"controlPlane": image}})
