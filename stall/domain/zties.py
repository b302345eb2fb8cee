"""The five numbers of a Z-report that must tie, each with whether it does and what to do where it does not. Pure.

Receipts, drawer and terminal are known when a shift is closed. What the provider pays out and what the bank books come days
later: until then those two wait, which is no gap.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from stall.domain import money
from stall.domain.zreport import DayEnd, ZReport


class Standing(StrEnum):
    """Whether a number ties."""

    OK = "ok"
    GAP = "gap"
    LATER = "later"


@dataclass(frozen=True, slots=True)
class Tie:
    """One of the five: its name, its amount in minor units (None where it is not known), and a sentence about it."""

    name: str
    title: str
    minor: int | None
    standing: Standing
    sentence: str


def ties(report: ZReport) -> tuple[Tie, ...]:
    """The five, in the order of selling: receipts, drawer, terminal, payout, bank."""
    return _receipts(report), _drawer(report), _terminal(report), _payout(report), _bank(report)


def _receipts(report: ZReport) -> Tie:
    def tie(standing: Standing, sentence: str) -> Tie:
        return Tie("receipts", "Receipts", report.money - report.unfinished, standing, sentence)

    if report.open:
        sales = ", ".join(str(one.sale) for one in report.open)
        amount = money.text(sum(one.minor for one in report.open), report.cur)
        return tie(Standing.GAP, f"Payments of {amount} are not finished (sale {sales}). Look at them at the till.")
    if report.unfinished_in_all:
        amount = money.text(report.unfinished_in_all, report.cur)
        return tie(Standing.GAP, f"{amount} was taken without a receipt. Finish that sale or give the money back.")
    if report.receipts.count == 0:
        return tie(Standing.OK, "Nothing was sold and nothing was paid.")
    return tie(Standing.OK, f"Every payment has its receipt, to the cent: {some(report.receipts.count, 'receipt')}.")


def _drawer(report: ZReport) -> Tie:
    drawer, cur = report.drawer, report.cur
    expected = money.text(drawer.expected, cur)
    if drawer.counted is None or drawer.over is None:
        if not (drawer.expected or report.moves or drawer.sales or drawer.refunds):
            return Tie("drawer", "Drawer", 0, Standing.OK, "No cash moved, so there was nothing to count.")
        return Tie(
            "drawer",
            "Drawer",
            None,
            Standing.GAP,
            f"Nobody counted it. It should hold {expected}: whether it does, only a count tells.",
        )
    counted = money.text(drawer.counted, cur)
    if drawer.over == 0:
        return Tie("drawer", "Drawer", drawer.counted, Standing.OK, f"Counted {counted}, just what it should hold.")
    word = "more" if drawer.over > 0 else "less"
    gap = money.text(abs(drawer.over), cur)
    todo = (
        "Look for change that was not handed out."
        if drawer.over > 0
        else "Count again, and look for cash paid out unrecorded."
    )
    sentence = f"Counted {counted}, {gap} {word} than the {expected} it should hold. {todo}"
    return Tie("drawer", "Drawer", drawer.counted, Standing.GAP, sentence)


def _terminal(report: ZReport) -> Tie:
    theirs = sum(end.theirs for end in report.day_ends)

    def tie(standing: Standing, sentence: str) -> Tie:
        return Tie("terminal", "Terminal", theirs if report.day_ends else None, standing, sentence)

    for end in report.day_ends:
        if end.theirs != end.ours:
            return tie(Standing.GAP, _differs(end, report.cur))
    if report.since.payments or report.since.returns:
        sums = f"{some(report.since.payments + report.since.returns, 'card payment')} ({money.text(report.since.minor, report.cur)})"
        after = " after its last end of day" if report.day_ends else " and no end of day yet"
        return tie(Standing.GAP, f"{sums}{after}. Ask the terminal for it.")
    if not report.day_ends:
        return Tie("terminal", "Terminal", 0, Standing.OK, "No card payment, so there is nothing to compare.")
    return tie(Standing.OK, "The terminal's end of day equals our card payments.")


def _differs(end: DayEnd, cur: str) -> str:
    theirs, ours = money.text(end.theirs, cur), money.text(end.ours, cur)
    return f"The terminal says {theirs}, our card payments are {ours}. Compare its slips with the sales."


def _payout(report: ZReport) -> Tie:
    if report.card == 0:
        return Tie("payout", "Payout", 0, Standing.OK, "No card money, so no payout is due.")
    amount = money.text(abs(report.card), report.cur)
    sentence = f"The card provider owes {amount} less its fees. Compare when it pays out."
    if report.card < 0:  # more went back than came in
        sentence = f"More went back on cards than came in: {amount} and fees are due to the card provider. Compare its next payout."
    return Tie("payout", "Payout", report.card, Standing.LATER, sentence)


def _bank(report: ZReport) -> Tie:
    if report.card == 0:
        return Tie("bank", "Bank", 0, Standing.OK, "No payout, so nothing is to come in.")
    return Tie("bank", "Bank", None, Standing.LATER, "Compare the bank's entry with the payout when it is there.")


def some(count: int, noun: str) -> str:
    """Say `1 receipt`, `2 receipts`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
