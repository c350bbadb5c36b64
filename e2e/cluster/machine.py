"""A whole one-node cluster on this machine: up, and down without a trace. Needs root on Debian 12."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from e2e.cluster import image, ingress, network, traces
from e2e.cluster.answers import answers
from e2e.cluster.binaries import Binaries
from e2e.cluster.commands import POD_NETWORK, Plane
from e2e.cluster.daemons import Daemons
from e2e.cluster.identity import ADMIN, Identity
from e2e.cluster.kubectl import Kubectl
from e2e.cluster.lock import exclusively
from e2e.cluster.node import NAME, PAUSE_IMAGE, Node

# Not in a cache or home folder: layers and volumes want a plain disk, and everybody's `down` has to find it.
FOLDER = Path("/var/lib/kontext-preview/cluster")
ETCD_PORT = 12379
API_PORT = 16443
INGRESS_PORT = 8080
_PACKAGES = {"iptables": "iptables", "conntrack": "conntrack", "ip": "iproute2", "openssl": "openssl"}
_KERNEL = ("net.ipv4.ip_forward=1", "net.bridge.bridge-nf-call-iptables=1")
# With it every pod's link gets an address when it comes, which Chromium takes for a move to another network: it fails
# the requests that are under way (net::ERR_NETWORK_CHANGED). A kernel without IPv6 has no such setting (`-e`).
_NO_LINK_ADDRESSES = "net.ipv6.conf.default.disable_ipv6=1"
# Ready takes 13 s on 2 quiet cores.
_READY_SECONDS = 180
_PAUSE_SECONDS = 0.1
# An API server waits up to a minute for open watches, which here are those of processes that are gone.
_API_SERVER_SECONDS = 1
_STOP_SECONDS = 10


class ClusterFailed(RuntimeError):
    """The message says what to do or where to look."""


@dataclass
class Machine:
    """The cluster in FOLDER, running or not. `say` gets a line per step."""

    binaries: Binaries
    say: Callable[[str], None]

    def __post_init__(self) -> None:
        self.identity = Identity(FOLDER / "pki", f"https://{POD_NETWORK}.1:{API_PORT}", (NAME,))
        # Of the cluster that runs, if one does.
        self.identity.read()
        client, key = self.identity.folder / "kubelet-client.crt", self.identity.folder / "kubelet-client.key"
        flags = (f"--kubelet-client-certificate={client}", f"--kubelet-client-key={key}")
        self.plane = Plane(self.binaries, FOLDER, self.identity, f"{POD_NETWORK}.1", ETCD_PORT, API_PORT, flags)
        self.node = Node(self.plane, client)
        self.daemons = Daemons(FOLDER / "processes")

    @property
    def kubectl(self) -> Kubectl:
        return Kubectl(self.binaries.kubectl, self.identity.kubeconfig(ADMIN))

    def up(self, port: int) -> Path:
        """Start what does not run. Answers the kubeconfig of an administrator."""
        with exclusively(self.say):
            return self._up(port)

    def down(self) -> None:
        """Stop all of it and put the machine back. A second call, or one after half an `up`, finishes the rest."""
        with exclusively(self.say):
            self._down()

    def _up(self, port: int) -> Path:
        self._check()
        if self.port not in (None, port):
            raise ClusterFailed(f"a cluster runs here already, its ingress controller on port {self.port}")
        FOLDER.mkdir(parents=True, exist_ok=True, mode=0o700)
        traces.note(FOLDER / "machine.json")
        subprocess.run(["sysctl", "-qew", _NO_LINK_ADDRESSES], check=True)
        network.up()
        for setting in _KERNEL:
            subprocess.run(["sysctl", "-qw", setting], check=True)
        self.identity.write()
        self._kubelet_client()
        self._control_plane()
        self._node()
        self.kubectl("apply", "-f", "-", stdin=ingress.manifests())
        self.daemons.start("traefik", ingress.traefik(self.plane, port))
        self._until("traefik", lambda: _listens(port))
        self._port_file.write_text(str(port))
        self.say(f"ingress controller on 127.0.0.1:{port}")
        return self.identity.kubeconfig(ADMIN)

    def _down(self) -> None:
        for name in ("traefik", "kubelet", "kube-proxy", "kube-scheduler", "kube-controller-manager"):
            self.daemons.stop(name, _STOP_SECONDS)
        if self.daemons.pid("containerd") is not None:
            self._containers()
        self.daemons.stop("containerd", _STOP_SECONDS)
        self.daemons.stop("kube-apiserver", _API_SERVER_SECONDS)
        self.daemons.stop("etcd", _STOP_SECONDS)
        for line in reversed(Path("/proc/mounts").read_text().splitlines()):
            mount = line.split()[1].encode().decode("unicode_escape")
            if mount.startswith(f"{FOLDER}/"):
                subprocess.run(["umount", "--lazy", mount], check=False, capture_output=True)
        if network.exists():
            network.down()
        for groups in Path("/sys/fs/cgroup").glob("**/kubepods"):
            for group in sorted((groups, *groups.glob("**/")), reverse=True):
                with suppress(OSError):
                    group.rmdir()
        traces.erase(FOLDER / "machine.json")
        shutil.rmtree(FOLDER, ignore_errors=True)
        with suppress(OSError):
            FOLDER.parent.rmdir()

    @property
    def port(self) -> int | None:
        """Of the ingress controller, while it runs."""
        if self.daemons.pid("traefik") is None or not self._port_file.exists():
            return None
        return int(self._port_file.read_text())

    @property
    def _port_file(self) -> Path:
        return FOLDER / "port"

    def has(self, image_name: str) -> bool:
        """Whether the node has that image."""
        return image_name in self._listed("images", "ls", "-q")

    def layers(self) -> set[str]:
        """Digests of what containerd has: layers, and more."""
        return set(self._listed("content", "ls", "-q"))

    def load(self, archive: Path) -> None:
        """Make the image in an OCI archive known to the node. Pods name it with `imagePullPolicy: Never`."""
        subprocess.run(self.node.ctr("images", "import", str(archive)), check=True, capture_output=True)

    def _check(self) -> None:
        if os.geteuid() != 0:
            raise ClusterFailed("a node needs root; the control plane alone does not: e2e/cluster/controlplane.py")
        if not network.exists() and shutil.which("iptables-save") and network.foreign():
            raise ClusterFailed("another Kubernetes runs on this machine, whose rules `down` could not tell from ours")
        if missing := [package for tool, package in _PACKAGES.items() if shutil.which(tool) is None]:
            self.say(f"installing {' '.join(missing)}")
            env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
            subprocess.run(["apt-get", "update", "-qq"], check=True, env=env)
            subprocess.run(
                ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *missing], check=True, env=env
            )

    def _control_plane(self) -> None:
        self.daemons.start("etcd", self.plane.etcd())
        self.daemons.start("kube-apiserver", self.plane.api_server())
        self._until("kube-apiserver", lambda: answers(self.plane, "/readyz") is not None)
        self.daemons.start("kube-controller-manager", self.plane.controller_manager())
        account = "/api/v1/namespaces/default/serviceaccounts/default"
        self._until("kube-controller-manager", lambda: '"secrets"' in (answers(self.plane, account) or ""))
        self.daemons.start("kube-scheduler", self.plane.scheduler())
        self.say("control plane ready")

    def _node(self) -> None:
        self.daemons.start("containerd", self.node.containerd(), self.node.path)
        self._until("containerd", lambda: _succeeds(self.node.ctr("version")))
        if PAUSE_IMAGE not in self._listed("images", "ls", "-q"):
            self._pause()
        self.daemons.start("kubelet", self.node.kubelet(), {"AWS_EC2_METADATA_DISABLED": "true"})
        self.daemons.start("kube-proxy", self.node.proxy())
        self._until("kubelet", self._ready)
        self.say(f"node {NAME} ready")

    def _ready(self) -> bool:
        node = json.loads(answers(self.plane, f"/api/v1/nodes/{NAME}") or '{"status": {}}')
        states = {entry["type"]: entry["status"] for entry in node["status"].get("conditions", [])}
        return states.get("Ready") == "True"

    def _pause(self) -> None:
        with tempfile.TemporaryDirectory() as work:
            layer, archive = Path(work, "layer"), Path(work, "pause.tar")
            layer.mkdir()
            shutil.copy(self.binaries.path("pause"), layer / "pause")
            image.write(PAUSE_IMAGE, archive, [layer], {"Entrypoint": ["/pause"]})
            self.load(archive)

    def _kubelet_client(self) -> None:
        if self.node.authority.exists():
            return
        key = self.node.authority.with_suffix(".key")
        command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
        command += ["-days", "365", "-subj", "/O=system:masters/CN=kube-apiserver", "-keyout", str(key)]
        command += ["-addext", "extendedKeyUsage=clientAuth", "-out", str(self.node.authority)]
        subprocess.run(command, check=True, capture_output=True)

    def _containers(self) -> None:
        """Sandboxes' network namespaces are mounts outside our folder; only containerd's records say which are ours."""
        for task in self._listed("tasks", "ls", "-q"):
            subprocess.run(self.node.ctr("tasks", "rm", "-f", task), check=False, capture_output=True)
        for container in self._listed("containers", "ls", "-q"):
            done = subprocess.run(
                self.node.ctr("containers", "info", container), capture_output=True, text=True, check=False
            )
            spaces = json.loads(done.stdout or "{}").get("Spec", {}).get("linux", {}).get("namespaces", [])
            for space in spaces:
                name = Path(space.get("path", "")).name
                if space["type"] == "network" and name.startswith("cni-"):
                    subprocess.run(["ip", "netns", "del", name], check=False, capture_output=True)
            subprocess.run(self.node.ctr("containers", "rm", container), check=False, capture_output=True)

    def _listed(self, *arguments: str) -> list[str]:
        done = subprocess.run(self.node.ctr(*arguments), capture_output=True, text=True, check=False, timeout=20)
        return done.stdout.split()

    def _until(self, name: str, ready: Callable[[], bool]) -> None:
        deadline = time.monotonic() + _READY_SECONDS
        while not ready():
            if self.daemons.pid(name) is None or time.monotonic() > deadline:
                log = self.daemons.log(name)
                raise ClusterFailed(f"{name} did not become ready, the end of {log}:\n{log.read_text()[-3000:]}")
            time.sleep(_PAUSE_SECONDS)


def _listens(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=5):
        return True
    return False


def _succeeds(command: list[str]) -> bool:
    return subprocess.run(command, capture_output=True, check=False).returncode == 0
