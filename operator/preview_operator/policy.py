"""The NetworkPolicy of a runtime's pods: pure. It holds only where the network plugin enforces policies."""

from __future__ import annotations

from ipaddress import IPv4Network, ip_network
from typing import Any

from preview_core.objects import names
from preview_core.resources.names import API_VERSION, RUNTIME
from preview_core.resources.runtime import EgressRule, PreviewRuntime

Manifest = dict[str, Any]

# Set by Kubernetes itself since 1.21.
_NAMESPACE_LABEL = "kubernetes.io/metadata.name"
_DNS_PORT = 53
_LINK_LOCAL = IPv4Network("169.254.0.0/16")


def make_policy(runtime: PreviewRuntime, control_namespace: str) -> Manifest:
    """Visitors reach the preview's port, API and operator the control port, and pods reach what the runtime allows."""
    name = runtime.metadata.name
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {
            "name": policy_name(name),
            "labels": {names.MANAGED_BY: names.MANAGER, names.RUNTIME_LABEL: name},
            "ownerReferences": [
                {
                    "apiVersion": API_VERSION,
                    "kind": RUNTIME.kind,
                    "name": name,
                    "uid": runtime.metadata.uid,
                    "controller": True,
                    "blockOwnerDeletion": False,
                }
            ],
        },
        "spec": {
            "podSelector": {"matchLabels": {names.PART_LABEL: names.POD, names.RUNTIME_LABEL: name}},
            "policyTypes": ["Ingress", "Egress"],
            "ingress": [
                {"ports": [_tcp(names.PREVIEW_PORT)]},
                {
                    "ports": [_tcp(names.CONTROL_PORT)],
                    "from": [{"namespaceSelector": {"matchLabels": {_NAMESPACE_LABEL: control_namespace}}}],
                },
            ],
            "egress": _egress(runtime),
        },
    }


def policy_name(runtime: str) -> str:
    """Of the policy for one runtime."""
    return f"preview-runtime-{runtime}"


def _egress(runtime: PreviewRuntime) -> list[Manifest]:
    egress = runtime.spec.egress
    rules = [_destination(rule) for rule in egress.allow]
    if egress.dns:
        rules.append({"ports": [_tcp(_DNS_PORT), {"protocol": "UDP", "port": _DNS_PORT}]})
    return rules


def _destination(rule: EgressRule) -> Manifest:
    ports = {"ports": [_tcp(port) for port in rule.ports]} if rule.ports else {}
    return {"to": [{"ipBlock": {"cidr": rule.cidr, **_without_metadata(rule.cidr)}}], **ports}


def _without_metadata(cidr: str) -> Manifest:
    """Link-local addresses are those of cloud metadata services (G35): only a rule for just them allows them."""
    network = ip_network(cidr, strict=False)
    inside = network.version == _LINK_LOCAL.version and _LINK_LOCAL.subnet_of(network) and network != _LINK_LOCAL
    return {"except": [str(_LINK_LOCAL)]} if inside else {}


def _tcp(port: int) -> Manifest:
    return {"protocol": "TCP", "port": port}
