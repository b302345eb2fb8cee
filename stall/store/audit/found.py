"""What an audit has read and what it found wrong."""

from __future__ import annotations

from dataclasses import dataclass, field

#: Sentences kept; a journal that is wrong in more places than this is wrong altogether.
MOST = 200


@dataclass(slots=True)
class Audit:
    """What was read and what was found wrong. `events` of all epochs, `epoch` and `root` of the running one.

    `tenders` are the sums of all receipts in minor units, `sold` the edition numbers in them.
    """

    epoch: str = "unknown"
    epochs: int = 0
    events: int = 0
    root: bytes = b""
    receipts: int = 0
    tenders: dict[str, int] = field(default_factory=dict)
    sold: set[tuple[str, int]] = field(default_factory=set)
    findings: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Nothing was found wrong."""
        return not self.findings

    def add(self, sentence: str) -> None:
        """Keep a finding, once; past the most that are kept, say only that there are more."""
        if len(self.findings) == MOST:
            self.findings.append("There is more, which is not listed.")
        if len(self.findings) < MOST and sentence not in self.findings:
            self.findings.append(sentence)
