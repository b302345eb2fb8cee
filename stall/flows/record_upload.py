"""Write down what the cloud answered to an upload. One transaction; the network is not touched here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from stall.store import uploads
from stall.store.db import Tx
from stall.store.uploads import Doubt


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one answer of the cloud came to, already checked by the caller.

    `next_seq` is the event to send next (lower than before when the cloud asked for a refill),
    `doubts` are the verdicts a person should see, `cosigned` a checkpoint of `cosigned_size` events.
    """

    next_seq: int
    doubts: Sequence[Doubt] = ()
    cosigned: str | None = None
    cosigned_size: int = 0
    trouble: str | None = None


def record_upload(tx: Tx, epoch_no: int, outcome: Outcome) -> None:
    """Move the cursor, keep the verdicts and the cosigned checkpoint."""
    uploads.save_progress(tx, epoch_no, outcome.next_seq)
    for doubt in outcome.doubts:
        uploads.save_doubt(tx, epoch_no, doubt)
    if outcome.cosigned is not None:
        uploads.save_cosigned(tx, epoch_no, outcome.cosigned, outcome.cosigned_size)
    if outcome.trouble is not None:
        uploads.save_error(tx, epoch_no, outcome.trouble)


def record_trouble(tx: Tx, epoch_no: int, sentence: str) -> None:
    """Keep the reason why nothing could be sent; the same reason again writes nothing."""
    if uploads.read_state(tx.conn, epoch_no).last_error != sentence:
        uploads.save_error(tx, epoch_no, sentence)
