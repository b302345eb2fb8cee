"""What the tables hold that no event told of. Every event was compared with its row before, so counting is enough."""

from __future__ import annotations

import sqlite3

from stall.domain import money
from stall.store import attempts
from stall.store.audit.found import Audit
from stall.store.audit.story import Story

#: Rows that an event of one kind makes, one each.
_ROWS = {
    "certificate": ("certificates", "certificates"),
    "grant": ("grants", "phones that may download"),
    "day_end": ("day_ends", "ends of day"),
    "exception": ("exceptions", "notes of things a person must look at"),
    "import": ("packs", "packs"),
    "epoch": ("epochs", "lives of the database"),
}

_SEEN = (
    "SELECT (SELECT count(*) FROM exceptions WHERE seen_event IS NOT NULL)"
    " + (SELECT count(*) FROM day_ends WHERE seen_event IS NOT NULL)"
)


def check(conn: sqlite3.Connection, found: Audit, story: Story) -> None:
    """Compare counts, sums, switches and numbers once every event was told."""
    for kind, (table, words) in _ROWS.items():
        _count(conn, found, f"SELECT count(*) FROM {table}", story.told[kind], words)
    _count(conn, found, _SEEN, story.told["seen"], "things that somebody looked at")
    _count(conn, found, "SELECT count(*) FROM attempts", story.attempts, "payments")
    _count(conn, found, "SELECT count(*) FROM sales WHERE state = 'paid'", story.sold.finished, "finished sales")
    _count(conn, found, "SELECT count(*) FROM sales WHERE void_event IS NOT NULL", story.sold.voided, "voids")
    _count(
        conn,
        found,
        "SELECT count(*) FROM print_jobs WHERE event IS NOT NULL",
        story.told["printed"],
        "papers printed again",
    )
    _count(
        conn,
        found,
        "SELECT count(*) FROM sales WHERE return_reason IS NOT NULL",
        story.told["return"],
        "reasons to take opened goods back",
    )
    _count(
        conn,
        found,
        "SELECT count(*) FROM vouchers WHERE state = 'revoked'",
        story.sold.vouchers_back,
        "vouchers taken back",
    )
    _count(conn, found, "SELECT count(*) FROM claims WHERE id & 255 = 1", story.sold.claimable, "claim codes")
    _check_switches(conn, found, story)
    _check_products(conn, found, story)
    _check_given_up(conn, found)
    _check_money(conn, found, story)
    story.sold.end()
    story.stock.check_table()


def _count(conn: sqlite3.Connection, found: Audit, query: str, told: int, words: str) -> None:
    (kept,) = conn.execute(query).fetchone()
    if kept != told:
        found.add(f"The journal tells of {told} {words}, the tables have {kept}.")


def _check_switches(conn: sqlite3.Connection, found: Audit, story: Story) -> None:
    """A drop is open or closed as its last event says; one that has none is closed."""
    for drop, on in conn.execute("SELECT drop_id, switched_on FROM drops"):
        if bool(on) != story.switched_on.get(drop, False):
            found.add(f"The drop {drop} is {'open' if on else 'closed'} in the table and not in the journal.")


def _check_products(conn: sqlite3.Connection, found: Audit, story: Story) -> None:
    """A product is what its last event says; its stock goes down with every sale."""
    rows = conn.execute("SELECT sku, title, kind, price_minor, cur, vat_bp, on_sale FROM products")
    kept = {row[0]: tuple(row[1:]) for row in rows}
    told = {
        sku: (
            said.get("title"),
            said.get("kind"),
            said.get("minor"),
            said.get("cur"),
            said.get("vat"),
            said.get("on_sale"),
        )
        for sku, said in story.products.items()
    }
    for sku in sorted(kept.keys() | told.keys()):
        if kept.get(sku) != told.get(sku):
            found.add(f"The product {sku} is otherwise in the table than its last event says.")
    shelf = [row[0] for row in conn.execute("SELECT sku FROM products ORDER BY position, no")]
    if shelf != story.shelf and kept.keys() == told.keys():
        found.add("The products stand in another order in the table than the journal tells.")


def _check_given_up(conn: sqlite3.Connection, found: Audit) -> None:
    """Nobody's money may lie in a sale that was given up."""
    rows = conn.execute(
        f"SELECT s.no, sum({attempts.SIGNED}), a.cur FROM sales s JOIN attempts a ON a.sale = s.no"
        f" WHERE s.state = 'dropped' AND {attempts.STANDS} GROUP BY s.no, a.cur"
    )
    for sale, minor, cur in rows:
        moved = "taken for it" if minor >= 0 else "handed out for it"
        found.add(f"Sale {sale} was given up though {money.text(abs(minor), cur)} was {moved}.")


def _check_money(conn: sqlite3.Connection, found: Audit, story: Story) -> None:
    """Receipts and parts not finished together are what the table of payments says was paid, by tender."""
    rows = conn.execute(f"SELECT tender, sum({attempts.SIGNED}) FROM attempts a WHERE state = 'paid' GROUP BY tender")
    table = dict(rows.fetchall())
    told = dict(found.tenders)
    for parts in story.sold.parts.values():
        for tender, _, minor in parts:
            told[tender] = told.get(tender, 0) + minor
    for tender in sorted(table.keys() | told.keys()):
        if table.get(tender, 0) != told.get(tender, 0):
            found.add(
                f"Receipts say {told.get(tender, 0)} by {tender}, the table of payments says {table.get(tender, 0)}."
            )
