"""The application: which middleware in which order around which routes."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.types import ASGIApp

from preview_api import problems
from preview_api.access import AccessLog
from preview_api.backends.base import Backend
from preview_api.body import BodyLimit
from preview_api.cors import Cors
from preview_api.documentation import DESCRIPTION, describe
from preview_api.endpoints import health, sessions
from preview_api.hosts import AllowedHosts
from preview_api.metrics import Metrics
from preview_api.service import PreviewService
from preview_api.settings import Settings

VERSION = "0.1.0"


def now_ms() -> int:
    """The wall clock in epoch milliseconds."""
    return time.time_ns() // 1_000_000


def create_app(settings: Settings, backend: Backend, clock: Callable[[], int] = now_ms) -> ASGIApp:
    """The whole HTTP face. It starts and stops the backend with itself."""

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        await backend.start()
        try:
            yield
        finally:
            await backend.stop()

    metrics = Metrics()
    app = FastAPI(
        title="kontext-preview", version=VERSION, description=DESCRIPTION, lifespan=lifespan, redirect_slashes=False
    )
    problems.install(app)
    describe(app)
    app.include_router(sessions.router(PreviewService(backend, clock, metrics)))
    app.include_router(health.router(backend, metrics))
    return wrapped(app, settings, metrics)


def wrapped(app: ASGIApp, settings: Settings, metrics: Metrics) -> ASGIApp:
    """From the inside out. Whatever answers an error stands inside of the log and of CORS."""
    app = BodyLimit(app, settings.body_limit)
    if settings.allowed_hosts is not None:
        app = AllowedHosts(app, settings.allowed_hosts)
    app = AccessLog(app, metrics)
    return Cors(app, settings.allowed_origins)
