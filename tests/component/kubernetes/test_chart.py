"""The chart on a real API server: installed, upgraded, rolled back, removed; and the one-file install."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import helm_python
import pytest
import yaml
from e2e.cluster.controlplane import ControlPlane
from e2e.cluster.kubectl import Kubectl, KubectlFailed
from e2e.cluster.release import NAMESPACE, SESSIONS, Release
from helm import manifests, render

CEL_MINOR = 25
RUNTIMES = "previewruntimes.preview.coinnation.io"
UID = "jsonpath={.metadata.uid}"
pytestmark = pytest.mark.skipif(
    os.environ.get("KONTEXT_USE_KUBECONFIG") == "1", reason="installs and removes cluster-wide objects"
)


@pytest.fixture
def fresh() -> Iterator[ControlPlane]:
    """An API server that has not heard of us."""
    with ControlPlane() as plane:
        yield plane


@pytest.fixture
def chart(fresh: ControlPlane, tmp_path: Path) -> Path:
    """The chart; for a Kubernetes that knows no CEL, as if the CRDs had no rules."""
    copied = Path(shutil.copytree(render.CHART, tmp_path / render.CHART.name))
    if int(json.loads(fresh.kubectl("get", "--raw", "/version"))["minor"].rstrip("+")) < CEL_MINOR:
        for path in (copied / "crds-source").glob("*.yaml"):
            path.write_text(yaml.safe_dump(without_rules(yaml.safe_load(path.read_text()))))
    return copied


def without_rules(part: Any) -> Any:
    if isinstance(part, dict):
        return {name: without_rules(value) for name, value in part.items() if name != "x-kubernetes-validations"}
    return [without_rules(value) for value in part] if isinstance(part, list) else part


def runtimes(kubectl: Kubectl) -> dict[str, dict[str, Any]]:
    return {one["metadata"]["name"]: one for one in kubectl.json("get", RUNTIMES, "--namespace", SESSIONS)["items"]}


def test_a_release_is_installed_upgraded_rolled_back_and_removed(fresh: ControlPlane, chart: Path) -> None:
    """With the CRDs in it: the first install cannot hold runtimes, later ones take them over and never replace them."""
    kubectl = fresh.kubectl
    kubectl("create", "namespace", NAMESPACE)

    def helm(action: Callable[[helm_python.Config], object]) -> None:
        with helm_python.Config(kubeconfig_path=fresh.kubeconfig, namespace=NAMESPACE) as config:
            action(config)

    helm(lambda config: config.install(chart, render.NAME, {}))
    made = runtimes(kubectl)["default"]
    assert made["spec"]["warm"]["minimum"] == 0

    more = {"runtimes": {"default": {"warm": {"minimum": 2}}, "second": {}}}
    helm(lambda config: config.upgrade(chart, render.NAME, more))
    upgraded = runtimes(kubectl)
    assert upgraded["default"]["metadata"]["uid"] == made["metadata"]["uid"]
    assert upgraded["default"]["spec"]["warm"]["minimum"] == 2
    assert set(upgraded) == {"default", "second"}

    # No values at all would mean those of before.
    helm(lambda config: config.upgrade(chart, render.NAME, {"logLevel": "debug"}))
    assert set(runtimes(kubectl)) == {"default"}
    assert runtimes(kubectl)["default"]["metadata"]["uid"] == made["metadata"]["uid"]

    helm(lambda config: config.rollback(render.NAME, version=1))
    assert set(runtimes(kubectl)) == {"default"}

    helm(lambda config: config.uninstall(render.NAME))
    kubectl("wait", "--for=delete", f"namespace/{SESSIONS}", "--timeout=50s")
    assert RUNTIMES in kubectl("get", "crd", "--output=name")
    assert kubectl("get", "roles,rolebindings,deployments,services", "--namespace", NAMESPACE) == ""


def test_helm_test_makes_its_pod_and_believes_it(fresh: ControlPlane, chart: Path) -> None:
    """And neither the install nor the upgrade makes one."""
    kubectl = fresh.kubectl
    kubectl("create", "namespace", NAMESPACE)
    with helm_python.Config(kubeconfig_path=fresh.kubeconfig, namespace=NAMESPACE) as config:
        config.install(chart, render.NAME, {})
        config.upgrade(chart, render.NAME, {"logLevel": "debug"})
        assert "kontext-preview-test" not in kubectl("get", "pods", "--namespace", NAMESPACE, "--output=name")

        ended_as(kubectl, "Succeeded", lambda: config.test(render.NAME, timeout=60))
        with pytest.raises(helm_python.HelmError, match="kontext-preview-test"):
            ended_as(kubectl, "Failed", lambda: config.test(render.NAME, timeout=60))


def ended_as(kubectl: Kubectl, phase: str, test: Callable[[], object]) -> None:
    """`test`, while its pod is given a new end; no kubelet is here to run it."""
    path = f"/api/v1/namespaces/{NAMESPACE}/pods/kontext-preview-test"
    before = kubectl("get", "--namespace", NAMESPACE, "pod", "kontext-preview-test", "--ignore-not-found", "-o", UID)
    with ThreadPoolExecutor(1) as running:
        result = running.submit(test)
        deadline = time.monotonic() + 60
        while not result.done() and time.monotonic() < deadline:
            try:
                pod = kubectl.json("get", "--namespace", NAMESPACE, "pod", "kontext-preview-test")
                if pod["metadata"]["uid"] != before:
                    kubectl("replace", "--raw", f"{path}/status", "-f", "-", stdin={**pod, "status": {"phase": phase}})
                    break
            except KubectlFailed:
                pass  # not there yet, or changed meanwhile
            time.sleep(0.1)
        result.result()


def test_the_test_clusters_way_of_installing_it_works_twice(fresh: ControlPlane) -> None:
    release = Release(fresh.kubectl)
    assert release.values() is None
    release.install({"domain": "one.example.org"})
    release.install({"domain": "two.example.org"})
    values = release.values()
    assert values is not None
    assert values["domain"] == "two.example.org"
    [rule] = fresh.kubectl.json("get", "ingress", "kontext-preview-waker", "--namespace", SESSIONS)["spec"]["rules"]
    assert rule["host"] == "*.two.example.org"
    # policy/v1 came with 1.21: where there is none, the chart does without.
    budgets = fresh.kubectl("get", "poddisruptionbudgets", "--namespace", NAMESPACE, "--output=name")
    assert bool(budgets) == ("policy/v1\n" in fresh.kubectl("api-versions"))
    check_rights(fresh.kubectl)


def check_rights(kubectl: Kubectl) -> None:
    """As the API server sees them."""

    def may(component: str, verb: str, resource: str, namespace: str) -> bool:
        home = SESSIONS if component == "waker" else NAMESPACE
        user = f"--as=system:serviceaccount:{home}:kontext-preview-{component}"
        try:
            return kubectl("auth", "can-i", verb, resource, user, f"--namespace={namespace}").strip() == "yes"
        except KubectlFailed:
            return False

    sessions = "previewsessions.preview.coinnation.io"
    assert may("api", "create", sessions, SESSIONS)
    assert may("api", "get", "secrets/kontext-preview", NAMESPACE)
    assert may("operator", "create", "pods", SESSIONS)
    assert may("operator", "patch", sessions + "/status", SESSIONS) or may("operator", "patch", sessions, SESSIONS)
    assert may("waker", "patch", sessions, SESSIONS)
    for component in ("api", "operator", "waker"):
        assert not may(component, "get", "secrets", SESSIONS)
        assert not may(component, "list", "secrets", NAMESPACE)
        assert not may(component, "get", "secrets/other", NAMESPACE)
        assert not may(component, "create", "pods", NAMESPACE)
        assert not may(component, "list", "pods", "default")
    assert not may("api", "create", "pods", SESSIONS)
    assert not may("waker", "list", sessions, SESSIONS)


def test_the_one_file_install_and_the_samples_apply(fresh: ControlPlane) -> None:
    kubectl = fresh.kubectl
    kubectl("apply", "--validate=false", "-f", str(manifests.INSTALL))
    kubectl("wait", "--for=condition=Established", f"crd/{RUNTIMES}", "--timeout=30s")
    samples = manifests.RUNTIME.parent
    kubectl("apply", "-f", str(samples))
    assert set(runtimes(kubectl)) == {"default", "sandboxed"}
    listed = kubectl("get", "deployments", "--all-namespaces", "--output=name").split()
    assert len(listed) == 3
    # Applied again, nothing changes: what is written is what is read back, but for rules that an old server drops.
    again = kubectl("apply", "--validate=false", "-f", str(manifests.INSTALL), "-f", str(samples)).splitlines()
    changed = [line for line in again if not line.endswith("unchanged")]
    assert not [line for line in changed if not line.startswith("customresourcedefinition")]
