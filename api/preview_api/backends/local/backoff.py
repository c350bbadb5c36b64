"""How long to wait before a child that ended is started again: pure."""

from __future__ import annotations

from dataclasses import dataclass

FIRST_S = 0.2
LONGEST_S = 30.0  # a project that kills its process costs two starts per minute, and recovers soon after its fix
HEALTHY_S = 60.0  # who ran for so long has not failed at starting
# So many quick ends in a row are reported as Failed rather than as Starting.
FAILED_AFTER = 3


@dataclass(frozen=True)
class Backoff:
    """`failures`: ends in a row, each after less than HEALTHY_S."""

    failures: int = 0

    def after(self, ran_s: float) -> Backoff:
        """The state after one more end of a child that ran for `ran_s` seconds."""
        return Backoff(1 if ran_s >= HEALTHY_S else self.failures + 1)

    @property
    def delay_s(self) -> float:
        # The first crash costs a start and nothing more: an observer gives up after 3 x 3 s.
        if self.failures <= 1:
            return 0.0
        # The exponent is bounded first: a float overflows after a thousand failures.
        return min(LONGEST_S, FIRST_S * 2.0 ** min(self.failures - 2, 10))

    @property
    def failed(self) -> bool:
        return self.failures >= FAILED_AFTER
