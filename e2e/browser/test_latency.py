"""What the caller's user sees of an edit, through the public port only."""

from __future__ import annotations

import statistics
import time

import pytest
from playwright.async_api import expect

from e2e.browser import project
from e2e.browser.caller import Caller

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(300)]

EDITS = 40
P95_S = 1.0


async def test_g13_an_edit_is_visible_in_a_cross_origin_frame_within_a_second(caller: Caller) -> None:
    await caller.show(project.files())
    took = []
    for number in range(EDITS):
        began = time.perf_counter()
        await caller.update({project.TITLE: project.title(f"Edit {number}")})
        await expect(caller.part("title")).to_have_text(f"Edit {number}")
        took.append(time.perf_counter() - began)
    p95 = statistics.quantiles(took, n=20)[-1]
    print(f"edit to text, seconds: p50 {statistics.median(took):.3f} p95 {p95:.3f} max {max(took):.3f}")
    assert p95 < P95_S
