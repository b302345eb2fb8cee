"""Sign what the journal is now: a C2SP checkpoint, on demand, at most once a second."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from stall import log
from stall.errors import Broken, StallError
from stall.store import journal, place
from stall.store.db import Database, Tx
from stall.store.place import Kept, Witness
from stall.wire import note
from stall.wire.merkle import EMPTY_ROOT

#: Two checkpoints are at least this far apart (ms); asking sooner returns the last one.
SPACING_MS = 1000


def sign_checkpoint(tx: Tx, epoch_no: int | None = None, *, at_once: bool = False) -> str:
    """Return a signed checkpoint of an epoch as it stands, the running one unless another is named.

    `at_once` signs however soon after the last one: for what happens once a day, or once for each entry.

    Hand it out only after COMMIT. Never signs a smaller or a different tree than the last one. Raises Broken
    `checkpoint-rollback` when the journal is behind what was signed.
    """
    head = journal.read_head(tx.conn) if epoch_no is None else journal.read_epoch(tx.conn, epoch_no)
    root = head.frontier.root()
    last = tx.conn.execute(
        "SELECT size, root, note, signed_ms FROM checkpoint WHERE epoch_no = ?", (head.epoch_no,)
    ).fetchone()
    if last is not None:
        if last["size"] > head.size or (last["size"] == head.size and last["root"] != root):
            raise Broken(
                "checkpoint-rollback", "The journal is behind what this box has signed. Run: stall journal verify"
            )
        soon = 0 <= tx.now_ms - last["signed_ms"] < SPACING_MS and not at_once
        if last["size"] == head.size or (soon and head.epoch_no == journal.read_head(tx.conn).epoch_no):
            return str(last["note"])  # a closed epoch is signed once more at its end, however soon
    origin = note.origin(tx.secrets.signing.thumbprint, head.epoch)
    text = note.sign(tx.secrets.signing, origin, note.Checkpoint(origin, head.size, root).body())
    tx.conn.execute(
        "INSERT INTO checkpoint (epoch_no, size, root, note, signed_ms) VALUES (?, ?, ?, ?, ?) ON CONFLICT (epoch_no) DO UPDATE SET"
        " size = excluded.size, root = excluded.root, note = excluded.note, signed_ms = excluded.signed_ms",
        (head.epoch_no, head.size, root, text, tx.now_ms),
    )
    return text


Signed = tuple[str, Witness]
"""A signed checkpoint, and what is noted of it beside the database."""


def sign_running(tx: Tx) -> Signed:
    """Sign a checkpoint of the running epoch. After COMMIT it is remembered first, then handed out."""
    text = sign_checkpoint(tx)
    return text, _newest(tx.conn)[1]


def standing_checkpoint(conn: sqlite3.Connection) -> Signed | None:
    """The last checkpoint, if it covers everything there is: then nothing needs to be signed."""
    newest = _newest(conn)
    return newest if newest[1].size == journal.read_head(conn).size else None


def publish_checkpoint(db: Database) -> str:
    """Sign a checkpoint of the running epoch, to be handed out: it is committed, and noted beside the database."""
    with db.transaction() as tx:
        text, newest = sign_running(tx)
    remember(db.path.parent, newest)
    return text


def _newest(conn: sqlite3.Connection) -> Signed:
    row = conn.execute(
        "SELECT c.note, e.epoch, c.size, c.root FROM journal j JOIN epochs e ON e.no = j.epoch_no"
        " LEFT JOIN checkpoint c ON c.epoch_no = j.epoch_no"
    ).fetchone()
    return ("", Witness.of(row[1], 0, EMPTY_ROOT)) if row[0] is None else (row[0], Witness.of(row[1], row[2], row[3]))


def remember(folder: Path, newest: Witness) -> None:
    """Note a committed state of the journal beside the database, unless that lies elsewhere than it was recognised.

    What fails here is told in the log: selling does not depend on it.
    """
    try:
        kept = place.read(folder)
        if kept is not None and kept.witness != newest and kept.place == place.here(folder):
            place.keep(folder, Kept(kept.place, newest))
    except (StallError, OSError) as trouble:
        log.get("store").warning("place.not_kept", reason=str(trouble))
