"""What came back of a sale, and what is on its way back. Reads only.

A return is a sale of its own that refers to another (`ref_sale`), each of its returning lines to the line it takes back
(`of_line`). Finished, it is `paid`; while its money is owed (`queued_ms`), on its way or partly out, its lines are spoken for.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from stall.domain.giving_back import Out
from stall.domain.payment import OPEN, State
from stall.store import attempts, sales
from stall.store.attempts import Attempt
from stall.store.sales import Sale
from stall.store.schema import claim_id, line_id

_OPEN_STATES = ", ".join(f"'{state}'" for state in State if state in OPEN)

#: In SQL, of the row `s`, a return that is not finished: its money is owed, on its way, or in part out or in.
UNDER_WAY = (
    "s.state = 'basket' AND (s.queued_ms IS NOT NULL OR EXISTS"
    f" (SELECT 1 FROM attempts a WHERE a.sale = s.no AND {attempts.KEEPS}))"
)
#: In SQL, of the voided sale `s`, that its void has no return of its own, as one by the card terminal.
VOID_ALONE = "NOT EXISTS (SELECT 1 FROM sales r WHERE r.ref_sale = s.no AND r.receipt_event = s.void_event)"
_LINES_BACK = (
    "SELECT b.of_line & 255, sum(b.qty) FROM lines b JOIN sales s ON s.no = b.id >> 8"
    " WHERE b.of_line >= ? AND b.of_line < ? AND {which} GROUP BY b.of_line"
)


def taken_back(conn: sqlite3.Connection, sale: int) -> dict[int, int]:
    """How many copies of each line of a sale came back: its place in the sale, and how many."""
    return _lines_back(conn, sale, "s.state = 'paid'")


def under_way(conn: sqlite3.Connection, sale: int, but: int = 0) -> dict[int, int]:
    """How many copies of each line are spoken for by returns that are not finished, other than `but`."""
    return _lines_back(conn, sale, f"{UNDER_WAY} AND s.no <> {int(but)}")


def _lines_back(conn: sqlite3.Connection, sale: int, which: str) -> dict[int, int]:
    query = _LINES_BACK.format(which=which)
    return dict(conn.execute(query, (line_id(sale, 0), line_id(sale + 1, 0))).fetchall())


def paused(conn: sqlite3.Connection, sale: int) -> frozenset[int]:
    """The lines of a sale whose money is on its way back or owed, all their copies: nothing of them is handed out meanwhile.

    Of a sale that nothing is on its way back of, none.
    """
    whole, going = attempts.going_back(attempts.of_sale(conn, sale)), under_way(conn, sale)
    if not whole and not going:
        return frozenset()
    back = taken_back(conn, sale)
    return frozenset(
        line.n for line in sales.lines(conn, sale) if whole or going.get(line.n, 0) + back.get(line.n, 0) >= line.qty
    )


def of_sale(conn: sqlite3.Connection, sale: int) -> list[Sale]:
    """The returns of a sale that are finished or under way, oldest first; what was only looked at is none."""
    rows = conn.execute(
        f"SELECT s.no FROM sales s WHERE s.ref_sale = ? AND (s.state = 'paid' OR {UNDER_WAY}) ORDER BY s.no", (sale,)
    )
    return [sales.get(conn, no) for (no,) in rows.fetchall()]


def event_of(conn: sqlite3.Connection, uuid: bytes) -> int | None:
    """The event of the paper that took back the copy a certificate is for; None while it stands."""
    row = conn.execute(
        "SELECT c.line, l.qty, sum(b.qty), max(s.receipt_event) FROM certificates c JOIN lines l ON l.id = c.line"
        " JOIN lines b ON b.of_line = c.line JOIN sales s ON s.no = b.id >> 8 WHERE c.uuid = ? AND s.state = 'paid' GROUP BY c.line",
        (uuid,),
    ).fetchone()
    return None if row is None or row[2] < row[1] else row[3]


def moves(conn: sqlite3.Connection, sale: int, but: int = 0) -> bool:
    """Whether a payment of a return of this sale, other than `but`, is running: how it ends is not known yet."""
    row = conn.execute(
        "SELECT EXISTS (SELECT 1 FROM sales s JOIN attempts a ON a.sale = s.no WHERE s.ref_sale = ? AND s.no <> ?"
        f" AND a.state IN ({_OPEN_STATES}))",
        (sale, but),
    ).fetchone()
    return bool(row[0])


def given_of(conn: sqlite3.Connection, attempt: int) -> int:
    """What was given back of a payment, or is being given back, in any sale, in minor units."""
    row = conn.execute(
        f"SELECT coalesce(sum(amount_minor), 0) FROM attempts WHERE of = ? AND state IN ('paid', {_OPEN_STATES})",
        (attempt,),
    ).fetchone()
    return int(row[0])


def left_of(conn: sqlite3.Connection, payment: Attempt) -> int:
    """What of a payment may still go back by its own way, in minor units."""
    return payment.amount_minor - given_of(conn, payment.no)


def tip_back(conn: sqlite3.Connection, sale: int, but: int = 0) -> int:
    """What of the tip came back or is on its way back by returns other than `but`, in minor units."""
    row = conn.execute(
        "SELECT coalesce(sum(-s.tip_minor), 0) FROM sales s WHERE s.ref_sale = ? AND s.no <> ? AND s.tip_minor < 0"
        f" AND (s.state = 'paid' OR {UNDER_WAY})",
        (sale, but),
    ).fetchone()
    return int(row[0])


def owed(conn: sqlite3.Connection) -> list[Sale]:
    """The returns whose money is owed to a buyer, oldest first."""
    rows = conn.execute("SELECT no FROM sales WHERE queued_ms IS NOT NULL ORDER BY no")
    return [sales.get(conn, no) for (no,) in rows.fetchall()]


def owed_minor(conn: sqlite3.Connection, sale: Sale) -> int:
    """What of a return did not go out yet, in minor units."""
    out = sum(one.signed_minor for one in attempts.standing(attempts.of_sale(conn, sale.no)))
    return out - sale.total_minor


@dataclass(frozen=True, slots=True)
class HandedOut:
    """What is out of one line's files: how far, on how many phones the code was opened, how often a file went out whole."""

    out: Out
    phones: int = 0
    downloads: int = 0


def handed_out(conn: sqlite3.Connection, sale: int) -> dict[int, HandedOut]:
    """How far the files of each line are out. A transfer that began counts as a download: its bytes may be out."""
    between = (claim_id(sale, 0), claim_id(sale + 1, 0))
    (phones,) = conn.execute("SELECT count(*) FROM grants WHERE claim >= ? AND claim < ?", between).fetchone()
    whole = conn.execute(
        "SELECT file >> 16, max(count) FROM downloads WHERE claim >= ? AND claim < ? GROUP BY file >> 16", between
    )
    downloads: dict[int, int] = dict(whole.fetchall())
    begun = conn.execute(
        "SELECT DISTINCT t.file >> 16 FROM transfers t JOIN grants g ON g.no = t.grant_no WHERE g.claim >= ? AND g.claim < ?",
        between,
    )
    parts = {pack for (pack,) in begun.fetchall()}
    lines = conn.execute(
        "SELECT l.id & 255, l.pack, EXISTS (SELECT 1 FROM certificates c WHERE c.line = l.id) FROM lines l WHERE l.id >= ? AND l.id < ?",
        (line_id(sale, 0), line_id(sale + 1, 0)),
    )
    found = {}
    for n, pack, certified in lines.fetchall():
        if pack is None:
            found[n] = HandedOut(Out.NOTHING)
        elif pack in downloads or pack in parts:
            found[n] = HandedOut(Out.DOWNLOADED, phones, downloads.get(pack, 0))
        else:
            found[n] = HandedOut(Out.OPENED if phones or certified else Out.CLOSED, phones)
    return found
