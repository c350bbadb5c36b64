"""The chart on a cluster: installed or upgraded, and waited for."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import helm_python
from helm import render

from e2e.cluster.kubectl import Kubectl, KubectlFailed

NAME = render.NAME
NAMESPACE = render.NAMESPACE
SESSIONS = f"{NAMESPACE}-sessions"
# A start of all three is 5-10 s on 2 quiet cores.
_READY_SECONDS = 180
_PAUSE_SECONDS = 0.3
# CEL is in the schema of custom resources since: kubectl before it refuses what it does not know.
_CEL = 25
_LOG_LINES = 30
# 1.20 starts a container anew after 10, 20, 40 s: one that has ended so often will not mend itself.
_RESTARTS = 3


class InstallFailed(RuntimeError):
    """The message says what the cluster made of it."""


@dataclass(frozen=True)
class Release:
    kubectl: Kubectl

    def values(self) -> dict[str, Any] | None:
        """What it was installed with; None if it is not installed."""
        try:
            with self._config() as config:
                return config.get_values(NAME)
        except helm_python.HelmNotFoundError:
            return None

    def install(self, values: Mapping[str, Any]) -> None:
        """Install it, or upgrade what is there. Does not wait for pods. InstallFailed if the cluster refuses it."""
        if self.kubectl("get", "namespace", NAMESPACE, "--ignore-not-found") == "":
            self.kubectl("create", "namespace", NAMESPACE)
        given = {**values, "crds": {"install": self._knows_cel()}}
        if not self._knows_cel():
            self.kubectl("apply", "--validate=false", "-f", str(render.ROOT / "crds"))
            names = [f"crd/{name}.preview.coinnation.io" for name in ("previewsessions", "previewruntimes")]
            self.kubectl("wait", "--for=condition=Established", *names, "--timeout=30s")
        installed = self.values() is not None
        try:
            with render.folder() as chart, self._config() as config:
                (config.upgrade if installed else config.install)(chart, NAME, given, namespace=NAMESPACE)
        except helm_python.HelmError as error:
            raise InstallFailed(f"the chart was refused: {error}") from error

    def wait(self) -> None:
        """Until all its pods are ready and none of an earlier version is left. InstallFailed with the reasons."""
        deadline = time.monotonic() + _READY_SECONDS
        while waiting := self._unready():
            if time.monotonic() > deadline or self._gave_up():
                raise InstallFailed(f"{', '.join(waiting)} did not become ready:\n{self._reasons()}")
            time.sleep(_PAUSE_SECONDS)

    def _config(self) -> helm_python.Config:
        # One per action: what the cluster can do is asked once per Config, and our first action changes it.
        return helm_python.Config(kubeconfig_path=self.kubectl.kubeconfig, namespace=NAMESPACE)

    def _knows_cel(self) -> bool:
        minor: str = json.loads(self.kubectl("get", "--raw", "/version"))["minor"]
        return int(minor.rstrip("+")) >= _CEL

    def _unready(self) -> list[str]:
        return [one["metadata"]["name"] for one in self._objects("deployments") if not _complete(one)]

    def _gave_up(self) -> bool:
        """A container of this installation, not of the one that it replaces, ends again and again."""
        wanted = [_container(one["spec"]["template"]) for one in self._objects("deployments")]
        return any(_restarts(pod) >= _RESTARTS for pod in self._objects("pods") if _container(pod) in wanted)

    def _objects(self, kind: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        for namespace in (NAMESPACE, SESSIONS):
            selector = f"--selector=app.kubernetes.io/instance={NAME}"
            found += self.kubectl.json("get", kind, f"--namespace={namespace}", selector)["items"]
        return found

    def _reasons(self) -> str:
        told = [self.kubectl("get", "pods", f"--namespace={namespace}") for namespace in (NAMESPACE, SESSIONS)]
        for pod in self._objects("pods"):
            if not all(state["ready"] for state in pod["status"].get("containerStatuses", [])):
                place = (f"--namespace={pod['metadata']['namespace']}", f"--tail={_LOG_LINES}")
                try:
                    told.append(f"{pod['metadata']['name']}:\n{self.kubectl('logs', pod['metadata']['name'], *place)}")
                except KubectlFailed as error:
                    told.append(f"{pod['metadata']['name']}: {error}")
        return "\n".join(told)


def _container(pod: dict[str, Any]) -> tuple[object, ...]:
    [container] = pod["spec"]["containers"]
    return tuple(container.get(part) for part in ("image", "command", "env"))


def _restarts(pod: dict[str, Any]) -> int:
    """Of a container that does not run."""
    states = pod["status"].get("containerStatuses", [])
    return max((state["restartCount"] for state in states if "waiting" in state["state"]), default=0)


def _complete(deployment: dict[str, Any]) -> bool:
    """As `kubectl rollout status` sees it."""
    wanted: int = deployment["spec"]["replicas"]
    status: dict[str, int] = deployment["status"]
    return (
        status.get("observedGeneration", 0) >= deployment["metadata"]["generation"]
        and status.get("updatedReplicas", 0) == wanted
        and status.get("replicas", 0) == wanted
        and status.get("availableReplicas", 0) == wanted
    )
