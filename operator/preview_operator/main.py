"""The process: settings from the environment, signals, exit code."""

from __future__ import annotations

import asyncio
import os
import signal
import sys

import structlog

from preview_core.kube.errors import KubeError
from preview_core.kube.settings import ClusterSettings, SettingsInvalid
from preview_core.logs import configure
from preview_operator.operator import run
from preview_operator.secret import SecretInvalid

log = structlog.get_logger(__name__)


def main() -> None:
    """Exit code 2 for settings that make no sense, 1 when it cannot go on: kubelet starts it again."""
    try:
        settings = ClusterSettings.of(os.environ)
    except SettingsInvalid as error:
        sys.stderr.write(f"kontext-preview-operator: {error}\n")
        raise SystemExit(2) from error
    configure(settings.log_level)
    try:
        asyncio.run(_until_signalled(settings))
    except (KubeError, SecretInvalid) as error:
        log.error("cannot_go_on", error=type(error).__name__, reason=str(error))  # noqa: TRY400
        raise SystemExit(1) from error


async def _until_signalled(settings: ClusterSettings) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await run(settings, stop)


if __name__ == "__main__":
    main()
