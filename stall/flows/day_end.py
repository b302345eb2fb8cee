"""What is asked of a terminal besides payments: its end of day, whose totals are recorded, and to check itself."""

from __future__ import annotations

from stall.domain import money
from stall.errors import Refused
from stall.flows.settle_offline import settle_day
from stall.store import attempts, day_ends, journal, readers, reasons
from stall.store.db import Tx
from stall.store.schema import event_id, event_seq


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
    """Journal what the terminal says it took since its last end of day; what it had approved offline is sent in with it."""
    (newest,) = tx.conn.execute("SELECT max(no) FROM attempts").fetchone()
    _record(tx, day_ends.Totals(reader, total_minor, count, cur, tid, tx.next_event, newest), {})
    words = "" if count is None else f", {count or 'no'} {'payment' if count == 1 else 'payments'}"
    readers.end_job(
        tx, job, "done", f"The terminal took {money.text(total_minor, cur)}{words} since its last end of day."
    )


def record_slip(tx: Tx, job: int, *, total_minor: int, count: int | None, cur: str) -> None:
    """Journal the totals of an end of day that was cut off, as a person read them on the terminal's slip.

    It closed the day where it was begun: what was paid since belongs to the next. The caller checked the PIN. Raises
    Refused `day-end-told`.
    """
    cut = _cut(tx, job)
    reader = readers.find(tx.conn, cut.reader)
    running = event_id(journal.read_head(tx.conn).epoch_no, 0)
    upto = max(cut.event, running)
    tid = None if reader is None else reader.tid
    told = day_ends.Totals(cut.reader, total_minor, count, cur, tid, upto, cut.attempt)
    _record(tx, told, {"upto": event_seq(upto), "decided_by": tx.decider})
    readers.clear_up(tx, job)


def record_no_day_end(tx: Tx, job: int, reason: str) -> None:
    """Journal that a person looked, and an end of day that was cut off closed no day.

    The caller checked the PIN. Raises Refused `day-end-told`, `reason-missing`.
    """
    cut = _cut(tx, job)
    tx.append("no_day_end", {"reader": cut.reader, "decided_by": tx.decider, "words": reasons.keep(tx, reason)})
    readers.clear_up(tx, job)


def _cut(tx: Tx, job: int) -> readers.CutDayEnd:
    found = next((cut for cut in readers.cut_day_ends(tx.conn) if cut.job == job), None)
    if found is None:
        raise Refused("day-end-told", "Somebody said already what became of that end of day. Look at the Day page.")
    return found


def _record(tx: Tx, told: day_ends.Totals, more: dict[str, object]) -> None:
    body = {"reader": told.reader, "total": told.total_minor, "cur": told.cur, "count": told.count, "tid": told.tid}
    event = tx.next_event
    tx.append("day_end", {name: value for name, value in {**body, **more}.items() if value is not None})
    day_ends.add(tx, event, told)
    settle_day(tx, told.reader, told.after_attempt)


def _ask(tx: Tx, reader: int, kind: str) -> int:
    if readers.find(tx.conn, reader) is None:
        raise Refused("reader-missing", "No card reader is set up on this box. There is nothing to ask.")
    if attempts.open_on_reader(tx.conn, reader):
        raise Refused("payment-open", "A card payment is not finished. Finish it first, then ask the terminal.")
    return readers.ask_job(tx, reader, kind)
