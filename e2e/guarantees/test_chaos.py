"""G2, bounded: `python -m e2e.chaos --seconds …` runs it for longer."""

from __future__ import annotations

import os

import pytest
from rich.console import Console

from e2e.chaos.killer import WEIGHTS
from e2e.chaos.run import chaos
from e2e.cluster.installed import Installed
from e2e.guarantees.caller import AFTER_A_KILL_S

SECONDS = float(os.environ.get("KONTEXT_CHAOS_SECONDS", "180"))
SEED = 20

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(SECONDS + 300)]


async def test_g02_no_id_dies_and_no_acknowledged_update_is_lost_under_random_kills(cluster: Installed) -> None:
    report = await chaos(cluster, SECONDS, SEED)
    Console(width=120).print(report.table())
    assert report.account.lost == 0
    assert report.account.dead == 0
    assert report.killer.kills.keys() == WEIGHTS.keys(), "every kind was killed, and sessions slept"
    took = sorted(report.account.recoveries) or [0.0]
    # Kills come while the last one is still being recovered from, so a single one of many may take longer.
    assert took[int(len(took) * 0.9)] < AFTER_A_KILL_S
