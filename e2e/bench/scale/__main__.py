"""python -m e2e.bench.scale [--sessions N]: prints one table; takes minutes, and ends by itself.

Real: etcd, the API server, the operator as a process, the API's own way of creating. Played: kubelet and the runtimes.
Not there: a controller manager (Endpoints, garbage collection), an ingress controller, the waker.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import sys
from pathlib import Path

from rich.console import Console
from rich.table import Table

from e2e.bench.scale.run import Options, measure


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m e2e.bench.scale", description=__doc__)
    parser.add_argument("--sessions", type=int, default=1000)
    parser.add_argument("--routing", choices=("perSession", "wildcard"), default="perSession")
    # As many as a busy installation sees; two replicas of the API would bring no more.
    parser.add_argument("--parallel", type=int, default=16, metavar="N", help="creates at a time")
    parser.add_argument("--idle", type=float, default=180, metavar="SECONDS", help="how long nothing happens")
    parser.add_argument("--limit", type=float, default=1800, metavar="SECONDS", help="of any one step")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the values")
    given = parser.parse_args()
    options = Options(given.sessions, given.routing, given.parallel, given.idle, given.limit)
    rows = asyncio.run(measure(options, lambda line: print(line, file=sys.stderr, flush=True)))
    machine = f"{os.cpu_count()} processors, {platform.release()}, Python {platform.python_version()}"
    view = Table(
        "figure", "value", title=f"{given.sessions} sessions, {given.routing}; {machine}", title_justify="left"
    )
    for name, value in rows.items():
        view.add_row(name, value)
    Console(width=120).print(view)
    if given.json:
        given.json.write_text(json.dumps({"machine": machine, "sessions": given.sessions, **rows}, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
