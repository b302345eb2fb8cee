"""What is asked of a terminal besides payments: its end of day, whose totals are recorded, and to check itself."""

from __future__ import annotations

from stall.domain import money
from stall.errors import Refused
from stall.store import attempts, readers
from stall.store.db import Tx


def ask_day_end(tx: Tx, reader: int) -> int:
    """Ask the reader for its end of day; return the job. Asking twice returns the same one.

    Raises Refused `reader-missing`, `payment-open`.
    """
    return _ask(tx, reader, "day_end")


def ask_diagnosis(tx: Tx, reader: int) -> int:
    """Ask the terminal to check itself and its line; return the job. Raises Refused `reader-missing`, `payment-open`."""
    return _ask(tx, reader, "diagnosis")


def ask_slip(tx: Tx, reader: int) -> int:
    """Ask the terminal to print its last slip again; return the job. Raises Refused `reader-missing`, `payment-open`."""
    return _ask(tx, reader, "print_again")


def record_day_end(
    tx: Tx, job: int, reader: int, *, total_minor: int, count: int | None, cur: str, tid: str | None
) -> None:
    """Journal what the terminal says it took since its last end of day."""
    body = {"reader": reader, "total": total_minor, "cur": cur, "count": count, "tid": tid}
    event = tx.next_event
    tx.append("day_end", {name: value for name, value in body.items() if value is not None})
    tx.conn.execute(
        "INSERT INTO day_ends (reader, event, tid, total_minor, count, cur, at_ms, after_attempt)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, (SELECT max(no) FROM attempts))",
        (reader, event, tid, total_minor, count, cur, tx.now_ms),
    )
    words = "" if count is None else f", {count or 'no'} {'payment' if count == 1 else 'payments'}"
    readers.end_job(
        tx, job, "done", f"The terminal took {money.text(total_minor, cur)}{words} since its last end of day."
    )


def _ask(tx: Tx, reader: int, kind: str) -> int:
    if readers.find(tx.conn, reader) is None:
        raise Refused("reader-missing", "No card reader is set up on this box. There is nothing to ask.")
    if attempts.open_on_reader(tx.conn, reader):
        raise Refused("payment-open", "A card payment is not finished. Finish it first, then ask the terminal.")
    return readers.ask_job(tx, reader, kind)
