"""python -m e2e.cluster up|down: a one-node Kubernetes with an ingress controller on this machine."""

from __future__ import annotations

import argparse
import os
import sys
import time

from e2e.cluster.binaries import BinariesMissing, binaries
from e2e.cluster.machine import FOLDER, INGRESS_PORT, ClusterFailed, Machine


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m e2e.cluster", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    up = commands.add_parser("up", help="start it; prints KUBECONFIG=… last")
    up.add_argument("--port", type=int, default=INGRESS_PORT, help="of the ingress controller, on loopback")
    commands.add_parser("down", help="stop it and remove everything it left")
    arguments = parser.parse_args()
    began = time.monotonic()

    def say(line: str) -> None:
        print(f"{time.monotonic() - began:6.1f} s  {line}", file=sys.stderr)

    if arguments.command == "down" and not FOLDER.exists():
        say("nothing to stop")
        return 0
    try:
        # Of our own build: a node needs more programs than KUBEBUILDER_ASSETS has, and of one version.
        os.environ.pop("KUBEBUILDER_ASSETS", None)
        machine = Machine(binaries(), say)
        if arguments.command == "down":
            machine.down()
            say("down")
        else:
            print(f"KUBECONFIG={machine.up(arguments.port)}")
    except (BinariesMissing, ClusterFailed) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
