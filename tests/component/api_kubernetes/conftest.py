from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from e2e.cluster.kubectl import Kubectl
from tests.component.api_kubernetes import harness
from tests.component.api_kubernetes.harness import Cluster, Pod, Replica, Replicas

from preview_core.kube.client import Kube

_NUMBERS = itertools.count(1)

StartReplica = Callable[..., Awaitable[Replica]]
StartPod = Callable[..., Awaitable[Pod]]


@pytest.fixture
async def cluster(
    control_plane: Path, kubectl: Kubectl, crds: None, namespace: str, tmp_path: Path
) -> AsyncIterator[Cluster]:
    """What the chart installs, in a namespace of the test's own."""
    listed = {"apiVersion": "v1", "kind": "List", "items": harness.objects(namespace)}
    kubectl("create", "-n", namespace, "-f", "-", stdin=listed)
    api, waker = [harness.service_account(kubectl, namespace, name, tmp_path) for name in ("api", "waker")]
    async with await Kube.of_kubeconfig(control_plane, "test") as kube:
        yield Cluster(kube, kubectl, namespace, api, waker)


@pytest.fixture
async def start_replica(cluster: Cluster) -> AsyncIterator[StartReplica]:
    """Starts replicas that end with the test."""
    async with AsyncExitStack() as stack:

        async def start(kubeconfig: Path | None = None, **options: int) -> Replica:
            started = await harness.replica(cluster, kubeconfig, **options)
            stack.push_async_callback(harness.stop, started)
            return started

        yield start


@pytest.fixture
async def replicas(cluster: Cluster, start_replica: StartReplica) -> Replicas:
    """Three of them."""
    return Replicas(cluster, [await start_replica() for _ in range(3)])


@pytest.fixture
async def start_pod(tmp_path: Path) -> AsyncIterator[StartPod]:
    """Starts runtimes that end with the test."""
    async with AsyncExitStack() as stack:

        async def start(session_id: str, address: str | None = None, secret: bytes = harness.SECRET) -> Pod:
            number = next(_NUMBERS)
            # Not the network of the operator's tests, which may run at the same time.
            chosen = address or f"127.251.{number // 250}.{1 + number % 250}"
            pod = await Pod.start(session_id, tmp_path / f"pod-{number}", chosen, secret)
            stack.push_async_callback(pod.kill)
            return pod

        yield start
