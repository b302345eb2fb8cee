"""Signed notes: key ids, unknown keys, several witnesses, and checkpoints with one spelling."""

from __future__ import annotations

import base64
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stall.errors import LocalWireError, StallError, WireError
from stall.wire import note
from tests.wire import documents as doc

BODY = note.Checkpoint(doc.ORIGIN, 3, bytes(range(32))).body()
BOX = note.Verifier(doc.ORIGIN, doc.BOX.public)
CLOUD = note.Verifier(doc.CLOUD_NAME, doc.CLOUD.public, note.COSIGNATURE_KIND)


def test_the_origin_names_key_and_epoch() -> None:
    name = f"stall.example/box/{doc.BOX.thumbprint[:12]}/{doc.EPOCH}"
    assert note.origin(doc.BOX.thumbprint, doc.EPOCH_BYTES) == name
    with pytest.raises(LocalWireError):
        note.origin(doc.BOX.thumbprint, bytes(15))


def test_a_checkpoint_is_three_lines() -> None:
    root = base64.b64encode(bytes(range(32))).decode()
    lines = f"{doc.ORIGIN}\n3\n{root}\n"
    assert note.Checkpoint.parse(lines).body() == lines
    assert note.Checkpoint.parse(BODY) == note.Checkpoint(doc.ORIGIN, 3, bytes(range(32)))


def test_a_signature_line_is_what_c2sp_says() -> None:
    key_id = hashlib.sha256(f"{doc.ORIGIN}\n".encode() + b"\x01" + doc.BOX.public).digest()[:4]
    blob = base64.b64encode(key_id + doc.BOX.sign(BODY.encode())).decode()
    assert note.sign(doc.BOX, doc.ORIGIN, BODY) == f"{BODY}\n\u2014 {doc.ORIGIN} {blob}\n"


def test_a_cosignature_line_is_what_c2sp_says() -> None:
    signed = note.sign(doc.BOX, doc.ORIGIN, BODY)
    key_id = hashlib.sha256(f"{doc.CLOUD_NAME}\n".encode() + b"\x04" + doc.CLOUD.public).digest()[:4]
    message = f"cosignature/v1\ntime {doc.NOW}\n{BODY}".encode()
    blob = base64.b64encode(key_id + doc.NOW.to_bytes(8, "big") + doc.CLOUD.sign(message)).decode()
    assert note.cosign(doc.CLOUD, doc.CLOUD_NAME, signed, doc.NOW) == f"{signed}\u2014 {doc.CLOUD_NAME} {blob}\n"


def test_signatures_of_unknown_keys_are_ignored() -> None:
    text = doc.checkpoint_note()
    assert [s.name for s in note.open(text, [BOX]).signatures] == [doc.ORIGIN]
    assert [s.name for s in note.open(text, [CLOUD]).signatures] == [doc.CLOUD_NAME]
    opened = note.open(text, [BOX, CLOUD])
    assert opened.body == BODY
    assert opened.signed_by(doc.ORIGIN) == note.Signature(doc.ORIGIN, note.SIGNATURE_KIND)
    assert opened.signed_by(doc.CLOUD_NAME, note.COSIGNATURE_KIND) == note.Signature(doc.CLOUD_NAME, 4, doc.NOW)
    assert opened.signed_by(doc.CLOUD_NAME) is None


@pytest.mark.parametrize(
    "verifier",
    [
        note.Verifier(doc.ORIGIN, doc.BOX.public, note.COSIGNATURE_KIND),
        note.Verifier(doc.ORIGIN, doc.STRANGER.public),
        note.Verifier(doc.ORIGIN + "x", doc.BOX.public),
        note.Verifier(doc.CLOUD_NAME, doc.CLOUD.public, note.SIGNATURE_KIND),
    ],
    ids=str,
)
def test_a_key_counts_only_under_its_own_name_and_kind(verifier: note.Verifier) -> None:
    with pytest.raises(WireError) as caught:
        note.open(doc.checkpoint_note(), [verifier])
    assert caught.value.code == "note-not-signed"


def test_a_bad_line_of_a_known_key_spoils_the_note() -> None:
    start, blob = doc.checkpoint_note().split("\n")[4].rsplit(" ", 1)
    raw = bytearray(base64.b64decode(blob))
    raw[-1] ^= 1
    text = doc.checkpoint_note() + f"{start} {base64.b64encode(raw).decode()}\n"
    with pytest.raises(WireError) as caught:
        note.open(text, [BOX])
    assert caught.value.code == "note-bad-signature"
    assert note.open(text, [CLOUD]).body == BODY


def line_of(body: str) -> str:
    """Write the box's signature line under any body at all."""
    blob = base64.b64encode(BOX.key_id() + doc.BOX.sign(body.encode())).decode()
    return f"\u2014 {doc.ORIGIN} {blob}\n"


def test_a_signed_body_with_control_characters_is_refused() -> None:
    assert note.open("plain\n\n" + line_of("plain\n"), [BOX]).body == "plain\n"
    for body in ("a\tb\n", "a\x1b[2J\n", "a\r\n"):
        with pytest.raises(WireError) as caught:
            note.open(f"{body}\n{line_of(body)}", [BOX])
        assert caught.value.code == "note-text"


def test_unused_bits_of_base64_are_zero() -> None:
    root = BODY.split("\n")[2]
    assert root.endswith("8=")
    with pytest.raises(WireError):
        note.Checkpoint.parse(BODY.replace("8=\n", "9=\n"))


@given(st.integers(min_value=0), st.sampled_from("0Az \n—+"))
def test_a_note_with_one_character_changed_is_never_signed_by_both(position: int, char: str) -> None:
    text = doc.checkpoint_note()
    at = position % len(text)
    altered = text[:at] + char + text[at + 1 :]
    if altered == text:
        return
    try:
        opened = note.open(altered, [BOX, CLOUD])
    except StallError:
        return
    assert len(opened.signatures) == 1
    assert opened.body == BODY


@pytest.mark.parametrize(
    "body",
    [
        "",
        "a\n1\n",
        BODY + "extension\n",
        BODY[:-1],
        BODY.replace("\n3\n", "\n03\n"),
        BODY.replace("\n3\n", "\n-3\n"),
        BODY.replace("\n3\n", "\n٣\n"),
        BODY.replace("\n3\n", f"\n{2**63}\n"),
        BODY.replace("=\n", "\n"),
        "a b\n3\n" + BODY.split("\n")[2] + "\n",
        "a\n3\nAAAA\n",
    ],
)
def test_a_checkpoint_has_one_spelling(body: str) -> None:
    with pytest.raises(WireError):
        note.Checkpoint.parse(body)


@pytest.mark.parametrize("bad", [("a b", 1, bytes(32)), ("", 1, bytes(32)), ("a", -1, bytes(32)), ("a", 1, bytes(31))])
def test_a_malformed_checkpoint_is_not_written(bad: tuple[str, int, bytes]) -> None:
    with pytest.raises(LocalWireError):
        note.Checkpoint(*bad).body()


@pytest.mark.parametrize(
    ("name", "body"), [("a b", "x\n"), ("a+b", "x\n"), ("a", "x"), ("a", "x\n\ny\n"), ("a", "x\t\n")]
)
def test_what_no_note_may_hold_is_not_signed(name: str, body: str) -> None:
    with pytest.raises(LocalWireError):
        note.sign(doc.BOX, name, body)


@given(st.text(max_size=50) | st.text("a\n— +/=A1", max_size=60))
def test_garbage_raises_only_our_errors(text: str) -> None:
    with pytest.raises(StallError):
        note.open(text, [BOX])
    with pytest.raises(StallError):
        note.Checkpoint.parse(text)
