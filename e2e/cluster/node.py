"""Configuration and command lines of a node: containerd, kubelet, kube-proxy."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from e2e.cluster.commands import POD_NETWORK, Plane
from e2e.cluster.identity import PROXY
from e2e.cluster.network import BRIDGE

NAME = "node1"
PAUSE_IMAGE = "localhost/pause:1"
# Of each pod, threads count too. Node with esbuild has 30, and an API's pod fewer.
POD_PIDS = 256


@dataclass(frozen=True)
class Node:
    """`authority` is the certificate of the only client that kubelet listens to: the API server."""

    plane: Plane
    authority: Path

    @property
    def folder(self) -> Path:
        return self.plane.folder

    @property
    def socket(self) -> Path:
        return self.folder / "containerd.sock"

    @property
    def path(self) -> dict[str, str]:
        """containerd finds its shim, and that runc, on PATH: ours, before any that the machine has."""
        return {"PATH": f"{self.plane.binaries.folder}:/usr/sbin:/usr/bin:/sbin:/bin"}

    def ctr(self, *arguments: str) -> list[str]:
        return [self.plane.binaries.path("ctr"), f"--address={self.socket}", "--namespace=k8s.io", *arguments]

    def containerd(self) -> list[str]:
        networks = self.folder / "cni"
        networks.mkdir(exist_ok=True)
        bridge = {
            "type": "bridge",
            "bridge": BRIDGE,
            "isGateway": True,
            "ipMasq": False,
            "hairpinMode": True,
            "ipam": {
                "type": "host-local",
                "dataDir": str(self.folder / "addresses"),
                "ranges": [[{"subnet": f"{POD_NETWORK}.0/24", "gateway": f"{POD_NETWORK}.1"}]],
                "routes": [{"dst": "0.0.0.0/0"}],
            },
        }
        ports = {"type": "portmap", "capabilities": {"portMappings": True}}
        chain = {"cniVersion": "0.4.0", "name": "bridge", "plugins": [bridge, ports]}
        (networks / "10-bridge.conflist").write_text(json.dumps(chain))
        # restrict_oom_score_adj: without CAP_SYS_RESOURCE runc dies on a negative score ("can't get final child").
        (self.folder / "containerd.toml").write_text(
            f"""version = 2
root = "{self.folder}/containerd"
state = "{self.folder}/containerd-state"
[grpc]
  address = "{self.socket}"
[plugins."io.containerd.internal.v1.opt"]
  path = "{self.folder}/containerd/opt"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{PAUSE_IMAGE}"
  disable_apparmor = true
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "{self.plane.binaries.folder.parent}/cni"
    conf_dir = "{networks}"
"""
        )
        binary = self.plane.binaries.path("containerd")
        return [binary, f"--config={self.folder}/containerd.toml", "--log-level=warn"]

    def kubelet(self) -> list[str]:
        config = {
            "apiVersion": "kubelet.config.k8s.io/v1beta1",
            "kind": "KubeletConfiguration",
            "address": f"{POD_NETWORK}.1",
            "healthzPort": 0,
            "readOnlyPort": 0,
            # Pods reach this address: nobody but the API server may give kubelet orders.
            "authentication": {
                "anonymous": {"enabled": False},
                "webhook": {"enabled": False},
                "x509": {"clientCAFile": str(self.authority)},
            },
            "authorization": {"mode": "AlwaysAllow"},
            "cgroupDriver": "cgroupfs",
            "failSwapOn": False,
            "imageGCHighThresholdPercent": 100,  # an image that is gone cannot be pulled again
            "evictionHard": {"memory.available": "100Mi", "nodefs.available": "1%", "imagefs.available": "1%"},
            "nodeStatusUpdateFrequency": "1s",  # Ready at once instead of after 10 s
            "nodeStatusReportFrequency": "5m",
            "volumePluginDir": str(self.folder / "volume-plugins"),
            "eventRecordQPS": 0,
            "kubeAPIQPS": 50,
            "kubeAPIBurst": 100,
            "maxPods": 200,
            # A fork bomb stays in its pod (G19).
            "podPidsLimit": POD_PIDS,
        }
        (self.folder / "kubelet.json").write_text(json.dumps(config))
        return [
            self.plane.binaries.path("kubelet"),
            f"--config={self.folder / 'kubelet.json'}",
            f"--kubeconfig={self.plane.identity.kubeconfig(f'system:node:{NAME}')}",
            f"--root-dir={self.folder / 'kubelet'}",
            f"--cert-dir={self.folder / 'kubelet-pki'}",
            f"--hostname-override={NAME}",
            f"--node-ip={POD_NETWORK}.1",
            "--container-runtime=remote",
            f"--container-runtime-endpoint=unix://{self.socket}",
        ]

    def proxy(self) -> list[str]:
        unlimited = {"maxPerCore": 0, "min": 0, "tcpEstablishedTimeout": "0s", "tcpCloseWaitTimeout": "0s"}
        config = {
            "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
            "kind": "KubeProxyConfiguration",
            "mode": "iptables",
            "hostnameOverride": NAME,
            "clusterCIDR": f"{POD_NETWORK}.0/24",
            "bindAddress": f"{POD_NETWORK}.1",
            "healthzBindAddress": "127.0.0.1:10256",
            "metricsBindAddress": "127.0.0.1:10249",
            "clientConnection": {"kubeconfig": str(self.plane.identity.kubeconfig(PROXY))},
            "iptables": {"minSyncPeriod": "0s", "syncPeriod": "30s"},
            "conntrack": unlimited,
        }
        file = self.folder / "proxy.json"
        # kube-proxy exits when its configuration is written again, even with what it had.
        if not file.exists():
            file.write_text(json.dumps(config))
        return [self.plane.binaries.path("kube-proxy"), f"--config={file}"]
