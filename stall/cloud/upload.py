"""What one upload says and whether its box may say it. Pure: bytes in, a checked value out.

An upload is believed because of two signatures: the creator delegated this box the right to log,
and the box signed a checkpoint that covers every event in the batch (design.md 7, 11).
"""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass

import msgspec

from stall.errors import Hostile, Refused, StallError, WireError
from stall.wire import b64, delegation, keys, merkle, note, strict_json

MAX_BODY_BYTES = 256 * 1024  # as sent
MAX_TEXT_BYTES = 1024 * 1024  # as unpacked: the longest single event (256 KiB) fits in base64
MAX_EVENTS = 1000
MAX_NOTE_CHARS = 8 * 1024
MAX_TOKEN_CHARS = 8 * 1024
MAX_PROOF_HASHES = 64  # twice the height of a tree of 2^31 leaves
MAX_DEPTH = 3
LEEWAY_S = 300  # the box's clock and ours may differ by this much
MAX_SEQ = 2**53 - 1
_GZIP = 16 + zlib.MAX_WBITS
_THUMBPRINT = re.compile(r"[A-Za-z0-9_-]{43}\Z")
_EPOCH_BYTES = 16


class Upload(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of POST /v1/boxes/<thumbprint>/events.

    `before` is the box's frontier in front of the first event, so that anybody can compute the root
    after the last one; `proof` shows that this tree is a prefix of the checkpoint's, and is empty
    when the checkpoint ends exactly there. So every byte of a batch is under the box's signature.
    `beside` says that an earlier batch of this epoch could not be taken: what follows is kept beside the journal.
    """

    epoch: str
    first: int
    events: list[str]
    checkpoint: str
    delegation: str
    before: list[str] = []
    proof: list[str] = []
    beside: bool = False


@dataclass(frozen=True, slots=True)
class Batch:
    """An upload that was read and whose sender was checked. `end` is the seq after its last."""

    box: str
    public: bytes
    epoch: str
    first: int
    before: merkle.Frontier
    events: list[bytes]
    checkpoint: note.Checkpoint
    note_text: str
    delegation: str
    beside: bool = False

    @property
    def end(self) -> int:
        """The seq that would follow the last event of the batch."""
        return self.first + len(self.events)


def unpack(body: bytes, encoding: str) -> bytes:
    """Return the JSON text of a body sent as `identity` or `gzip`, never more than 1 MiB.

    Raises Refused `upload-too-large` or `upload-encoding`, WireError `upload-broken-gzip`.
    """
    if len(body) > MAX_BODY_BYTES:
        raise Refused("upload-too-large", "The upload exceeds 256 KiB. Send fewer events at once.")
    if encoding in ("", "identity"):
        return body
    if encoding != "gzip":
        raise Refused("upload-encoding", "The upload is packed in an unknown way. Send it as plain JSON or as gzip.")
    unpacker = zlib.decompressobj(wbits=_GZIP)
    try:
        text = unpacker.decompress(body, MAX_TEXT_BYTES + 1)
    except zlib.error as error:
        raise WireError("upload-broken-gzip", "The upload is no intact gzip. Send it again.") from error
    if len(text) > MAX_TEXT_BYTES:
        raise Refused("upload-too-large", "The upload exceeds 1 MiB unpacked. Send fewer events at once.")
    if not unpacker.eof or unpacker.unused_data:
        raise WireError("upload-broken-gzip", "The upload is no intact gzip. Send it again.")
    return text


def parse(text: bytes) -> Upload:
    """Read the JSON text of an upload.

    Raises WireError `upload-malformed`.
    """
    document = strict_json.loads(text, max_bytes=MAX_TEXT_BYTES, max_depth=MAX_DEPTH)
    try:
        upload = msgspec.convert(document, Upload)
    except msgspec.ValidationError as error:
        raise WireError("upload-malformed", f"The upload is not as specified: {error}. Update the box.") from error
    if (
        not 0 <= upload.first <= MAX_SEQ - MAX_EVENTS
        or not 1 <= len(upload.events) <= MAX_EVENTS
        or len(upload.proof) > MAX_PROOF_HASHES
        or len(upload.before) > MAX_PROOF_HASHES
        or len(upload.checkpoint) > MAX_NOTE_CHARS
        or len(upload.delegation) > MAX_TOKEN_CHARS
    ):
        raise WireError("upload-malformed", "A field of the upload is beyond its limit. Send less at once.")
    return upload


def authenticate(upload: Upload, box: str, creator_did: str, now_s: int) -> Batch:
    """Check who sent the upload and return it with everything decoded.

    Raises Hostile `box-not-delegated`, `checkpoint-not-signed` or `checkpoint-other-journal`, WireError
    `upload-malformed` or `upload-unproven`.
    """
    check_thumbprint(box)
    public = _delegated_key(upload.delegation, box, creator_did, now_s)
    batch = Batch(
        box=box,
        public=public,
        epoch=upload.epoch,
        first=upload.first,
        before=_frontier(upload),
        events=[b64.decode(text) for text in upload.events],
        checkpoint=_signed_checkpoint(upload, box, public),
        note_text=upload.checkpoint,
        delegation=upload.delegation,
        beside=upload.beside,
    )
    _check_bound(batch, [_hash(text) for text in upload.proof])
    return batch


def _frontier(upload: Upload) -> merkle.Frontier:
    try:
        return merkle.Frontier.from_bytes(upload.first, b"".join(_hash(text) for text in upload.before))
    except WireError as error:
        raise WireError("upload-malformed", "`before` is no frontier of `first` events. Compute it again.") from error


def _check_bound(batch: Batch, proof: list[bytes]) -> None:
    """Check that the box signed these very events: delegation and checkpoint alone are no secrets."""
    tree = batch.before
    for data in batch.events:
        tree = tree.append(merkle.leaf_hash(data))
    signed = batch.checkpoint
    try:
        merkle.verify_consistency(tree.size, signed.size, proof, tree.root(), signed.root)
    except WireError as error:
        raise WireError(
            "upload-unproven", "The checkpoint does not cover these events. Sign a newer one and send them again."
        ) from error


def check_thumbprint(text: str) -> str:
    """Return `text` if it has the form of a key's thumbprint.

    Raises WireError `thumbprint-malformed`.
    """
    if not _THUMBPRINT.match(text):
        raise WireError("thumbprint-malformed", "This is not the thumbprint of a box. Copy it from: stall keys show")
    return text


def epoch_bytes(text: str) -> bytes:
    """Return the 16 bytes of an epoch.

    Raises WireError `epoch-malformed`.
    """
    raw = b64.decode(text)
    if len(raw) != _EPOCH_BYTES:
        raise WireError("epoch-malformed", "An epoch has 16 bytes, written as base64url. Copy it from: stall keys show")
    return raw


def _delegated_key(token: str, box: str, creator_did: str, now_s: int) -> bytes:
    creator = keys.public_from_did(creator_did)
    try:
        given = delegation.verify(token, {keys.thumbprint(creator): creator})
        public = b64.decode(given.cnf.jwk.x)
        in_time = given.nbf - LEEWAY_S <= now_s <= given.exp + LEEWAY_S
        allowed = given.role == "box" and "log" in given.cap and in_time
        if not allowed or keys.thumbprint(public) != box or given.iss != creator_did:
            raise _not_delegated()
    except StallError as error:
        raise _not_delegated() from error
    return public


def _not_delegated() -> Hostile:
    return Hostile(
        "box-not-delegated",
        "This box holds no valid delegation by the owner of this cloud. Pair the box again.",
    )


def _signed_checkpoint(upload: Upload, box: str, public: bytes) -> note.Checkpoint:
    origin = note.origin(box, epoch_bytes(upload.epoch))
    try:
        opened = note.open(upload.checkpoint, [note.Verifier(origin, public, note.SIGNATURE_KIND)])
        checkpoint = note.Checkpoint.parse(opened.body)
    except StallError as error:
        raise Hostile(
            "checkpoint-not-signed",
            "The checkpoint is not signed by this box for this epoch. Sign it again.",
        ) from error
    if checkpoint.origin != origin:
        raise Hostile(
            "checkpoint-other-journal",
            "The checkpoint is of another box or epoch. Send each journal by itself.",
        )
    return checkpoint


def _hash(text: str) -> bytes:
    raw = b64.decode(text)
    if len(raw) != merkle.HASH_BYTES:
        raise WireError("upload-malformed", "A proof consists of SHA-256 hashes. Compute it again.")
    return raw
