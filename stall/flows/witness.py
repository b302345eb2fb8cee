"""What others remember of this box's journal, weighed against the database: the cloud, the maker's phone, `stall.place`.

Only notes under the box's own key count. One that shows more than the database holds, or another journal, means that
an older copy of the database was put back; then a new epoch must begin. Reads only.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from stall.domain.epoch import Cause
from stall.errors import Broken, WireError
from stall.store import journal, proofs
from stall.store.schema import event_id
from stall.wire import b64, event, merkle, note
from stall.wire.keys import SigningKey

#: Longest line of ancestors is some 12 KB; in base64url with the rest this leaves room.
MAX_OPENING_BYTES = 24 * 1024
MAX_PROOF_HASHES = 64


@dataclass(frozen=True, slots=True)
class Testimony:
    """A state of this box's journal that somebody remembers: `size` events of `epoch` with `root`.

    `line` names the epochs it was proven to come from; None when it was remembered beside this very database.
    """

    epoch: str
    size: int
    root: bytes
    line: tuple[str, ...] | None


def weigh(conn: sqlite3.Connection, told: Testimony) -> Cause | None:
    """Say why a new epoch must begin if this testimony is true of this box, or None.

    An epoch that is closed may have gone on in a copy; one this database never had and that does not come
    from the running one is a copy's own. Neither says anything about the running epoch.
    """
    head = journal.read_head(conn)
    if told.epoch == head.epoch_text:
        return None if _agrees(conn, head, told) else Cause.PUT_BACK
    known = conn.execute("SELECT 1 FROM epochs WHERE epoch = ?", (b64.decode(told.epoch),)).fetchone()
    comes_from_here = told.line is None or head.epoch_text in told.line
    return Cause.PUT_BACK if known is None and comes_from_here else None


def _agrees(conn: sqlite3.Connection, head: journal.Head, told: Testimony) -> bool:
    if told.size > head.size:
        return False
    signed = conn.execute("SELECT size, root FROM checkpoint WHERE epoch_no = ?", (head.epoch_no,)).fetchone()
    if signed is not None and (signed[0], bytes(signed[1])) == (told.size, told.root):
        return True
    try:
        return proofs.root_at(conn, head.epoch_no, told.size) == told.root
    except Broken:  # the journal itself is damaged: `journal verify` says so; no witness can judge it
        return True


def read_testimony(own: SigningKey, text: str, opening: bytes | None, proof: list[bytes]) -> Testimony:
    """Read a note signed by this box, with the first event of its epoch and the proof that it belongs there.

    Without these it speaks of epochs this database knows, and of no other.
    Raises WireError when the note is not ours, or what is with it does not belong to it.
    """
    epoch = _epoch_in(text)
    origin = note.origin(own.thumbprint, b64.decode(epoch))
    signed = note.Checkpoint.parse(note.open(text, [note.Verifier(origin, own.public)]).body)
    if signed.origin != origin:
        raise WireError("witness-not-ours", "The note is of another box or journal. It is not used.")
    line = () if opening is None else _line(opening, epoch, signed, proof)
    return Testimony(epoch, signed.size, signed.root, line)


def _epoch_in(text: str) -> str:
    """The epoch a note names in its first line; whether that is true its signature says."""
    epoch = text.partition("\n")[0].rpartition("/")[2]
    if len(epoch) != len(b64.encode(bytes(16))):
        raise WireError("witness-not-ours", "The note is of another box or journal. It is not used.")
    return epoch


def _line(opening: bytes, epoch: str, signed: note.Checkpoint, proof: list[bytes]) -> tuple[str, ...]:
    if len(opening) > MAX_OPENING_BYTES or len(proof) > MAX_PROOF_HASHES:
        raise WireError("witness-malformed", "What came with the note is longer than it can be. It is not used.")
    merkle.verify_inclusion(0, signed.size, merkle.leaf_hash(opening), proof, signed.root)
    first = event.decode(opening)
    line = first.body.get("line", [])
    if (first.kind, first.epoch, first.seq) != ("epoch", epoch, 0) or not isinstance(line, list):
        raise WireError(
            "witness-malformed", "What came with the note is not the beginning of its journal. It is not used."
        )
    return tuple(str(each) for each in line)


@dataclass(frozen=True, slots=True)
class Keepsake:
    """What a witness is given to keep: a signed note, the first event of its epoch, the proof that ties both."""

    note: str
    opening: bytes
    proof: list[bytes]


def keepsake(conn: sqlite3.Connection, text: str) -> Keepsake:
    """Put together what a witness needs besides a note this box just signed. Raises as `proofs.open_tree`."""
    epoch, size = _epoch_in(text), note.Checkpoint.parse(text.rpartition("\n\n")[0] + "\n").size
    (epoch_no,) = conn.execute("SELECT no FROM epochs WHERE epoch = ?", (b64.decode(epoch),)).fetchone()
    opening = journal.event_bytes(conn, event_id(epoch_no, 0)) or b""
    return Keepsake(text, opening, proofs.inclusion(conn, epoch_no, 0, size))
