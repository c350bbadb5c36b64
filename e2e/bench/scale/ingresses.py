"""python -m e2e.bench.scale.ingresses [--count N]…: what an ingress controller does for an Ingress, by how many it has.

Real: etcd, API server, controller manager, Traefik. Of sessions there are the Service and the Ingress, as the operator
writes them; a Service without pods is routed too (503), so that nothing has to run behind it.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import time
from contextlib import ExitStack, suppress
from dataclasses import dataclass

import httpx2
from rich.console import Console
from rich.table import Table

from e2e.bench.scale import figures
from e2e.bench.scale.figures import Used
from e2e.cluster import ingress
from e2e.cluster.controlplane import ControlPlane
from e2e.processes import free_port, start, stop
from preview_core.kube.client import Kube
from preview_core.kube.resource import INGRESSES, SERVICES
from preview_core.kube.settings import ClusterSettings
from preview_core.naming import new_session_id
from preview_core.objects import names
from preview_core.resources.session import PreviewSession
from preview_operator.routes import make_ingress, make_service

NAMESPACE = "previews"
DOMAIN = "preview.example.org"
_SETTINGS = ClusterSettings.of(
    {"KONTEXT_NAMESPACE": NAMESPACE, "KONTEXT_DOMAIN": DOMAIN, "KONTEXT_INGRESS_CLASS": ingress.CLASS}
)
_WRITERS = 16
_CHURN = 20
_CHURN_S = 1.0
_ASKED = 5
_POLL_S = 0.02
# Five thousand at once take it minutes on a busy machine.
_PATIENCE_S = 900.0
_SETTLE_S = 5.0


@dataclass(frozen=True)
class Row:
    count: int
    rss: float  # MiB
    idle: float  # share of a core
    cpu: float  # seconds for one new session
    routed: float  # seconds, median
    listed: figures.Listed


@dataclass
class Traefik:
    kube: Kube
    port: int
    pid: int

    async def add(self) -> str:
        """A session's route; its host."""
        session_id = new_session_id()
        session = PreviewSession.model_validate(
            {"metadata": {"name": session_id, "uid": "0"}, "spec": {"runtimeRef": {"name": "default"}}}
        )
        for resource, manifest in (
            (SERVICES, make_service(session, None)),
            (INGRESSES, make_ingress(session, _SETTINGS)),
        ):
            manifest["metadata"].pop("ownerReferences")  # its owner is not there: it would be collected
            await self.kube.apply(resource, NAMESPACE, manifest)
        return _SETTINGS.address.host(session_id)

    async def routed(self, host: str) -> float:
        """Seconds until it knows the host."""
        began = time.monotonic()
        async with httpx2.AsyncClient(trust_env=False, timeout=60) as http:
            while time.monotonic() - began < _PATIENCE_S:
                with suppress(httpx2.HTTPError):
                    answer = await http.get(f"http://127.0.0.1:{self.port}/", headers={"Host": host})
                    if answer.status_code != httpx2.codes.NOT_FOUND:
                        return time.monotonic() - began
                await asyncio.sleep(_POLL_S)
        raise TimeoutError(f"a host was not routed within {_PATIENCE_S:.0f} s")


async def _row(traefik: Traefik, plane: ControlPlane, have: int, count: int) -> Row:
    numbers = iter(range(count - have))

    async def writer() -> None:
        for _ in numbers:
            await traefik.add()

    async with asyncio.TaskGroup() as group:
        for _ in range(_WRITERS):
            group.create_task(writer())
    await traefik.routed(await traefik.add())
    idle = await _idle(traefik)
    before = Used.of(traefik.pid)
    for _ in range(_CHURN):
        began = time.monotonic()
        await traefik.add()
        await asyncio.sleep(max(0.0, _CHURN_S - (time.monotonic() - began)))
    used = Used.of(traefik.pid)
    # Apart from the above: being asked costs it CPU as well.
    taken = [await traefik.routed(await traefik.add()) for _ in range(_ASKED)]
    listed = min(
        (figures.listed(plane.plane, "/apis/networking.k8s.io/v1/ingresses") for _ in range(5)),
        key=lambda one: one.seconds,
    )
    return Row(count, used.peak, idle, (used.cpu - before.cpu) / _CHURN, statistics.median(taken), listed)


async def _idle(traefik: Traefik) -> float:
    """Waits until it has worked off what came, then looks how much it does for nothing."""
    deadline = time.monotonic() + _PATIENCE_S
    share = 1.0
    while share > 0.1 and time.monotonic() < deadline:
        before = Used.of(traefik.pid).cpu
        await asyncio.sleep(_SETTLE_S)
        share = (Used.of(traefik.pid).cpu - before) / _SETTLE_S
    return share


async def measure(plane: ControlPlane, port: int, pid: int, counts: list[int]) -> list[Row]:
    rows: list[Row] = []
    have = 0
    async with await Kube.of_kubeconfig(plane.kubeconfig, names.MANAGER) as kube:
        for count in counts:
            print(f"{count} Ingresses", file=sys.stderr, flush=True)
            rows.append(await _row(Traefik(kube, port, pid), plane, have, count))
            print(f"  {rows[-1]}", file=sys.stderr, flush=True)
            have = count + _CHURN + _ASKED + 1
    return rows


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m e2e.bench.scale.ingresses", description=__doc__)
    parser.add_argument("--count", type=int, action="append", help="repeatable; default 100, 500, 1000")
    counts = sorted(parser.parse_args().count or [100, 500, 1000])
    with ExitStack() as stack:
        plane = stack.enter_context(ControlPlane())
        plane.kubectl("create", "namespace", NAMESPACE)
        plane.kubectl("apply", "-f", "-", stdin=ingress.manifests())
        port = free_port()
        log = plane.plane.folder / "traefik.log"
        # It dies with this process, however that ends.
        command = ["setpriv", "--pdeathsig", "KILL", "--", *ingress.traefik(plane.plane, port)]
        process = start(command, cwd=plane.plane.folder, log=log, piped=False)
        stack.callback(stop, process)
        rows = asyncio.run(measure(plane, port, process.pid, counts))
    view = Table("Ingresses", "Traefik RSS", "idle", "CPU per new session", "routed after", "list", "its size")
    for row in rows:
        view.add_row(
            str(row.count),
            f"{row.rss:.0f} MiB",
            f"{row.idle * 100:.1f} %",
            f"{row.cpu * 1000:.0f} ms",
            f"{row.routed * 1000:.0f} ms",
            f"{row.listed.seconds * 1000:.0f} ms",
            f"{row.listed.size / 1024**2:.1f} MiB",
        )
    Console(width=120).print(view)
    return 0


if __name__ == "__main__":
    sys.exit(main())
