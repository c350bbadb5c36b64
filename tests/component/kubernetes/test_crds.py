"""crds/ on a real API server: they apply, they explain themselves, they refuse what they should."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from e2e.cluster.kubectl import Kubectl, KubectlFailed

CRDS = Path(__file__).parents[3] / "crds"
GROUP = "preview.coinnation.io"
# 128 random bits in base32, as core names sessions.
ID = "a" * 26
# Before 1.25 the API server drops CEL rules, and kubectl refuses them unless it is told not to look.
APPLY = ("apply", "--validate=false", "-f", str(CRDS))
# Discovery follows a new CRD within a second, its OpenAPI, which `explain` reads, within a few more.
PATIENCE_S = 60.0

pytestmark = pytest.mark.usefixtures("crds")


def custom(kind: str, name: str, **fields: object) -> dict[str, Any]:
    return {"apiVersion": f"{GROUP}/v1alpha1", "kind": kind, "metadata": {"name": name}, **fields}


def session(name: str = ID, **spec: object) -> dict[str, Any]:
    return custom("PreviewSession", name, spec={"runtimeRef": {"name": "standard"}, **spec})


def create(kubectl: Kubectl, namespace: str, manifest: dict[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = kubectl.json("create", "-n", namespace, "-f", "-", stdin=manifest)
    return made


def with_status(kubectl: Kubectl, made: dict[str, Any], **status: object) -> None:
    metadata = made["metadata"]
    path = f"/apis/{GROUP}/v1alpha1/namespaces/{metadata['namespace']}/previewsessions/{metadata['name']}/status"
    kubectl("replace", "--raw", path, "-f", "-", stdin={**made, "status": status})


@pytest.mark.parametrize("plural", ["previewsessions", "previewruntimes"])
def test_a_crd_is_structural_and_its_names_are_accepted(kubectl: Kubectl, plural: str) -> None:
    conditions = kubectl.json("get", "crd", f"{plural}.{GROUP}")["status"]["conditions"]
    states = {condition["type"]: condition["status"] for condition in conditions}
    assert states["NamesAccepted"] == states["Established"] == "True"
    assert states.get("NonStructuralSchema", "False") == "False"


@pytest.mark.parametrize("plural", ["previewsessions", "previewruntimes"])
def test_applying_them_again_changes_nothing(kubectl: Kubectl, plural: str) -> None:
    before = kubectl.json("get", "crd", f"{plural}.{GROUP}")["metadata"]["generation"]
    kubectl(*APPLY)
    assert kubectl.json("get", "crd", f"{plural}.{GROUP}")["metadata"]["generation"] == before


@pytest.mark.parametrize("kind", ["previewsession", "previewruntime"])
def test_explain_reads_like_documentation(kubectl: Kubectl, kind: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            text = kubectl("explain", f"{kind}.spec")
        except KubectlFailed as error:
            text = str(error)
        if "FIELDS:" in text:
            break
        assert time.monotonic() < deadline, text
        time.sleep(0.5)
    assert "<empty>" not in text
    fields = text.partition("FIELDS:")[2].strip("\n").split("\n\n")
    assert len(fields) > 2
    for field in fields:
        name, *description = field.strip().splitlines()
        assert description, f"{name.strip()} says nothing of itself"


def test_the_columns_of_a_session_are_those_of_the_architecture(kubectl: Kubectl, namespace: str) -> None:
    made = create(kubectl, namespace, session(owner="someone"))
    condition = {
        "type": "Ready",
        "status": "False",
        "reason": "PodStarting",
        "message": "The pod is being started.",
        "lastTransitionTime": "2026-01-01T00:00:00Z",
    }
    with_status(
        kubectl,
        made,
        phase="Pending",
        conditions=[condition],
        revision=7,
        url="https://preview-first.example.org/",
        podName="preview-first-1",
        lastActivityAt="2026-01-01T00:00:00Z",
        expiresAt="2126-01-01T00:00:00Z",
    )

    header, row = kubectl("get", "-n", namespace, "pvs").splitlines()
    assert header.split() == ["NAME", "PHASE", "READY", "REASON", "RUNTIME", "REVISION", "IDLE", "AGE"]
    assert row.split()[:6] == [ID, "Pending", "False", "PodStarting", "standard", "7"]

    header, row = kubectl("get", "-n", namespace, "pvs", "-o", "wide").splitlines()
    assert header.split()[8:] == ["OWNER", "URL", "POD", "EXPIRES"]
    assert row.split()[8:] == [
        "someone",
        "https://preview-first.example.org/",
        "preview-first-1",
        "2126-01-01T00:00:00Z",
    ]


def test_both_kinds_are_in_the_category_previews(kubectl: Kubectl, namespace: str) -> None:
    create(kubectl, namespace, session())
    create(kubectl, namespace, custom("PreviewRuntime", "standard", spec={"image": "localhost/runtime:1"}))
    listed = set(kubectl("get", "-n", namespace, "previews", "-o", "name").split())
    assert listed == {f"previewsession.{GROUP}/{ID}", f"previewruntime.{GROUP}/standard"}


def test_the_defaults_of_a_runtime_are_written_by_the_api_server(kubectl: Kubectl, namespace: str) -> None:
    made = create(kubectl, namespace, custom("PreviewRuntime", "standard", spec={"image": "localhost/runtime:1"}))
    assert made["spec"]["resources"]["limits"]["memory"]
    assert made["spec"]["limits"]["projectFiles"] > 0


def test_status_is_a_subresource(kubectl: Kubectl, namespace: str) -> None:
    made = create(kubectl, namespace, {**session(), "status": {"revision": 5}})
    assert "revision" not in made.get("status", {})


def test_a_runtime_can_be_scaled(kubectl: Kubectl, namespace: str) -> None:
    create(kubectl, namespace, custom("PreviewRuntime", "standard", spec={"image": "localhost/runtime:1"}))
    kubectl("scale", "-n", namespace, "pvr/standard", "--replicas=3")
    assert kubectl.json("get", "-n", namespace, "pvr", "standard")["spec"]["warm"]["minimum"] == 3


@pytest.mark.parametrize(
    "manifest",
    [
        pytest.param(custom("PreviewSession", ID), id="a session without a spec"),
        pytest.param(custom("PreviewSession", ID, spec={}), id="a session without a runtime"),
        pytest.param(session("guessable"), id="a session with a name that can be guessed"),
        pytest.param(session(runtimeRef={"name": "Not A Name"}), id="a runtime name that no object has"),
        pytest.param(session(owner=7), id="an owner that is a number"),
        pytest.param(session(owner=""), id="an empty owner"),
        pytest.param(session(owner="x" * 100_000), id="a huge owner"),
        pytest.param(session(owner="two\nlines"), id="an owner with a control character"),
        pytest.param(session(expiresAt="tomorrow"), id="an expiry that is no time"),
        pytest.param(session(ended={"at": "2026-01-01T00:00:00Z", "reason": "Bored"}), id="an unknown reason"),
        pytest.param(custom("PreviewRuntime", "bad", spec={}), id="a runtime without an image"),
        pytest.param(custom("PreviewRuntime", "bad", spec={"image": ""}), id="an empty image"),
        pytest.param(custom("PreviewRuntime", "bad", spec={"image": "x" * 100_000}), id="a huge image"),
        pytest.param(
            custom("PreviewRuntime", "bad", spec={"image": "i", "limits": {"pods": 0}}), id="a limit of no pods"
        ),
    ],
)
def test_an_invalid_object_is_refused(kubectl: Kubectl, namespace: str, manifest: dict[str, Any]) -> None:
    path = f"/apis/{GROUP}/v1alpha1/namespaces/{namespace}/{manifest['kind'].lower()}s"
    # Raw: what kubectl finds itself before it asks proves nothing of the API server.
    with pytest.raises(KubectlFailed, match=r"is invalid|Invalid"):
        kubectl("create", "--raw", path, "-f", "-", stdin=json.dumps(manifest))
