"""The command lines of a control plane, from Kubernetes 1.20 to today's."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from e2e.cluster.binaries import Binaries
from e2e.cluster.identity import CONTROLLER_MANAGER, SCHEDULER, Identity

# RFC 2544's networks for tests: no packet of theirs ever has a way out of the machine.
POD_NETWORK = "198.18.0"
SERVICE_RANGE = "198.19.0.0/16"
# The insecure ports are gone since, and with them the flag that turns them off.
_NO_INSECURE_PORT = 24


@dataclass(frozen=True)
class Plane:
    """One control plane: its programs, its folder, its ports."""

    binaries: Binaries
    folder: Path
    identity: Identity
    address: str
    etcd_port: int
    port: int
    api_server_flags: tuple[str, ...] = ()

    def etcd(self) -> list[str]:
        url = f"http://127.0.0.1:{self.etcd_port}"
        return [
            self.binaries.path("etcd"),
            f"--data-dir={self.folder / 'etcd'}",
            f"--listen-client-urls={url}",
            f"--advertise-client-urls={url}",
            "--listen-peer-urls=http://127.0.0.1:0",
            "--log-level=warn",
        ]

    def api_server(self) -> list[str]:
        return [
            self.binaries.path("kube-apiserver"),
            f"--etcd-servers=http://127.0.0.1:{self.etcd_port}",
            f"--bind-address={self.address}",
            # Not where it listens: what it writes into the endpoints of the Service `kubernetes`. Loopback is refused.
            f"--advertise-address={POD_NETWORK}.1",
            f"--secure-port={self.port}",
            f"--cert-dir={self.identity.folder}",
            f"--service-cluster-ip-range={SERVICE_RANGE}",
            f"--token-auth-file={self.identity.token_file}",
            "--authorization-mode=Node,RBAC",
            "--enable-admission-plugins=NodeRestriction",
            "--allow-privileged=true",
            "--service-account-issuer=https://kubernetes.default.svc",
            f"--service-account-key-file={self.identity.key}",
            f"--service-account-signing-key-file={self.identity.key}",
            "--kubelet-preferred-address-types=InternalIP",
            "--profiling=false",
            *self.api_server_flags,
        ]

    def controller_manager(self) -> list[str]:
        return [
            self.binaries.path("kube-controller-manager"),
            f"--kubeconfig={self.identity.kubeconfig(CONTROLLER_MANAGER)}",
            "--leader-elect=false",
            "--use-service-account-credentials",
            f"--service-account-private-key-file={self.identity.key}",
            f"--root-ca-file={self.identity.authority}",
            "--controllers=*,-nodeipam,-route,-service,-cloud-node-lifecycle",
            *self._silent("kube-controller-manager"),
        ]

    def scheduler(self) -> list[str]:
        return [
            self.binaries.path("kube-scheduler"),
            f"--kubeconfig={self.identity.kubeconfig(SCHEDULER)}",
            "--leader-elect=false",
            *self._silent("kube-scheduler"),
        ]

    def _silent(self, name: str) -> list[str]:
        """No ports of its own: several control planes run side by side."""
        insecure = ["--port=0"] if self.binaries.minor(name) < _NO_INSECURE_PORT else []
        return ["--bind-address=127.0.0.1", "--secure-port=0", "--profiling=false", *insecure]
