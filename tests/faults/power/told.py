"""What the outside was told, written into the recording; and what that adds up to until a cut.

Each entry is one JSON object with one member, appended after the answer was there. Only `pressed` comes before the
question: a button that was pressed may have sold, one that was not may not.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from tests.faults.promised import Promised
from tests.preload.records import append_ack


def tell(log: Path, **fact: object) -> None:
    """Append one fact to a recording."""
    append_ack(log, json.dumps(fact))


@dataclass
class Told:
    """Everything that counts at one moment.

    `made` is true once somebody knows of the box, `imported` and `opened` name drops, `places` holds what the settings
    may say: what was saved last, and what was being saved.
    """

    promised: Promised = field(default_factory=Promised)
    made: bool = False
    imported: set[str] = field(default_factory=set)
    opened: set[str] = field(default_factory=set)
    places: list[str] = field(default_factory=lambda: [""])

    def add(self, text: str) -> None:
        """Take one entry in."""
        fact = json.loads(text)
        (name,) = fact
        value = fact[name]
        match name:
            case "refused":
                pass  # nothing was promised; the run speaks of it
            case "made" | "migrated":
                self.made = True
            case "imported":
                self.imported.add(value)
            case "opened":
                self.opened.add(value)
            case "saving":
                self.places.append(value)
            case "place":
                self.places = [value]
            case _:
                self._promise(name, value)

    def _promise(self, name: str, value: list[str | int]) -> None:
        """Answers of the stall's pages, of the command line, and of the terminal's books."""
        promised = self.promised
        match (name, *value):
            case ("pressed", str(origin)):
                promised.presses[origin] += 1
            case ("take", str(address)):
                promised.takes[address] = None
            case ("number", str(address), int(number)):
                promised.takes[address] = number
            case ("cash", int(sale), int(minor)):
                promised.cash[sale] = minor
            case ("card", int(sale), int(minor)):
                promised.cards[sale] = minor
            case ("grant", str(grant), str(order)):
                promised.grants[grant] = order
            case ("booked", int(receipt), int(minor)):
                promised.bookings[receipt] = minor
            case _:
                raise ValueError(f"nobody says {name} {value}")


def until(texts: Iterable[str]) -> Told:
    """What all these entries add up to."""
    told = Told()
    for text in texts:
        told.add(text)
    return told
