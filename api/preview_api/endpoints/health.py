"""For whoever runs the server."""

from __future__ import annotations

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST

from preview_api.backends.base import Backend, Phase
from preview_api.metrics import Metrics
from preview_api.problems import documented
from preview_api.schemas import Health
from preview_core.errors import BackendUnavailable


def router(backend: Backend, metrics: Metrics) -> APIRouter:
    """`/healthz`: the process is alive. `/readyz`: creates and updates can work. `/metrics`: Prometheus."""
    routes = APIRouter(tags=["health"])

    @routes.get("/healthz", summary="The process is alive")
    async def healthz() -> Health:
        return Health()

    @routes.get("/readyz", summary="The backend works", responses=documented(BackendUnavailable))
    async def readyz() -> Health:
        await backend.ready()
        return Health()

    @routes.get("/metrics", summary="Prometheus metrics", response_class=Response)
    async def scrape() -> Response:
        counts = await backend.count()
        if counts is not None:
            for phase in Phase:
                metrics.sessions.labels(phase.value).set(counts.get(phase, 0))
        warm = await backend.warm()
        if warm is not None:
            metrics.warm.set(warm)
        return Response(metrics.text(), media_type=CONTENT_TYPE_LATEST)

    return routes
