"""An operator on a real API server: a process of its own, as in a cluster, and a kubelet played by the test."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import pytest
import pytest_asyncio
from e2e.browser.project import files
from e2e.cluster.kubectl import Kubectl
from e2e.modules import CHECKOUT, installation
from e2e.processes import free_port
from tests.component.operator.kubelet import Kubelet

from preview_core.filetree import File, FileTree
from preview_core.kube.client import Kube, Object
from preview_core.kube.errors import NotFound
from preview_core.kube.files import StoredFiles
from preview_core.kube.resource import PODS, RUNTIMES, SESSIONS
from preview_core.naming import new_session_id
from preview_core.objects import names
from preview_core.resources.runtime import PreviewRuntime
from preview_core.resources.session import PreviewSession
from preview_core.resources.timestamp import rfc3339
from preview_operator.operator import now_ms

# A pod is there within 0.1 s, its page within two; ten times that on a busy machine. The longest is an end: the sweep
# comes every half minute, and what is promised is a minute.
PATIENCE_S = 75
DOMAIN = "preview.example.org"
RUNTIME = "standard"


def tree(**changes: str) -> FileTree:
    """The browser tests' project; `changes` by the last part of a path, without extension."""
    texts = {path: changes.get(Path(path).stem, text) for path, text in files().items()}
    return FileTree(File(path, text.encode()) for path, text in texts.items())


@dataclass
class Operator:
    """`python -m preview_operator.main` against one namespace. `start` returns when it watches.

    `told`: variables beside the usual ones.
    """

    namespace: str
    kubeconfig: Path
    log: Path
    port: int = field(default_factory=free_port)
    told: dict[str, str] = field(default_factory=dict)
    process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": f"{CHECKOUT / 'core'}:{CHECKOUT / 'operator'}",
            "KUBECONFIG": str(self.kubeconfig),
            "KONTEXT_NAMESPACE": self.namespace,
            "KONTEXT_DOMAIN": DOMAIN,
            "KONTEXT_PORT": str(self.port),
            "KONTEXT_INGRESS_CLASS": "traefik",
            "KONTEXT_ALLOWED_ORIGINS": "http://localhost:5173",
            **self.told,
        }
        with self.log.open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "preview_operator.main",
                env=environment,
                cwd=self.log.parent,
                stdout=log,
                stderr=log,
            )
        await eventually(self._answers, "the operator answers")

    async def kill(self) -> None:
        """Without a word, as the kernel does."""
        assert self.process is not None
        with suppress(ProcessLookupError):
            self.process.kill()
        await self.process.wait()

    async def health(self) -> tuple[int, Object]:
        async with httpx2.AsyncClient(trust_env=False) as http:
            answer = await http.get(f"http://127.0.0.1:{self.port}/healthz")
            return answer.status_code, answer.json()

    async def metrics(self) -> str:
        async with httpx2.AsyncClient(trust_env=False) as http:
            return (await http.get(f"http://127.0.0.1:{self.port}/metrics")).text

    async def _answers(self) -> bool:
        assert self.process is not None
        assert self.process.returncode is None, self.log.read_text()[-4000:]
        with suppress(httpx2.HTTPError):
            return (await self.health())[0] == 200
        return False


@dataclass
class World:
    """One namespace with a runtime, its operator, its kubelet."""

    kube: Kube
    namespace: str
    kubectl: Kubectl
    kubelet: Kubelet
    operator: Operator
    files: StoredFiles

    async def runtime(self, name: str = RUNTIME, **spec: Any) -> None:
        """Make or change a runtime."""
        body = {
            "apiVersion": RUNTIMES.api_version,
            "kind": RUNTIMES.kind,
            "metadata": {"name": name},
            "spec": {"image": "localhost/runtime:1", **spec},
        }
        await self.kube.apply(RUNTIMES, self.namespace, body)

    async def create(self, content: FileTree | None = None, **spec: Any) -> str:
        """A session as the API makes it; `content` None: without files, as when the API dies in between."""
        session_id, now = new_session_id(), now_ms()
        body = {
            "apiVersion": SESSIONS.api_version,
            "kind": SESSIONS.kind,
            "metadata": {"name": session_id},
            "spec": {
                "runtimeRef": {"name": RUNTIME},
                "owner": "http://localhost:5173 192.0.2.1",
                "claimedAt": rfc3339(now),
                "expiresAt": rfc3339(now + 24 * 3600 * 1000),
                **spec,
            },
        }
        made = await self.kube.create(SESSIONS, self.namespace, body)
        if content is not None:
            await self.files.create(session_id, made["metadata"]["uid"], content)
        return session_id

    async def change(self, session_id: str, **spec: Any) -> None:
        """Of its spec."""
        await self.kube.patch(SESSIONS, self.namespace, session_id, {"spec": spec})

    async def commit(self, session_id: str, content: FileTree) -> int:
        """The next revision, as the API commits it, and without its push."""
        session = await self.session(session_id)
        index = await self.files.index(session_id)
        return (await self.files.commit(index, session.metadata.uid, content)).revision

    async def session(self, session_id: str) -> PreviewSession:
        return PreviewSession.model_validate(await self.kube.get(SESSIONS, self.namespace, session_id))

    async def read_runtime(self) -> PreviewRuntime:
        return PreviewRuntime.model_validate(await self.kube.get(RUNTIMES, self.namespace, RUNTIME))

    async def pods(self, session_id: str) -> list[str]:
        listed = await self.kube.list(PODS, self.namespace, f"preview.coinnation.io/session={session_id}")
        return [pod["metadata"]["name"] for pod in listed.items]

    async def pods_of_all(self) -> list[str]:
        listed = await self.kube.list(PODS, self.namespace)
        return [pod["metadata"]["name"] for pod in listed.items]

    async def condition(self, session_id: str, kind: str) -> tuple[str, str]:
        """(status, reason); empty before the first status."""
        for condition in (await self.session(session_id)).status.conditions:
            if condition.type == kind:
                return condition.status.value, condition.reason
        return "", ""

    async def ready(self, session_id: str, revision: int = 1, not_pod: str = "") -> PreviewSession:
        """Waits until the session serves a revision (from another pod than `not_pod`)."""

        async def there() -> bool:
            status = (await self.session(session_id)).status
            return status.phase == "Ready" and status.served_revision == revision and status.pod_name != not_pod

        await self._eventually(session_id, there, f"the session is Ready at revision {revision}")
        return await self.session(session_id)

    async def reason(self, session_id: str, kind: str, reason: str) -> None:
        """Waits for a condition's reason."""

        async def there() -> bool:
            return (await self.condition(session_id, kind))[1] == reason

        await self._eventually(session_id, there, f"{kind} says {reason}")

    async def _eventually(self, session_id: str, condition: Callable[[], Awaitable[bool]], what: str) -> None:
        """With all that explains it if it does not come true."""
        try:
            await eventually(condition, what)
        except AssertionError as error:
            status = (await self.session(session_id)).status.manifest()
            pods, log = await self.pods(session_id), self.operator.log.read_text()[-2000:]
            raise AssertionError(f"{error}\n{json.dumps(status, indent=1)}\n{pods}\n{log}") from error

    async def gone(self, session_id: str) -> None:
        """Waits until the session's object is not there any more."""

        async def there() -> bool:
            try:
                await self.session(session_id)
            except NotFound:
                return True
            return False

        await eventually(there, "the session is gone")

    async def page(self, session_id: str, path: str = "/") -> str:
        """What a visitor gets from the session's pod."""
        return await _page((await self.session(session_id)).status.pod_ips[0], session_id, path)

    async def page_at(self, session_id: str, path: str) -> str:
        """The same, without asking the API server where the pod is: the session's first one."""
        return await _page(self.kubelet.containers[names.pod_name(session_id, 1)].address, session_id, path)


async def _page(address: str, session_id: str, path: str) -> str:
    host = f"preview-{session_id}.{DOMAIN}"
    async with httpx2.AsyncClient(trust_env=False) as http:
        return (await http.get(f"http://{address}:8080{path}", headers={"Host": host}, timeout=10)).text


async def eventually(condition: Callable[[], Awaitable[bool]], what: str) -> None:
    """Asks again until it is so."""
    deadline = time.monotonic() + PATIENCE_S
    while not await condition():
        assert time.monotonic() < deadline, f"not within {PATIENCE_S} s: {what}"
        await asyncio.sleep(0.05)


@asynccontextmanager
async def running(kubeconfig: Path, kubectl: Kubectl, folder: Path) -> AsyncIterator[World]:
    """A namespace with an operator, a kubelet and one runtime."""
    installation()  # not inside a kubelet's time
    namespace = f"test-{secrets.token_hex(4)}"
    kubectl("create", "namespace", namespace)
    async with await Kube.of_kubeconfig(kubeconfig, "test") as kube:
        kubelet = Kubelet(kube, namespace, folder / "pods")
        operator = Operator(namespace, kubeconfig, folder / "operator.log")
        world = World(kube, namespace, kubectl, kubelet, operator, StoredFiles(kube, namespace))
        await world.runtime()
        node = asyncio.create_task(kubelet.run())
        try:
            await operator.start()
            yield world
        finally:
            node.cancel()
            await asyncio.gather(node, return_exceptions=True)
            await operator.kill()
            kubectl("delete", "namespace", namespace, "--wait=false")


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def world(
    control_plane: Path, kubectl: Kubectl, crds: None, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[World]:
    """Shared: a test keeps to sessions of its own."""
    async with running(control_plane, kubectl, tmp_path_factory.mktemp("world")) as shared:
        yield shared


@pytest_asyncio.fixture(loop_scope="session")
async def own_world(control_plane: Path, kubectl: Kubectl, crds: None, tmp_path: Path) -> AsyncIterator[World]:
    """For a test that kills the operator, holds the kubelet or changes the runtime."""
    async with running(control_plane, kubectl, tmp_path) as own:
        yield own
