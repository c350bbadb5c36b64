"""The programs of a cluster: those of `KUBEBUILDER_ASSETS`, else those that build.sh leaves in the user's cache."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_BUILD = Path(__file__).with_name("build.sh")
# 4 minutes on 2 cores, twice that for a slow mirror, and as long again to wait for another run that builds.
_BUILD_SECONDS = 1200


class BinariesMissing(RuntimeError):
    """A program is not there; the message says what to do."""


@dataclass(frozen=True)
class Binaries:
    """A folder with programs."""

    folder: Path

    def path(self, name: str) -> str:
        """Where the program `name` is. BinariesMissing if it is not there."""
        if not self.has(name):
            raise BinariesMissing(
                f"{self.folder} has no {name}. KUBEBUILDER_ASSETS has to hold etcd, kube-apiserver and, for what "
                "controllers do, kube-controller-manager; unset it and the programs are built (Debian 12 only)."
            )
        return str(self.folder / name)

    def has(self, name: str) -> bool:
        return os.access(self.folder / name, os.X_OK)

    @property
    def kubectl(self) -> str:
        """Beside the others, else on PATH: any version that is near the server's will do."""
        found = str(self.folder / "kubectl") if self.has("kubectl") else shutil.which("kubectl")
        if found is None:
            raise BinariesMissing(f"neither {self.folder} nor PATH has kubectl")
        return found

    def minor(self, name: str) -> int:
        """The 20 of Kubernetes 1.20.2."""
        answer = subprocess.run([self.path(name), "--version"], check=True, capture_output=True, text=True, timeout=30)
        return int(answer.stdout.split()[-1].split(".")[1])


@cache
def binaries() -> Binaries:
    """The programs, built now if they are not there: minutes, once per machine, with progress on stderr."""
    if folder := os.environ.get("KUBEBUILDER_ASSETS"):
        return Binaries(Path(folder))
    try:
        # Its stderr is this process's: whoever waits sees the steps.
        built = subprocess.run([str(_BUILD)], check=True, stdout=subprocess.PIPE, text=True, timeout=_BUILD_SECONDS)
    except (OSError, subprocess.SubprocessError) as error:
        raise BinariesMissing(
            f"Kubernetes could not be built: {error}. What it wrote is above and in the log it names. On another "
            "system than Debian 12 set KUBEBUILDER_ASSETS to a folder with etcd, kube-apiserver, "
            "kube-controller-manager and kubectl."
        ) from error
    return Binaries(Path(built.stdout.strip()))
