"""Keep the hashes of new events in rows, a run at a time, and take away rows that are wrong.

Hashing is done outside the door; inside it a few rows are written. Never part of a sale.
"""

from __future__ import annotations

from stall.store import journal, proofs, tiles
from stall.store.db import Database

#: Runs kept at a time by housekeeping: more events than any stall has in between, and no long work.
RUNS = 8


def tidy_hashes(db: Database, *, thorough: bool) -> None:
    """Keep the hashes of what was journaled lately, in every epoch; `thorough` first follows those kept to their roots.

    Raises as `keep_hashes` and `mend_hashes`.
    """
    for epoch_no in journal.epoch_numbers(db.read()):
        if thorough:
            mend_hashes(db, epoch_no)
        for _ in range(RUNS):
            if not keep_hashes(db, epoch_no):
                break


def keep_hashes(db: Database, epoch_no: int) -> bool:
    """Keep the hashes of one more run of events of an epoch; True when there may be more to keep.

    Raises what `db.transaction` raises.
    """
    run = tiles.next_run(db.read(), epoch_no)
    if run is None:
        return False
    with db.transaction() as tx:
        tiles.keep(tx, run)
    return True


def keep_all_hashes(db: Database, epoch_no: int) -> None:
    """Keep the hashes of every event an epoch has now, run by run. Raises as `keep_hashes`."""
    for _ in range(journal.read_epoch(db.read(), epoch_no).size // tiles.RUN + 1):
        if not keep_hashes(db, epoch_no):
            return


def mend_hashes(db: Database, epoch_no: int) -> bool:
    """Follow every kept row of an epoch to its root; delete them all if one is wrong. True when all were right.

    Raises Broken `journal-broken` when it is the events that are wrong.
    """
    if proofs.open_tree(db.read(), epoch_no).check_all():
        return True
    with db.transaction() as tx:
        tiles.forget(tx, epoch_no)
    return False
