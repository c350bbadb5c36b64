"""The whole cluster: an image without a registry becomes a pod behind a Service and an Ingress; `down` removes all.

Not part of the ordinary run: it takes the machine's cluster up and down. `python -m pytest e2e/cluster` as root.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from e2e.cluster import image, ingress, network
from e2e.cluster.binaries import binaries
from e2e.cluster.kubectl import Kubectl
from e2e.cluster.machine import FOLDER, Machine
from e2e.processes import free_port

IMAGE = "localhost/hello:1"
HOST = "preview-hello.example.org"
PROGRAM = (
    "require('http').createServer((_, r) => r.end('hello')).listen(8000, () => console.log('listening'));"
    "process.on('SIGTERM', () => process.exit())"
)
# An address that documentation may use: nobody has it.
OUTSIDE = (
    "require('net').connect(443, '192.0.2.1')"
    ".on('error', error => { console.log(error.code); process.exit() }).on('connect', () => process.exit())"
)
PATIENCE_S = 60.0

pytestmark = pytest.mark.timeout(300, func_only=True)


def eventually(ready: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not ready():
        assert time.monotonic() < deadline
        time.sleep(0.1)


@pytest.fixture(scope="module")
def port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def cluster(port: int) -> Iterator[Machine]:
    assert not FOLDER.exists(), "a cluster runs here already: python -m e2e.cluster down"
    machine = Machine(binaries(), lambda line: print(line, file=sys.stderr))
    try:
        machine.up(port)
        yield machine
    finally:
        machine.down()


@pytest.fixture(scope="module")
def kubectl(cluster: Machine) -> Kubectl:
    return cluster.kubectl


def node_image(folder: Path) -> Path:
    """Node and its libraries, as they are on this machine."""
    layer = folder / "layer"
    found = shutil.which("node")
    assert found
    linked = subprocess.run(["ldd", found], check=True, capture_output=True, text=True).stdout.split()
    for path in {found, *(word for word in linked if word.startswith("/"))}:
        target = layer / path.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)
    archive = folder / "hello.tar"
    image.write(IMAGE, archive, [layer], {"Entrypoint": [found, "-e", PROGRAM], "User": "1000"})
    return archive


def workload() -> dict[str, Any]:
    labels = {"app": "hello"}
    container = {
        "name": "hello",
        "image": IMAGE,
        "imagePullPolicy": "Never",
        "readinessProbe": {"httpGet": {"port": 8000, "path": "/"}, "periodSeconds": 1},
        "securityContext": {
            "runAsNonRoot": True,
            "readOnlyRootFilesystem": True,
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "resources": {"limits": {"cpu": "1", "memory": "128Mi"}},
    }
    pod = {"automountServiceAccountToken": False, "enableServiceLinks": False, "containers": [container]}
    backend = {"service": {"name": "hello", "port": {"number": 80}}}
    rule = {"host": HOST, "http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": backend}]}}
    ports = [{"port": 80, "targetPort": 8000, "protocol": "TCP"}]
    return {
        "apiVersion": "v1",
        "kind": "List",
        "items": [
            {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "hello", "labels": labels}, "spec": pod},
            {
                "apiVersion": "v1",
                "kind": "Service",
                "metadata": {"name": "hello"},
                "spec": {"selector": labels, "ports": ports},
            },
            {
                "apiVersion": "networking.k8s.io/v1",
                "kind": "Ingress",
                "metadata": {"name": "hello"},
                "spec": {"ingressClassName": ingress.CLASS, "rules": [rule]},
            },
        ],
    }


def asked(address: str, port: int, host: str) -> str | None:
    """Body of a 200."""
    connection = HTTPConnection(address, port, timeout=5)
    with suppress(OSError):
        connection.request("GET", "/", headers={"Host": host})
        response = connection.getresponse()
        body = response.read().decode()
        connection.close()
        return body if response.status == 200 else None
    return None


def test_an_image_without_a_registry_is_served_through_service_and_ingress(
    cluster: Machine, kubectl: Kubectl, port: int, tmp_path: Path
) -> None:
    cluster.load(node_image(tmp_path))
    kubectl("apply", "-f", "-", stdin=workload())
    kubectl("wait", "--for=condition=Ready", "pod/hello", "--timeout=50s")

    service = kubectl.json("get", "service", "hello")["spec"]["clusterIP"]
    eventually(lambda: asked(service, 80, "hello") == "hello")
    eventually(lambda: asked("127.0.0.1", port, HOST) == "hello")
    assert asked("127.0.0.1", port, "preview-other.example.org") is None


def test_only_the_api_server_gives_kubelet_orders(kubectl: Kubectl) -> None:
    assert kubectl("logs", "hello") == "listening\n"
    done = subprocess.run(
        ["curl", "-sk", "-o", "/dev/null", "-w", "%{http_code}", "https://198.18.0.1:10250/pods"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "401"


def test_pods_have_no_way_out_of_the_machine(kubectl: Kubectl) -> None:
    assert kubectl("exec", "hello", "--", str(shutil.which("node")), "-e", OUTSIDE) == "ECONNREFUSED\n"


def test_a_deleted_pod_is_gone(kubectl: Kubectl) -> None:
    kubectl("delete", "pod", "hello", "--timeout=50s")
    assert kubectl("get", "pods", "-o", "name") == ""


def test_down_leaves_no_trace(cluster: Machine) -> None:
    cluster.down()
    assert not FOLDER.exists()
    assert not network.exists()
    assert not network.foreign()
    assert str(FOLDER) not in Path("/proc/mounts").read_text()
    running = subprocess.run(["ps", "-eo", "args"], check=True, capture_output=True, text=True).stdout
    assert str(FOLDER) not in running
