"""Money that is owed to buyers: what could not go back on the card when the goods did, oldest first."""

from __future__ import annotations

import sqlite3

from flask import Blueprint, render_template

from stall.domain import money
from stall.store import returns, sales
from stall.web.till.box import this_box

owed = Blueprint("till_owed", __name__)


@owed.get("/owed")
def listed() -> str:
    """Show every return whose money is owed."""
    box = this_box()
    conn = box.db.read()
    waiting = [(sale, sales.lines(conn, sale.no), returns.owed_minor(conn, sale)) for sale in returns.owed(conn)]
    return render_template("till/owed.html", waiting=waiting, now_ms=box.now_ms(), words=owed_words(conn))


def owed_words(conn: sqlite3.Connection) -> str:
    """What is owed in a few words, for the banner and the day; empty where nothing is."""
    waiting = returns.owed(conn)
    if not waiting:
        return ""
    total = money.text(sum(returns.owed_minor(conn, sale) for sale in waiting), waiting[0].cur)
    return f"{total} owed to {len(waiting)} buyer{'s' if len(waiting) > 1 else ''}"
