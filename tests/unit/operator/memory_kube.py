"""An API server that fails when it is told to: for faults that a real one cannot be brought to at the right moment."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from typing import Any

from tests.unit.operator.world import T0

from preview_core.kube.client import Change, Kube, Listed, Object
from preview_core.kube.errors import Conflict, KubeError, NotFound
from preview_core.kube.resource import Resource
from preview_core.resources.timestamp import rfc3339


class MemoryKube(Kube):
    """`faults[method]` are raised by its next calls, one each. `calls` are (method, plural, name)."""

    def __init__(self) -> None:
        self.objects: dict[tuple[str, str], Object] = {}
        self.faults: defaultdict[str, list[KubeError]] = defaultdict(list)
        self.calls: list[tuple[str, str, str]] = []
        self.changes: list[Change | KubeError] = []
        self.watched_from: list[str] = []
        self.version = 100

    def put(self, resource: Resource, name: str, **given: Any) -> Object:
        """As somebody else writes it."""
        self.version += 1
        metadata = {
            "name": name,
            "uid": f"uid-{name}",
            "creationTimestamp": rfc3339(T0),
            "generation": 1,
            **given.pop("metadata", {}),
            "resourceVersion": str(self.version),
        }
        found = {"apiVersion": resource.api_version, "kind": resource.kind, "metadata": metadata, **given}
        self.objects[resource.plural, name] = found
        return found

    async def get(self, resource: Resource, namespace: str, name: str) -> Object:
        self._called("get", resource, name)
        if (resource.plural, name) not in self.objects:
            raise NotFound("GET of the API server: 404")
        return self.objects[resource.plural, name]

    async def get_metadata(self, resource: Resource, namespace: str, name: str) -> Object:
        return {"metadata": (await self.get(resource, namespace, name))["metadata"]}

    async def list(self, resource: Resource, namespace: str, selector: str = "", limit: int | None = None) -> Listed:
        await asyncio.sleep(0)
        self._called("list", resource, "")
        found = [found for (plural, _), found in self.objects.items() if plural == resource.plural]
        return Listed(found, str(self.version))

    async def list_metadata(self, resource: Resource, namespace: str, selector: str = "") -> Listed:
        return await self.list(resource, namespace, selector)

    async def watch_metadata(
        self, resource: Resource, namespace: str, selector: str, resource_version: str
    ) -> AsyncIterator[Change]:
        self.watched_from.append(resource_version)
        await asyncio.sleep(0)
        while self.changes:
            change = self.changes.pop(0)
            if isinstance(change, KubeError):
                raise change
            yield change

    async def create(self, resource: Resource, namespace: str, body: Object) -> Object:
        self._called("create", resource, body["metadata"]["name"])
        await asyncio.sleep(0)
        return self.put(resource, **self._of(body))

    async def apply(self, resource: Resource, namespace: str, body: Object, subresource: str | None = None) -> Object:
        self._called("apply", resource, body["metadata"]["name"])
        before = self.objects.get((resource.plural, body["metadata"]["name"]), {})
        metadata = {**before.get("metadata", {}), **body["metadata"]}
        return self.put(resource, **self._of({**before, **body, "metadata": metadata}))

    async def patch(
        self, resource: Resource, namespace: str, name: str, body: Object, subresource: str | None = None
    ) -> Object:
        self._called("patch", resource, name)
        before = self.objects[resource.plural, name]
        if body["metadata"].get("resourceVersion") not in (None, before["metadata"]["resourceVersion"]):
            raise Conflict("PATCH of the API server: 409")
        spec = {**before.get("spec", {}), **body.get("spec", {})}
        return self.put(resource, **self._of({**before, "spec": spec}))

    async def delete(
        self, resource: Resource, namespace: str, name: str, *, uid: str | None = None, grace_seconds: int | None = None
    ) -> bool:
        self._called("delete", resource, name)
        return self.objects.pop((resource.plural, name), None) is not None

    def called(self, method: str) -> Sequence[str]:
        """Names, in the order of the calls."""
        return [name for what, _, name in self.calls if what == method]

    def _called(self, method: str, resource: Resource, name: str) -> None:
        self.calls.append((method, resource.plural, name))
        if self.faults[method]:
            raise self.faults[method].pop(0)

    @staticmethod
    def _of(body: Object) -> dict[str, Any]:
        return {"name": body["metadata"]["name"]} | {k: v for k, v in body.items() if k not in ("apiVersion", "kind")}
