"""Proofs to hand on: that an entry stands in a box's journal, in one small text (C2SP tlog-proof@v1).

Complete but for trust: whose box it is, and which cosigners count, the reader must know.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Sequence
from dataclasses import dataclass

from stall.errors import LocalWireError, WireError
from stall.wire import b64, event, keys, merkle, note
from stall.wire import delegation as delegations
from stall.wire.delegation import Delegation
from stall.wire.event import Event
from stall.wire.note import Checkpoint, Signature, Verifier

HEAD = "c2sp.org/tlog-proof@v1"
MAX_HASHES = 63
MAX_CHARS = 448 * 1024
"""Room for a note, the longest event in base64, and the hashes."""

_EXTRA = "extra "
_INDEX = re.compile(r"index (?P<index>0|[1-9][0-9]{0,18})", re.ASCII)


@dataclass(frozen=True, slots=True)
class TlogProof:
    """The parts of the text: the entry's number, the hashes up to the root, the checkpoint's note, and what else there is."""

    index: int
    hashes: tuple[bytes, ...]
    note: str
    extra: bytes | None = None


@dataclass(frozen=True, slots=True)
class Logged:
    """An entry that was shown to stand in a box's journal. `signatures` are those of known keys on the checkpoint."""

    event: Event
    checkpoint: Checkpoint
    signatures: tuple[Signature, ...]


def write(proof: TlogProof) -> str:
    """Write the text; raises LocalWireError for parts that could not be read back."""
    extra = [] if proof.extra is None else [_EXTRA + _base64(proof.extra)]
    text = "\n".join([HEAD, *extra, f"index {proof.index}", *map(_base64, proof.hashes), "", proof.note])
    try:
        same = read(text) == proof
    except WireError:
        same = False
    if not same:
        raise LocalWireError("tlogproof-unwritable", "A proof is not well formed. Report this as a fault.")
    return text


def read(text: str) -> TlogProof:
    """Read the parts, which prove nothing yet. Raises WireError for anything that `write` would not write."""
    if not isinstance(text, str):
        raise WireError("tlogproof-head", "The proof is not text. Hand in the .tlog-proof file.")
    if len(text) > MAX_CHARS:
        raise WireError("tlogproof-too-long", "The proof is longer than any proof needs to be. Ask for it again.")
    above, empty, below = text.partition("\n\n")
    head, *lines = above.split("\n")
    if head != HEAD:
        raise WireError("tlogproof-head", "The text does not begin as a proof does. Hand in the .tlog-proof file.")
    extra = _read_extra(lines.pop(0)) if lines and lines[0].startswith(_EXTRA) else None
    index = _INDEX.fullmatch(lines[0]) if lines else None
    if index is None:
        raise WireError("tlogproof-index", "The proof does not say which entry it is for. Ask for it again.")
    if not empty or not below:
        raise WireError("tlogproof-note", "The proof ends before its checkpoint. Ask for it again.")
    if len(lines) - 1 > MAX_HASHES:
        raise WireError("tlogproof-hash", "The proof has more hashes than any journal needs. Ask for it again.")
    return TlogProof(int(index["index"]), tuple(map(_read_hash, lines[1:])), below, extra)


def verify(
    proof: TlogProof, leaf: bytes, log: Verifier, cosigners: Sequence[Verifier] = ()
) -> tuple[Checkpoint, note.Note]:
    """Check that `leaf` (a leaf hash) is the entry in the journal whose key is `log`; its name is the log's origin.

    Cosignatures by known keys must hold; whether there are enough is for the caller. Raises WireError.
    """
    opened = note.open(proof.note, [log, *cosigners])
    checkpoint = Checkpoint.parse(opened.body)
    if checkpoint.origin != log.name or opened.signed_by(log.name, log.kind) is None:
        raise WireError(
            "tlogproof-origin", "The checkpoint is not of the journal that the entry belongs to. Do not rely on it."
        )
    merkle.verify_inclusion(proof.index, checkpoint.size, leaf, proof.hashes, checkpoint.root)
    return checkpoint, opened


def entry(proof: TlogProof, box: bytes, cosigners: Sequence[Verifier] = ()) -> Logged:
    """Check a proof that carries its event (as `extra`), in the journal of the box whose public key is `box`.

    The event itself says which epoch's journal it belongs to, and which number it has there. Raises WireError.
    """
    if proof.extra is None:
        raise WireError("tlogproof-extra", "The proof does not carry the entry it is for. Ask for one that does.")
    told = event.decode(proof.extra)
    if told.seq != proof.index:
        raise WireError("tlogproof-other-entry", "The entry has another number than the proof. Do not rely on it.")
    log = Verifier(note.origin(keys.thumbprint(box), b64.decode(told.epoch)), box)
    checkpoint, opened = verify(proof, merkle.leaf_hash(proof.extra), log, cosigners)
    return Logged(told, checkpoint, opened.signatures)


def tells_of(logged: Logged, digest: str) -> bool:
    """Whether the entry says that the certificate of this digest was signed."""
    return logged.event.kind == "certificate" and logged.event.body.get("hash") == digest


def check_certificate(logged: Logged, digest: str) -> None:
    """Check that the entry says the certificate of this digest was signed. Raises WireError."""
    if not tells_of(logged, digest):
        raise WireError("tlogproof-other-paper", "The proof is for another paper. Find the one that belongs to this.")


def check_receipt(logged: Logged, token: str) -> None:
    """Check that the entry carries this receipt. Raises WireError."""
    if logged.event.body.get("receipt") != token:
        raise WireError("tlogproof-other-paper", "The proof is for another paper. Find the one that belongs to this.")


def cosigned_s(logged: Logged, cosigner: Verifier, given: Delegation, creator: str, drop: str) -> int:
    """Tell when `cosigner`, whom `creator` (a did) lets cosign for `drop` by the delegation `given`, countersigned.

    Raises WireError if it did not, or may not have.
    """
    found = next((s for s in logged.signatures if (s.name, s.kind) == (cosigner.name, note.COSIGNATURE_KIND)), None)
    if found is None or found.time_s is None:
        raise WireError(
            "tlogproof-not-cosigned", "The cloud did not countersign this checkpoint. Ask for a later proof."
        )
    if (given.iss, given.sub) != (creator, keys.did_key(cosigner.public)):
        raise WireError("tlogproof-cosigner", "The creator did not let this cloud countersign. Do not rely on that.")
    delegations.check_use(given, "cosign", drop, found.time_s)
    return found.time_s


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _decoded(text: str) -> bytes | None:
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return data if _base64(data) == text else None


def _read_extra(line: str) -> bytes:
    data = _decoded(line.removeprefix(_EXTRA))
    if not data:
        raise WireError("tlogproof-extra", "What the proof carries besides is not base64. Ask for it again.")
    return data


def _read_hash(line: str) -> bytes:
    data = _decoded(line)
    if data is None or len(data) != merkle.HASH_BYTES:
        raise WireError("tlogproof-hash", "A line of the proof is not a hash in base64. Ask for it again.")
    return data
