"""What a terminal says of one transaction, whatever protocol it speaks, and what of that the journal keeps."""

from __future__ import annotations

from dataclasses import dataclass

from stall.flows.card_attempt import TerminalFacts


@dataclass(frozen=True, slots=True)
class Told:
    """One transaction in the terminal's words; None where it did not say. At most four digits of the card.

    `approved`: the result is good and the message was read whole. `taken_back`: it speaks of a payment that was
    taken back, and `original_trace` names that payment. `amount_minor` in minor units, `currency` in ISO letters; `offline`
    True where the bank was not asked; `at` date and time as it writes them.
    """

    approved: bool
    taken_back: bool = False
    amount_minor: int | None = None
    currency: str | None = None
    tid: str | None = None
    receipt_no: int | None = None
    trace: int | None = None
    auth_code: str | None = None
    scheme: str | None = None
    last4: str | None = None
    offline: bool | None = None
    original_trace: int | None = None
    at: str | None = None

    @property
    def mark(self) -> str:
        """What tells it from another transaction with its receipt number: numbers begin anew, some every day."""
        parts = (self.trace, self.amount_minor, self.at, self.original_trace, int(self.taken_back))
        return "-".join("" if part is None else str(part) for part in parts)

    def facts(self, amount_minor: int) -> TerminalFacts:
        """Keep what finds the payment in the terminal's papers; `amount_minor` where it told none."""
        return TerminalFacts(
            amount_minor=amount_minor if self.amount_minor is None else self.amount_minor,
            tid=self.tid,
            receipt_no=self.receipt_no,
            trace=self.trace,
            auth_code=self.auth_code,
            scheme=self.scheme,
            last4=self.last4,
            offline=self.offline,
            mark=self.mark,
        )


@dataclass(frozen=True, slots=True)
class DayTotal:
    """What a terminal took since its last day end: sum in minor units, and how many payments where it says so."""

    total_minor: int
    currency: str | None = None
    count: int | None = None
    tid: str | None = None
