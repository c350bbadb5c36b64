"""python -m e2e.bench.scale.operatorprocess PORT: the operator as it is, with pods whose control port is PORT."""

from __future__ import annotations

import asyncio
import os
import resource
import sys

from preview_core.kube.settings import ClusterSettings
from preview_core.logs import configure
from preview_operator.operator import run


def main() -> None:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    settings = ClusterSettings.of(os.environ)
    configure(settings.log_level)
    asyncio.run(run(settings, asyncio.Event(), control_port=int(sys.argv[1])))


if __name__ == "__main__":
    main()
