"""What a node changes on its machine beside its own folder: noted before, put back after."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

# Folders whose place kubelet, containerd and libcni have compiled in.
_FOLDERS = (
    "/etc/cni",
    "/opt/cni",
    "/opt/containerd",
    "/run/containerd",
    "/run/kubernetes",
    "/usr/libexec/kubernetes",
    "/var/lib/cni",
    "/var/lib/kubelet",
    "/var/log/containers",
    "/var/log/pods",
)
# What kubelet, kube-proxy and we ourselves set.
_SETTINGS = (
    "kernel/keys/root_maxbytes",
    "kernel/keys/root_maxkeys",
    "kernel/panic",
    "kernel/panic_on_oops",
    "net/bridge/bridge-nf-call-iptables",
    "net/ipv4/conf/all/route_localnet",
    "net/ipv4/ip_forward",
    "net/ipv6/conf/default/disable_ipv6",
    "vm/overcommit_memory",
    "vm/panic_on_oom",
)
_SYS = Path("/proc/sys")


def note(file: Path) -> None:
    """Write down how the machine is. What was noted before is kept: it is from before the node."""
    if file.exists():
        return
    settings = {name: (_SYS / name).read_text().strip() for name in _SETTINGS if (_SYS / name).exists()}
    absent = [folder for folder in _FOLDERS if not Path(folder).exists()]
    file.write_text(json.dumps({"settings": settings, "absent": absent}))


def erase(file: Path) -> None:
    """Make the machine as it was noted."""
    if not file.exists():
        return
    noted = json.loads(file.read_text())
    for name, value in noted["settings"].items():
        if (_SYS / name).read_text().strip() != value:
            (_SYS / name).write_text(value)
    for folder in noted["absent"]:
        shutil.rmtree(folder, ignore_errors=True)
