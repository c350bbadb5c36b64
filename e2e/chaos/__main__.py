"""python -m e2e.chaos [--seconds 180] [--seed N]: on the running cluster, or on one of its own."""

from __future__ import annotations

import argparse
import asyncio
import sys
import time

from rich.console import Console

from e2e.chaos.run import chaos
from e2e.cluster.installed import Installed


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m e2e.chaos", description=__doc__)
    parser.add_argument("--seconds", type=float, default=180)
    parser.add_argument("--seed", type=int, default=time.time_ns(), help="for the same victims again")
    options = parser.parse_args()
    with Installed() as cluster:
        report = asyncio.run(chaos(cluster, options.seconds, options.seed))
    Console().print(report.table())
    print(f"seed {options.seed}")
    return 1 if report.account.lost or report.account.dead else 0


if __name__ == "__main__":
    sys.exit(main())
