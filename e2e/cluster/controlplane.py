"""A Kubernetes control plane on loopback: etcd, API server, controller manager, without a node and without root.

It takes 4-9 s, lives in a temporary folder, listens on free ports, so any number run side by side, and dies with the
process that started it: the kernel kills it (PR_SET_PDEATHSIG), even when that process is killed itself.
"""

from __future__ import annotations

import subprocess
import time
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType

from e2e.cluster.answers import answers
from e2e.cluster.binaries import Binaries, binaries
from e2e.cluster.commands import Plane
from e2e.cluster.identity import ADMIN, Identity
from e2e.cluster.kubectl import Kubectl
from e2e.cluster.scratch import scratch
from e2e.processes import free_port, start

# Ready takes 4-9 s on 2 quiet cores; a machine that also runs browsers was seen to need 40 s.
_READY_SECONDS = 120
_PAUSE_SECONDS = 0.05
# A port that was free may be taken a moment later; a second one that is too is somebody's fault.
_ATTEMPTS = 3


class ControlPlaneFailed(RuntimeError):
    """It did not become ready; the message has the end of a log."""


class ControlPlane:
    """A context manager. `kubeconfig` is that of an administrator.

    Start it in a thread that lives as long as it should: the kernel ties it to the thread, not to the process.
    """

    def __init__(self, programs: Binaries | None = None) -> None:
        self.binaries = programs or binaries()
        self._stack = ExitStack()
        self.plane: Plane
        self.processes: dict[str, subprocess.Popen[str]] = {}

    def __enter__(self) -> ControlPlane:
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                self._start()
            except BaseException as error:
                self.stop()
                if attempt == _ATTEMPTS or not isinstance(error, ControlPlaneFailed):
                    raise
            else:
                break
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def kubeconfig(self) -> Path:
        return self.plane.identity.folder / f"{ADMIN}.kubeconfig"

    @property
    def kubectl(self) -> Kubectl:
        return Kubectl(self.binaries.kubectl, self.kubeconfig)

    def stop_api_server(self) -> None:
        """As when it crashes. The data stays."""
        self._kill("kube-apiserver")

    def start_api_server(self) -> None:
        """On the same port, with the same data; returns when it is ready."""
        self._run("kube-apiserver", self.plane.api_server())
        self._until_ready("kube-apiserver", "/readyz")

    def stop(self) -> None:
        """Stop all of it and remove its folder. Nothing in there is worth an orderly end."""
        for name in reversed(list(self.processes)):
            self._kill(name)
        self._stack.close()

    def _start(self) -> None:
        folder = self._stack.enter_context(scratch("kontext-control-plane"))
        port = free_port()
        identity = Identity(folder / "pki", f"https://127.0.0.1:{port}")
        identity.write()
        self.plane = Plane(self.binaries, folder, identity, "127.0.0.1", free_port(), port)
        self._run("etcd", self.plane.etcd())
        identity.kubeconfig(ADMIN)
        self.start_api_server()
        if self.binaries.has("kube-controller-manager"):
            self._run("kube-controller-manager", self.plane.controller_manager())
            # It has gone through its start when the first namespace has its service account.
            self._until_ready("kube-controller-manager", "/api/v1/namespaces/default/serviceaccounts/default")

    def _run(self, name: str, command: list[str]) -> None:
        tied = ["setpriv", "--pdeathsig", "KILL", "--", *command]
        folder = self.plane.folder
        process = start(tied, cwd=folder, log=self._log(name), piped=False)
        if process.stdin is not None:
            process.stdin.close()
        self.processes[name] = process

    def _kill(self, name: str) -> None:
        process = self.processes.pop(name)
        process.kill()
        process.wait()

    def _log(self, name: str) -> Path:
        return self.plane.folder / f"{name}.log"

    def _until_ready(self, name: str, path: str) -> None:
        deadline = time.monotonic() + _READY_SECONDS
        while answers(self.plane, path) is None:
            dead = [other for other, process in self.processes.items() if process.poll() is not None]
            if dead or time.monotonic() > deadline:
                guilty = dead[0] if dead else name
                what = "ended" if dead else f"was not ready after {_READY_SECONDS} s"
                raise ControlPlaneFailed(f"{guilty} {what}:\n{self._log(guilty).read_text()[-4000:]}")
            time.sleep(_PAUSE_SECONDS)
