"""Everything that was acknowledged to somebody outside is still there, as it was told, and once."""

from __future__ import annotations

import sqlite3

from stall.store import attempts, sales
from stall.store.box import Box
from stall.web import ids
from tests.faults.promised import Promised


def check(box: Box, conn: sqlite3.Connection, promised: Promised) -> list[str]:
    """Everything that was acknowledged is still there, with the same number and amount."""
    found = []
    for address, number in promised.takes.items():
        sale = ids.order_sale(box.secrets, address.rsplit("/", 1)[-1])
        found += _paid(conn, sale, 0, f"the take {address}", "comp")
        eds = [line.ed for line in sales.lines(conn, sale)]
        if number is not None and number not in eds:
            found.append(f"The take {address} showed number {number} and has {eds} now.")
    for sale, minor in promised.cash.items():
        found += _paid(conn, sale, minor, f"the cash sale {sale}", "cash")
    for sale, minor in promised.cards.items():
        found += _paid(conn, sale, minor, f"the card sale {sale}", "card")
    found += [*_granted(box, conn, promised), *_acknowledged(conn, promised)]
    return [*found, *_pressed_once(conn, promised)]


def _paid(conn: sqlite3.Connection, sale: int, minor: int, what: str, tender: str) -> list[str]:
    row = sales.find(conn, sale)
    if row is None or row.state != "paid":
        return [f"Missing: {what} was acknowledged and is {'not there' if row is None else row.state}."]
    tried = [a for a in attempts.of_sale(conn, sale) if a.kind == "pay" and a.state == "paid"]
    taken = sum(a.amount_minor for a in tried if a.tender == tender)
    if taken != minor:
        return [f"Changed: {what} was acknowledged with {minor} and has {taken} by {tender}."]
    return []


def _granted(box: Box, conn: sqlite3.Connection, promised: Promised) -> list[str]:
    found = []
    for address, order in promised.grants.items():
        no = ids.grant_no(box.secrets, address.rsplit("/", 1)[-1])
        row = conn.execute("SELECT claim >> 8 FROM grants WHERE no = ?", (no,)).fetchone()
        sale = ids.order_sale(box.secrets, order.rsplit("/", 1)[-1])
        if row is None or row[0] != sale:
            found.append(f"Missing: the download page {address} of {order} was given out and is not there.")
        elif conn.execute("SELECT 1 FROM certificates WHERE line >> 8 = ?", (sale,)).fetchone() is None:
            found.append(f"Missing: {order} was opened and has no certificate.")
    return found


def _acknowledged(conn: sqlite3.Connection, promised: Promised) -> list[str]:
    """What the terminal booked, it booked on our word: the approval was committed before that."""
    found = []
    for receipt, minor in promised.bookings.items():
        states = [
            row[0]
            for row in conn.execute(
                "SELECT state FROM attempts WHERE receipt_no = ? AND amount_minor = ? AND tender = 'card'",
                (receipt, minor),
            )
        ]
        if not any(state in {"approved", "paid", "unknown"} for state in states):
            found.append(
                f"We acknowledged the terminal's receipt {receipt} over {minor}; here it is {states or 'unheard of'}."
            )
    return found


def _pressed_once(conn: sqlite3.Connection, promised: Promised) -> list[str]:
    """A button pressed again after a lost answer must not have sold again."""
    made = dict(conn.execute("SELECT origin, count(*) FROM sales GROUP BY origin").fetchall())
    return [
        f"{pressed} buttons of kind {origin} were pressed and made {made[origin]} sales."
        for origin, pressed in promised.presses.items()
        if made.get(origin, 0) > pressed
    ]
