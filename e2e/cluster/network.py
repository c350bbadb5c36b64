"""The node's network: one bridge for pods and API server, and no way out of the machine."""

from __future__ import annotations

import shlex
import subprocess

from e2e.cluster.commands import POD_NETWORK, SERVICE_RANGE

BRIDGE = "kontext0"
_TABLES = ("nat", "filter", "mangle")
# Chains of kubelet and kube-proxy, of the portmap plugin, and our one rule, which is marked like them.
_OURS = ("KUBE-", "CNI-")


def exists() -> bool:
    return subprocess.run(["ip", "link", "show", BRIDGE], capture_output=True, check=False).returncode == 0


def foreign() -> bool:
    """Another Kubernetes has rules on this machine, which `down` could not tell from ours."""
    return any("KUBE-" in _saved(table) for table in _TABLES)


def up() -> None:
    """Made before any pod: the API server listens on it, and nothing outside this machine reaches it."""
    if exists():
        return
    _run("ip", "link", "add", BRIDGE, "type", "bridge")
    _run("ip", "addr", "add", f"{POD_NETWORK}.1/24", "dev", BRIDGE)
    _run("ip", "link", "set", BRIDGE, "up")
    # A packet to a Service that has no rule (any more) must not take the default route.
    _run("ip", "route", "add", SERVICE_RANGE, "dev", BRIDGE)
    rule = ["-I", "FORWARD", "-i", BRIDGE, "!", "-o", BRIDGE]
    _run("iptables", *rule, "-m", "comment", "--comment", "KUBE-no-egress", "-j", "REJECT")


def down() -> None:
    """Remove the bridge and every rule and chain of a Kubernetes."""
    for table in _TABLES:
        lines = _saved(table).splitlines()
        for line in lines:
            if line.startswith("-A ") and any(mark in line for mark in _OURS):
                _try("iptables", "-t", table, "-D", *shlex.split(line)[1:])
        chains = [line[1:].split()[0] for line in lines if line.startswith(tuple(f":{mark}" for mark in _OURS))]
        for action in ("-F", "-X"):
            for chain in chains:
                _try("iptables", "-t", table, action, chain)
    if exists():
        _run("ip", "link", "del", BRIDGE)


def _saved(table: str) -> str:
    done = subprocess.run(["iptables-save", "-t", table], capture_output=True, text=True, check=True)
    return done.stdout


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)


def _try(*command: str) -> None:
    # A rule or chain may have gone with the one before it, or with kube-proxy.
    subprocess.run(command, check=False, capture_output=True)
