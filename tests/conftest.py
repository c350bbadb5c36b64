"""What holds for every test."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

# A property holds or does not: how long an example takes on a busy machine is no part of it. (Time-outs are pytest's.)
# Continuous integration judges a change: by the same examples for the same test. Everybody else looks for new ones.
settings.register_profile(
    "untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize="CI" in os.environ
)
settings.load_profile("untimed")
