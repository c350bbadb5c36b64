"""python -m e2e.cluster up|down: a real Kubernetes on this machine, with kontext-preview installed."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable

import helm_python

from e2e.cluster.api import ApiFailed
from e2e.cluster.binaries import BinariesMissing
from e2e.cluster.controlimage import NotInstalled
from e2e.cluster.installed import INGRESS_PORT, Installed
from e2e.cluster.kind import KindFailed
from e2e.cluster.kubectl import KubectlFailed
from e2e.cluster.libraries import LibraryMissing
from e2e.cluster.machine import ClusterFailed
from e2e.cluster.release import InstallFailed
from preview_api.backends.local.installation import InstallationFailed

# Each has a message for the person at the terminal.
_KNOWN = (
    ApiFailed,
    BinariesMissing,
    ClusterFailed,
    InstallationFailed,
    InstallFailed,
    KindFailed,
    KubectlFailed,
    LibraryMissing,
    NotInstalled,
    helm_python.HelmError,
)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m e2e.cluster", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    up = commands.add_parser("up", help="start it and install the chart, or bring what runs up to date")
    up.add_argument("--port", type=int, default=INGRESS_PORT, help="of the ingress controller, on loopback")
    up.add_argument("--without-chart", action="store_true", help="the cluster alone; prints KUBECONFIG=… last")
    up.add_argument("--without-demo", action="store_true", help="make no session of the sample project")
    commands.add_parser("down", help="stop it and remove everything it left")
    arguments = parser.parse_args()
    began = time.monotonic()

    def say(line: str) -> None:
        print(f"{time.monotonic() - began:6.1f} s  {line}", file=sys.stderr)

    try:
        if arguments.command == "down":
            Installed(say=say).cluster.down()
            say("down")
        else:
            _up(arguments, say)
    except _KNOWN as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _up(arguments: argparse.Namespace, say: Callable[[str], None]) -> None:
    here = Installed(arguments.port, say)
    if arguments.without_chart:
        print(f"KUBECONFIG={here.cluster.up(arguments.port)}")
        return
    here.up()
    print(f"export KUBECONFIG={here.kubectl.kubeconfig}")
    print(f"kubectl --namespace {here.sessions} get pvs")
    body = '{"projectType":"icpstudio","packageJson":null,"files":[{"name":"src/index.tsx","content":"…"}]}'
    print(f"curl {here.api.url}/kontext/preview --header 'content-type: application/json' --data '{body}'")
    print(f"previews are at http://preview-<id>.{here.domain}:{here.port}/")
    if not arguments.without_demo:
        print(f"one of the sample project: {here.api.demo()['previewUrl']}")


if __name__ == "__main__":
    sys.exit(main())
