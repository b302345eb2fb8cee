"""Write down what the cloud answered to an upload. One transaction; the network is not touched here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from stall.domain.epoch import Cause
from stall.flows.new_epoch import new_epoch
from stall.store import epochs, journal, uploads
from stall.store.db import Tx
from stall.store.uploads import Doubt


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one answer of the cloud came to, already checked by the caller.

    `next_seq` is the event to send next (lower than before when the cloud asked for a refill),
    `doubts` are the verdicts a person should see, `cosigned` a checkpoint of `cosigned_size` events.
    With `beside`, the cloud could not take event `next_seq` in its place.
    """

    next_seq: int
    doubts: Sequence[Doubt] = ()
    cosigned: str | None = None
    cosigned_size: int = 0
    trouble: str | None = None
    beside: bool = False


def record_upload(tx: Tx, epoch_no: int, outcome: Outcome, seen: Cause | None = None) -> journal.Head | None:
    """Move the cursor, keep the verdicts and the cosigned checkpoint; give the new epoch's head if one begins.

    One begins when the answer showed (`seen`) that this database was put back, and when the cloud could not take the
    running epoch: once. A cloud that takes the next one neither is itself at fault, and gets it beside.
    """
    uploads.save_progress(tx, epoch_no, outcome.next_seq, beside=outcome.beside)
    for doubt in outcome.doubts:
        uploads.save_doubt(tx, epoch_no, doubt)
    if outcome.cosigned is not None:
        uploads.save_cosigned(tx, epoch_no, outcome.cosigned, outcome.cosigned_size)
    running = epochs.running(tx.conn)
    if outcome.trouble is not None:
        uploads.save_error(tx, running.no, outcome.trouble)
    cause = seen
    if cause is None and outcome.beside and running.no == epoch_no and running.reason != Cause.REFUSED:
        cause = Cause.REFUSED
    return None if cause is None else new_epoch(tx, cause)


def record_trouble(tx: Tx, sentence: str) -> None:
    """Keep the reason why nothing could be sent; the same reason again writes nothing."""
    running = epochs.running(tx.conn)
    if uploads.read_state(tx.conn, running.no).last_error != sentence:
        uploads.save_error(tx, running.no, sentence)
