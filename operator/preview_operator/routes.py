"""Service and Ingress of a session: pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from preview_core.kube.settings import ClusterSettings
from preview_core.objects import names
from preview_core.resources.session import PreviewSession

Manifest = dict[str, Any]


def make_service(session: PreviewSession, pod: str | None) -> Manifest:
    """Leads to `pod`, or, while there is none that serves, to the waker.

    Headless: ingress controllers go to the addresses themselves, and a hundred thousand sessions need no cluster
    addresses and no rules on the nodes. A pod is led to from the moment its runtime answers, not from kubelet's next
    probe: it has a page for visitors who come before Vite is up.
    """
    # What is false the API server leaves out: a manifest that says so would be found wanting, and written for ever.
    early = {} if pod is None else {"publishNotReadyAddresses": True}
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": _metadata(session),
        "spec": {
            "clusterIP": "None",
            **early,
            "selector": {names.PART_LABEL: names.WAKER} if pod is None else {names.POD_LABEL: pod},
            "ports": [
                {
                    "name": names.PREVIEW_PORT_NAME,
                    "protocol": "TCP",
                    "port": names.PREVIEW_PORT,
                    "targetPort": names.PREVIEW_PORT_NAME,
                }
            ],
        },
    }


def make_ingress(session: PreviewSession, settings: ClusterSettings) -> Manifest:
    """The preview's host, whole, to its Service."""
    host = settings.address.host(session.metadata.name)
    metadata = _metadata(session)
    backend = {"service": {"name": metadata["name"], "port": {"name": names.PREVIEW_PORT_NAME}}}
    spec: Manifest = {
        "rules": [{"host": host, "http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": backend}]}}]
    }
    if settings.ingress_class is not None:
        spec["ingressClassName"] = settings.ingress_class
    if settings.tls_secret is not None:
        spec["tls"] = [{"hosts": [host], "secretName": settings.tls_secret}]
    metadata["annotations"] = {**settings.ingress_annotations, names.ROUTE_DIGEST_ANNOTATION: _digest(settings, spec)}
    return {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": metadata, "spec": spec}


def _digest(settings: ClusterSettings, spec: Manifest) -> str:
    """Tells an Ingress that has *more* than it should, of settings that were taken back, from one that is right."""
    given = json.dumps([spec, dict(settings.ingress_annotations)], sort_keys=True)
    return hashlib.sha256(given.encode()).hexdigest()[:16]


def target_of(service: Mapping[str, Any]) -> str | None:
    """The pod that a Service leads to; None for the waker."""
    selector = (service.get("spec") or {}).get("selector") or {}
    found = selector.get(names.POD_LABEL)
    return str(found) if found else None


def _metadata(session: PreviewSession) -> Manifest:
    session_id = session.metadata.name
    return {
        "name": names.route_name(session_id),
        "labels": names.labels(session_id, names.ROUTE),
        "ownerReferences": [names.owner_reference(session_id, session.metadata.uid)],
    }
