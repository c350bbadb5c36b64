"""What holds for every test."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

# A property holds or does not: how long an example takes on a busy machine is no part of it. (Time-outs are pytest's.)
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")
