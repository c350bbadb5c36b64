"""What a PreviewRuntime allows: sizes of projects, number of pods, time to live."""

from __future__ import annotations

import time
from dataclasses import dataclass

from preview_api.backends.kubernetes.failures import RETRY_AFTER_S
from preview_api.expiry import SESSION_TTL_MS
from preview_core.errors import BackendUnavailable, Capacity, PayloadTooLarge
from preview_core.filetree import FileTree
from preview_core.kube.client import Kube
from preview_core.kube.errors import NotFound
from preview_core.kube.resource import RUNTIMES
from preview_core.resources.conditions import ConditionStatus
from preview_core.resources.runtime import PreviewRuntime, RuntimeConditionType, SessionLimits

# A changed runtime holds after this long; without it every call would read one more object.
KEPT_S = 10.0
CAPACITY_RETRY_AFTER_S = 10  # idle sessions give up their pods within minutes, others end sooner


@dataclass(frozen=True)
class _Kept:
    runtime: PreviewRuntime | None
    until: float


class Runtimes:
    """Of one namespace. `default` is that of new sessions. Methods raise what the client raises."""

    def __init__(self, kube: Kube, namespace: str, default: str) -> None:
        self._kube = kube
        self._namespace = namespace
        self._default = default
        self._kept: dict[str, _Kept] = {}

    async def usable(self) -> PreviewRuntime:
        """The default one. Raises BackendUnavailable, with a text for whoever runs the cluster, when there is none."""
        runtime = await self._get(self._default)
        if runtime is None:
            raise BackendUnavailable(f"There is no PreviewRuntime {self._default}", retry_after=RETRY_AFTER_S)
        for condition in runtime.status.conditions:
            if condition.type == RuntimeConditionType.ACCEPTED and condition.status is ConditionStatus.FALSE:
                raise BackendUnavailable(
                    f"The PreviewRuntime {self._default} is not accepted: {condition.message}",
                    retry_after=RETRY_AFTER_S,
                )
        return runtime

    async def ttl_ms(self, name: str) -> int:
        """Time to live of the sessions of a runtime. One that is gone ends no session early."""
        runtime = await self._get(name)
        return ttl_ms(runtime) if runtime is not None else SESSION_TTL_MS

    async def suspend_after_ms(self, name: str) -> int:
        """After how long without use sessions of a runtime give up their pod; 0: never, or it is gone."""
        runtime = await self._get(name)
        return runtime.spec.suspend_after_seconds * 1000 if runtime is not None else 0

    async def limits(self, name: str) -> SessionLimits:
        """Of a runtime, the usual ones if it is gone."""
        runtime = await self._get(name)
        return runtime.spec.limits if runtime is not None else SessionLimits()

    async def _get(self, name: str) -> PreviewRuntime | None:
        kept = self._kept.get(name)
        if kept is not None and time.monotonic() < kept.until:
            return kept.runtime
        try:
            found = PreviewRuntime.model_validate(await self._kube.get(RUNTIMES, self._namespace, name))
        except NotFound:
            # Not kept: who makes it wants it to be used now.
            self._kept.pop(name, None)
            return None
        self._kept[name] = _Kept(found, time.monotonic() + KEPT_S)
        return found


def ttl_ms(runtime: PreviewRuntime) -> int:
    """Time to live of its sessions."""
    return runtime.spec.expire_after_seconds * 1000


def check_room(runtime: PreviewRuntime) -> None:
    """Raises Capacity when no further pod is allowed. Pods that are being made right now are not counted: the operator
    keeps to the limit, this only tells the caller early."""
    if runtime.status.pods >= runtime.spec.limits.pods:
        raise Capacity(retry_after=CAPACITY_RETRY_AFTER_S)


def check_size(tree: FileTree, limits: SessionLimits, base: FileTree | None = None) -> None:
    """Raises PayloadTooLarge. A project that was too large before (the limit was lowered) may shrink."""
    before = base if base is not None else FileTree()
    if len(tree) > max(limits.project_files, len(before)):
        raise PayloadTooLarge(f"The project has more than {limits.project_files} files")
    if size_of(tree) > max(limits.project_bytes, size_of(before)):
        raise PayloadTooLarge(f"The files of the project are together larger than {limits.project_bytes} bytes")


def size_of(tree: FileTree) -> int:
    """Bytes of all files."""
    return sum(len(file.content) for file in tree.values())
