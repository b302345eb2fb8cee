"""What a stall promised to somebody outside: the only things a fault must never undo.

Written down by clients after an answer has arrived, never before. Kept as JSON beside a folder in which something
was found, so that the folder can be judged again.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Promised:
    """Answers that went out. Money in minor units; sales by the number the till showed.

    `takes` and `grants` are addresses (`/o/…`, `/g/…`); a number is None until its page was looked at. `bookings` are
    the terminal's receipt numbers of payments whose approval we acknowledged. `presses` counts the different buttons
    that were pressed, by origin of sale: a button pressed twice must not sell twice. Origins not named are not counted.
    """

    takes: dict[str, int | None] = field(default_factory=dict)
    cash: dict[int, int] = field(default_factory=dict)
    cards: dict[int, int] = field(default_factory=dict)
    grants: dict[str, str] = field(default_factory=dict)
    bookings: dict[int, int] = field(default_factory=dict)
    presses: Counter[str] = field(default_factory=Counter)

    @property
    def count(self) -> int:
        """How many things were promised."""
        return len(self.takes) + len(self.cash) + len(self.cards) + len(self.grants) + len(self.bookings)

    def copy(self) -> Promised:
        """What was promised until now; clients go on writing into the original."""
        return Promised(
            dict(self.takes), dict(self.cash), dict(self.cards), dict(self.grants), dict(self.bookings),
            Counter(self.presses),
        )  # fmt: skip

    def save(self, path: Path) -> None:
        """Write it as JSON."""
        path.write_text(json.dumps(vars(self), indent=1), encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> Promised:
        """Read it again."""
        told = json.loads(path.read_text(encoding="utf-8"))
        numbered = {
            name: {int(no): minor for no, minor in told[name].items()} for name in ("cash", "cards", "bookings")
        }
        return cls(takes=told["takes"], grants=told["grants"], presses=Counter(told["presses"]), **numbered)
