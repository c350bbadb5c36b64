"""The API on a real API server: replicas in this process, with the rights that the chart gives; the rest of the cluster
is played by the test."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import random
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any

import httpx2
from e2e.cluster.kubectl import Kubectl
from e2e.modules import CHECKOUT, installation
from e2e.processes import free_port
from helm import render

from preview_api.app import create_app, now_ms
from preview_api.backends.kubernetes.backend import KubernetesBackend
from preview_api.settings import Settings
from preview_core.kube.client import Kube, Object
from preview_core.kube.files import StoredFiles
from preview_core.kube.resource import CONFIG_MAPS, RUNTIMES, SESSIONS
from preview_core.kube.settings import ClusterSettings
from preview_core.objects import names
from preview_core.objects.capability import control_token
from preview_core.resources.session import PreviewSession
from preview_core.resources.timestamp import rfc3339

ORIGIN = "https://kontext.build"
DOMAIN = "preview.example.org"
RUNTIME = "standard"
SECRET = b"s" * 32
CREATE = "/kontext/preview"
PATIENCE_S = 30.0
PROJECT = {
    "src/frontend/package.json": '{"name": "tiny", "dependencies": {"react": "^18.2.0", "react-dom": "^18.2.0"}}',
    "src/frontend/src/index.tsx": (
        "import { createRoot } from 'react-dom/client'\nimport App from './App'\n"
        "createRoot(document.getElementById('root')!).render(<App />)\n"
    ),
    "src/frontend/src/App.tsx": "export default function App() { return <h1>first</h1> }\n",
}
APP = "src/frontend/src/App.tsx"


def sent(files: dict[str, str]) -> list[dict[str, str]]:
    """As a request carries them."""
    return [{"name": name, "content": content} for name, content in files.items()]


async def eventually(condition: Callable[[], Awaitable[bool]], what: str) -> None:
    """Asks again until it is so."""
    deadline = time.monotonic() + PATIENCE_S
    while not await condition():
        assert time.monotonic() < deadline, f"not within {PATIENCE_S} s: {what}"
        await asyncio.sleep(0.05)


@dataclass
class Clock:
    """The wall clock, shifted by so many milliseconds: one for all replicas."""

    shift: int = 0

    def __call__(self) -> int:
        return now_ms() + self.shift


@dataclass
class Cluster:
    """One namespace, for sessions and the control plane. `api` and `waker` are kubeconfigs with their own rights."""

    kube: Kube
    kubectl: Kubectl
    namespace: str
    api: Path
    waker: Path
    clock: Clock = field(default_factory=Clock)

    @property
    def files(self) -> StoredFiles:
        return StoredFiles(self.kube, self.namespace)

    @property
    def environment(self) -> dict[str, str]:
        """Of `serve` and `waker`."""
        return {
            "KONTEXT_NAMESPACE": self.namespace,
            "KONTEXT_RUNTIME": RUNTIME,
            "KONTEXT_DOMAIN": DOMAIN,
            "KONTEXT_ALLOWED_ORIGINS": ORIGIN,
        }

    async def session(self, session_id: str) -> PreviewSession:
        return PreviewSession.model_validate(await self.kube.get(SESSIONS, self.namespace, session_id))

    async def sessions(self) -> list[PreviewSession]:
        listed = await self.kube.list(SESSIONS, self.namespace)
        return [PreviewSession.model_validate(item) for item in listed.items]

    async def live(self) -> list[PreviewSession]:
        return [session for session in await self.sessions() if session.spec.ended is None]

    async def see(self, session_id: str, **status: Any) -> None:
        """Writes a status, as the operator does."""
        await self.kube.patch(SESSIONS, self.namespace, session_id, {"status": status}, "status")

    async def change(self, session_id: str, **spec: Any) -> None:
        await self.kube.patch(SESSIONS, self.namespace, session_id, {"spec": spec})

    async def runtime(self, spec: Object | None = None, status: Object | None = None) -> None:
        """Makes or changes the runtime."""
        body = {
            "apiVersion": RUNTIMES.api_version,
            "kind": RUNTIMES.kind,
            "metadata": {"name": RUNTIME},
            "spec": {"image": "localhost/runtime:1", **(spec or {})},
        }
        await self.kube.apply(RUNTIMES, self.namespace, body)
        if status is not None:
            await self.kube.patch(RUNTIMES, self.namespace, RUNTIME, {"status": status}, "status")

    async def slots(self, owner: str) -> set[str]:
        """Ids in the quota of an owner."""
        found = await self.kube.get(CONFIG_MAPS, self.namespace, names.quota_name(owner))
        return set(found.get("data") or {})


@dataclass
class Replica:
    """One replica of the API in this process."""

    backend: KubernetesBackend
    http: httpx2.AsyncClient

    async def post(self, path: str, body: Object, **headers: str) -> httpx2.Response:
        return await self.http.post(path, json=body, headers=headers)

    async def create(self, files: dict[str, str] = PROJECT, **more: Any) -> Object:
        response = await self.post(CREATE, {"files": sent(files), **more})
        assert response.status_code == 200, response.text
        answer: Object = response.json()
        return answer

    async def update(self, session_id: str, files: dict[str, str]) -> Object:
        response = await self.post(f"{CREATE}/{session_id}/update", {"files": sent(files)})
        assert response.status_code == 200, response.text
        answer: Object = response.json()
        return answer

    async def status(self, session_id: str) -> Object:
        response = await self.http.get(f"{CREATE}/{session_id}")
        assert response.status_code == 200, response.text
        answer: Object = response.json()
        return answer

    async def close(self, session_id: str) -> None:
        response = await self.http.delete(f"{CREATE}/{session_id}")
        assert response.status_code == 200, response.text


@dataclass
class Replicas:
    """Several, behind a balancer that knows nothing of sessions."""

    cluster: Cluster
    all: list[Replica]
    dice: random.Random = field(default_factory=lambda: random.Random(7))  # noqa: S311 - a balancer's, and the same in every run

    @property
    def any(self) -> Replica:
        return self.dice.choice(self.all)

    @property
    def owner(self) -> str:
        """As the API calls the callers of `http`."""
        return f"{ORIGIN} 127.0.0.1"


async def replica(cluster: Cluster, kubeconfig: Path | None = None, **options: int) -> Replica:
    """Its backend is started; `stop` it."""
    settings = ClusterSettings.of(cluster.environment)
    kube = await Kube.of_kubeconfig(kubeconfig or cluster.api, "kontext-preview-api")
    backend = KubernetesBackend(settings, kube, cluster.clock, **options)
    await backend.start()
    face = Settings(allowed_origins=settings.allowed_origins, allowed_hosts=None)
    transport = httpx2.ASGITransport(create_app(face, backend, cluster.clock))
    return Replica(backend, httpx2.AsyncClient(transport=transport, base_url="http://api", headers={"Origin": ORIGIN}))


async def stop(replica: Replica) -> None:
    await replica.http.aclose()
    await replica.backend.stop()


@cache
def rules(component: str) -> list[Object]:
    """What the chart allows a component, wherever."""
    values = {"domain": DOMAIN, "allowedOrigins": [ORIGIN]}
    found = [
        rule
        for document in render.documents(values)
        if document["kind"] == "Role" and document["metadata"]["name"].endswith(f"-{component}")
        for rule in document["rules"]
    ]
    assert found
    return found


def objects(namespace: str) -> list[Object]:
    """What the chart installs, as far as the API and the waker see it."""
    made: list[Object] = [
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": render.NAME},
            "data": {"key": base64.b64encode(SECRET).decode()},
        },
        {
            "apiVersion": RUNTIMES.api_version,
            "kind": RUNTIMES.kind,
            "metadata": {"name": RUNTIME},
            "spec": {"image": "localhost/runtime:1"},
        },
    ]
    for component in ("api", "waker"):
        rbac = "rbac.authorization.k8s.io"
        role: Object = {"apiGroup": rbac, "kind": "Role", "name": component}
        subject = {"kind": "ServiceAccount", "name": component, "namespace": namespace}
        metadata = {"name": component}
        made += [
            {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata},
            {"apiVersion": f"{rbac}/v1", "kind": "Role", "metadata": metadata, "rules": rules(component)},
            {
                "apiVersion": f"{rbac}/v1",
                "kind": "RoleBinding",
                "metadata": metadata,
                "roleRef": role,
                "subjects": [subject],
            },
        ]
    return made


def service_account(kubectl: Kubectl, namespace: str, name: str, folder: Path) -> Path:
    """A kubeconfig that has the rights of a service account, and nobody else's."""
    path = f"/api/v1/namespaces/{namespace}/serviceaccounts/{name}/token"
    wanted = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}
    token = json.loads(kubectl("create", "--raw", path, "-f", "-", stdin=wanted))["status"]["token"]
    config = kubectl.json("config", "view", "--raw", "--minify", "--flatten")
    config["users"] = [{"name": user["name"], "user": {"token": token}} for user in config["users"]]
    kubeconfig = folder / f"{name}-{secrets.token_hex(4)}.kubeconfig"
    kubeconfig.write_text(json.dumps(config))
    kubeconfig.chmod(0o600)
    return kubeconfig


class Command:
    """`kontext-preview serve` or `waker` as a process."""

    def __init__(self, name: str, environment: dict[str, str], log: Path, *options: str) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = log
        path = os.pathsep.join(str(CHECKOUT / folder) for folder in ("core", "api"))
        code = "from preview_api.cli import main; main()"
        with log.open("ab") as errors:
            self.process = subprocess.Popen(
                [sys.executable, "-c", code, name, *(options or ("--host", "127.0.0.1"))],
                env={"PATH": os.environ["PATH"], "PYTHONPATH": path, "KONTEXT_PORT": str(self.port), **environment},
                cwd=log.parent,
                stdout=errors,
                stderr=errors,
            )

    async def __aenter__(self) -> Command:
        await eventually(self._answers, "the command answers")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()

    def kill(self) -> None:
        """Without a word, as the kernel does."""
        self.process.kill()
        self.process.wait()

    def terminate(self) -> int:
        """As a kubelet does; the exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=30)

    def client(self, **headers: str) -> httpx2.AsyncClient:
        return httpx2.AsyncClient(base_url=self.url, headers={"Origin": ORIGIN, **headers}, trust_env=False, timeout=30)

    async def _answers(self) -> bool:
        assert self.process.poll() is None, self.log.read_text()[-4000:]
        with suppress(httpx2.HTTPError):
            async with self.client() as http:
                return (await http.get("/healthz")).status_code == 200
        return False


@dataclass
class Pod:
    """A real runtime on a loopback address of its own, on the ports that every pod has."""

    name: str
    address: str
    process: asyncio.subprocess.Process

    @classmethod
    async def start(cls, session_id: str, folder: Path, address: str, secret: bytes = SECRET) -> Pod:
        home = installation()
        name = names.pod_name(session_id, 1)
        await asyncio.to_thread(folder.mkdir, parents=True)
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "KP_SESSION_DIR": str(folder),
            "KP_CATALOGUE_DIR": str(home.catalogue),
            "KP_PREVIEW_HOST": address,
            "KP_PREVIEW_PORT": str(names.PREVIEW_PORT),
            "KP_CONTROL_HOST": address,
            "KP_CONTROL_PORT": str(names.CONTROL_PORT),
            "KP_CONTROL_TOKEN": control_token(secret, name),
            "KP_PUBLIC_URL": f"https://preview-{session_id}.{DOMAIN}/",
            "KP_ALLOWED_ORIGINS": ORIGIN,
            "KP_KEEP_STDIN": "1",
        }
        process = await asyncio.create_subprocess_exec(
            *home.command, cwd=folder, env=environment, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE
        )
        assert process.stdout is not None
        assert await process.stdout.readline(), "the runtime did not start"
        return cls(name, address, process)

    @property
    def status(self) -> Object:
        """As the operator writes it into the session."""
        return {"podName": self.name, "podIPs": [self.address], "phase": "Ready"}

    async def page(self, session_id: str, path: str = "/") -> str:
        host = f"preview-{session_id}.{DOMAIN}"
        authority = f"[{self.address}]" if ":" in self.address else self.address
        async with httpx2.AsyncClient(trust_env=False) as http:
            url = f"http://{authority}:{names.PREVIEW_PORT}{path}"
            return (await http.get(url, headers={"Host": host}, timeout=10)).text

    async def kill(self) -> None:
        with suppress(ProcessLookupError):
            self.process.kill()
        await self.process.wait()


def ago(clock: Clock, seconds: int) -> str:
    """A time of the past, as it stands in objects."""
    return rfc3339(clock() - seconds * 1000)
