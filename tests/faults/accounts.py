"""The tables of a stall against its journal and against each other: sales, attempts, edition numbers."""

from __future__ import annotations

import sqlite3
from collections import Counter

from stall.store.schema import FREE, HELD, SOLD
from stall.wire import jws
from tests.faults.journal_story import Story


def tables(conn: sqlite3.Connection, story: Story) -> list[str]:
    """Sales and attempts as rows against the journal: paid exactly when a receipt says so."""
    found = []
    states = dict(conn.execute("SELECT no, state FROM attempts").fetchall())
    for no, state in states.items():
        if story.states.get(no) != state:
            found.append(f"Attempt {no} is {state} in its table and {story.states.get(no)} in the journal.")
    found += [f"Attempt {no} stands in the journal only." for no in story.states.keys() - states.keys()]
    paid = dict(conn.execute("SELECT no, receipt_event FROM sales WHERE state = 'paid'").fetchall())
    for sale, event in paid.items():
        if event not in story.receipts.get(sale, ()):
            found.append(f"Sale {sale} is paid without a receipt in the journal.")
    found += [f"Sale {sale} has a receipt and is not paid." for sale in story.receipts.keys() - paid.keys()]
    overpaid = conn.execute(
        "SELECT a.sale, sum(a.amount_minor), s.total_minor FROM attempts a JOIN sales s ON s.no = a.sale WHERE a.kind = 'pay'"
        " AND a.state = 'paid' GROUP BY a.sale HAVING sum(a.amount_minor) > s.total_minor OR (s.state = 'paid' AND sum(a.amount_minor) <> s.total_minor)"
    ).fetchall()
    return found + [f"Sale {sale} costs {total} and {taken} was taken." for sale, taken, total in overpaid]


def numbers(conn: sqlite3.Connection) -> list[str]:
    """Every number that was leased is in one state, belongs to who that state says, and was sold once."""
    found = []
    lines = conn.execute(
        "SELECT (p.drop_no << 20) + l.ed AS id, l.id >> 8 AS sale, s.state FROM lines l JOIN packs p ON p.no = l.pack"
        " JOIN sales s ON s.no = l.id >> 8 WHERE l.ed IS NOT NULL AND s.state IN ('paid', 'basket')"
    ).fetchall()
    buyers = Counter(row["id"] for row in lines if row["state"] == "paid")
    found += [f"Number {_name(no)} was sold {n} times." for no, n in buyers.items() if n > 1]
    owners = {(row["id"], row["sale"]): row["state"] for row in lines}
    rows = conn.execute("SELECT id, state, sale FROM numbers WHERE state <> ? OR sale IS NOT NULL", (FREE,)).fetchall()
    sold = {row["id"] for row in rows if row["state"] == SOLD}
    for row in rows:
        owner = owners.get((row["id"], row["sale"]))
        if row["state"] == FREE:
            found.append(f"Number {_name(row['id'])} is free and belongs to sale {row['sale']}.")
        if row["state"] == SOLD and owner != "paid":
            found.append(f"Number {_name(row['id'])} is sold to sale {row['sale']}, which did not buy it.")
        if row["state"] == HELD and owner != "basket":
            found.append(f"Number {_name(row['id'])} is held by sale {row['sale']}, which does not want it.")
    found += [f"Number {_name(no)} was bought and is not marked as sold." for no in buyers.keys() - sold]
    return found + leased(conn)


def leased(conn: sqlite3.Connection) -> list[str]:
    """No number may be missing from the table, and none may be there that no lease names."""
    leased: dict[int, set[int]] = {}
    for drop, token in conn.execute("SELECT l.drop_no, d.token FROM leases l JOIN documents d ON d.no = l.document"):
        for low, high in jws.unverified_claims(token)["ranges"]:
            leased.setdefault(drop, set()).update(range(low, high + 1))
    found = []
    for drop, numbers in leased.items():
        (there,) = conn.execute("SELECT count(*) FROM numbers WHERE id >> 20 = ?", (drop,)).fetchone()
        if there != len(numbers):
            found.append(f"{len(numbers)} numbers of drop {drop} were leased and {there} are accounted for.")
    return found


def _name(number: int) -> str:
    return f"{number & 0xFFFFF} of drop {number >> 20}"
