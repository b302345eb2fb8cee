"""What a run came to: figures by name, and what was found."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Outcome:
    """`faults` by name, `unknowns` by how they ended, everything else that was counted, and one sentence for each finding."""

    counts: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    unknowns: Counter[str] = field(default_factory=Counter)
    found: list[str] = field(default_factory=list)

    def add(self, other: Outcome) -> None:
        """Take in another stall's."""
        self.counts += other.counts
        self.faults += other.faults
        self.unknowns += other.unknowns
        self.found += other.found

    def told(self) -> dict[str, Any]:
        """As plain values, for JSON."""
        return {
            "counts": dict(sorted(self.counts.items())),
            "faults": dict(self.faults.most_common()),
            "unknowns": dict(self.unknowns.most_common()),
            "differences": self.found,
        }

    def lines(self) -> list[str]:
        """As a person reads it."""
        rows = [f"{count:8}  {what}" for what, count in sorted(self.counts.items())]
        rows += [f"{self.unknowns.total():8}  payments nobody could tell the outcome of at first"]
        rows += [f"{count:8}    {how}" for how, count in self.unknowns.most_common()]
        faults = ", ".join(f"{name} {count}" for name, count in self.faults.most_common())
        return [*rows, f"{self.faults.total():8}  payments by what the terminal did: {faults}"]
