"""The node of machine.py as a cluster for the product: with its images, built without a container engine."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

from e2e.cluster import ingress
from e2e.cluster.binaries import binaries
from e2e.cluster.commands import POD_NETWORK
from e2e.cluster.images import Images, Loadable, build
from e2e.cluster.kubectl import Kubectl
from e2e.cluster.lock import exclusively
from e2e.cluster.machine import FOLDER, Machine


class Bare:
    """A Debian machine without Docker. Needs root."""

    ingress_class = ingress.CLASS
    # The controller is a process of the machine: pods see the bridge's own address.
    proxy = f"{POD_NETWORK}.1/32"

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._machine: Machine | None = None

    @property
    def machine(self) -> Machine:
        if self._machine is None:
            # Of our own build: a node needs more programs than KUBEBUILDER_ASSETS has, and of one version.
            os.environ.pop("KUBEBUILDER_ASSETS", None)
            self._machine = Machine(binaries(), self._say)
        return self._machine

    @property
    def kubectl(self) -> Kubectl:
        return self.machine.kubectl

    def running(self) -> int | None:
        return self.machine.port if FOLDER.exists() else None

    def up(self, port: int) -> Path:
        return self.machine.up(port)

    def down(self) -> None:
        with exclusively(self._say):
            # Without it there is nothing to stop, and no reason to build the programs first.
            if FOLDER.exists():
                self.machine.down()

    def images(self) -> Images:
        return build(self._say)

    def load(self, one: Loadable) -> None:
        load(self.machine, one)


def load(machine: Machine, one: Loadable) -> None:
    """Make an image known to the node, unless it is."""
    if machine.has(one.name):
        return
    machine.say(f"loading {one.name}")
    with tempfile.TemporaryDirectory(dir=FOLDER) as work:
        archive = Path(work, "image.tar")
        # containerd takes 5 s to read 270 MB that it has already: a changed program is 1 MB of them.
        one.write(archive, machine.layers())
        try:
            machine.load(archive)
        except subprocess.CalledProcessError:
            # What it had it may have thrown away meanwhile, with the last image that needed it.
            one.write(archive)
            machine.load(archive)
