"""Kills and pulled cables while people buy: as often as sales are begun, so that a slow machine sees as many a sale."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping

from tests.faults.browser import Browser, NoAnswer
from tests.money.stand import Stand

#: What happens, and how often. `both` kills the reader's process and the web's at one instant.
STRIKES: Mapping[str, int] = {"reader": 6, "web": 4, "both": 1, "simulate": 2, "cable": 5, "power": 2}
#: Sales between two strikes, the fewest and the most.
SALES = (1, 6)
#: How long after that sale was begun (s), and how long something stays unplugged (s): most of it within one payment.
AFTER_S, AWAY_S = 0.8, (0.02, 0.4)
LOOK_S = 0.02


class Mischief(threading.Thread):
    """Strikes again and again until told to stop."""

    def __init__(self, stand: Stand, spread: float = 1.0) -> None:
        """`spread` stretches the times, for a run that is not shortened so much."""
        super().__init__(name=f"{stand.share.name} mischief", daemon=True)
        self._stand, self._spread = stand, spread
        self._chance = stand.share.chance("mischief")
        self._panel = Browser(stand.stage.panel)
        self._over = threading.Event()

    def stop(self) -> None:
        """Let the last strike end, everything plugged in again."""
        self._over.set()
        self.join(self._stand.patience_s)

    def run(self) -> None:
        """Strike behind every few sales."""
        due = self._chance.randint(*SALES)
        while not self._over.wait(LOOK_S):
            if self._stand.begun < due:
                continue
            due += self._chance.randint(*SALES)
            self._over.wait(self._chance.uniform(0, AFTER_S) * self._spread)
            try:
                self._strike(self._chance.choices([*STRIKES], [*STRIKES.values()])[0])
            except NoAnswer as error:
                self._stand.find(f"The terminal's panel never answered: {error}")
        self._panel.close()

    def _strike(self, what: str) -> None:
        away: Mapping[str, Callable[[], None]] = {
            "cable": lambda: self._unplug("/cable", "in"),
            "power": lambda: self._unplug("/power", "on"),
        }
        if what in away:
            away[what]()
            self._stand.count(f"unplugged: {what}")
            return
        for name in ("web", "reader") if what == "both" else (what,):
            if self._stand.stage.kill([name]):
                self._stand.count(f"killed: {name}")

    def _unplug(self, path: str, field: str) -> None:
        self._panel.press(path, **{field: "no"})
        self._over.wait(self._chance.uniform(*AWAY_S) * self._spread)
        self._panel.press(path, **{field: "yes"})
