"""Sign what the journal is now: a C2SP checkpoint, on demand, at most once a second."""

from __future__ import annotations

from stall.errors import Broken
from stall.store import journal
from stall.store.db import Tx
from stall.wire import note

#: Two checkpoints are at least this far apart (ms); asking sooner returns the last one.
SPACING_MS = 1000


def sign_checkpoint(tx: Tx) -> str:
    """Return a signed checkpoint of the current journal; hand it out only after COMMIT.

    Never signs a smaller or a different tree than the last one. Raises Broken
    `checkpoint-rollback` when the journal is behind what was signed.
    """
    head = journal.read_head(tx.conn)
    root = head.frontier.root()
    last = tx.conn.execute("SELECT epoch_no, size, root, note, signed_ms FROM checkpoint").fetchone()
    if last is not None and last["epoch_no"] == head.epoch_no:
        if last["size"] > head.size or (last["size"] == head.size and last["root"] != root):
            raise Broken(
                "checkpoint-rollback", "The journal is behind what this box has signed. Run: stall journal verify"
            )
        if last["size"] == head.size or 0 <= tx.now_ms - last["signed_ms"] < SPACING_MS:
            return str(last["note"])
    origin = note.origin(tx.secrets.signing.thumbprint, head.epoch)
    text = note.sign(tx.secrets.signing, origin, note.Checkpoint(origin, head.size, root).body())
    tx.conn.execute(
        "INSERT INTO checkpoint (id, epoch_no, size, root, note, signed_ms) VALUES (1, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET"
        " epoch_no = excluded.epoch_no, size = excluded.size, root = excluded.root, note = excluded.note, signed_ms = excluded.signed_ms",
        (head.epoch_no, head.size, root, text, tx.now_ms),
    )
    return text
