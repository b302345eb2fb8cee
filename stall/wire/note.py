"""Signed notes: the checkpoints of the journal, as text people and other logs' tools can read.

C2SP signed-note (Ed25519, type 0x01), tlog-checkpoint (the body) and tlog-cosignature (type 0x04).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from stall.errors import LocalWireError, WireError
from stall.wire import b64, keys

SIGNATURE_KIND = 0x01
COSIGNATURE_KIND = 0x04

MAX_CHARS = 64 * 1024
MAX_SIGNATURES = 100

_KEY_ID_BYTES = 4
_TIME_BYTES = 8
_ROOT_BYTES = 32
_EPOCH_BYTES = 16
_BODY_LINES = 3
_MAX_SIZE = 2**63 - 1
_LINE = re.compile(r"— (?P<name>[^\s+]+) (?P<blob>[A-Za-z0-9+/]+={0,2})")
_NAME = re.compile(r"[^\s+]{1,255}")
_SIZE = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")


def origin(thumbprint: str, epoch: bytes) -> str:
    """Name one life of a box's journal (design 5): also the name of the key that signs its checkpoints."""
    if len(epoch) != _EPOCH_BYTES:
        raise LocalWireError("note-epoch", "An epoch is not 16 bytes long. Report this as a fault.")
    return f"stall.example/box/{thumbprint[:12]}/{b64.encode(epoch)}"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The state of a log: `size` entries hash to `root` (32 bytes)."""

    origin: str
    size: int
    root: bytes

    def body(self) -> str:
        """Write the text that is signed: three lines, without extensions."""
        if _NAME.fullmatch(self.origin) is None or not 0 <= self.size <= _MAX_SIZE or len(self.root) != _ROOT_BYTES:
            raise LocalWireError("checkpoint-unwritable", "A checkpoint is not well formed. Report this as a fault.")
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode('ascii')}\n"

    @classmethod
    def parse(cls, body: str) -> Checkpoint:
        """Read the body of a verified note; raises WireError unless it is exactly what `body` writes."""
        if not isinstance(body, str):
            raise WireError("checkpoint-lines", "The checkpoint is not text. Fetch it again.")
        lines = body.split("\n")
        if len(lines) != _BODY_LINES + 1 or lines[-1]:
            raise WireError("checkpoint-lines", "The checkpoint does not have its three lines. Fetch it again.")
        if _NAME.fullmatch(lines[0]) is None:
            raise WireError("checkpoint-origin", "The checkpoint does not name its journal. Fetch it again.")
        if _SIZE.fullmatch(lines[1]) is None or int(lines[1]) > _MAX_SIZE:
            raise WireError("checkpoint-size", "The checkpoint's size is not a number. Fetch it again.")
        root = _base64(lines[2])
        if len(root) != _ROOT_BYTES:
            raise WireError("checkpoint-root", "The checkpoint's root is not 32 bytes. Fetch it again.")
        return cls(lines[0], int(lines[1]), root)


@dataclass(frozen=True, slots=True)
class Verifier:
    """A key trusted to sign notes under `name`; `kind` is SIGNATURE_KIND or COSIGNATURE_KIND."""

    name: str
    public: bytes
    kind: int = SIGNATURE_KIND

    def key_id(self) -> bytes:
        """Return the four bytes that name the key in a signature line."""
        return _key_id(self.name, self.public, self.kind)


@dataclass(frozen=True, slots=True)
class Signature:
    """A signature that was verified; `time_s` (seconds UTC) only for cosignatures."""

    name: str
    kind: int
    time_s: int | None = None


@dataclass(frozen=True, slots=True)
class Note:
    """A note whose signatures by known keys were verified; those of unknown keys are left out."""

    body: str
    signatures: tuple[Signature, ...]

    def signed_by(self, name: str, kind: int = SIGNATURE_KIND) -> Signature | None:
        """Return the verified signature of `name` of that kind, if there is one."""
        return next((found for found in self.signatures if (found.name, found.kind) == (name, kind)), None)


def sign(key: keys.SigningKey, name: str, body: str) -> str:
    """Sign `body` (whole lines) under `name` and return the note. Raises LocalWireError for text no note may hold."""
    if not body.endswith("\n") or body.startswith("\n") or "\n\n" in body or _CONTROL.search(body):
        raise LocalWireError("note-unwritable", "A note must be whole lines of plain text. Report this as a fault.")
    return f"{body}\n{_line(key, name, SIGNATURE_KIND, key.sign(_bytes(body)))}"


def cosign(key: keys.SigningKey, name: str, text: str, time_s: int) -> str:
    """Add a cosignature saying that the checkpoint was seen consistent at `time_s` (seconds UTC).

    Whoever cosigns has verified the note and its consistency before. Raises WireError if `text` is no note.
    """
    if not 0 <= time_s <= _MAX_SIZE:
        raise LocalWireError("note-time", "A cosignature needs a time in whole seconds. Report this as a fault.")
    body, _ = _split(text)
    blob = time_s.to_bytes(_TIME_BYTES) + key.sign(_cosigned(body, time_s))
    return text + _line(key, name, COSIGNATURE_KIND, blob)


def open(text: str, verifiers: Sequence[Verifier]) -> Note:  # noqa: A001  # the published name (design 12); always note.open
    """Verify a note against known keys and return its body with the verified signatures.

    Lines of unknown keys are ignored. Raises WireError if the text is no note, a known key's signature is wrong, or
    none of `verifiers` signed.
    """
    body, lines = _split(text)
    known = {(verifier.name, verifier.key_id()): verifier for verifier in verifiers}
    found: dict[tuple[str, int], Signature] = {}
    for name, blob in map(_parse_line, lines):
        verifier = known.get((name, blob[:_KEY_ID_BYTES]))
        if verifier is not None:
            found.setdefault((name, verifier.kind), _check(verifier, body, blob[_KEY_ID_BYTES:]))
    if not found:
        raise WireError("note-not-signed", "No trusted key signed this note. Ask the stall for a signed one.")
    return Note(body, tuple(found.values()))


def _check(verifier: Verifier, body: str, blob: bytes) -> Signature:
    time_s, message = None, _bytes(body)
    if verifier.kind == COSIGNATURE_KIND:
        time_s, blob = int.from_bytes(blob[:_TIME_BYTES]), blob[_TIME_BYTES:]
        message = _cosigned(body, time_s)
    if not keys.verify(verifier.public, message, blob):
        raise WireError("note-bad-signature", f"The note's signature by {verifier.name} is wrong. Do not use it.")
    return Signature(verifier.name, verifier.kind, time_s)


def _split(text: object) -> tuple[str, list[str]]:
    if not isinstance(text, str):
        raise WireError("note-text", "The note is not plain text. Fetch it again.")
    if len(text) > MAX_CHARS:
        raise WireError("note-too-long", "The note is longer than 65536 characters. Fetch it again.")
    if _CONTROL.search(text):
        raise WireError("note-text", "The note holds signs that plain text does not. Fetch it again.")
    body, blank, signatures = text.rpartition("\n\n")
    lines = signatures.split("\n")
    if not blank or not body or lines.pop() or not lines:
        raise WireError("note-lines", "The note is not text, an empty line and signature lines. Fetch it again.")
    if len(lines) > MAX_SIGNATURES:
        raise WireError("note-signatures", "The note has more than 100 signature lines. Fetch it again.")
    return body + "\n", lines


def _parse_line(line: str) -> tuple[str, bytes]:
    match = _LINE.fullmatch(line)
    if match is None:
        raise WireError("note-signature-line", "A signature line of the note is malformed. Fetch the note again.")
    blob = _base64(match["blob"])
    if len(blob) <= _KEY_ID_BYTES:
        raise WireError("note-signature-line", "A signature line of the note holds no signature. Fetch the note again.")
    return match["name"], blob


def _line(key: keys.SigningKey, name: str, kind: int, signature: bytes) -> str:
    if _NAME.fullmatch(name) is None:
        raise LocalWireError("note-name", "A key name may not hold spaces or plus signs. Choose another name.")
    blob = base64.b64encode(_key_id(name, key.public, kind) + signature)
    return f"— {name} {blob.decode('ascii')}\n"


def _key_id(name: str, public: bytes, kind: int) -> bytes:
    return hashlib.sha256(_bytes(name) + b"\n" + bytes([kind]) + public).digest()[:_KEY_ID_BYTES]


def _cosigned(body: str, time_s: int) -> bytes:
    return _bytes(f"cosignature/v1\ntime {time_s}\n{body}")


def _bytes(text: str) -> bytes:
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise WireError("note-text", "The note is not plain text. Fetch it again.") from error


def _base64(text: str) -> bytes:
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise WireError("note-base64", "A base64 value in the note is malformed. Fetch it again.") from error
    if base64.b64encode(data).decode("ascii") != text:
        raise WireError(
            "note-base64", "A base64 value in the note is not spelled in its one right way. Fetch it again."
        )
    return data
