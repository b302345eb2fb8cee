"""Readers of papers that people hand in: certificates, badges, answers of owners, proofs, key files, typed codes.

Each is read as it is, and signed anew, because past the signature is where reading begins.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from stall.wire import (
    badge,
    canonical,
    credential,
    delegation,
    event,
    keyfile,
    keys,
    merkle,
    note,
    ownercode,
    presentation,
    proof,
    recovery,
    strict_json,
    tlogproof,
)
from tests.fuzz.reading import MOST_BYTES, Target, outcome, vectors
from tests.wire import documents as doc
from tests.wire.cases import tlog_proof as logged

CHALLENGE, DOMAIN = "bNwYcs2Lq0mXh7tR4vKd1A", "gallery.example"
SECRET, SERIAL = bytes([5]) * 32, "10000000abcdef01"
CHEAP = keyfile.Cost(n=16_384, r=1, p=1)
PASSPHRASE = "four old words drawn"
_MAY = delegation.verify(
    logged.DOCUMENT.valid[0]["cosigned_by"], {doc.CREATOR.thumbprint: doc.CREATOR.public}
)  # the cloud may cosign
_MOST_ENTRIES = 64


def _document(data: bytes) -> Any:
    return strict_json.loads(data, max_bytes=MOST_BYTES, max_depth=20)


def _signed(key: keys.SigningKey, document: dict[str, Any], *how: Any) -> dict[str, Any]:
    """The document with the proof it should have."""
    return proof.add(key, {name: value for name, value in document.items() if name != "proof"}, doc.NOW + 60, *how)


def _credential(data: bytes) -> object:
    document = _document(data)
    outcome(lambda: credential.verify(document))
    if isinstance(document, dict):
        signed = _signed(doc.BOX, document)
        assert credential.verify_proof(signed) == doc.BOX.public
        credential.verify(signed)
    return None


def _badge(data: bytes) -> object:
    """Signed anew by a box and by the creator: both may award."""
    document = _document(data)
    outcome(lambda: badge.verify(document))
    if isinstance(document, dict):
        outcome(lambda: badge.verify(_signed(doc.CREATOR, document)))
        held = badge.verify(_signed(doc.BOX, document))
        assert badge.verify(held.document) == held
    return None


def _presentation(data: bytes) -> object:
    """Signed anew by the owner, the certificate in it by the box."""
    document = _document(data)
    outcome(lambda: presentation.verify(document, CHALLENGE, DOMAIN, doc.NOW))
    if isinstance(document, dict):
        held = document.get("verifiableCredential")
        if isinstance(held, list):
            document["verifiableCredential"] = [_signed(doc.BOX, one) if isinstance(one, dict) else one for one in held]
        answered = {"challenge": CHALLENGE, "domain": DOMAIN}
        signed = _signed(doc.OWNER, document, proof.AUTHENTICATION, answered)
        shown = presentation.verify(signed, CHALLENGE, DOMAIN, doc.NOW)
        assert (shown.holder, shown.certificate.owner) == (doc.OWNER.did, doc.OWNER.did)
    return None


def _tlog_proof(data: bytes) -> object:
    """A proof as it is, and what it carries in a journal of which it is the last entry."""
    text = data.decode("utf-8", "surrogateescape")
    parts = tlogproof.read(text)
    assert outcome(lambda: tlogproof.write(parts)) == text
    outcome(lambda: _held(parts))
    if parts.extra is not None and (seq := event.decode(parts.extra).seq) < _MOST_ENTRIES:
        found = _held(_carried(parts.extra, seq))
        assert found.event.seq == seq
    return None


def _carried(entry: bytes, seq: int) -> tlogproof.TlogProof:
    fact = event.decode(entry)
    leaves = [*[bytes(merkle.HASH_BYTES)] * seq, merkle.leaf_hash(entry)]
    state = note.Checkpoint(
        f"stall.example/box/{doc.BOX.thumbprint[:12]}/{fact.epoch}", seq + 1, merkle.root_of(leaves)
    )
    signed = note.cosign(doc.CLOUD, doc.CLOUD_NAME, note.sign(doc.BOX, state.origin, state.body()), doc.NOW + doc.DAY)
    return tlogproof.TlogProof(seq, tuple(merkle.inclusion_proof(seq, leaves)), signed, entry)


def _held(parts: tlogproof.TlogProof) -> tlogproof.Logged:
    found = tlogproof.entry(parts, doc.BOX.public, [logged.COSIGNER])
    outcome(lambda: tlogproof.check_certificate(found, doc.HASH))
    outcome(lambda: tlogproof.check_receipt(found, doc.HASH))
    outcome(lambda: tlogproof.cosigned_s(found, logged.COSIGNER, _MAY, doc.CREATOR.did, "night-prints"))
    return found


def _key_file(data: bytes) -> object:
    """A key file of any kind, opened where that costs little."""
    document = keyfile.parse(data)
    assert outcome(lambda: keyfile.parse(keyfile.write(document))) == document
    keyfile.public(document)
    if isinstance(document, keyfile.Open):
        return keyfile.key_of(document)
    if isinstance(document, keyfile.Bound):
        return keyfile.unbind(document, SECRET, SERIAL)
    cost = keyfile.Cost(n=document.kdf.n, r=document.kdf.r, p=document.kdf.p)
    return keyfile.open(document, PASSPHRASE) if cost == CHEAP else None


def _key_files() -> list[bytes]:
    """One of each kind, and what its members are replaced with."""
    sealed = keyfile.seal(doc.CREATOR, PASSPHRASE, salt=bytes(16), nonce=bytes(12), cost=CHEAP)
    bound = keyfile.bind(doc.BOX, SECRET, SERIAL, nonce=bytes(12))
    whole = [keyfile.write(one) for one in (keyfile.unsealed(doc.CREATOR), sealed, bound)]
    return [*whole, *(data.replace(b'"x":', b'"y":') for data in whole), canonical.dumps({"typ": keyfile.SEALED})]


def _typed(data: bytes) -> object:
    """What people type from paper: an owner code, the lines of a recovery sheet."""
    text = data.decode("utf-8", "surrogateescape")
    outcome(lambda: _again(text, ownercode.decode, ownercode.encode))
    return _again(recovery.lines_of(text), recovery.decode, recovery.encode)


def _again(typed: Any, decode: Callable[[Any], bytes], encode: Callable[[bytes], Any]) -> bytes:
    found = decode(typed)
    assert outcome(lambda: decode(encode(found))) == found
    return found


def _sheets() -> list[bytes]:
    lines = recovery.encode(doc.CREATOR.seed)
    texts = ["\n".join(lines), "\n".join(f"{number}. {line.lower()}" for number, line in enumerate(lines, 1))]
    return [text.encode() for text in [*texts, texts[0].replace("1", "I"), texts[0].replace(" ", "-")[:-1] + "0"]]


PAPERS: dict[str, Target] = {
    "credential": Target(_credential, vectors("certificate", "document")),
    "badge": Target(_badge, vectors("badge", "document")),
    "presentation": Target(_presentation, vectors("presentation", "document")),
    "tlog_proof": Target(_tlog_proof, vectors("tlog_proof", "text")),
    "key_file": Target(_key_file, _key_files),
    "typed": Target(_typed, lambda: [*_sheets(), *vectors("owner_code", "text")()]),
}
