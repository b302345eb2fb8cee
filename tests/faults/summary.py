"""What a run of faults came to: how many points of which kind were judged, and what was found."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Summary:
    """Points by kind, processes killed, and one text for each finding: what, with which seed, and how to see it again."""

    kinds: Counter[str] = field(default_factory=Counter)
    kills: int = 0
    promised: int = 0
    found: list[str] = field(default_factory=list)

    @property
    def points(self) -> int:
        """How often a stall was judged after a fault."""
        return self.kinds.total()

    def point(self, kind: str, kills: int = 0) -> None:
        """Count one fault that was survived or not."""
        self.kinds[kind] += 1
        self.kills += kills

    def add(self, other: Summary) -> None:
        """Take in what another part of the run came to."""
        self.kinds += other.kinds
        self.kills += other.kills
        self.promised += other.promised
        self.found += other.found

    def told(self) -> dict[str, Any]:
        """As plain values, for JSON."""
        return {
            "points": self.points,
            "kinds": dict(sorted(self.kinds.items())),
            "kills": self.kills,
            "promised": self.promised,
            "found": self.found,
        }
