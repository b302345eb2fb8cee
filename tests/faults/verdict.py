"""The oracle of every fault test: does a stall still keep what it promised, and does it go on selling?

`judge` opens a data folder as the product does and gives one sentence for each thing that is not as promised; no
sentence means that everything held. `sells_again` sells, which changes the folder. Both may be run on a folder in use.
"""

from __future__ import annotations

import secrets
import sqlite3
from pathlib import Path

from stall import app
from stall.clock import Clock
from stall.errors import StallError
from stall.flows.fill_basket import Wish, fill_basket
from stall.flows.take_cash import take_cash
from stall.flows.take_free import take_free
from stall.store import audit, catalogue, sales
from stall.store.box import Box
from stall.store.db import Tx
from stall.web import ids
from tests.faults import accounts, journal_story, kept, terminal_books
from tests.faults.promised import Promised


def judge(folder: Path, promised: Promised, *, terminal: Path | None = None, clock: Clock | None = None) -> list[str]:
    """Say what is wrong in a data folder; `terminal` is the file of the simulated terminal's own books."""
    try:
        box = app.open_box(folder, clock=clock)
    except StallError as error:
        return [f"The stall does not open: {error}"]
    try:
        return judge_box(box, promised, terminal=terminal)
    except (StallError, sqlite3.Error) as error:
        return [f"The stall cannot be read to its end: {error!r}"]
    finally:
        box.close()


def judge_box(box: Box, promised: Promised, *, terminal: Path | None = None, audited: bool = True) -> list[str]:
    """Judge a box that is open; without `audited` the product's own audit is left out, which is the slower half."""
    conn = box.db.read()
    before = [] if terminal is None else terminal_books.payments(terminal)
    found = audit.audit(conn, box.secrets.signing.public).findings if audited else []
    conn.execute("BEGIN")  # one view of everything, whoever sells meanwhile
    try:
        story = journal_story.read(conn)
        found = [*found, *story.findings, *accounts.tables(conn, story), *accounts.numbers(conn)]
        found += kept.check(box, conn, promised)
        if terminal is not None:
            found += terminal_books.compare(conn, before, terminal_books.payments(terminal))
    finally:
        conn.execute("ROLLBACK")
    return found


def sells_again(folder: Path, promised: Promised | None = None, *, clock: Clock | None = None) -> list[str]:
    """Sell for cash and give a free item away, as if nothing had happened; say what does not go.

    What is sold is counted in `promised`, so that the folder can be judged after it.
    """
    try:
        box = app.open_box(folder, clock=clock)
    except StallError as error:
        return [f"The stall does not open: {error}"]
    try:
        return [*_sells_for_cash(box, promised), *_gives_away(box, promised)]
    finally:
        box.close()


def _sells_for_cash(box: Box, promised: Promised | None) -> list[str]:
    def work(tx: Tx, drop: str) -> tuple[int, int]:
        sale = fill_basket(tx, [Wish(drop)], origin="cli", vat_bp=1900)
        due = sales.get(tx.conn, sale).total_minor
        take_cash(tx, sale, 1, due)
        return sale, due

    refusals = []
    for drop in (card.drop_id for card in catalogue.cards(box.db.read(), box.now_ms()) if card.price_minor > 0):
        try:
            sale, due = box.write("payment", lambda tx, drop=drop: work(tx, drop))  # type: ignore[misc]  # a lambda's default
        except StallError as error:
            refusals.append(f"{drop}: {error}")
            continue
        if promised is not None:
            promised.cash[sale] = due
        return []
    return [f"Nothing can be sold for cash any more ({'; '.join(refusals) or 'nothing is for sale'})."]


def _gives_away(box: Box, promised: Promised | None) -> list[str]:
    refusals = []
    for drop in (card.drop_id for card in catalogue.cards(box.db.read(), box.now_ms()) if card.price_minor == 0):
        key = secrets.token_bytes(16)
        try:
            sale = box.write("claim", lambda tx, drop=drop, key=key: take_free(tx, drop, key, 1900))  # type: ignore[misc]  # a lambda's defaults
        except StallError as error:
            refusals.append(f"{drop}: {error}")
            continue
        if promised is not None:
            promised.takes[f"/o/{ids.order_id(box.secrets, sale)}"] = None
            if promised.presses:
                promised.presses["take"] += 1
        return []
    return [f"Nothing free can be taken any more ({'; '.join(refusals) or 'nothing is free'})."]
