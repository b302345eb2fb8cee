"""Whether the reader's program runs, and what the till does where it does not: it asks it nothing, and says so.

The program holds its name for life (reader.worker); one that was killed leaves a row that says ready for ever.
"""

from __future__ import annotations

from stall.domain.payment import Reason, State
from stall.errors import Refused, StallError
from stall.flows import card_attempt
from stall.flows.begin_payment import earlier_press
from stall.store import attempts, floor, locks, readers
from stall.store.attempts import Attempt
from stall.store.box import Box
from stall.store.db import Tx
from stall.store.floor import Moment
from stall.web.till.banner import READER


def runs(box: Box) -> bool:
    """Whether the reader's program runs on this box now."""
    return locks.name_held(box.folder, f"reader-{READER}")


def check_runs(tx: Tx, sale: int, ordinal: int, *, running: bool) -> None:
    """Refuse a press that nobody would answer; one that was made already finds its first.

    The caller asked whether it `runs` before the door: a lock file is not for inside.

    Raises Refused `reader-not-running`.
    """
    if earlier_press(tx, sale, ordinal) is None:
        check_answers(tx, running=running)


def check_answers(tx: Tx, *, running: bool) -> None:
    """Refuse what a reader's program that does not run would be asked; without a reader somebody else says so.

    Raises Refused `reader-not-running`.
    """
    if readers.find(tx.conn, READER) is not None and not running:
        raise Refused(
            "reader-not-running",
            "The card reader's program is not running, so the terminal was asked for nothing. Start it with `stall reader`, or use cash.",
        )


def close_unheard(box: Box, sale: int) -> None:
    """Close a request of a sale that nobody took up: its reader's program is gone, or it is too old to be sent."""
    at = floor.moment(box.db.read(), box.clock)
    every = attempts.requested_before(box.db.read(), at.boot_id, at.boottime_ms + 1)
    asked = next((attempt for attempt in every if attempt.sale == sale), None)
    reason = None if asked is None else _not_taken_up(box, asked, at)
    if asked is None or reason is None:
        return

    def close(tx: Tx) -> None:
        if attempts.get(tx.conn, asked.no).state is State.REQUESTED:
            card_attempt.not_sent(tx, asked.no, reason)

    try:
        box.write("payment", close)
    except StallError:  # the page is drawn all the same, and tries again
        return


def _not_taken_up(box: Box, asked: Attempt, at: Moment) -> Reason | None:
    if asked.boot_id != at.boot_id or at.boottime_ms - asked.requested_boottime_ms > card_attempt.FRESH_MS:
        return Reason.STALE
    return None if runs(box) else Reason.READER_LOST
