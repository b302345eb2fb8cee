"""Ask for what is to be printed, and record how it went. A row is asked for; the printer's program finds it and prints.

Nothing is printed twice by itself: a job is begun before its first byte leaves, and one whose end nobody saw stays unclear until a person
asks again. What is printed again bears COPY, and the journal tells of it (`printed`), as it does of a drawer opened without a sale (`staff`).
"""

from __future__ import annotations

import sqlite3

from stall.errors import Refused
from stall.flows import name_owner, tell_of_staff
from stall.flows.tell_of_staff import Deed
from stall.store import journal, presses, print_jobs, sales
from stall.store.acting import Actor, acting
from stall.store.db import Tx
from stall.store.print_jobs import DRAWER, OWNER, RECEIPT, TEST, Z_REPORT, Job, Standing
from stall.wire import event, jws

#: A drawer that opens later than this surprises whoever stands there (ms).
DRAWER_WAITS_MS = 10_000
#: What was not printed within this time is wanted no more: the buyer is gone (ms).
PAPER_WAITS_MS = 10 * 60_000

UNCLEAR = (
    "The box stopped in the middle of printing this, so it may have come out, wholly or in part. Look at the paper, and print a copy"
    " if you need one."
)
DRAWER_UNCLEAR = "The box stopped just then, so the drawer may not have opened. Open it with its key if it did not."
OWNER_UNCLEAR = (
    "The box stopped in the middle of printing the owner slip, so it may have come out, wholly or in part. Look at the paper: if it is not"
    " whole, show the code here and copy it."
)
LATE = "The printer was not ready for ten minutes, so this was not printed. Print it now if you still need it."
DRAWER_LATE = "The printer was not ready, so the drawer was not opened. Open it with its key."


def ask_receipt(tx: Tx, sale_no: int, key: bytes) -> int:
    """Ask for the paper of a paid sale, that of its void where it was taken back; return the job. A second press finds the first.

    Raises Refused `sale-unknown`, `print-not-paid`, `printer-missing`, `press-malformed`.
    """
    sale = sales.get(tx.conn, sale_no)
    subject = sale.receipt_event if sale.void_event is None else sale.void_event
    if subject is None:
        raise Refused("print-not-paid", "This sale is not paid, so it has no receipt yet. Take the payment first.")
    return _once(tx, RECEIPT, subject, key)


def ask_z_report(tx: Tx, shift: int, key: bytes) -> int:
    """Ask for the Z-report of a closed shift; return the job. Raises Refused `print-not-closed`, `printer-missing`, `press-malformed`."""
    if not print_jobs.shift_closed(tx.conn, shift):
        raise Refused("print-not-closed", "That shift is not closed, so it has no Z-report. Close it first.")
    return _once(tx, Z_REPORT, shift, key)


def ask_test(tx: Tx, key: bytes) -> int:
    """Ask for a page that shows what the printer can do; return the job. Raises Refused `printer-missing`, `press-malformed`."""
    return _once(tx, TEST, None, key)


def ask_drawer(tx: Tx, key: bytes) -> int:
    """Open the drawer without a sale, which the journal tells of; return the job. Raises Refused `printer-missing`, `press-malformed`."""
    return _once(tx, DRAWER, None, key)


def ask_owner_slip(tx: Tx, sale_no: int, key: bytes, *, kept: bool = False) -> int:
    """Ask for the owner code of a sale on paper; return the job, the one that waits if there is one. A second press finds the first.

    The code is drawn when the printer is ready for it, and the certificates are signed then. `kept` says that a code drawn before is
    still kept for this sale. An owner code never comes out twice. Raises Refused `printer-missing`, `press-malformed`,
    `owner-printed`, and as `name_owner.check_drawable` does where none is kept.
    """
    _check_there(tx)
    press = presses.bind("print", f"{OWNER} {sale_no}", key)
    first = presses.first(tx, press)
    if first is not None:
        return first
    newest = print_jobs.newest_of(tx.conn, OWNER, sale_no)
    if newest is not None and newest.state == print_jobs.ASKED:
        return newest.no
    if print_jobs.came_out(tx.conn, OWNER, sale_no):
        raise Refused(
            "owner-printed",
            "The owner slip of this sale came out of the printer, or may have, and is not printed twice. Look for the paper.",
        )
    if not kept:
        name_owner.check_drawable(tx.conn, sale_no)
    job = print_jobs.ask(tx, OWNER, sale_no)
    presses.remember(tx, press, job)
    return job


def numbers_sold(tx: Tx, sale_no: int) -> None:
    """Edition numbers were sold in this transaction: print an owner slip where the settings want one with each."""
    state = print_jobs.printer(tx.conn)
    if state is not None and state.owner_slips:
        print_jobs.ask(tx, OWNER, sale_no)


def begin_owner_slip(tx: Tx, job: Job, did: str, *, kept: bool) -> bool:
    """Sign the certificates of a sale for the key that is printed now, and record that its bytes leave; False as `begin`.

    `kept`: they were signed for it before. Raises what `name_owner.sign_for` raises.
    """
    if job.subject is None or not begin(tx, job, 0):
        return False
    if not kept:
        name_owner.sign_for(tx, job.subject, did)
    return True


def drop_owner_slip(tx: Tx, sale_no: int, answer: str) -> None:
    """Print no owner slip of a sale that waits for one, and say why."""
    print_jobs.end_asked_of(tx, OWNER, sale_no, answer)


def shift_closed(tx: Tx) -> None:
    """The shift ends in this transaction: owner slips that wait for the printer are given up; their buyers are gone."""
    print_jobs.end_asked_of(
        tx, OWNER, None, "The shift was closed before the printer was ready, so no owner code was drawn."
    )


def receipt_signed(tx: Tx, event_key: int) -> None:
    """A receipt, refund or void was signed in this transaction: print it where the settings want every one printed."""
    state = print_jobs.printer(tx.conn)
    if state is not None and state.auto:
        print_jobs.ask(tx, RECEIPT, event_key)


def cash_moved(tx: Tx) -> None:
    """Cash came in or goes out in this transaction: open the drawer, where one hangs on the printer."""
    state = print_jobs.printer(tx.conn)
    if state is not None and state.drawer:
        print_jobs.ask(tx, DRAWER)


def copies_before(conn: sqlite3.Connection, job: Job) -> int:
    """How often the paper of a job came out before, or may have: its number as a copy."""
    return print_jobs.came_out(conn, job.kind, job.subject) if job.kind in {RECEIPT, Z_REPORT} else 0


def begin(tx: Tx, job: Job, copy: int) -> bool:
    """Record that a job's bytes leave now, as a copy of that number; False where it is not to be printed like this any more."""
    now = print_jobs.find(tx.conn, job.no)
    if now is None or now.state != print_jobs.ASKED or copies_before(tx.conn, job) != copy:
        return False
    told = None
    if copy:
        told = tx.next_event
        with acting(tx, None if job.asked_by is None else Actor(job.asked_by, job.asked_on)):
            tx.append("printed", {"what": job.kind, "copy": copy} | _named(tx.conn, job))
    print_jobs.begin(tx, job.no, copy, told)
    return True


def end(tx: Tx, job: int, state: str, answer: str) -> None:
    """Record how a job ended: done, failed or unclear, and what to tell of it."""
    print_jobs.end(tx, job, state, answer)


def tell_interrupted(tx: Tx) -> int:
    """Tell of jobs whose program died in the middle; nobody knows whether they came out. Return how many."""
    return print_jobs.end_begun(tx, paper=UNCLEAR, drawer=DRAWER_UNCLEAR, owner=OWNER_UNCLEAR)


def give_up_late(tx: Tx) -> int:
    """End what waited too long for the printer; return how many jobs."""
    drawers = print_jobs.end_late(tx, drawers=True, before_ms=tx.now_ms - DRAWER_WAITS_MS, answer=DRAWER_LATE)
    return drawers + print_jobs.end_late(tx, drawers=False, before_ms=tx.now_ms - PAPER_WAITS_MS, answer=LATE)


def report(tx: Tx, state: Standing, sentence: str, *, auto: bool, drawer: bool, owner_slips: bool = False) -> None:
    """Record how the printer stands, and what the settings want printed without being asked."""
    print_jobs.report(tx, state, sentence, auto=auto, drawer=drawer, owner_slips=owner_slips)


def remove_printer(tx: Tx) -> None:
    """The settings name no printer any more: what waits for one is told so."""
    print_jobs.end_asked(tx, "No printer is set up on this box any more.")
    print_jobs.forget(tx)


def _once(tx: Tx, kind: str, subject: int | None, key: bytes) -> int:
    _check_there(tx)
    press = presses.bind("print", f"{kind} {subject}", key)
    first = presses.first(tx, press)
    if first is not None:
        return first
    if kind == DRAWER:
        tell_of_staff.tell(tx, Deed.DRAWER)
    job = print_jobs.ask(tx, kind, subject)
    presses.remember(tx, press, job)
    return job


def _check_there(tx: Tx) -> None:
    if print_jobs.printer(tx.conn) is None:
        raise Refused(
            "printer-missing",
            "No printer is set up on this box. Name it in settings.toml under [printer], then start `stall sync` again (on the appliance: sudo stall appliance apply).",
        )


def _named(conn: sqlite3.Connection, job: Job) -> dict[str, object]:
    """What the journal calls the paper that is printed again."""
    if job.kind == Z_REPORT:
        return {"shift": job.subject}
    data = journal.event_bytes(conn, job.subject or 0)
    token = "" if data is None else str(event.decode(data).body.get("receipt", ""))
    return {"paper": jws.unverified_claims(token)["jti"]}
