"""What a pod is made from, as one short text: equal as long as no pod has to be replaced. Pure."""

from __future__ import annotations

import hashlib
import json

from preview_core.kube.settings import ClusterSettings
from preview_core.resources.runtime import PreviewRuntime


def revision_of(runtime: PreviewRuntime, settings: ClusterSettings) -> str:
    """16 hex digits: the runtime's own revision, and what pods are told of the installation's settings."""
    address = settings.address
    told = [runtime.spec.revision, address.scheme, address.domain, address.port, *settings.allowed_origins]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:16]
