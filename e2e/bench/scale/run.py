"""The steps of the measurement, in their order; each waits for what it wants to see, for no longer than its limit."""

from __future__ import annotations

import asyncio
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx2

from e2e.bench.project import files
from e2e.bench.scale import figures
from e2e.bench.scale.figures import Used
from e2e.bench.scale.pods import Pods
from e2e.cluster.binaries import Binaries, binaries
from e2e.cluster.controlplane import ControlPlane
from e2e.modules import CHECKOUT
from e2e.processes import free_port
from preview_api.backends.base import NewSession
from preview_api.backends.kubernetes.backend import KubernetesBackend
from preview_core.filetree import File, FileTree
from preview_core.kube.client import Kube
from preview_core.kube.resource import PODS, RUNTIMES
from preview_core.kube.settings import ClusterSettings
from preview_operator.operator import now_ms

NAMESPACE = "previews"
# Below the quota of an owner.
_PER_OWNER = 50
_LOST = 50
_PAUSE_S = 0.25
_PREFIX = "kontext_preview_operator_"
_INGRESSES = "/apis/networking.k8s.io/v1/ingresses"
_SESSIONS = f"/apis/preview.coinnation.io/v1alpha1/namespaces/{NAMESPACE}/previewsessions"

Say = Callable[[str], None]


@dataclass(frozen=True)
class Options:
    """`parallel`: creates at a time; `idle_s`: how long nothing happens; `limit_s`: of one step."""

    sessions: int
    routing: str
    parallel: int
    idle_s: float
    limit_s: float


@dataclass
class Operator:
    """A process that can be killed and started again."""

    environment: dict[str, str]
    control_port: int
    log: Path
    port: int = field(default_factory=free_port)
    process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        # It dies with this process, however that ends.
        command = (
            "setpriv",
            "--pdeathsig",
            "KILL",
            "--",
            sys.executable,
            "-m",
            "e2e.bench.scale.operatorprocess",
            str(self.control_port),
        )
        with self.log.open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                *command,
                env={**self.environment, "KONTEXT_PORT": str(self.port)},
                cwd=CHECKOUT,
                stdout=log,
                stderr=log,
            )

    async def kill(self) -> None:
        if self.process is not None:
            with suppress(ProcessLookupError):
                self.process.kill()
            await self.process.wait()

    def used(self) -> Used:
        assert self.process is not None
        return Used.of(self.process.pid)

    async def value(self, sample: str) -> float:
        """Of one line of its metrics; 0 while it does not answer."""
        assert self.process is not None
        if self.process.returncode is not None:
            raise RuntimeError(f"the operator ended:\n{self.log.read_text()[-4000:]}")
        async with httpx2.AsyncClient(trust_env=False, timeout=30) as http:
            with suppress(httpx2.HTTPError):
                text = (await http.get(f"http://127.0.0.1:{self.port}/metrics")).text
                found = re.search(rf"^{re.escape(_PREFIX + sample)} (\S+)$", text, re.MULTILINE)
                return float(found.group(1)) if found else 0.0
        return 0.0

    async def ready(self) -> float:
        return await self.value('sessions{phase="Ready"}')


@dataclass
class Stage:
    plane: ControlPlane
    kube: Kube
    pods: Pods
    kubelet: asyncio.Task[None]
    operator: Operator
    backend: KubernetesBackend
    options: Options

    async def until(self, true: Callable[[], Awaitable[bool]], what: str) -> float:
        """Seconds that it took. Raises TimeoutError."""
        began = time.monotonic()
        while not await true():
            if self.kubelet.done():
                self.kubelet.result()
            if time.monotonic() - began > self.options.limit_s:
                raise TimeoutError(f"not within {self.options.limit_s:.0f} s: {what}")
            await asyncio.sleep(_PAUSE_S)
        return time.monotonic() - began

    async def all_ready(self) -> bool:
        return await self.operator.ready() >= self.options.sessions

    def requests(self) -> Counter[str]:
        return figures.requests(self.plane.plane)


async def measure(options: Options, say: Say) -> dict[str, str]:
    """Rows of the table."""
    async with _stage(options) as stage:
        say("the operator starts")
        await stage.operator.start()
        await stage.until(lambda: _healthy(stage.operator), "the operator answers")
        rows: dict[str, str] = {}
        for what, step in (
            ("creates", _creates),
            (f"nothing for {options.idle_s:.0f} s", _idle),
            ("sizes", _sizes),
            ("restarts", _restarts),
        ):
            say(what)
            found = await step(stage)
            say("\n".join(f"  {name}: {value}" for name, value in found.items()))
            rows |= found
        return rows


async def _healthy(operator: Operator) -> bool:
    async with httpx2.AsyncClient(trust_env=False, timeout=30) as http:
        with suppress(httpx2.HTTPError):
            return (await http.get(f"http://127.0.0.1:{operator.port}/healthz")).status_code == httpx2.codes.OK
    return False


async def _creates(stage: Stage) -> dict[str, str]:
    count = stage.options.sessions
    tree = FileTree(File(path, text.encode()) for path, text in files().items())
    before, requests, empty = time.monotonic(), stage.requests(), stage.operator.used()
    numbers = iter(range(count))
    taken: list[float] = []

    async def caller() -> None:
        for number in numbers:
            began = time.monotonic()
            await stage.backend.create(NewSession(f"owner {number // _PER_OWNER}", None, tree, now_ms()))
            taken.append(time.monotonic() - began)

    async with asyncio.TaskGroup() as group:
        for _ in range(stage.options.parallel):
            group.create_task(caller())
    created = time.monotonic() - before
    await stage.until(stage.all_ready, "every session is Ready")
    ready = time.monotonic() - before
    used, made = stage.operator.used(), stage.requests() - requests
    taken.sort()
    each = [f"{number / count:.2f} {name}" for name, number in made.most_common() if number >= count / 20]
    return {
        "creates per second": f"{count / created:.0f}",
        "time of a create, p50 / p95": f"{taken[count // 2] * 1000:.0f} / {taken[count * 95 // 100] * 1000:.0f} ms",
        "first create → all Ready": f"{ready:.0f} s",
        "API requests per create": f"{sum(made.values()) / count:.1f}\n" + "\n".join(each),
        "operator CPU per create": f"{(used.cpu - empty.cpu) / count * 1000:.0f} ms",
        "operator RSS, without sessions": f"{empty.rss:.0f} MiB",
        "operator RSS, all Ready": f"{used.rss:.0f} MiB (at most {used.peak:.0f})",
        "operator RSS per session": f"{(used.rss - empty.rss) * 1024 / count:.1f} KiB",
    }


async def _idle(stage: Stage) -> dict[str, str]:
    hours = stage.options.idle_s / 3600
    await asyncio.sleep(stage.options.idle_s / 6)  # what the creates left to do
    asked, requests, before = stage.pods.asked, stage.requests(), stage.operator.used()
    await asyncio.sleep(stage.options.idle_s)
    used, made = stage.operator.used(), stage.requests() - requests
    per_hour = {name: number / hours for name, number in made.most_common()}
    each = "\n".join(f"{number:.0f} {name}" for name, number in per_hour.items())
    count = stage.options.sessions
    return {
        "idle: API requests per hour, all sessions": f"{sum(per_hour.values()):.0f}\n{each}",
        "idle: API requests per session-hour": f"{sum(per_hour.values()) / count:.2f}",
        "idle: questions to a pod per hour": f"{(stage.pods.asked - asked) / hours / count:.0f}",
        "idle: operator CPU": f"{(used.cpu - before.cpu) / stage.options.idle_s * 100:.1f} % of a core",
        "idle: operator RSS": f"{used.rss:.0f} MiB",
    }


async def _sizes(stage: Stage) -> dict[str, str]:
    rows, total = {}, 0
    for kind, prefix in figures.PREFIXES.items():
        objects, size = figures.stored(stage.plane.plane, prefix)
        total += size
        rows[f"etcd: {kind}"] = f"{size / max(objects, 1):.0f} B × {objects / stage.options.sessions:.2f}"
    rows["etcd: bytes per session"] = f"{total / stage.options.sessions:.0f} B"
    for name, path in (("Ingresses", _INGRESSES), ("PreviewSessions", _SESSIONS)):
        taken = sorted((figures.listed(stage.plane.plane, path) for _ in range(5)), key=lambda one: one.seconds)
        rows[f"list of all {name}"] = f"{taken[2].seconds * 1000:.0f} ms, {taken[2].size / 1024**2:.1f} MiB"
    for name in ("kube-apiserver", "etcd"):
        rows[f"{name} RSS"] = f"{Used.of(stage.plane.processes[name].pid).rss:.0f} MiB"
    return rows


async def _restarts(stage: Stage) -> dict[str, str]:
    """Without anything to do, and after pods went while nobody looked."""
    count = stage.options.sessions

    async def looked() -> bool:
        passes = await stage.operator.value('pass_duration_seconds_count{kind="session"}')
        return passes >= count and await stage.all_ready()

    await stage.operator.kill()
    began = time.monotonic()
    await stage.operator.start()
    await stage.until(looked, "every session was looked at")
    quiet, used = time.monotonic() - began, stage.operator.used()
    await stage.operator.kill()
    listed = await stage.kube.list_metadata(PODS, NAMESPACE)
    for pod in listed.items[:_LOST]:
        await stage.kube.delete(PODS, NAMESPACE, pod["metadata"]["name"], grace_seconds=0)
    began = time.monotonic()
    await stage.operator.start()

    async def mended() -> bool:
        pods = await stage.operator.value("pods")
        return pods >= count and await looked()

    await stage.until(mended, "every session has a pod again")
    return {
        "restart → every session looked at": f"{quiet:.1f} s, {used.cpu:.1f} s CPU, at most {used.peak:.0f} MiB",
        f"restart after {min(_LOST, count)} pods were lost → all Ready": f"{time.monotonic() - began:.1f} s",
    }


@asynccontextmanager
async def _stage(options: Options) -> AsyncIterator[Stage]:
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="kontext-scale-")))
        plane = stack.enter_context(ControlPlane(_without_controllers(folder)))
        kubectl = plane.kubectl
        kubectl("apply", "--validate=false", "-f", str(CHECKOUT / "crds"))
        kubectl("wait", "--for=condition=Established", "crd", "--all", "--timeout=30s")
        kubectl("create", "namespace", NAMESPACE)
        # Else the API server waits for the controller that would make it, with every pod.
        kubectl("create", "serviceaccount", "default", f"--namespace={NAMESPACE}")
        environment = {
            "PATH": "/usr/bin:/bin",
            "PYTHONPATH": ":".join(str(CHECKOUT / part) for part in ("core", "api", "operator", ".")),
            "KUBECONFIG": str(plane.kubeconfig),
            "KONTEXT_NAMESPACE": NAMESPACE,
            "KONTEXT_DOMAIN": "preview.example.org",
            "KONTEXT_INGRESS_CLASS": "traefik",
            "KONTEXT_ROUTING": options.routing,
        }
        kube = await stack.enter_async_context(await Kube.of_kubeconfig(plane.kubeconfig, "bench"))
        runtime = {
            "apiVersion": RUNTIMES.api_version,
            "kind": RUNTIMES.kind,
            "metadata": {"name": "default"},
            "spec": {"image": "played:1", "limits": {"pods": 100_000}},
        }
        await kube.apply(RUNTIMES, NAMESPACE, runtime)
        pods = Pods(kube, NAMESPACE)
        stack.push_async_callback((await pods.serve()).cleanup)
        kubelet = asyncio.create_task(pods.run())
        stack.callback(kubelet.cancel)
        operator = Operator(environment, pods.port, folder / "operator.log")
        stack.push_async_callback(operator.kill)
        backend = KubernetesBackend(
            ClusterSettings.of(environment), await Kube.of_kubeconfig(plane.kubeconfig, "api"), now_ms
        )
        stack.push_async_callback(backend.stop)
        yield Stage(plane, kube, pods, kubelet, operator, backend, options)


def _without_controllers(folder: Path) -> Binaries:
    """Pods have addresses of loopback here, which Endpoints may not hold: a controller would try again for ever."""
    programs, here = binaries(), folder / "programs"
    here.mkdir()
    for name in ("etcd", "kube-apiserver"):
        (here / name).symlink_to(programs.path(name))
    (here / "kubectl").symlink_to(programs.kubectl)
    return Binaries(here)
