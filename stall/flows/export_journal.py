"""Write the journal out for anyone to check: every epoch's signed checkpoint, its events, and proofs.

The format is docs/protocol.md's. Memory does not grow with the journal.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from stall.flows.checkpoint import remember, sign_checkpoint, sign_running
from stall.flows.keep_hashes import keep_all_hashes, mend_hashes
from stall.store import journal, proofs, uploads
from stall.store.box import Box
from stall.wire import b64, note

#: Events read at a time (bytes), so that no long read keeps the write-ahead log from being emptied.
RUN_BYTES = 1 << 20

#: How the canonical bytes of an event that carries a receipt or a certificate's hash look inside; a chance
#: likeness elsewhere only adds a proof nobody asked for.
_PROVED = (b'"receipt":', b'"kind":"certificate"')


def export_journal(box: Box) -> Iterator[str]:
    """Give the lines of the export, oldest epoch first.

    Signs a checkpoint of each epoch first, and keeps the hashes its proofs need. Raises Broken
    `journal-broken` when events and root disagree, `checkpoint-rollback`.
    """
    epochs = journal.epoch_numbers(box.db.read())
    for epoch_no in epochs:
        keep_all_hashes(box.db, epoch_no)
        if not mend_hashes(box.db, epoch_no):
            keep_all_hashes(box.db, epoch_no)
    with box.db.transaction() as tx:
        notes = {epoch_no: sign_checkpoint(tx, epoch_no) for epoch_no in epochs}
        newest = sign_running(tx)[1]
    remember(box.folder, newest)
    for epoch_no, text in notes.items():
        yield from _epoch_lines(box, epoch_no, text, len(epochs))


def _epoch_lines(box: Box, epoch_no: int, text: str, epochs: int) -> Iterator[str]:
    conn, signing = box.db.read(), box.secrets.signing
    head, tree = journal.read_epoch(conn, epoch_no), proofs.open_tree(conn, epoch_no)
    own = note.Verifier(note.origin(signing.thumbprint, head.epoch), signing.public)
    size = note.Checkpoint.parse(note.open(text, [own]).body).size
    first: dict[str, object] = {
        "type": "checkpoint",
        "box": signing.did,
        "epoch": head.epoch_text,
        "epochs": epochs,
        "note": text,
    }
    seen = uploads.read_state(conn, epoch_no)
    if seen.cosigned is not None and seen.cosigned_size is not None:
        proof = tree.consistency(seen.cosigned_size, size)
        first["cosigned"] = {"note": seen.cosigned, "proof": [b64.encode(each) for each in proof]}
    yield json.dumps(first) + "\n"
    at, run = 0, journal.read_events(conn, epoch_no, 0, RUN_BYTES)
    while run and at < size:
        for seq, data in enumerate(run[: size - at], at):
            yield _event_line(tree, seq, size, data)
        at += len(run)
        run = journal.read_events(conn, epoch_no, at, RUN_BYTES)


def _event_line(tree: proofs.Tree, seq: int, size: int, data: bytes) -> str:
    tree.check_event(seq, data)
    line: dict[str, object] = {"type": "event", "seq": seq, "bytes": b64.encode(data)}
    if any(mark in data for mark in _PROVED):
        line["proof"] = [b64.encode(each) for each in tree.inclusion(seq, size)]
    return json.dumps(line) + "\n"
