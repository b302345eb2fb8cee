"""Checkpoints by another reading of the C2SP texts signed-note, tlog-checkpoint and tlog-cosignature, both ways.

Nothing of `stall.wire.note` is in the reader and writer below; they know of the world only those texts, Ed25519 and SHA-256.
"""

from __future__ import annotations

import base64
import hashlib
import struct
from dataclasses import dataclass

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from stall.errors import WireError
from stall.wire import note
from tests.wire import documents as doc

ORIGIN = note.origin(doc.BOX.thumbprint, bytes(range(16)))
CLOUD = "stall.example/cloud/nRIE2VmKdMjL"
ROOT = hashlib.sha256(b"root").digest()
BODY = f"{ORIGIN}\n1234\n{base64.b64encode(ROOT).decode()}\n"

#: The example of the Go project's note package, from which the signed-note text was made: its key and its note.
GO_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_NOTE = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
    "\n"
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)


@dataclass(frozen=True)
class Key:
    """A verifier key: name, type byte, public key."""

    name: str
    kind: int
    public: bytes

    @property
    def key_id(self) -> bytes:
        """signed-note: the first four bytes of SHA-256(name, line feed, type, public key)."""
        return hashlib.sha256(self.name.encode() + b"\n" + bytes([self.kind]) + self.public).digest()[:4]


def read(text: str, key: Key) -> tuple[str, int | None]:
    """signed-note: the body whose signature by `key` holds, and for type 04 the time of the cosignature."""
    body, empty, signatures = text.rpartition("\n\n")
    assert empty
    assert text.endswith("\n")
    body += "\n"
    for line in signatures[:-1].split("\n"):
        dash, name, encoded = line.split(" ")
        assert dash == "\u2014"
        blob = base64.b64decode(encoded, validate=True)
        if (name, blob[:4]) != (key.name, key.key_id):
            continue
        if key.kind == 1:
            Ed25519PublicKey.from_public_bytes(key.public).verify(blob[4:], body.encode())
            return body, None
        time, signature = struct.unpack(">Q", blob[4:12])[0], blob[12:]
        signed = f"cosignature/v1\ntime {time}\n{body}"
        Ed25519PublicKey.from_public_bytes(key.public).verify(signature, signed.encode())
        return body, time
    raise LookupError(key.name)


def checkpoint(body: str) -> tuple[str, int, bytes]:
    """tlog-checkpoint: origin, size, root."""
    origin, size, root, *behind = body.split("\n")
    assert behind == [""]
    assert size == str(int(size))
    return origin, int(size), base64.b64decode(root, validate=True)


def write(body: str, seed: bytes, name: str, kind: int = 1, time: int = 0) -> str:
    """A signature line."""
    secret = Ed25519PrivateKey.from_private_bytes(seed)
    key = Key(name, kind, secret.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))
    if kind == 1:
        signed = secret.sign(body.encode())
    else:
        signed = struct.pack(">Q", time) + secret.sign(f"cosignature/v1\ntime {time}\n{body}".encode())
    return f"\u2014 {name} {base64.b64encode(key.key_id + signed).decode()}\n"


BOX = Key(ORIGIN, 1, doc.BOX.public)
WITNESS = Key(CLOUD, 4, doc.CLOUD.public)
SEEDS = {"box": bytes([2]) * 32, "cloud": bytes([3]) * 32}


def ours() -> str:
    text = note.sign(doc.BOX, ORIGIN, note.Checkpoint(ORIGIN, 1234, ROOT).body())
    return note.cosign(doc.CLOUD, CLOUD, text, doc.NOW)


def theirs() -> str:
    box, cloud = write(BODY, SEEDS["box"], ORIGIN), write(BODY, SEEDS["cloud"], CLOUD, 4, doc.NOW)
    return f"{BODY}\n{box}{cloud}"


def test_what_we_sign_another_reads() -> None:
    body, _ = read(ours(), BOX)
    assert checkpoint(body) == (ORIGIN, 1234, ROOT)
    assert read(ours(), WITNESS) == (body, doc.NOW)


def test_what_another_signs_we_read() -> None:
    opened = note.open(theirs(), [note.Verifier(ORIGIN, doc.BOX.public), note.Verifier(CLOUD, doc.CLOUD.public, 4)])
    assert note.Checkpoint.parse(opened.body) == note.Checkpoint(ORIGIN, 1234, ROOT)
    cosigned = opened.signed_by(CLOUD, note.COSIGNATURE_KIND)
    assert cosigned is not None
    assert cosigned.time_s == doc.NOW


def test_both_write_the_very_same_text() -> None:
    assert ours() == theirs()


@pytest.mark.parametrize("change", ["1235", "time"])
def test_another_size_or_time_fails_for_both(change: str) -> None:
    text = ours().replace("\n1234\n", "\n1235\n") if change == "1235" else ours()[:-20] + "A" + ours()[-19:]
    key = BOX if change == "1235" else WITNESS
    with pytest.raises(InvalidSignature):
        read(text, key)
    with pytest.raises(WireError):
        note.open(text, [note.Verifier(key.name, key.public, key.kind)])


def test_the_published_example_is_read_by_both() -> None:
    name, key_id, encoded = GO_KEY.split("+")
    kind, *public = base64.b64decode(encoded)
    key = Key(name, kind, bytes(public))
    assert key.key_id.hex() == key_id
    assert read(GO_NOTE, key)[0] == note.open(GO_NOTE, [note.Verifier(name, bytes(public))]).body


def test_lines_of_keys_nobody_knows_change_nothing() -> None:
    stranger = write(BODY, bytes([9]) * 32, "stranger.example")
    assert read(ours() + stranger, BOX) == read(ours(), BOX)
    known = [note.Verifier(ORIGIN, doc.BOX.public)]
    assert note.open(ours() + stranger, known) == note.open(ours(), known)
