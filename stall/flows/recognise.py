"""See whether a data folder is still the one that was sold from here, before anything is sold from it.

Called by every process that may sell, at its start. One of them opens the new epoch; the others wait for it. A crash
between its COMMIT and the writing of `stall.place` merely opens one more.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

from stall import log
from stall.domain.epoch import Cause
from stall.errors import StallError
from stall.flows.new_epoch import new_epoch
from stall.flows.witness import Testimony, weigh
from stall.store import locks, place
from stall.store.db import Database
from stall.store.place import Kept, Witness
from stall.wire import b64


def recognise(db: Database) -> Cause | None:
    """Open a new epoch if the database was copied, moved or put back; say why, or None.

    Raises what `db.transaction` raises.
    """
    folder = db.path.parent
    if _doubt(db.read(), folder) is None:
        return None
    with locks.alone(folder, "placing"):
        cause = _doubt(db.read(), folder)  # another process may have opened it while we waited
        if cause is None:
            return None
        with db.transaction() as tx:
            head = new_epoch(tx, cause)
        log.setup_once()
        log.get("store").warning("epoch.begun", cause=cause.value, epoch=head.epoch_text)
        _move_in(folder, Witness.of(head.epoch, head.size, head.frontier.root()))
    return cause


def _doubt(conn: sqlite3.Connection, folder: Path) -> Cause | None:
    kept = place.read(folder)
    if kept is None or kept.place != place.here(folder):
        return Cause.MOVED
    seen = kept.witness
    try:
        return weigh(conn, Testimony(seen.epoch, seen.size, b64.decode(seen.root), line=None))
    except sqlite3.DatabaseError as damage:  # `journal verify` names it; nothing here can judge it
        log.setup_once()
        log.get("store").error("epoch.not_judged", reason=str(damage))
        return None


def _move_in(folder: Path, newest: Witness) -> None:
    """Note that the database belongs here now. A folder that takes no file sells on, and asks again at each start."""
    try:
        place.keep(folder, Kept(place.here(folder), newest))
    except (StallError, OSError) as trouble:
        log.get("store").warning("place.not_kept", reason=str(trouble))
