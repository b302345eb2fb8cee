"""What the till says of paper: of one sale's receipt, and of the printer. Nothing is printed here, a row is asked for."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from stall.store import locks, print_jobs
from stall.store.box import Box
from stall.store.print_jobs import Job, PrinterState
from stall.store.sales import Sale
from stall.web.till.words import Shape

#: The name the printing program holds (box.printer.worker).
PROGRAM = "printer"
#: How long a page looks again by itself for a job to end (ms); a printer without paper may take long.
WATCHED_MS = 20_000

NOT_RUNNING = "The program that prints is not running. Start it with `stall sync`; what waits is printed then."


@dataclass(frozen=True, slots=True)
class Paper:
    """Of one paper: what its button says, how its newest job stands, and whether the page looks again by itself."""

    button: str
    shape: Shape | None
    words: str
    open: bool
    watched: bool


def of_sale(conn: sqlite3.Connection, sale: Sale, now_ms: int) -> Paper | None:
    """The paper of a paid sale, that of its void where it was taken back; None without a printer."""
    subject = sale.receipt_event if sale.void_event is None else sale.void_event
    return None if subject is None else of_paper(conn, print_jobs.RECEIPT, subject, now_ms)


def of_paper(conn: sqlite3.Connection, kind: str, subject: int | None, now_ms: int) -> Paper | None:
    """How one paper stands; None without a printer."""
    printer = print_jobs.printer(conn)
    if printer is None:
        return None
    again = bool(print_jobs.came_out(conn, kind, subject)) and kind != print_jobs.TEST
    job = print_jobs.newest_of(conn, kind, subject)
    shape, words = (None, "") if job is None else _job_words(job, printer)
    is_open = job is not None and job.state in {print_jobs.ASKED, print_jobs.BEGUN}
    button = "Print a test page" if kind == print_jobs.TEST else "Print a copy" if again else "Print receipt"
    watched = is_open and job is not None and now_ms - job.asked_ms < WATCHED_MS
    return Paper(button, shape, words, is_open, watched)


def _job_words(job: Job, printer: PrinterState) -> tuple[Shape, str]:
    match job.state:
        case print_jobs.ASKED:
            waits = "" if printer.state == "ready" else f" {printer.sentence}"
            return Shape.WAIT if printer.state == "ready" else Shape.WARN, f"Waits for the printer.{waits}"
        case print_jobs.BEGUN:
            return Shape.WAIT, "Printing."
        case print_jobs.DONE:
            return Shape.OK, "Printed." if not job.copy else "Copy printed."
        case _:
            return Shape.WARN, job.answer or ""


def runs(box: Box) -> bool:
    """Whether the program that prints runs now; one that was killed leaves a row that says ready."""
    return locks.name_held(box.folder, PROGRAM)


def printer_words(box: Box, state: PrinterState) -> tuple[Shape, str, str]:
    """How the printer stands: shape, a few words for the banner, and the sentence that says what to do."""
    if not runs(box):
        return Shape.UNPLUGGED, "Printing is not running", NOT_RUNNING
    if state.state == "ready":
        low = "nearly at its end" in state.sentence
        return Shape.WARN if low else Shape.OK, "Paper nearly out" if low else "Printer ready", state.sentence
    if state.state == "lost":
        return Shape.UNPLUGGED, "Printer off", state.sentence
    return Shape.WARN, "Out of paper" if "out of paper" in state.sentence else "Printer needs a look", state.sentence
