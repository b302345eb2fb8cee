"""Cuts the next batch out of the journal: its events, the checkpoint over them, and the proof that ties both."""

from __future__ import annotations

from dataclasses import dataclass

from stall.flows.checkpoint import publish_checkpoint, sign_checkpoint
from stall.store import journal, proofs
from stall.store.db import Database
from stall.wire import b64, merkle, note
from stall.wire.keys import SigningKey

MAX_EVENTS = 1000
MAX_EVENT_BYTES = 150 * 1024  # in base64url, with proof and note, still below the cloud's 256 KiB


@dataclass(frozen=True, slots=True)
class Batch:
    """A run of events with the checkpoint that covers it and the proof that ties both."""

    epoch_no: int
    epoch: bytes
    first: int
    before: merkle.Frontier
    events: list[bytes]
    checkpoint: note.Checkpoint
    note_text: str
    proof: list[bytes]
    beside: bool

    @property
    def end(self) -> int:
        """The seq that would follow the last event."""
        return self.first + len(self.events)

    def document(self, delegation: str) -> dict[str, object]:
        """The body of the upload."""
        body: dict[str, object] = {
            "epoch": b64.encode(self.epoch),
            "first": self.first,
            "events": [b64.encode(data) for data in self.events],
            "checkpoint": self.note_text,
            "delegation": delegation,
            "before": [b64.encode(each) for each in self.before.hashes],
            "proof": [b64.encode(each) for each in self.proof],
        }
        return body | ({"beside": True} if self.beside else {})


def cut(db: Database, own: SigningKey, epoch_no: int, first: int, *, most: int, beside: bool) -> Batch:
    """Cut a batch of at most `most` events from `first` on; without events when the last checkpoint ends there.

    Raises Broken `journal-broken`, `checkpoint-rollback`, and what `db.transaction` raises.
    """
    text = _signed(db, epoch_no)
    # Only now, after COMMIT, may the signature leave the box.
    conn = db.read()
    epoch = journal.read_epoch(conn, epoch_no).epoch
    verifier = note.Verifier(note.origin(own.thumbprint, epoch), own.public, note.SIGNATURE_KIND)
    signed = note.Checkpoint.parse(note.open(text, [verifier]).body)
    run = journal.read_events(conn, epoch_no, first, MAX_EVENT_BYTES)
    events = run[: max(0, min(most, signed.size - first))]
    tree, end = proofs.open_tree(conn, epoch_no), first + len(events)
    proof = tree.consistency(end, signed.size) if events else []
    return Batch(epoch_no, epoch, first, tree.frontier(first), events, signed, text, proof, beside)


def _signed(db: Database, epoch_no: int) -> str:
    if journal.read_head(db.read()).epoch_no == epoch_no:
        return publish_checkpoint(db)
    with db.transaction() as tx:
        return sign_checkpoint(tx, epoch_no)
