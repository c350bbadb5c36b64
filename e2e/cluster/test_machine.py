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

from e2e.cluster import bare, controlimage, image, ingress, network
from e2e.cluster.binaries import binaries
from e2e.cluster.images import Images, Loadable, build
from e2e.cluster.kubectl import Kubectl
from e2e.cluster.machine import FOLDER, ClusterFailed, Machine
from e2e.cluster.runtimeimage import PROFILE
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


def eventually(ready: Callable[[], object], seconds: float = PATIENCE_S) -> None:
    deadline = time.monotonic() + seconds
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


def asked(address: str, port: int, host: str, path: str = "/") -> str | None:
    """Body of a 200."""
    connection = HTTPConnection(address, port, timeout=5)
    with suppress(OSError):
        connection.request("GET", path, headers={"Host": host})
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


def product_pod(name: str, one: Loadable, **container: object) -> dict[str, Any]:
    """As the chart and the operator make pods: a numbered user, nothing to write to but what is mounted."""
    mounts = [{"name": "work", "mountPath": path, "subPath": path[1:]} for path in ("/session", "/tmp")]
    security = {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}}
    spec = {
        "restartPolicy": "Never",
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
        "volumes": [{"name": "work", "emptyDir": {}}],
        "containers": [
            {"name": name, "image": one.name, "volumeMounts": mounts, "securityContext": security, **container}
        ],
    }
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": {"app": name}}, "spec": spec}


@pytest.fixture(scope="module")
def images(cluster: Machine) -> Images:
    built = build(cluster.say)
    for one in built:
        bare.load(cluster, one)
    return built


def test_an_image_is_loaded_once(cluster: Machine, images: Images, tmp_path: Path) -> None:
    """And its layers are read once: what a changed program costs is its own layer."""
    for one in images:
        assert cluster.has(one.name)
        archive = tmp_path / "image.tar"
        one.write(archive, cluster.layers())
        assert archive.stat().st_size < 1_000_000


def test_the_runtimes_image_serves_in_a_locked_pod(kubectl: Kubectl, images: Images) -> None:
    settings = {
        "KP_SESSION_DIR": "/session",
        "KP_CATALOGUE_DIR": f"/catalogue/{PROFILE}",
        "KP_PREVIEW_PORT": "8080",
        "KP_CONTROL_PORT": "9001",
        "KP_PREVIEW_HOST": "*",
        "KP_CONTROL_HOST": "*",
        "KP_CONTROL_TOKEN": "token",
        "KP_PUBLIC_URL": f"http://{HOST}/",
        "KP_KEEP_STDIN": "1",
    }
    env = [{"name": name, "value": value} for name, value in settings.items()]
    probe = {"httpGet": {"port": 9001, "path": "/healthz"}, "periodSeconds": 1}
    kubectl("apply", "-f", "-", stdin=product_pod("runtime", images.runtime, env=env, readinessProbe=probe))
    kubectl("wait", "--for=condition=Ready", "pod/runtime", "--timeout=50s")
    address = kubectl.json("get", "pod", "runtime")["status"]["podIP"]
    eventually(lambda: asked(address, 9001, address, "/healthz") is not None)
    kubectl("delete", "pod", "runtime", "--timeout=50s")


def test_the_control_planes_image_starts_in_a_locked_pod(kubectl: Kubectl, images: Images) -> None:
    script = (
        "import kopf, kubernetes.aio.client, preview_api.app, preview_core.analysis, os; "
        "from preview_api.catalogue import packages; packages()['react']; print(os.getuid())"
    )
    command = ["python3", "-c", script]
    kubectl("apply", "-f", "-", stdin=product_pod("control", images.control_plane, command=command))
    eventually(lambda: kubectl.json("get", "pod", "control")["status"]["phase"] in ("Succeeded", "Failed"))
    assert kubectl("logs", "control") == f"{controlimage.USER}\n"
    kubectl("delete", "pod", "control", "--timeout=50s")


def test_the_cluster_of_another_port_is_not_taken_over(cluster: Machine) -> None:
    with pytest.raises(ClusterFailed, match="runs here already"):
        cluster.up(free_port())


def test_a_deleted_pod_is_gone(kubectl: Kubectl) -> None:
    # A busy kubelet has taken more than a minute for it, and a call of kubectl may not.
    kubectl("delete", "pod", "hello", "--ignore-not-found", "--wait=false")
    eventually(lambda: kubectl("get", "pods", "-o", "name") == "", seconds=150)


def test_down_leaves_no_trace(cluster: Machine) -> None:
    cluster.down()
    assert not FOLDER.exists()
    assert not network.exists()
    assert not network.foreign()
    assert str(FOLDER) not in Path("/proc/mounts").read_text()
    running = subprocess.run(["ps", "-eo", "args"], check=True, capture_output=True, text=True).stdout
    assert str(FOLDER) not in running
