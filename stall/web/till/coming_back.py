"""What of a sale may come back, as the till's page shows it: its lines, what was chosen, how far it is out, the ways its money can go."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from stall.domain.giving_back import Out, share
from stall.domain.payment import Kind, Settlement, Tender
from stall.domain.sale import Line
from stall.flows.give_back import ways
from stall.flows.take_cash import cash_due
from stall.store import attempts, returns, sales
from stall.store.attempts import Attempt
from stall.store.returns import HandedOut
from stall.store.sales import Sale

#: How a chosen line stands in an address: its place, or place and copies, as 2:3.
_MOST_ARGS = 200


@dataclass(frozen=True, slots=True)
class Row:
    """One line that may come back: how many are left, how many are chosen, and what those are worth."""

    line: Line
    left: int
    chosen: int
    minor: int
    out: HandedOut
    words: str


@dataclass(frozen=True, slots=True)
class Way:
    """One way its money can go out: what the form sends, the button, the amount, and what it means."""

    value: str
    button: str
    minor: int
    hint: str = ""


def rows(conn: sqlite3.Connection, sale: int, chosen: Mapping[int, int]) -> list[Row]:
    """The lines of a sale of which something is left to come back, in their order."""
    back, going, out = returns.taken_back(conn, sale), returns.under_way(conn, sale), returns.handed_out(conn, sale)
    found = []
    for line in sales.lines(conn, sale):
        left = line.qty - back.get(line.n, 0) - going.get(line.n, 0)
        if line.of_line is None and line.minor >= 0 and left > 0:
            qty = min(chosen.get(line.n, 0), left)
            minor = share(line.minor, line.qty, back.get(line.n, 0), qty) if qty else 0
            found.append(Row(line, left, qty, minor, out[line.n], _words(out[line.n])))
    return found


def read_chosen(args: Sequence[str]) -> dict[int, int]:
    """Read the lines that an address or a form names; what is malformed is left out."""
    found = {}
    for text in args[:_MOST_ARGS]:
        n, _, qty = text.partition(":")
        if n.isdecimal() and (qty or "1").isdecimal() and len(n) <= 3 and len(qty) <= 3:  # noqa: PLR2004 - 200 lines of 200 at most
            found[int(n)] = int(qty or "1")
    return found


def _words(handed: HandedOut) -> str:
    """How far the files of a line are out, for whoever decides."""
    if handed.out is Out.NOTHING:
        return "Handed over at the stall"
    if handed.out is Out.CLOSED:
        return "Never opened"
    if handed.out is Out.OPENED:
        return f"Opened on {handed.phones or 1} phone{'s' if handed.phones > 1 else ''}"
    if handed.downloads == 0:
        return "A download began"
    return "Downloaded once" if handed.downloads == 1 else f"Downloaded {handed.downloads} times"


def whole_by_card(conn: sqlite3.Connection, sale: Sale, found: Sequence[Row]) -> Attempt | None:
    """The one card payment of a sale that comes back whole for the first time, where its terminal takes it back now."""
    kept = attempts.kept(attempts.of_sale(conn, sale.no))
    every = {line.n: line.qty for line in sales.lines(conn, sale.no)}
    whole = {row.line.n: row.chosen for row in found} == every
    if not whole or len(kept) != 1 or kept[0].tender != Tender.CARD or returns.of_sale(conn, sale.no):
        return None
    return kept[0] if Kind.REVERSE in ways(conn, kept[0]) and _stands(kept[0]) else None


def ways_out(conn: sqlite3.Connection, of: int, owed: int, step: int) -> list[Way]:
    """How so much money (minor units, above zero) can go out for a return of sale `of`, what it was paid with first."""
    found = []
    for paid in attempts.kept(attempts.of_sale(conn, of)):
        minor = min(owed, returns.left_of(conn, paid))
        if minor > 0 and _stands(paid):
            found += _by(conn, paid, minor)
    return [*found, Way("cash", "Cash", -cash_due(-owed, step), "Out of the drawer.")]


def waits_for_card(conn: sqlite3.Connection, of: int) -> bool:
    """Whether a sale was paid by card, in part at least, so that its money may be owed until it can go back on it."""
    kept = attempts.kept(attempts.of_sale(conn, of))
    return any(a.tender == Tender.CARD and _stands(a) and returns.left_of(conn, a) > 0 for a in kept)


def _by(conn: sqlite3.Connection, paid: Attempt, minor: int) -> list[Way]:
    if paid.tender == Tender.CARD:
        able = ways(conn, paid)
        if Kind.REVERSE in able and minor == paid.amount_minor:
            hint = f"The terminal takes back its receipt {paid.receipt_no or 0:04d}. No card is needed."
            return [Way(f"card:{paid.no}:{Kind.REVERSE}", "On the card", minor, hint)]
        if Kind.REFUND in able:
            hint = "The buyer holds the same card to the terminal."
            return [Way(f"card:{paid.no}:{Kind.REFUND}", "On the card", minor, hint)]
        return []
    if paid.tender == Tender.VOUCHER:
        return [Way(f"pay:{paid.no}", f"Onto voucher {paid.reference}", minor, "It can be spent again.")]
    if paid.tender == Tender.OPERATOR:
        return [Way(f"pay:{paid.no}", "On the separate reader", minor, "Give it back there first, then press this.")]
    return []


def _stands(paid: Attempt) -> bool:
    return paid.settlement != Settlement.DECLINED_LATE
