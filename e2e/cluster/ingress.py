"""Traefik as the ingress controller: a process of the machine, which reaches pods over the bridge."""

from __future__ import annotations

from e2e.cluster.commands import Plane
from e2e.cluster.identity import INGRESS

CLASS = "traefik"


def manifests() -> dict[str, object]:
    """The class, and what the controller may read (its documentation's list)."""
    read = ["get", "list", "watch"]
    role = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRole",
        "metadata": {"name": INGRESS},
        "rules": [
            {"apiGroups": [""], "resources": ["services", "endpoints", "secrets"], "verbs": read},
            {"apiGroups": ["networking.k8s.io"], "resources": ["ingresses", "ingressclasses"], "verbs": read},
            {"apiGroups": ["networking.k8s.io"], "resources": ["ingresses/status"], "verbs": ["update"]},
        ],
    }
    binding = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": INGRESS},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": INGRESS},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": INGRESS}],
    }
    ingress_class = {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "IngressClass",
        "metadata": {"name": CLASS},
        "spec": {"controller": "traefik.io/ingress-controller"},
    }
    return {"apiVersion": "v1", "kind": "List", "items": [role, binding, ingress_class]}


def traefik(plane: Plane, port: int) -> list[str]:
    """On loopback only. The address it writes into the status of an Ingress is that one, too."""
    provider = "--providers.kubernetesingress"
    return [
        plane.binaries.path("traefik"),
        f"--entrypoints.web.address=127.0.0.1:{port}",
        # It ends within a second, and does not wait for the sockets of open previews.
        "--entrypoints.web.transport.lifecycle.gracetimeout=1s",
        f"{provider}=true",
        f"{provider}.endpoint={plane.identity.server}",
        f"{provider}.token={plane.identity.tokens[INGRESS]}",
        f"{provider}.certauthfilepath={plane.identity.authority}",
        f"{provider}.ingressclass={CLASS}",
        f"{provider}.ingressendpoint.ip=127.0.0.1",
        f"{provider}.throttleduration=0s",
        # A pod that was killed leaves an address that answers nothing for a moment: half a minute is the default.
        "--serverstransport.forwardingtimeouts.dialtimeout=2s",
        # A Service whose pods are being replaced is a 503, as with other controllers, and not a 404.
        f"{provider}.allowemptyservices=true",
        "--global.checknewversion=false",
        "--global.sendanonymoususage=false",
        "--log.level=WARN",
    ]
