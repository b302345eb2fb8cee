"""What the till says of a sale's owner code: whether one can be drawn, how its slip of paper stands, and what can be done about it."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from stall.flows import name_owner
from stall.store import claims, owner_slips, print_jobs
from stall.store.box import Box
from stall.store.print_jobs import Job
from stall.store.sales import Sale
from stall.web.till import print_state
from stall.web.till.words import Shape


@dataclass(frozen=True, slots=True)
class OwnerSlip:
    """The owner code of one paid sale: what may be pressed, and what is said of its slip.

    `shows`: a code can be drawn for the screen. `prints`: one can be asked for on paper. `waits`: a slip waits for the printer. `kept`:
    the code of a slip that may not be whole is still kept, to be copied. `watched`: the page looks again by itself.
    """

    shows: bool
    prints: bool
    waits: bool
    kept: bool
    watched: bool
    shape: Shape | None = None
    words: str = ""

    @property
    def anything(self) -> bool:
        """Whether there is anything to say or to press."""
        return self.shows or bool(self.words)


def of_sale(box: Box, conn: sqlite3.Connection, sale: Sale, now_ms: int) -> OwnerSlip:
    """How the owner code of a sale stands."""
    job = print_jobs.newest_of(conn, print_jobs.OWNER, sale.no)
    printer = print_jobs.printer(conn)
    shows = sale.state == "paid" and name_owner.may_name_owner(claims.bought(conn, sale.no))
    ended = job is None or job.state in {print_jobs.DONE, print_jobs.FAILED, print_jobs.UNCLEAR}
    kept = job is not None and ended and is_kept(box, conn, sale.no)
    waits = job is not None and job.state == print_jobs.ASKED
    came_out = bool(print_jobs.came_out(conn, print_jobs.OWNER, sale.no))
    prints = printer is not None and not waits and not came_out and (shows or kept)
    shape, words = (None, "") if job is None else _words(job, printer, kept=kept)
    watched = not ended and job is not None and now_ms - job.asked_ms < print_state.WATCHED_MS
    return OwnerSlip(shows, prints, waits, kept, watched, shape, words)


def is_kept(box: Box, conn: sqlite3.Connection, sale: int) -> bool:
    """Whether the code that the certificates of a sale name is still kept for its paper."""
    return owner_slips.find(box.folder, name_owner.owner_of(conn, sale)) is not None


def _words(job: Job, printer: print_jobs.PrinterState | None, *, kept: bool) -> tuple[Shape, str]:
    match job.state:
        case print_jobs.ASKED:
            ready = printer is None or printer.state == "ready"
            why = "" if ready or printer is None else f" {printer.sentence}"
            return Shape.WAIT if ready else Shape.WARN, f"The owner slip waits for the printer.{why}"
        case print_jobs.BEGUN:
            return Shape.WAIT, "The owner slip is being printed."
        case print_jobs.DONE:
            return Shape.OK, "The owner slip is printed. Give it to the buyer, folded; it is not printed again."
        case print_jobs.UNCLEAR if not kept:
            return Shape.WARN, "The owner slip may have come out, wholly or in part. Its code is kept no longer."
        case _:
            return Shape.WARN, job.answer or ""
