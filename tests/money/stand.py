"""What the people at one stall share while a run goes on: the stage, what was wanted and promised, what was counted."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass, field

from stall.reader.worker import ASK_AGAIN_S
from stall.reader.zvt.timers import Timers
from tests.faults.promised import Promised
from tests.faults.stage import Stage
from tests.money.plan import Share, Wanted

#: A person waits so long for what must come (s); and besides as long as the terminal's own times allow.
PATIENCE_S, IN_VAIN_S = 90.0, 5.0


@dataclass
class Stand:
    """One stall of a run. Any thread may call any method."""

    stage: Stage
    share: Share
    scale: float
    promised: Promised = field(default_factory=Promised)
    wanted: dict[int, Wanted] = field(default_factory=dict)
    """By sale."""
    found: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    going: dict[str, str] = field(default_factory=dict)
    """By till: the address of the sale that is being paid there."""
    decided: set[int] = field(default_factory=set)
    """Lines of the terminal's books that somebody has found for a payment nobody else could tell of."""
    alone: threading.Lock = field(default_factory=threading.Lock)
    """Held while the terminal's day is closed or money refunded: a day that gave back more than it took has no total."""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def patience_s(self) -> float:
        """How long something may take that waits for the terminal, and for it to be asked again.

        Not long once a process ended by itself: that is a finding already, and what it was to do may never come.
        """
        if self.stage.complaints():
            return IN_VAIN_S
        return PATIENCE_S + 3 * Timers(self.scale).t4_s + 2 * ASK_AGAIN_S * self.scale

    @property
    def begun(self) -> int:
        """How many sales were begun."""
        return self.counts["sales"]

    def next_buyer(self) -> int | None:
        """The number of the next buyer, from 0; None when all have come."""
        with self._lock:
            if self.counts["sales"] >= self.share.sales or self.stage.complaints():
                return None
            self.counts["sales"] += 1
            return self.counts["sales"] - 1

    def count(self, what: str) -> None:
        """Note that something was done."""
        with self._lock:
            self.counts[what] += 1

    def press(self) -> None:
        """Note that a tile was pressed, which may make one sale."""
        with self._lock:
            self.promised.presses.update(till=1)

    def begin(self, sale: int, wanted: Wanted) -> None:
        """Note what a sale is to be of."""
        with self._lock:
            self.wanted[sale] = wanted

    def paid(self, sale: int, tender: str, minor: int) -> None:
        """Note that the till said a sale is paid; from now on it must be."""
        with self._lock:
            (self.promised.cash if tender == "cash" else self.promised.cards)[sale] = minor

    def find(self, sentence: str) -> None:
        """Note something that is not as it must be."""
        with self._lock:
            self.found.append(sentence)
