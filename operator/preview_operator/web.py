"""`/healthz` for kubelet and `/metrics` for Prometheus."""

from __future__ import annotations

from collections.abc import Callable

from aiohttp import web

from preview_operator.metrics import Metrics


async def serve(
    port: int, troubles: Callable[[], list[str]], refresh: Callable[[], None], metrics: Metrics
) -> web.AppRunner:
    """Listens on all addresses of all families; the caller cleans the runner up.

    `troubles` are reasons to be started anew: `/healthz` answers 503 with them. `refresh` sets gauges before a scrape.
    """

    async def healthz(_: web.Request) -> web.Response:
        found = troubles()
        return web.json_response(
            {"status": "failing" if found else "ok", "troubles": found}, status=503 if found else 200
        )

    async def scrape(_: web.Request) -> web.Response:
        refresh()
        return web.Response(body=metrics.text(), headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"})

    app = web.Application()
    app.add_routes([web.get("/healthz", healthz), web.get("/metrics", scrape)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, None, port).start()
    return runner
