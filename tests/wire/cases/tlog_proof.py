"""Proofs to hand on: an entry of a box's journal, up to a checkpoint, with or without a cosignature."""

from __future__ import annotations

from typing import Any

from stall.wire import certificate, delegation, event, keys, merkle, note, receipt, tlogproof
from stall.wire.tlogproof import TlogProof
from tests.wire import documents as doc
from tests.wire.casebook import Case, Document, Given

PAPER = doc.certificate_of()
_SOLD = doc.forge(doc.BOX, receipt.RECEIPT, doc.receipt_claims(seq=3))
COSIGNER = note.Verifier(doc.CLOUD_NAME, doc.CLOUD.public, note.COSIGNATURE_KIND)


def _event(seq: int, kind: str, body: Given) -> bytes:
    return event.encode(event.Event(doc.EPOCH, seq, kind, doc.NOW * 1000 + seq, "rtc", body))


_RESOLD = doc.forge(doc.BOX, receipt.RECEIPT, doc.receipt_claims(seq=3, jti=doc.EPOCH))
_SIGNED = {"sale": 4, "line": 0, "uuid": PAPER["id"][9:], "hash": certificate.digest(PAPER)}
_EVENTS = [
    _event(0, "epoch", {"parent": None}),
    *(_event(seq, "drop", {"drop": "night-prints", "open": bool(seq % 2)}) for seq in (1, 2)),
    _event(3, "sale", {"sale": 4, "receipt": _SOLD}),
    _event(4, "certificate", {**_SIGNED, "drop": "night-prints", "ed": 7}),
    _event(5, "exception", {"sentence": "Look.", **_SIGNED}),
]
_LEAVES = [merkle.leaf_hash(data) for data in _EVENTS]


def signed_note(
    size: int = len(_EVENTS), cosigned: bool = True, origin: str = doc.ORIGIN, name: str = doc.ORIGIN
) -> str:
    """A checkpoint of the journal's first events."""
    text = note.sign(doc.BOX, name, note.Checkpoint(origin, size, merkle.root_of(_LEAVES[:size])).body())
    return note.cosign(doc.CLOUD, doc.CLOUD_NAME, text, doc.NOW + doc.DAY) if cosigned else text


def made(index: int = 4, size: int = len(_EVENTS), **changes: Any) -> TlogProof:
    """A proof for one of the events, some of its parts replaced."""
    hashes = tuple(merkle.inclusion_proof(index, _LEAVES[:size]))
    return TlogProof(
        **{"index": index, "hashes": hashes, "note": signed_note(size), "extra": _EVENTS[index], **changes}
    )


def _written(proof: TlogProof) -> str:
    """The text of any parts, whether they fit together or not."""
    return tlogproof.write(proof)


GOOD = _written(made())
_LINES = GOOD.split("\n")


def opened(given: Given) -> tlogproof.Logged:
    """What a reader does with a case: the entry, then whatever lies beside it."""
    proof = tlogproof.read(given["text"])
    logged = tlogproof.entry(proof, keys.public_from_did(given["box"]), [COSIGNER])
    if "certificate" in given:
        tlogproof.check_certificate(logged, given["certificate"])
    if "receipt" in given:
        tlogproof.check_receipt(logged, given["receipt"])
    if "cosigned_by" in given:
        allowed = delegation.verify(given["cosigned_by"], doc.TRUSTED)
        tlogproof.cosigned_s(logged, COSIGNER, allowed, doc.CREATOR.did, "night-prints")
    return logged


def _given(text: str, **more: Any) -> Given:
    return {"text": text, "box": doc.BOX.did, **more}


def _bad(rule: str, code: str, text: str, **more: Any) -> Case:
    return Case("7.5", rule, code, _given(text, **more))


def _with(line: int, text: str) -> str:
    """The good text with one line replaced."""
    return "\n".join([*_LINES[:line], text, *_LINES[line + 1 :]])


def _unused(line: str) -> str:
    """The same hash in another spelling: the bits of its last sign that say nothing are not zero."""
    return line[:-2] + chr(ord(line[-2]) + 1) + "="


def _may(**changes: Any) -> str:
    claims = doc.delegation_to(doc.CLOUD, **{"role": "cloud", "cap": ["cosign"], "max": None, **changes})
    return doc.forge(doc.CREATOR, delegation.TYP, claims)


_MAY = _may()
_ALONE = _written(made(note=signed_note(cosigned=False)))
_BY_BOX = {"cosigned_by": doc.forge(doc.CREATOR, delegation.TYP, doc.delegation_claims())}
_CERTIFIED = {"certificate": certificate.digest(PAPER)}

DOCUMENT = Document(
    name="tlog_proof",
    section="7.5",
    head={"cosigner": {"name": COSIGNER.name, "public": COSIGNER.public.hex(), "kind": COSIGNER.kind}},
    read=opened,
    valid=[
        _given(GOOD, **_CERTIFIED, cosigned_by=_MAY, index=4, size=6, cosigned_s=doc.NOW + doc.DAY),
        _given(_written(made(3)), receipt=_SOLD, index=3, size=6),
        _given(_written(made(4, 5, note=signed_note(5, cosigned=False))), **_CERTIFIED, index=4, size=5),
        _given(_written(made(0, 1)), index=0, size=1),
    ],
    invalid=[
        _bad("another first line", "tlogproof-head", _with(0, "c2sp.org/tlog-proof@v2")),
        _bad("event not in base64", "tlogproof-extra", _with(1, _LINES[1] + "!")),
        _bad("event left out", "tlogproof-extra", "\n".join([_LINES[0], *_LINES[2:]])),
        _bad("number with a zero in front", "tlogproof-index", _with(2, "index 04")),
        _bad("a hash cut short", "tlogproof-hash", _with(3, _LINES[3][:-4])),
        _bad("a hash with unused bits set", "tlogproof-hash", _with(3, _unused(_LINES[3]))),
        _bad("64 hashes", "tlogproof-hash", _with(3, "\n".join([_LINES[3]] * 64))),
        _bad("no checkpoint", "tlogproof-note", GOOD.split("\n\n")[0] + "\n"),
        _bad("carriage returns", "tlogproof-head", GOOD.replace("\n", "\r\n")),
        _bad("number of another entry", "tlogproof-other-entry", _with(2, "index 3")),
        _bad(
            "event spelled differently", "event-not-canonical", _written(made(extra=_EVENTS[4].replace(b":", b": ", 1)))
        ),
        _bad("signed by another box", "note-not-signed", _ALONE, box=doc.STRANGER.did),
        _bad("checkpoint of another journal", "tlogproof-origin", _written(made(note=signed_note(origin="other")))),
        _bad(
            "signed by the cosigner only",
            "tlogproof-origin",
            _written(made(note=signed_note().replace(signed_note(cosigned=False).split("\n")[4] + "\n", ""))),
        ),
        _bad("cosignature altered", "note-bad-signature", _written(made(note=signed_note()[:-9] + "AAAAAAA=\n"))),
        _bad(
            "hashes of another entry", "proof-not-included", _written(made(hashes=made(5).hashes + made(4).hashes[2:]))
        ),
        _bad("a hash left out", "proof-too-short", _written(made(hashes=made().hashes[:-1]))),
        _bad("a hash too many", "proof-too-long", _written(made(hashes=(*made().hashes, _LEAVES[0])))),
        _bad("journal without the entry", "proof-out-of-range", _written(made(note=signed_note(4)))),
        _bad("another certificate", "tlogproof-other-paper", GOOD, certificate=doc.HASH),
        _bad("another receipt", "tlogproof-other-paper", _written(made(3)), receipt=_RESOLD),
        _bad("its hash in another event", "tlogproof-other-paper", _written(made(5)), **_CERTIFIED),
        _bad("a receipt as certificate", "tlogproof-other-paper", _written(made(3)), **_CERTIFIED),
        _bad("not cosigned", "tlogproof-not-cosigned", _ALONE, cosigned_by=_MAY),
        _bad("delegation of another key", "tlogproof-cosigner", GOOD, **_BY_BOX),
        _bad("cloud that may not cosign", "delegation-cap", GOOD, cosigned_by=_may(cap=["decline"])),
        _bad("cloud for another drop", "delegation-drop", GOOD, cosigned_by=_may(drops=["other"])),
        _bad("cosigned before the delegation", "delegation-time", GOOD, cosigned_by=_may(nbf=doc.NOW + 2 * doc.DAY)),
    ],
)
