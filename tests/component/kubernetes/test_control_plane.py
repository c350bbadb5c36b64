"""What the tests of this folder stand on: a real API server with a real controller manager."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from e2e.cluster.controlplane import ControlPlane
from e2e.cluster.kubectl import Kubectl, KubectlFailed
from e2e.cluster.scratch import scratch

# The garbage collector answers within a second on a quiet machine.
PATIENCE_S = 60.0
BORROWED = os.environ.get("KONTEXT_USE_KUBECONFIG") == "1"
CHECKOUT = Path(__file__).parents[3]


def config_map(name: str, **data: str) -> dict[str, object]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}


def test_the_api_server_answers(kubectl: Kubectl) -> None:
    assert kubectl("get", "--raw", "/readyz") == "ok"


def test_a_namespace_can_be_made(kubectl: Kubectl, namespace: str) -> None:
    assert kubectl.json("get", "namespace", namespace)["status"]["phase"] == "Active"


def test_a_put_with_an_old_resource_version_is_a_409(kubectl: Kubectl, namespace: str) -> None:
    first = kubectl.json("create", "-n", namespace, "-f", "-", stdin=config_map("files", revision="1"))
    path = f"/api/v1/namespaces/{namespace}/configmaps/files"
    kubectl("replace", "--raw", path, "-f", "-", stdin={**first, "data": {"revision": "2"}})

    with pytest.raises(KubectlFailed, match="409 Conflict"):
        kubectl("-v=6", "replace", "--raw", path, "-f", "-", stdin={**first, "data": {"revision": "3"}})

    assert kubectl.json("get", "-n", namespace, "configmap", "files")["data"] == {"revision": "2"}


def test_what_an_object_owns_goes_with_it(kubectl: Kubectl, namespace: str) -> None:
    owner = kubectl.json("create", "-n", namespace, "-f", "-", stdin=config_map("owner"))
    owned = config_map("owned")
    owned["metadata"] = {
        "name": "owned",
        "ownerReferences": [
            {"apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": owner["metadata"]["uid"]}
        ],
    }
    kubectl("create", "-n", namespace, "-f", "-", stdin=owned)

    kubectl("delete", "-n", namespace, "configmap", "owner")

    deadline = time.monotonic() + PATIENCE_S
    while "owned" in kubectl("get", "-n", namespace, "configmaps", "-o", "name"):
        assert time.monotonic() < deadline, "not collected: is a kube-controller-manager in KUBEBUILDER_ASSETS?"
        time.sleep(0.1)


def test_an_empty_text_of_a_custom_resource_is_no_null(kubectl: Kubectl, namespace: str) -> None:
    text = {"type": "object", "properties": {"text": {"type": "string"}}}
    schema = {"openAPIV3Schema": {"type": "object", "properties": {"spec": text}}}
    group = f"{namespace}.example.org"
    definition = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"notes.{group}"},
        "spec": {
            "group": group,
            "scope": "Namespaced",
            "names": {"kind": "Note", "plural": "notes"},
            "versions": [{"name": "v1", "served": True, "storage": True, "schema": schema}],
        },
    }
    kubectl("create", "-f", "-", stdin=definition)
    kubectl("wait", "--for=condition=Established", f"crd/notes.{group}", "--timeout=30s")
    path = f"/apis/{group}/v1/namespaces/{namespace}/notes"
    note = {"apiVersion": f"{group}/v1", "kind": "Note", "metadata": {"name": "empty"}, "spec": {"text": ""}}

    made = json.loads(kubectl("create", "--raw", path, "-f", "-", stdin=note))

    assert made["spec"] == {"text": ""}
    kubectl("delete", "crd", f"notes.{group}", "--wait=false")


@pytest.fixture
def second() -> Iterator[ControlPlane]:
    """A control plane beside the one of the run, to be broken."""
    if BORROWED:
        pytest.skip("KONTEXT_USE_KUBECONFIG=1: no control plane of our own")
    with ControlPlane() as plane:
        yield plane


def test_a_second_one_runs_beside_it_and_keeps_its_data_when_its_api_server_restarts(
    kubectl: Kubectl, second: ControlPlane
) -> None:
    second.kubectl("create", "namespace", "only-here")
    assert "only-here" not in kubectl("get", "namespaces", "-o", "name")

    second.stop_api_server()
    with pytest.raises(KubectlFailed):
        second.kubectl("get", "--raw", "/readyz")
    second.start_api_server()

    assert "only-here" in second.kubectl("get", "namespaces", "-o", "name")


def alive(pid: int) -> bool:
    """Runs, and is no zombie that waits for its parent."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


@pytest.mark.skipif(BORROWED, reason="KONTEXT_USE_KUBECONFIG=1: no control plane of our own")
def test_it_dies_with_the_process_that_started_it_and_the_next_one_sweeps_its_folder() -> None:
    script = (
        "import time; from e2e.cluster.controlplane import ControlPlane\n"
        "with ControlPlane() as plane:\n"
        "    print(*(process.pid for process in plane.processes.values()), plane.plane.folder, flush=True)\n"
        "    time.sleep(600)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", script], cwd=CHECKOUT, stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    with parent.stdout:
        *pids, folder = parent.stdout.readline().split()
    assert len(pids) == 3, "etcd, kube-apiserver, kube-controller-manager"
    assert all(alive(int(pid)) for pid in pids)

    parent.send_signal(signal.SIGKILL)
    parent.wait()

    deadline = time.monotonic() + PATIENCE_S
    while any(alive(int(pid)) for pid in pids):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert Path(folder).exists()
    with scratch("kontext-control-plane"):
        assert not Path(folder).exists()
