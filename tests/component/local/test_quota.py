"""The quota of an owner on one machine."""

from __future__ import annotations

import asyncio
from collections import Counter

from tests.component.local.conftest import Start
from tests.component.local.harness import CREATE, PROJECT, sent


async def test_parallel_creates_make_exactly_as_many_sessions_as_are_allowed(start: Start) -> None:
    local = await start(live_per_owner=2)
    body = {"files": sent(PROJECT)}
    answers = await asyncio.gather(*(local.api.post(CREATE, json=body) for _ in range(6)))
    # A session that is starting is not idle: nothing makes room.
    assert Counter(answer.status_code for answer in answers) == Counter({200: 2, 429: 4})
    assert len(local.backend.live_sessions()) == 2
