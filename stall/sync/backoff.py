"""How long to wait after a failure: full jitter from 5 seconds to 15 minutes. Pure but for its dice."""

from __future__ import annotations

import random
from collections.abc import Callable

FIRST_S = 5.0
CAP_S = 900.0
_MOST_DOUBLINGS = 10


class Backoff:
    """Counts failures in a row and says how many seconds to wait after each."""

    def __init__(self, dice: Callable[[float, float], float] = random.uniform) -> None:
        """Take `dice(low, high)`, which picks the wait; tests pass their own."""
        self._dice = dice
        self._failures = 0

    def failed(self, at_least_s: float = 0.0) -> float:
        """Count one failure and return the wait in seconds, never below what the other side asked."""
        most = min(CAP_S, FIRST_S * 2 ** min(self._failures, _MOST_DOUBLINGS))
        self._failures += 1
        # Full jitter: a market of boxes that lost one network does not come back all at once.
        return max(self._dice(0.0, most), at_least_s)

    def succeeded(self) -> None:
        """Forget all failures."""
        self._failures = 0
