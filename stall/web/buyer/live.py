"""How each order stands, answered from memory: a crowd of phones asks four times a second.

What was read is kept until the database changes (any process, noticed within 50 ms); then it is forgotten
and read again by whoever asks first.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from stall.domain import basket
from stall.domain.payment import Kind, State
from stall.store import attempts, catalogue, claims, for_sale, returns, sales
from stall.store.attempts import Attempt
from stall.store.box import Box
from stall.store.sales import Sale
from stall.store.watch import Watcher
from stall.web import ids
from stall.web.buyer import order_words


@dataclass(frozen=True, slots=True)
class OrderState:
    """What an order page says now. `version` changes when the page must be drawn anew; `active` asks for quick looks."""

    state: str
    version: str
    active: bool
    #: The lines whose number is kept for the buyer now.
    held: frozenset[int] = frozenset()

    def told(self) -> bytes:
        """What the page's script is told."""
        return json.dumps({"active": self.active, "state": self.state, "version": self.version}).encode()


#: The states in which a buyer may pay at the stall.
WAITS = frozenset({"waiting", *order_words.ENDED})


def order_state(box: Box, sale: Sale) -> OrderState:
    """Reduce a sale, its attempts and what is left to what the buyer needs to know.

    waiting, card (being presented), checking (outcome unknown), gone (sold out while waiting), paid, back (the money is
    on its way back), void, dropped,
    and those of `order_words.ENDED` after a payment that took no money.
    """
    conn = box.db.read()
    tries = attempts.of_sale(conn, sale.no)
    state = _state(sale, tries)
    if state == "paid":
        state = _handed_out(conn, sale)
    held = frozenset() if sale.state != "basket" else sales.held_lines(conn, sale.no, box.now_ms())
    if state in WAITS and sold_out(box, sale.no):
        state = "gone"
    mark = "-held" if held and state in WAITS else ""
    if state in {*WAITS, "gone"}:  # another phone of the buyer, or the stall, may change what is in it
        mark += f"-{basket.mark(sales.lines(conn, sale.no))}"
    runs = state == "back" and (
        attempts.going_back(tries) or returns.moves(conn, sale.no)
    )  # what is only owed may wait for days
    return OrderState(state, f"{state}-{len(tries)}{mark}", runs or state in {"card", "checking"}, held)


def _state(sale: Sale, tries: list[Attempt]) -> str:
    if sale.void_event is not None:
        return "void"
    if sale.state != "basket":
        return sale.state
    if any(attempt.state in {State.UNKNOWN, State.REVERSING} for attempt in tries):
        return "checking"
    if any(attempt.open for attempt in tries):
        return "card"
    taken = sum(attempt.amount_minor for attempt in attempts.kept(tries))
    if taken and taken >= sale.total_minor:
        return "checking"  # paid, while its number was frozen: the stall gives it back or finishes the sale
    last = tries[-1] if tries else None
    return "waiting" if last is None or last.state is State.PAID or last.kind != Kind.PAY else order_words.ended(last)


def _handed_out(conn: sqlite3.Connection, sale: Sale) -> str:
    """How a paid sale stands by what of it came back: paid, back (all that is left is on its way back), void (all came back)."""
    back, paused = returns.taken_back(conn, sale.no), returns.paused(conn, sale.no)
    lines = [line for line in sales.lines(conn, sale.no) if line.of_line is None]
    left = [line for line in lines if back.get(line.n, 0) < line.qty]
    if not left:
        return "void"
    files = [line for line in left if line.pack is not None] or left
    return "back" if all(line.n in paused for line in files) else "paid"


def sold_out(box: Box, sale: int) -> tuple[str, ...]:
    """What of a basket cannot be had any more, in words; a basket keeps no number until it is being paid."""
    conn, now_ms = box.db.read(), box.now_ms()
    held = sales.held_lines(conn, sale, now_ms)
    wanted = [item for item in claims.bought(conn, sale) if item.edition is not None and item.line not in held]
    offered = {drop: for_sale.find(conn, drop, now_ms) for drop in {item.drop_id for item in wanted}}
    gone = []
    for item in wanted:
        now = offered[item.drop_id]
        if now is None or not now.left:
            gone.append(item.title)
        elif item.ed is not None and not catalogue.number_free(conn, now.no, item.ed, now_ms):
            gone.append(f"{item.title} no.\u00a0{item.ed}")
    return tuple(dict.fromkeys(gone))


class LiveOrders:
    """The orders looked at since the last change."""

    def __init__(self, box: Box, *, watch: bool, also: Callable[[], None] | None = None) -> None:
        """With `watch`, remember until the database changes; without, read at every look. `stop` ends it.

        `also` is told of each change besides.
        """
        self._box, self._also = box, also
        self._lock = threading.Lock()
        self._seen: dict[int, OrderState] = {}
        self._changes = 0
        self._watcher = Watcher(Path(box.db.path), on_change=self._forget) if watch else None

    def state(self, sale_no: int) -> OrderState:
        """How an order stands. Raises Refused `page-unknown`."""
        with self._lock:
            seen, changes = self._seen.get(sale_no), self._changes
        if seen is not None:
            return seen
        now = self._read(sale_no)
        with self._lock:
            if self._watcher is not None and changes == self._changes:  # nothing changed while it was read
                self._seen[sale_no] = now
        return now

    def turns(self) -> int:
        """How often was looked for a change: grows where that is watched."""
        return 0 if self._watcher is None else self._watcher.turns

    def stop(self) -> None:
        """End the watching thread."""
        if self._watcher is not None:
            self._watcher.stop()

    def _read(self, sale_no: int) -> OrderState:
        sale = sales.find(self._box.db.read(), sale_no)
        if sale is None:
            raise ids.unknown_page()
        return order_state(self._box, sale)

    def remembered(self, sale_no: int) -> OrderState | None:
        """How an order stands, if somebody looked since the last change."""
        return self._seen.get(sale_no)

    def _forget(self) -> None:
        with self._lock:
            self._seen.clear()
            self._changes += 1
        if self._also is not None:
            self._also()
