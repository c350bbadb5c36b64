"""The part of a node that the operator sees.

Pods that it makes become real runtime processes, each on a loopback address of its own, and say so in their
status. What a scheduler and a container runtime add is tested on a real cluster.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import shutil
import signal
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from e2e.modules import installation
from tests.unit.operator.world import environment

from preview_core.kube.client import Kube
from preview_core.kube.errors import Conflict, KubeError, NotFound
from preview_core.kube.resource import PODS
from preview_core.objects import names

_PERIOD_S = 0.05
# All kubelets of a process draw from it, and no two processes at a time have the same network below 127.
_NUMBERS = itertools.count()
_SELECTOR = f"{names.MANAGED_BY}={names.MANAGER}"


@dataclass
class Container:
    """One pod's process."""

    address: str
    process: asyncio.subprocess.Process
    folder: Path
    restarts: int = 0


@dataclass
class Kubelet:
    """Runs until cancelled. `held`: pods are seen and not started (an image that is being pulled)."""

    kube: Kube
    namespace: str
    folder: Path
    held: bool = False
    containers: dict[str, Container] = field(default_factory=dict)

    async def run(self) -> None:
        try:
            while True:
                with suppress(KubeError):
                    await self._look()
                await asyncio.sleep(_PERIOD_S)
        finally:
            for name in list(self.containers):
                self._stop(name)

    def kill(self, pod: str) -> None:
        """As the kernel does when memory runs out."""
        self.containers[pod].process.kill()

    def freeze(self, pod: str) -> None:
        """As an endless loop of session code does."""
        os.kill(self.containers[pod].process.pid, signal.SIGSTOP)

    async def _look(self) -> None:
        listed = await self.kube.list(PODS, self.namespace, _SELECTOR)
        there = {pod["metadata"]["name"]: pod for pod in listed.items}
        for name in self.containers.keys() - there.keys():
            self._stop(name)
        for name, pod in there.items():
            container = self.containers.get(name)
            if container is None and not self.held:
                await self._start(name, pod)
            elif container is not None and container.process.returncode is not None:
                await self._restart(name, pod)

    async def _start(self, name: str, pod: Mapping[str, Any]) -> None:
        number = next(_NUMBERS)
        address = f"127.{1 + os.getpid() % 250}.{number // 250}.{1 + number % 250}"
        folder = self.folder / name
        folder.mkdir(parents=True)
        process = await self._spawn(pod, address, folder)
        self.containers[name] = Container(address, process, folder)
        await self._report(name, self.containers[name])

    async def _restart(self, name: str, pod: Mapping[str, Any]) -> None:
        container = self.containers[name]
        container.process = await self._spawn(pod, container.address, container.folder)
        container.restarts += 1
        await self._report(name, container)

    async def _spawn(self, pod: Mapping[str, Any], address: str, folder: Path) -> asyncio.subprocess.Process:
        home = installation()
        given = environment(pod)
        own = {
            "KP_SESSION_DIR": str(folder),
            "KP_CATALOGUE_DIR": str(_profile(given["KP_CATALOGUE_DIR"], home.catalogue)),
            "KP_PREVIEW_HOST": address,
            "KP_CONTROL_HOST": address,
            "HOME": str(folder),
            "PATH": os.environ["PATH"],
        }
        with (folder.parent / f"{folder.name}.log").open("ab") as log:
            return await asyncio.create_subprocess_exec(
                *home.command,
                cwd=folder,
                env={**given, **own},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    async def _report(self, name: str, container: Container) -> None:
        status = {
            "phase": "Running",
            "podIP": container.address,
            "podIPs": [{"ip": container.address}],
            "containerStatuses": [
                {
                    "name": "runtime",
                    "image": "",
                    "imageID": "",
                    "ready": True,
                    "restartCount": container.restarts,
                    "state": {"running": {}},
                }
            ],
        }
        with suppress(NotFound, Conflict):
            await self.kube.patch(PODS, self.namespace, name, {"status": status}, "status")

    def _stop(self, name: str) -> None:
        container = self.containers.pop(name)
        with suppress(ProcessLookupError):
            container.process.kill()
        shutil.rmtree(container.folder, ignore_errors=True)


def _profile(asked: str, installed: Path) -> Path:
    """The image has one dependency profile, the default."""
    return installed if Path(asked).name == "icpstudio" else installed.with_name(Path(asked).name)
