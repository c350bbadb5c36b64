"""The kinds of object that this project reads and writes, and where the API server has them."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from preview_core.resources.names import GROUP, RUNTIME, SESSION, VERSION


@dataclass(frozen=True)
class Resource:
    """One namespaced kind. `group` is empty for the core group."""

    group: str
    version: str
    plural: str
    kind: str

    @property
    def api_version(self) -> str:
        """As it stands in manifests."""
        return f"{self.group}/{self.version}" if self.group else self.version

    def path(self, namespace: str, name: str | None = None, subresource: str | None = None) -> str:
        """Path below the API server's root."""
        root = f"/apis/{self.group}/{self.version}" if self.group else f"/api/{self.version}"
        parts = [root, "namespaces", quote(namespace, safe=""), self.plural]
        parts += [quote(part, safe="") for part in (name, subresource) if part is not None]
        return "/".join(parts)


SESSIONS = Resource(GROUP, VERSION, SESSION.plural, SESSION.kind)
RUNTIMES = Resource(GROUP, VERSION, RUNTIME.plural, RUNTIME.kind)
PODS = Resource("", "v1", "pods", "Pod")
SERVICES = Resource("", "v1", "services", "Service")
CONFIG_MAPS = Resource("", "v1", "configmaps", "ConfigMap")
SECRETS = Resource("", "v1", "secrets", "Secret")
EVENTS = Resource("", "v1", "events", "Event")
INGRESSES = Resource("networking.k8s.io", "v1", "ingresses", "Ingress")
NETWORK_POLICIES = Resource("networking.k8s.io", "v1", "networkpolicies", "NetworkPolicy")
