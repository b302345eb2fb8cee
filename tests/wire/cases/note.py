"""Checkpoints as signed notes, with and without a cosignature."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode

from stall.wire import note
from tests.wire import documents as doc
from tests.wire.casebook import Case, Document, Given

_VERIFIERS = [
    note.Verifier(doc.ORIGIN, doc.BOX.public),
    note.Verifier(doc.CLOUD_NAME, doc.CLOUD.public, note.COSIGNATURE_KIND),
]
_GOOD = doc.checkpoint_note()
_LINES = _GOOD.split("\n")
_ROOT = _LINES[2]
_STRANGERS = note.sign(doc.STRANGER, doc.ORIGIN, note.Checkpoint(doc.ORIGIN, 3, bytes(32)).body())
_STRANGERS_LINE = _STRANGERS.split("\n")[4] + "\n"
_LARGE = note.Checkpoint(doc.ORIGIN, 2**40, bytes(reversed(range(32)))).body()


def _read(given: Given) -> note.Checkpoint:
    return note.Checkpoint.parse(note.open(given["text"], _VERIFIERS).body)


def _valid(text: str, size: int, root: bytes, *signed: tuple[str, int, int | None]) -> Given:
    found = [{"name": name, "kind": kind, "time_s": time_s} for name, kind, time_s in signed]
    return {"text": text, "origin": doc.ORIGIN, "size": size, "root": root.hex(), "signed": found}


def _note(rule: str, code: str, text: str) -> Case:
    return Case("7.2", rule, code, {"text": text})


def _body(rule: str, code: str, body: str) -> Case:
    """A note whose signature is right and whose body is no checkpoint."""
    return _note(rule, code, note.sign(doc.BOX, doc.ORIGIN, body))


def _cosigned_at(time_s: int) -> str:
    """The good note, with another time in its cosignature than was signed."""
    start, _, blob = _LINES[5].rpartition(" ")
    raw = b64decode(blob)
    changed = b64encode(raw[:4] + time_s.to_bytes(8) + raw[12:]).decode()
    return "\n".join([*_LINES[:5], f"{start} {changed}", ""])


_BY_BOX, _BY_CLOUD = (doc.ORIGIN, 1, None), (doc.CLOUD_NAME, 4, doc.NOW)

DOCUMENT = Document(
    name="note",
    section="7.2",
    head={"verifiers": [{"name": v.name, "public": v.public.hex(), "kind": v.kind} for v in _VERIFIERS]},
    read=_read,
    valid=[
        _valid(_GOOD, 3, bytes(range(32)), _BY_BOX, _BY_CLOUD),
        _valid(note.sign(doc.BOX, doc.ORIGIN, _LARGE), 2**40, bytes(reversed(range(32))), _BY_BOX),
        _valid(_GOOD + _STRANGERS_LINE, 3, bytes(range(32)), _BY_BOX, _BY_CLOUD),
    ],
    invalid=[
        _note("size changed", "note-bad-signature", _GOOD.replace("\n3\n", "\n4\n")),
        _note("cosignature at another time", "note-bad-signature", _cosigned_at(doc.NOW + 1)),
        _note("signed by a stranger only", "note-not-signed", _STRANGERS),
        _note("no signature", "note-lines", "\n".join(_LINES[:4]) + "\n"),
        _note("last line not ended", "note-lines", _GOOD[:-1]),
        _note("not a note", "note-lines", json.dumps({"size": 3})),
        _note("hyphen for the dash", "note-signature-line", _GOOD.replace("— ", "- ")),
        _note("signature line without a signature", "note-signature-line", _GOOD + f"— {doc.ORIGIN} AAAA\n"),
        _note("carriage returns", "note-text", _GOOD.replace("\n", "\r\n")),
        _note("longer than 64 Ki characters", "note-too-long", _GOOD + "x" * 65536),
        _note("101 signature lines", "note-signatures", _GOOD + _STRANGERS_LINE * 99),
        _note("base64 padded twice", "note-base64", _GOOD.replace(_LINES[4], _LINES[4] + "=")),
        _body("a fourth line", "checkpoint-lines", "\n".join(_LINES[:3]) + "\nextension\n"),
        _body("origin with a space", "checkpoint-origin", f"stall box\n3\n{_ROOT}\n"),
        _body("size with a leading zero", "checkpoint-size", f"{doc.ORIGIN}\n03\n{_ROOT}\n"),
        _body("root of three bytes", "checkpoint-root", f"{doc.ORIGIN}\n3\nAAAA\n"),
        _body("root with unused bits set", "note-base64", f"{doc.ORIGIN}\n3\n{_ROOT.replace('8=', '9=')}\n"),
    ],
)
