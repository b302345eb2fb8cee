"""Papers of one sale by fixed keys, any of them changed past our checks, and what `verify` finds in a heap of them."""

from __future__ import annotations

import json
from typing import Any

from stall.creator import verdicts
from stall.creator.evidence import CLOUD as CLOUD_NAMES
from stall.creator.papers import Content, Export, LogProof, Paper
from stall.creator.verdicts import Verdict
from stall.wire import (
    b64,
    certificate,
    closing,
    delegation,
    event,
    jws,
    keys,
    lease,
    manifest,
    merkle,
    note,
    receipt,
    tlogproof,
)
from stall.wire.event import Event
from tests.wire import documents as doc
from tests.wire.documents import BOX, CLOUD, CREATOR, DAY, EPOCH, EPOCH_BYTES, NOW, OTHER_JTI, STRANGER, forge

MANIFEST = forge(CREATOR, manifest.TYP, doc.manifest_claims())
NAME = jws.token_hash(MANIFEST)
OURS = forge(CREATOR, delegation.TYP, doc.delegation_claims())
THEIRS = forge(STRANGER, delegation.TYP, doc.delegation_claims(iss=STRANGER.did, seq=9, drops=["*"]))
LEASE = forge(CREATOR, lease.TYP, doc.lease_claims(man=NAME))


def judged(*contents: Content, creator_did: str | None = None) -> list[Verdict]:
    return verdicts.judge([Paper(f"paper {n}", content) for n, content in enumerate(contents)], creator_did)


def words(*contents: Content, creator_did: str | None = None) -> list[str]:
    """Of each paper the code or reason if there is one, else the grade."""
    return [one.code or one.reason or str(one.grade) for one in judged(*contents, creator_did=creator_did)]


def sold(key: keys.SigningKey = BOX, ed: int = 7, **changes: Any) -> str:
    items = [doc.item_claims(man=NAME, ed=ed)]
    return forge(key, receipt.RECEIPT, doc.receipt_claims(**{"iss": key.thumbprint, "items": items, **changes}))


def taken_back(typ: str = receipt.VOID, **changes: Any) -> str:
    items = [doc.item_claims(minor=-450, man=NAME)]
    return forge(BOX, typ, doc.refund_claims(**{"items": items, **changes}))


def certified(of: str, signer: keys.SigningKey = BOX, **changes: Any) -> dict[str, Any]:
    usual = {"manifest": NAME, "receipt": jws.token_hash(of), "delegation": OURS}
    return doc.certificate_of(signer, **{**usual, **changes})


def revoking(kind: str, ref: str, at: int) -> str:
    """The next version of the drop, which revokes something."""
    revoked = [{"kind": kind, "ref": ref, "at": at}]
    return forge(
        CREATOR, manifest.TYP, doc.manifest_claims(ver=2, prev=NAME, jti=OTHER_JTI, iat=NOW + 10, revoked=revoked)
    )


def to_cloud(by: keys.SigningKey = CREATOR, **changes: Any) -> str:
    usual = {"role": "cloud", "cap": ["cosign"], "max": None, "exp": NOW + 300 * DAY, "iss": by.did}
    return forge(by, delegation.TYP, doc.delegation_to(CLOUD, **{**usual, **changes}))


def logged(document: dict[str, Any], seen_s: int = NOW + 100) -> LogProof:
    """The proof that a certificate stands in the journal of the box, which the cloud saw at that time."""
    data = event.encode(Event(EPOCH, 0, "certificate", NOW * 1000, "rtc", {"hash": certificate.digest(document)}))
    origin = note.origin(BOX.thumbprint, EPOCH_BYTES)
    text = note.sign(BOX, origin, note.Checkpoint(origin, 1, merkle.leaf_hash(data)).body())
    text = note.cosign(CLOUD, CLOUD_NAMES + CLOUD.thumbprint[:12], text, seen_s)
    return LogProof(tlogproof.write(tlogproof.TlogProof(0, (), text, data)))


def exported(*accepted: keys.SigningKey) -> Export:
    """The journal of the box, in which it took a delegation of each of these creators."""
    facts: list[tuple[str, dict[str, Any]]] = [("epoch", {"parent": None})]
    for creator in accepted:
        body = {"creator": creator.did, "hash": doc.HASH, "role": "box", "seq": 1, "sub": BOX.thumbprint}
        facts.append(("delegation", body))
    coded = [event.encode(Event(EPOCH, seq, kind, NOW * 1000, "ntp", body)) for seq, (kind, body) in enumerate(facts)]
    root = merkle.root_of([merkle.leaf_hash(data) for data in coded])
    text = note.sign(BOX, doc.ORIGIN, note.Checkpoint(doc.ORIGIN, len(coded), root).body())
    lines: list[dict[str, Any]] = [{"type": "checkpoint", "box": BOX.did, "epoch": EPOCH, "epochs": 1, "note": text}]
    lines += [{"type": "event", "seq": seq, "bytes": b64.encode(data)} for seq, data in enumerate(coded)]
    return Export(lambda: [json.dumps(line).encode() + b"\n" for line in lines])


def closed(first: dict[str, Any], man: str, **changes: Any) -> str:
    """The closing statement of a drop of three, of which the first copy was sold with that certificate."""
    entries = [
        doc.entry_claims(cert=certificate.digest(first)),
        doc.entry_claims(ed=2, st="burned", cert=None),
        doc.entry_claims(ed=3, st="unsold", cert=None),
    ]
    return forge(CREATOR, closing.TYP, doc.close_claims(**{"man": man, "editions": entries, **changes}))
