"""What is to happen to one transaction: a fault, how often, and at which of its blocks."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from stall.reader.simulated.controls import Mode


class At(StrEnum):
    """Which block a fault of the line strikes."""

    COMMAND = "command"
    STATUS = "status"
    COMPLETION = "completion"


@dataclass(frozen=True, slots=True)
class Fate:
    """One transaction's. `times` and `at` for faults of the line; `code`: the bank's when it declines.

    `sale_before` and `sale_after`: what somebody sells on the terminal itself, in minor units, before the
    command is answered and after the transaction has ended; 0 for nothing.
    """

    mode: Mode = Mode.APPROVE
    times: int = 1
    at: At = At.STATUS
    code: int = 0x05
    sale_before: int = 0
    sale_after: int = 0
