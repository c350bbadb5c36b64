"""A bounded run of chaos, and its account as a table."""

from __future__ import annotations

import asyncio
import random
import statistics
import time
from dataclasses import dataclass

import httpx2
from rich.table import Table

from e2e.chaos.killer import Killer
from e2e.chaos.user import Account, User
from e2e.cluster.installed import ORIGINS, Installed
from e2e.guarantees.caller import create

USERS = 4
# After the last kill every session has to serve its newest edit again.
SETTLE_S = 60.0


@dataclass(frozen=True)
class Report:
    """What came of it."""

    seconds: float
    killer: Killer
    account: Account

    def rows(self) -> list[tuple[str, str]]:
        took = sorted(self.account.recoveries) or [0.0]
        p95 = took[min(len(took) - 1, int(len(took) * 0.95))]
        return [
            ("seconds", f"{self.seconds:.0f}"),
            ("kills", ", ".join(f"{kind} {count}" for kind, count in sorted(self.killer.kills.items()))),
            ("requests", str(self.account.requests)),
            ("repeated", ", ".join(f"{what}: {n}" for what, n in self.account.errors.most_common()) or "none"),
            ("acknowledged updates", str(self.account.acknowledged)),
            ("lost updates", str(self.account.lost)),
            ("ids that died", str(self.account.dead)),
            ("recovery, seconds", f"p50 {statistics.median(took):.1f}, p95 {p95:.1f}, max {took[-1]:.1f}"),
        ]

    def table(self) -> Table:
        table = Table("", "", title="chaos", show_header=False)
        for row in self.rows():
            table.add_row(*row)
        return table


async def chaos(cluster: Installed, seconds: float, seed: int) -> Report:
    """Users edit and look while pods are killed for `seconds`, then until all is served."""
    dice = random.Random(seed)  # noqa: S311 - repeatable, guards nothing
    began = time.monotonic()
    headers = {"Origin": ORIGINS[0], "Host": cluster.api.host}
    async with httpx2.AsyncClient(
        base_url=f"http://127.0.0.1:{cluster.port}", headers=headers, trust_env=False, timeout=20
    ) as http:
        account, killer = Account(), Killer(cluster, random.Random(dice.random()))  # noqa: S311
        users = [User(await create(http, "Edit 0"), account, random.Random(dice.random())) for _ in range(USERS)]  # noqa: S311
        for user in users:
            await user.session.ready()
        until = time.monotonic() + seconds
        await asyncio.gather(killer.run(seconds), *(user.run(until) for user in users))
        async with asyncio.timeout(SETTLE_S):
            await asyncio.gather(*(user.look() for user in users))
        for user in users:
            await user.session.close()
    return Report(time.monotonic() - began, killer, account)
