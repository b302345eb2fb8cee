"""Do the terminal's books and ours agree, to the cent, line by line? Sentences for what does not; none when all of it does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from stall.domain.payment import Kind, State
from stall.reader.simulated.ledger import Entry
from stall.store.attempts import Attempt
from stall.wire.readers import zvt_terminal as wire
from tests.money.books import Books

COMMANDS = {Kind.PAY: wire.AUTHORISATION, Kind.REVERSE: wire.REVERSAL, Kind.REFUND: wire.REFUND}


@dataclass(frozen=True)
class Ours:
    """Our side: every card attempt in order, and how often the journal says that each was sent."""

    attempts: tuple[Attempt, ...]
    sent: Mapping[int, int]

    def paid(self, kind: Kind) -> list[Attempt]:
        """Those of a kind in which money moved. One reader does one after the other, so they are in the terminal's order."""
        return [each for each in self.attempts if each.kind == kind and each.state is State.PAID]

    def of(self, back: Attempt) -> Attempt:
        """The payment that an attempt gives back."""
        return next(each for each in self.attempts if each.no == back.of)

    @property
    def minor(self) -> int:
        """What was taken, less what was given back."""
        return sum(
            each.amount_minor * (1 if each.kind == Kind.PAY else -1)
            for each in self.attempts
            if each.state is State.PAID
        )


def money(ours: Ours, told: Books) -> list[str]:
    """Every booking is one paid attempt of ours and every paid attempt one booking, in the same order."""
    found = _paired("payment", ours.paid(Kind.PAY), told.payments_made)
    found += _paired("reversal", ours.paid(Kind.REVERSE), told.reversals)
    found += _paired("refund", ours.paid(Kind.REFUND), told.refunds)
    found += _taken_back(ours, told)
    if ours.minor != told.minor:
        found.append(f"The terminal took {told.minor} in all and we {ours.minor}.")
    return found


def _paired(what: str, ours: Sequence[Attempt], theirs: Sequence[Entry]) -> list[str]:
    """Hold both lists against each other, in order; a difference is told once, with where they part."""
    for attempt, entry in zip(ours, theirs, strict=False):
        if attempt.amount_minor != entry.amount or attempt.receipt_no not in {None, entry.receipt}:
            mine = f"attempt {attempt.no} of {attempt.amount_minor} under receipt {attempt.receipt_no}"
            return [f"Where the terminal has {what} {entry.receipt} over {entry.amount}, we have {mine}."]
    found = [
        f"The terminal booked {what} {each.receipt} over {each.amount}, and no attempt of ours is paid for it."
        for each in theirs[len(ours) :]
    ]
    return found + [
        f"Attempt {each.no} ({what}, {each.amount_minor}, receipt {each.receipt_no}) is paid here, and the terminal has no such booking."
        for each in ours[len(theirs) :]
    ]


def _taken_back(ours: Ours, told: Books) -> list[str]:
    """A reversal takes back the payment it was asked for."""
    receipts = {each.trace: each.receipt for each in told.payments_made}
    return [
        f"Attempt {back.no} gives back receipt {ours.of(back).receipt_no}, and the terminal took back {receipts.get(line.original_trace or 0)}."
        for back, line in zip(ours.paid(Kind.REVERSE), told.reversals, strict=False)
        if ours.of(back).receipt_no not in {None, receipts.get(line.original_trace or 0)}
    ]


def sent_once(ours: Ours, told: Books, repeat_ms: int) -> list[str]:
    """Each command the terminal heard belongs to the attempt that was sent last before it, and no attempt has two.

    A line without errors repeats nothing (`repeat_ms` 0). On a cable a block that was not acknowledged in T2 is repeated
    within this time, as the protocol has it; no process that was killed is back by then.
    """
    found = [f"Attempt {no} was sent {n} times, says the journal." for no, n in ours.sent.items() if n > 1]
    sent = [each for each in ours.attempts if each.no in ours.sent]
    times: dict[int, int] = {}
    last_ms: dict[int, int] = {}
    for heard in told.heard:  # one reader: the next is asked for only when the one before has ended
        before = [each for each in sent if each.requested_boottime_ms <= heard.at_ms]
        if not before:
            found.append(f"The terminal was asked for {heard.amount} before we sent anything.")
            continue
        attempt = before[-1]
        repeated = heard.at_ms - last_ms.get(attempt.no, -repeat_ms) < repeat_ms
        last_ms[attempt.no] = heard.at_ms
        times[attempt.no] = times.get(attempt.no, 0) + (not repeated)
        amount = None if attempt.kind == Kind.REVERSE else attempt.amount_minor
        if (COMMANDS[Kind(attempt.kind)], amount) != (heard.command, heard.amount):
            found.append(
                f"The terminal heard {heard.command:04x} over {heard.amount} while attempt {attempt.no} was running."
            )
    found += [f"Attempt {no} was sent {n} times." for no, n in times.items() if n > 1]
    return found + [
        f"Attempt {each.no} is paid, and the terminal was never asked for it."
        for each in ours.attempts
        if each.state is State.PAID and each.no not in times
    ]
