"""`serve` and `waker`: what runs in a cluster, configured by its environment."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Mapping

import structlog
import yaml
from kubernetes.aio.config import ConfigException

from preview_api.app import create_app, now_ms
from preview_api.backends.kubernetes.backend import KubernetesBackend
from preview_api.cli.output import CommandError
from preview_api.cli.server import Server, bind, bind_any
from preview_api.settings import Settings
from preview_api.waker.app import Waker
from preview_api.waker.visits import Visits
from preview_core.kube.client import Kube
from preview_core.kube.settings import ClusterSettings, SettingsInvalid

log = structlog.get_logger(__name__)

# Of the 30 s that a pod gets: an endpoint that goes is known to every node and ingress controller within a second or
# two, a push to a runtime takes 10 s at most.
LINGER_S = 3.0
DRAIN_S = 15
PORT = "KONTEXT_PORT"


def settings_of(environment: Mapping[str, str]) -> ClusterSettings:
    """Raises CommandError."""
    try:
        return ClusterSettings.of(environment)
    except SettingsInvalid as error:
        raise CommandError(str(error)) from error


def listen(host: str | None, port: int) -> list[socket.socket]:
    """`host` None: every address of the machine. Raises CommandError."""
    return bind_any(port, PORT) if host is None else [bind(host, port, PORT)]


def run_api(settings: ClusterSettings, sockets: list[socket.socket]) -> None:
    """Serves the API until SIGTERM or SIGINT. Raises CommandError."""

    async def run() -> None:
        backend = KubernetesBackend(settings, await _connected("kontext-preview-api"), now_ms)
        # The ingress decides which names lead here.
        face = Settings(allowed_origins=settings.allowed_origins, allowed_hosts=None)
        server = Server(
            create_app(face, backend),
            drain_s=DRAIN_S,
            linger_s=LINGER_S,
            trusted_proxies=settings.trusted_proxies,
        )
        log.info("serving", port=settings.port, namespace=settings.namespace, domain=settings.address.domain)
        await server.run(sockets)

    asyncio.run(run())


def run_waker(settings: ClusterSettings, sockets: list[socket.socket]) -> None:
    """Answers for previews without a pod until SIGTERM or SIGINT. Raises CommandError."""

    async def run() -> None:
        async with await _connected("kontext-preview-waker") as kube:
            visits = Visits(kube, settings.namespace, now_ms)
            waker = Waker(settings.address, settings.allowed_origins, visits.visit)
            server = Server(waker, drain_s=DRAIN_S, linger_s=LINGER_S, lifespan=False)
            log.info("serving", port=settings.port, namespace=settings.namespace, domain=settings.address.domain)
            await server.run(sockets)

    asyncio.run(run())


async def _connected(manager: str) -> Kube:
    try:
        return await Kube.connect(manager)
    except (ConfigException, OSError, yaml.YAMLError) as error:
        where = os.environ.get("KUBECONFIG") or "this pod's service account"
        raise CommandError(f"no cluster: {where} cannot be used ({error}); set KUBECONFIG outside of one") from error
