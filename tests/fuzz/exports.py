"""Readers of an exported journal: its lines as they are, and facts that are put into a journal and exported for a fuzzer."""

from __future__ import annotations

from typing import Any

from stall.creator import journals
from stall.creator.books import Limits
from stall.creator.journals import Known, Report
from stall.wire import b64, canonical, delegation, merkle, note, receipt, strict_json
from tests.fuzz.reading import MOST_BYTES, Target
from tests.wire import documents as doc
from tests.wire.cases.tlog_proof import COSIGNER

_MAY = delegation.verify(
    doc.forge(doc.CREATOR, delegation.TYP, doc.delegation_claims()), {doc.CREATOR.thumbprint: doc.CREATOR.public}
)  # the box may sell, and take a little by cards read offline
_KNOWN = Known(cosigners=[COSIGNER], limits=Limits([_MAY]))
_MOST_FACTS = 40

Fact = dict[str, Any]


def _lines(data: bytes) -> object:
    return journals.check(data.splitlines(keepends=True), _KNOWN)


def _facts(data: bytes) -> object:
    """One fact a line. Receipts in them are claims, to be signed; `PARENT` stands for the epoch before, as it ended."""
    facts = [strict_json.loads(line, max_depth=12) for line in data.splitlines()[:_MOST_FACTS]]
    lives: list[list[Fact]] = []
    for fact in facts:
        if not isinstance(fact, dict):
            return None
        if fact.get("kind") == "epoch" or not lives:
            lives.append([])
        lives[-1].append(fact)
    return _checked(lives)


def _checked(lives: list[list[Fact]]) -> Report:
    lines: list[bytes] = []
    before: object = None
    events = 0
    for number, facts in enumerate(lives):
        epoch = bytes([number]) * 16
        written = [_event(b64.encode(epoch), seq, fact, before) for seq, fact in enumerate(facts)]
        lines += _exported(epoch, written, len(lives))
        root = merkle.root_of([merkle.leaf_hash(data) for data in written])
        before = {"epoch": b64.encode(epoch), "size": len(written), "root": b64.encode(root)}
        events += len(written)
    report = journals.check(lines, _KNOWN)
    assert report.events == events
    return report


def _event(epoch: str, seq: int, fact: Fact, before: object) -> bytes:
    body = fact.get("body")
    if isinstance(body, dict):
        if isinstance(claims := body.get("receipt"), dict):
            typ = {"refund": receipt.REFUND, "void": receipt.VOID}.get(str(fact.get("typ")), receipt.RECEIPT)
            body["receipt"] = doc.forge(doc.BOX, typ, {**claims, "epoch": epoch, "seq": seq})
        if body.get("parent") == "PARENT":
            body["parent"] = before
    at = fact.get("at", doc.NOW * 1000 + seq)
    return canonical.dumps(
        {"v": 1, "epoch": epoch, "seq": seq, "kind": fact.get("kind"), "at": at, "clk": "rtc", "body": body}
    )


def _exported(epoch: bytes, written: list[bytes], epochs: int) -> list[bytes]:
    """An epoch as `stall journal export` writes it, cosigned when it had one event."""
    leaves = [merkle.leaf_hash(data) for data in written]
    origin = note.origin(doc.BOX.thumbprint, epoch)
    whole, first = (
        note.sign(doc.BOX, origin, note.Checkpoint(origin, size, merkle.root_of(leaves[:size])).body())
        for size in (len(leaves), 1)
    )
    seen = {
        "note": note.cosign(doc.CLOUD, doc.CLOUD_NAME, first, doc.NOW),
        "proof": [b64.encode(each) for each in _consistency(leaves)],
    }
    head = {"type": "checkpoint", "box": doc.BOX.did, "epoch": b64.encode(epoch), "epochs": epochs, "note": whole}
    events = [
        {"type": "event", "seq": seq, "bytes": b64.encode(data), "proof": _path(seq, leaves)}
        for seq, data in enumerate(written)
    ]
    return [canonical.dumps(line) for line in ({**head, "cosigned": seen}, *events)]


def _path(index: int, leaves: list[bytes]) -> list[str]:
    return [b64.encode(each) for each in merkle.inclusion_proof(index, leaves)]


def _consistency(leaves: list[bytes]) -> list[bytes]:
    """From the first event to all: what the proof that it is included has, for that is what is left over."""
    return merkle.inclusion_proof(0, leaves)


_PAID = {"attempt": 1, "sale": 4, "kind": "pay", "tender": "card", "cur": "EUR", "minor": 450}
_SOLD: list[Fact] = [
    {"kind": "epoch", "body": {"parent": None}},
    {"kind": "lease", "body": {"jti": doc.JTI, "drop": "night-prints", "ranges": [[1, 10]]}},
    *(
        {"kind": "attempt", "body": {**_PAID, "state": state, "settlement": None}}
        for state in ("requested", "sent", "approved")
    ),
    {
        "kind": "attempt",
        "body": {**_PAID, "state": "paid", "settlement": "stored", "receipt": doc.receipt_claims()},
    },
    {"kind": "certificate", "body": {"sale": 4, "line": 0, "hash": doc.HASH, "drop": "night-prints", "ed": 7}},
    {"kind": "delivery", "body": {"sale": 4}},
    {"kind": "attempt", "body": {**_PAID, "state": "paid", "settlement": "settled"}},
    {"kind": "finish", "typ": "refund", "body": {"sale": 4, "receipt": doc.refund_claims()}},
    {"kind": "clock", "at": 1_000, "body": {}},
]
_SECOND: list[Fact] = [{"kind": "epoch", "body": {"parent": "PARENT"}}, {"kind": "grant", "body": {"sale": 4}}]


def _spelled(facts: list[Fact]) -> bytes:
    return b"\n".join(map(canonical.dumps, facts))


def sold() -> list[bytes]:
    """A sale from its lease to its refund, and a second epoch after it; the whole and its beginnings."""
    whole = [*_SOLD, *_SECOND]
    return [_spelled(whole), *(_spelled(whole[:length]) for length in (1, 2, 3, 6))]


def exported() -> list[bytes]:
    """A short export, and each of its lines alone."""
    written = [_event(b64.encode(bytes(16)), seq, fact, None) for seq, fact in enumerate(_SOLD[:3])]
    lines = _exported(bytes(16), written, 1)
    return [data for data in (b"\n".join(lines), *lines, b"\r\n".join(lines)) if len(data) <= MOST_BYTES]


EXPORTS: dict[str, Target] = {"export": Target(_lines, exported), "facts": Target(_facts, sold)}
