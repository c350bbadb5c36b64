"""A larger application from the npm registry: on screen and edited, without a change to make it fit."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from e2e.browser.caller import Caller
from e2e.corpus import public
from e2e.corpus.play import Player
from e2e.corpus.results import property_of

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.local_only,
]


async def test_a_public_application_is_painted_and_takes_edits(
    caller: Caller, record_property: Callable[[str, object], None]
) -> None:
    record_property(*property_of(await Player(public.project(), caller).play()))
