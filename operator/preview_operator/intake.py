"""Where everything that watches and lists tell comes together: into the cache, and as keys into the queue."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from preview_core.kube.resource import CONFIG_MAPS, RUNTIMES, Resource
from preview_operator.cache import Cache
from preview_operator.metrics import Metrics
from preview_operator.reconciler import Key

Object = Mapping[str, Any]

# The API pushes what it commits; whether the push arrived is looked at after it had the time to.
FILES_DELAY_S = 1.0
# Counts of a runtime follow many changes of its sessions at once.
RUNTIME_DELAY_S = 1.0


@dataclass(frozen=True)
class Intake:
    """`add` puts a key into the queue, with a delay in seconds."""

    cache: Cache
    metrics: Metrics
    add: Callable[[Key, float], None]

    def event(self, resource: Resource, kind: str | None, found: Object) -> None:
        """Of a watch; `kind` is None for what a list at its beginning had."""
        self.metrics.events.labels(resource.plural).inc()
        if kind == "DELETED":
            self.gone(resource, found["metadata"])
        else:
            self.there(resource, found)

    def there(self, resource: Resource, found: Object) -> bool:
        """False if it was known already."""
        name = self.cache.put(resource, found)
        if name is not None:
            self._look(resource, name, self.cache.runtime_of(resource, found["metadata"]["name"]))
        return name is not None

    def gone(self, resource: Resource, metadata: Object) -> None:
        """An object that is not there any more."""
        # Known only before. What is gone leaves room in its runtime.
        runtime = self.cache.runtime_of(resource, metadata["name"])
        name = self.cache.drop(resource, metadata)
        if name is not None:
            self._look(resource, name, runtime)

    def _look(self, resource: Resource, name: str, runtime: str | None) -> None:
        if resource is RUNTIMES:
            self.add(("runtime", name), 0.0)
            return
        self.add(("session", name), FILES_DELAY_S if resource is CONFIG_MAPS else 0.0)
        if runtime is not None:
            self.add(("runtime", runtime), RUNTIME_DELAY_S)
