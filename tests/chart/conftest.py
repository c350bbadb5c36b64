"""The chart, rendered with the values that these tests look at."""

from __future__ import annotations

from typing import Any

import pytest
from helm import render

# Everything that can be set, and nothing as it is by default.
EVERYTHING: dict[str, Any] = {
    "domain": "previews.example.org",
    "scheme": "http",
    "publicPort": 8443,
    "allowedOrigins": ["https://app.example.org", "http://localhost:5173", "http://[::1]:5173"],
    "trustedProxies": ["192.0.2.0/24", "2001:db8::/32"],
    "logLevel": "debug",
    "existingSecret": "given",
    "nameOverride": "other",
    "commonLabels": {"team": "platform"},
    "images": {
        "controlPlane": "images.example.org:5000/team/kontext-preview:1.2.3",
        "runtime": f"team/runtime@sha256:{'0' * 64}",
        "pullPolicy": "Always",
        "pullSecrets": ["pull"],
    },
    "crds": {"install": False},
    "sessions": {"namespace": "elsewhere", "namespaceLabels": {"tier": "sandbox"}},
    "ingress": {"className": "traefik", "annotations": {"example.org/a": 'it\'s "quoted"'}, "tlsSecret": "wildcard"},
    "runtimes": {
        "default": None,
        "gpu": {"image": "gpu:1", "limits": {"projectBytes": 33554432}, "egress": {"dns": True}},
    },
    "defaultRuntime": "gpu",
    "api": {
        "replicas": 3,
        "resources": {"limits": {"cpu": "1"}},
        "service": {"type": "NodePort", "port": 8000, "annotations": {"example.org/b": "b"}},
        "ingress": {
            "host": "api.example.org",
            "className": "other",
            "annotations": {"example.org/c": "c"},
            "tlsSecret": "api",
        },
        "podDisruptionBudget": {"enabled": True},
        "podAnnotations": {"example.org/d": "d"},
        "podLabels": {"example.org/e": "e"},
        "nodeSelector": {"disk": "ssd"},
        "tolerations": [{"key": "k", "operator": "Exists"}],
        "affinity": {"podAntiAffinity": {}},
    },
    "operator": {"nodeSelector": {"disk": "ssd"}, "podAnnotations": {"example.org/f": "f"}},
    "waker": {"replicas": 1, "podLabels": {"example.org/g": "g"}, "ingress": {"annotations": {"example.org/h": "h"}}},
    "networkPolicy": {"enabled": False},
    "rbac": {"aggregateClusterRoles": True},
    "monitoring": {
        "podMonitor": {"enabled": True, "labels": {"release": "prometheus"}, "interval": "15s"},
        "prometheusRule": {
            "enabled": True,
            "labels": {"release": "prometheus"},
            "runbook": "https://wiki.example.org/operations",
        },
        "dashboard": {"enabled": True, "labels": {"dashboards": "yes"}, "annotations": {"folder": "Previews"}},
    },
    "test": {"previewAddress": "ingress.example.org:80", "patienceSeconds": 300, "resources": {"limits": {"cpu": "1"}}},
}


@pytest.fixture(scope="session")
def defaults() -> list[render.Document]:
    """The objects of a release with no value given."""
    return render.documents({})


@pytest.fixture(scope="session")
def everything() -> list[render.Document]:
    """The objects of a release with every value given."""
    return render.documents(EVERYTHING)


@pytest.fixture(params=["defaults", "everything"])
def release(request: pytest.FixtureRequest) -> list[render.Document]:
    """Each of the two."""
    found: list[render.Document] = request.getfixturevalue(request.param)
    return found


def of_kind(documents: list[render.Document], kind: str) -> dict[str, render.Document]:
    """By name without the release's."""
    return {
        document["metadata"]["name"].rpartition("-")[2]: document for document in documents if document["kind"] == kind
    }
