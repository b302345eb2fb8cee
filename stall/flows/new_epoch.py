"""Begin a new life of this database: it was copied, put back, or parted from what the cloud holds (design 5).

Nothing that an earlier epoch could still sell is sold in the new one: unsold numbers are frozen until their
creator leases them again, naming the new epoch. Open editions, cash and card go on at once.
"""

from __future__ import annotations

import secrets as random

from stall.domain.epoch import Cause, first_number, next_epoch_no
from stall.flows.note_exception import note_exception
from stall.store import devices, journal, numbers, sales, sessions
from stall.store.db import Tx
from stall.wire import b64

EPOCH_BYTES = 16
#: How many earlier epochs the first event of a new one names.
LONGEST_LINE = 500
#: Later than any time a row may bear (ms).
_ANY_TIME = 1 << 62

_WHY = {
    Cause.MOVED: "This stall's data was copied or moved to another place.",
    Cause.PUT_BACK: "An older copy of this stall's data was put back.",
    Cause.REFUSED: "The cloud could not take this stall's journal in its place.",
}


def new_epoch(tx: Tx, cause: Cause, showed: bytes | None = None) -> journal.Head:
    """Close the running epoch and open a new one; return where the journal stands then. Whoever `showed` that it must be stays signed in."""
    closing = journal.read_head(tx.conn)
    opening = _opening(tx, closing, cause)
    journal.open_epoch(tx.conn, tx.moment, opening)
    stuck = sales.paid_but_unfinished(tx.conn)
    frozen = numbers.freeze_unsold(tx)
    sales.drop_baskets(tx, _ANY_TIME, _ANY_TIME)
    if cause is not Cause.REFUSED:  # who was signed out since, and what label was replaced, this copy cannot know
        sessions.end_all(tx, showed)
        devices.forget_codes(tx)
    note_exception(tx, "epoch", _sentence(cause, b64.encode(opening.epoch), frozen))
    for attempt, sale, title, number in stuck:
        note_exception(tx, "unfinished", money_taken(sale, title, number), attempt)
    return journal.read_head(tx.conn)


def new_epoch_unless_newer(tx: Tx, judged: int, cause: Cause, showed: bytes | None = None) -> journal.Head | None:
    """As `new_epoch`, unless the running epoch is no longer the one with the number `judged`; None then."""
    return new_epoch(tx, cause, showed) if journal.read_head(tx.conn).epoch_no == judged else None


def money_taken(sale: int, title: str, number: int) -> str:
    """Say what to do about a sale that is paid while its number may not be sold here."""
    return (
        f"Money was taken in sale {sale} for number {number} of {title}, which this box may not sell any more."
        " Give the money back, or finish the sale after a new lease of that number."
    )


def _opening(tx: Tx, closing: journal.Head, cause: Cause) -> journal.Opening:
    conn = tx.conn
    line = [
        b64.encode(epoch)
        for (epoch,) in conn.execute("SELECT epoch FROM epochs ORDER BY no DESC LIMIT ?", (LONGEST_LINE,))
    ]
    (highest_epoch,) = conn.execute("SELECT max(no) FROM epochs").fetchone()
    highest = conn.execute(
        "SELECT max((SELECT coalesce(max(no), 0) FROM sales), (SELECT coalesce(max(no), 0) FROM attempts),"
        " (SELECT coalesce(max(no), 0) FROM grants), (SELECT max(first_no) FROM epochs))"
    ).fetchone()[0]
    parent = {"epoch": closing.epoch_text, "size": closing.size, "root": b64.encode(closing.frontier.root())}
    return journal.Opening(
        no=next_epoch_no(highest_epoch, random.randbelow),
        epoch=random.token_bytes(EPOCH_BYTES),
        reason=cause,
        first_no=first_number(highest, random.randbelow),
        body={"parent": parent, "reason": cause.value, "line": line},
    )


def _sentence(cause: Cause, epoch: str, frozen: int) -> str:
    """What was done then. It stays in the journal, so it claims nothing of what is frozen later."""
    went_on = f"{_WHY[cause]} Its journal went on in epoch {epoch}"
    if not frozen:
        return f"{went_on}."
    return f"{went_on}, and {frozen} {'number' if frozen == 1 else 'numbers'} of limited drops, not sold, waited for a new lease."
