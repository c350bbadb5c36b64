"""A cluster of `kind`, where a Docker daemon answers: the same chart, the same tests, a newer Kubernetes.

Images are built with the product's Dockerfiles, Traefik runs in the cluster, one port of 127.0.0.1 leads to it.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import platformdirs

from e2e.cluster import ingress
from e2e.cluster.images import CONTROL_PLANE, RUNTIME, Images, Loadable
from e2e.cluster.kubectl import Kubectl
from e2e.cluster.layers import contents
from e2e.cluster.node import POD_PIDS
from e2e.modules import CHECKOUT

NAME = "kontext-preview"
_NODE = f"{NAME}-control-plane"
# The first one pulls the node's image, 1 GB.
_CREATE_SECONDS = 900
_BUILD_SECONDS = 1800
_CALL_SECONDS = 120
# 3.6 speaks to every Kubernetes that kind starts; a bare machine's 3.0 does not.
_TRAEFIK = "traefik:v3.6"
_NAMESPACE = "ingress"
# kind's own default for pods.
_PODS = "10.244.0.0/16"
# As on a bare machine: see `node`.
_KUBELET = {"apiVersion": "kubelet.config.k8s.io/v1beta1", "kind": "KubeletConfiguration", "podPidsLimit": POD_PIDS}
# What an image is built from; all other files of the checkout leave it as it is.
_INPUTS = {
    CONTROL_PLANE: ("api", "core", "operator", "runtime", "requirements", "pyproject.toml", "README.md", "LICENSE"),
    RUNTIME: ("runtime",),
}
_DOCKERFILES = {CONTROL_PLANE: "api/Dockerfile", RUNTIME: "runtime/Dockerfile"}


class KindFailed(RuntimeError):
    """The message is what docker or kind wrote."""


def possible() -> bool:
    """kind is there, and a Docker daemon answers."""
    if shutil.which("kind") is None or shutil.which("docker") is None:
        return False
    try:
        asked = subprocess.run(["docker", "info"], capture_output=True, check=False, timeout=20)
    except subprocess.TimeoutExpired:
        return False
    return asked.returncode == 0


@dataclass(frozen=True)
class Built:
    """An image that Docker has."""

    name: str

    def write(self, archive: Path, known: Collection[str] = ()) -> None:
        _run(["docker", "save", "--output", str(archive), self.name], _CALL_SECONDS)


class Kind:
    ingress_class = ingress.CLASS
    proxy = _PODS

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say

    @property
    def kubeconfig(self) -> Path:
        return platformdirs.user_cache_path("kontext-preview") / "kind" / "kubeconfig"

    @property
    def kubectl(self) -> Kubectl:
        found = shutil.which("kubectl")
        if found is None:
            raise KindFailed("kubectl is not on PATH")
        return Kubectl(found, self.kubeconfig)

    def running(self) -> int | None:
        if NAME not in _run(["kind", "get", "clusters"], _CALL_SECONDS).split():
            return None
        # `127.0.0.1:8080`
        return int(_run(["docker", "port", _NODE, "80/tcp"], _CALL_SECONDS).split()[0].rpartition(":")[2])

    def up(self, port: int) -> Path:
        self.kubeconfig.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        running = self.running()
        if running is None:
            self._say("starting kind")
            command = ["kind", "create", "cluster", "--name", NAME, "--kubeconfig", str(self.kubeconfig)]
            _run([*command, "--wait", "120s", "--config", "-"], _CREATE_SECONDS, json.dumps(_config(port)))
        elif running != port:
            raise KindFailed(f"a cluster runs here already, its ingress controller on port {running}")
        else:
            _run(["kind", "export", "kubeconfig", "--name", NAME, "--kubeconfig", str(self.kubeconfig)], _CALL_SECONDS)
        self.kubectl("apply", "-f", "-", stdin=_traefik())
        self.kubectl("rollout", "status", f"--namespace={_NAMESPACE}", "deployment/traefik", "--timeout=50s")
        self._say(f"ingress controller on 127.0.0.1:{port}")
        return self.kubeconfig

    def down(self) -> None:
        _run(["kind", "delete", "cluster", "--name", NAME, "--kubeconfig", str(self.kubeconfig)], _CALL_SECONDS)
        shutil.rmtree(self.kubeconfig.parent, ignore_errors=True)

    def images(self) -> Images:
        return Images(self._built(CONTROL_PLANE), self._built(RUNTIME))

    def load(self, one: Loadable) -> None:
        listed = json.loads(_run(["docker", "exec", _NODE, "crictl", "images", "--output=json"], _CALL_SECONDS))
        if any(one.name in known["repoTags"] for known in listed["images"]):
            return
        self._say(f"loading {one.name}")
        with tempfile.TemporaryDirectory() as work:
            archive = Path(work, "image.tar")
            one.write(archive)
            _run(["kind", "load", "image-archive", str(archive), "--name", NAME], _CREATE_SECONDS)

    def _built(self, name: str) -> Built:
        listed = _run(
            ["git", "-C", str(CHECKOUT), "ls-files", "-zco", "--exclude-standard", "--", *_INPUTS[name]], _CALL_SECONDS
        )
        files = [CHECKOUT / file for file in listed.split("\0") if file]
        tagged = f"{name}:{contents((file for file in files if file.is_file()), CHECKOUT)[:12]}"
        self._say(f"building {tagged}")
        command = ["docker", "build", "--tag", tagged, "--file", str(CHECKOUT / _DOCKERFILES[name])]
        _run([*command, str(CHECKOUT)], _BUILD_SECONDS)
        return Built(tagged)


def _config(port: int) -> dict[str, Any]:
    mapping = {"containerPort": 80, "hostPort": port, "listenAddress": "127.0.0.1", "protocol": "TCP"}
    return {
        "kind": "Cluster",
        "apiVersion": "kind.x-k8s.io/v1alpha4",
        "networking": {"podSubnet": _PODS},
        "nodes": [{"role": "control-plane", "extraPortMappings": [mapping]}],
        "kubeadmConfigPatches": [json.dumps(_KUBELET)],
    }


def _traefik() -> dict[str, Any]:
    """The class and the rights as on a bare machine, the rights for a service account; the controller itself."""
    shared = ingress.manifests()["items"]
    assert isinstance(shared, list)
    account = {"kind": "ServiceAccount", "name": "traefik", "namespace": _NAMESPACE}
    for item in shared:
        if item["kind"] == "ClusterRoleBinding":
            item["subjects"] = [account]
        elif item["kind"] == "ClusterRole":
            # Since 3.1 it follows slices instead of endpoints, and asks for nodes.
            read = ["get", "list", "watch"]
            item["rules"] += [
                {"apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"], "verbs": read},
                {"apiGroups": [""], "resources": ["nodes", "namespaces"], "verbs": read},
            ]
    labels = {"app": "traefik"}
    container = {
        "name": "traefik",
        "image": _TRAEFIK,
        "args": [
            "--entrypoints.web.address=:8000",
            "--entrypoints.web.transport.lifecycle.gracetimeout=1s",
            "--providers.kubernetesingress=true",
            f"--providers.kubernetesingress.ingressclass={ingress.CLASS}",
            "--providers.kubernetesingress.ingressendpoint.ip=127.0.0.1",
            "--providers.kubernetesingress.throttleduration=0s",
            "--global.checknewversion=false",
            "--global.sendanonymoususage=false",
        ],
        "ports": [{"name": "web", "containerPort": 8000, "hostPort": 80, "protocol": "TCP"}],
        "readinessProbe": {"tcpSocket": {"port": "web"}, "periodSeconds": 1},
    }
    pod = {
        "serviceAccountName": "traefik",
        "containers": [container],
        "tolerations": [{"key": "node-role.kubernetes.io/control-plane", "operator": "Exists"}],
    }
    deployment = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "traefik", "namespace": _NAMESPACE},
        # The old one holds the port until it is gone.
        "spec": {
            "strategy": {"type": "Recreate"},
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": pod},
        },
    }
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": _NAMESPACE}}
    own = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "traefik", "namespace": _NAMESPACE}}
    return {"apiVersion": "v1", "kind": "List", "items": [namespace, own, *shared, deployment]}


def _run(command: list[str], limit: float, stdin: str | None = None) -> str:
    done = subprocess.run(command, input=stdin, capture_output=True, text=True, timeout=limit, check=False)
    if done.returncode:
        raise KindFailed(f"{' '.join(command[:3])} failed:\n{done.stderr[-3000:]}")
    return done.stdout
