"""Makes the golden vectors in `vectors/`: what other implementations of these documents can be tested with.

Run `python -m tests.wire.make_vectors` after a deliberate change of a format; the diff is the change. Every invalid
case breaks one rule and names the error it must give.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from stall.wire import b64, capability, claimcode, delegation, event, lease, manifest, merkle, receipt
from tests.wire import documents as doc
from tests.wire import plain_proofs
from tests.wire.hostile import CERTIFICATE_CASES, CLAIM_CASES, NOTE_CASES, TOKEN_CASES

FOLDER = Path(__file__).parent / "vectors"

Vectors = dict[str, Any]


def vectors() -> dict[str, Vectors]:
    """Compute the content of every vector file, by name."""
    return {
        "tokens.json": _tokens(),
        "manifest.json": _documents(manifest.TYP),
        "delegation.json": _documents(delegation.TYP),
        "lease.json": _documents(lease.TYP),
        "receipt.json": _documents(receipt.RECEIPT),
        "certificate.json": _certificates(),
        "note.json": _notes(),
        "merkle.json": _merkle(),
        "event.json": _events(),
        "claimcode.json": _claim_codes(),
    }


def written(content: Mapping[str, Any]) -> str:
    """Write one file's content as it is committed."""
    return json.dumps(content, ensure_ascii=False, indent=1) + "\n"


def _keys() -> dict[str, dict[str, str]]:
    people = {
        "creator": doc.CREATOR,
        "box": doc.BOX,
        "cloud": doc.CLOUD,
        "signer": doc.SIGNER,
        "stranger": doc.STRANGER,
    }
    return {
        name: {"seed": key.seed.hex(), "public": key.public.hex(), "kid": key.thumbprint, "did": key.did}
        for name, key in people.items()
    }


def _tokens() -> Vectors:
    token = doc.forge(doc.BOX, receipt.RECEIPT, doc.receipt_claims())
    invalid = [{"rule": rule, "error": error, "token": bad} for rule, error, bad in TOKEN_CASES]
    return {"keys": _keys(), "typ": receipt.RECEIPT, "valid": [{"token": token}], "invalid": invalid}


def _documents(typ: str) -> Vectors:
    key, claims = doc.SCHEMAS[typ]
    valid = [{"claims": good, "token": doc.forge(key, typ, good)} for good in (claims(), *CLAIM_CASES[typ].valid)]
    invalid = [{"rule": rule, "error": error, "claims": bad} for rule, error, bad in CLAIM_CASES[typ].invalid]
    return {"keys": _keys(), "typ": typ, "valid": valid, "invalid": invalid}


def _certificates() -> Vectors:
    final = doc.certificate_of(doc.CREATOR, delegation=None)
    unnumbered = doc.certificate_of(edition=None, edition_size=None, owner=None)
    valid = [
        {"grade": "VALID-PROVISIONAL", "document": doc.certificate_of()},
        {"grade": "VALID-PROVISIONAL", "document": unnumbered},
        {"grade": "VALID-FINAL", "document": final},
    ]
    invalid = [{"rule": rule, "error": error, "document": bad} for rule, error, bad in CERTIFICATE_CASES]
    return {"keys": _keys(), "valid": valid, "invalid": invalid}


def _notes() -> Vectors:
    verifiers = [
        {"name": doc.ORIGIN, "public": doc.BOX.public.hex(), "kind": 1},
        {"name": doc.CLOUD_NAME, "public": doc.CLOUD.public.hex(), "kind": 4},
    ]
    invalid = [{"rule": rule, "error": error, "text": bad} for rule, error, bad in NOTE_CASES]
    return {"verifiers": verifiers, "valid": [{"text": doc.checkpoint_note(), "time_s": doc.NOW}], "invalid": invalid}


def _merkle() -> Vectors:
    leaves = [merkle.leaf_hash(str(number).encode()) for number in range(11)]
    inclusion = [
        {"index": index, "size": 11, "proof": [node.hex() for node in merkle.inclusion_proof(index, leaves)]}
        for index in range(11)
    ]
    consistency = [
        {"size1": size, "size2": 11, "proof": [node.hex() for node in plain_proofs.consistency(size, leaves)]}
        for size in range(12)
    ]
    roots = [merkle.root_of(leaves[:size]).hex() for size in range(12)]
    return {"leaves": "the decimal numbers 0 to 10", "roots": roots, "inclusion": inclusion, "consistency": consistency}


def _events() -> Vectors:
    sold = event.Event(doc.EPOCH, 17, "attempt.paid", doc.NOW * 1000, "rtc", {"sale": 4, "title": "Zoë"})
    data = event.encode(sold)
    return {"valid": [{"event": data.decode(), "leaf": merkle.leaf_hash(data).hex()}]}


def _claim_codes() -> Vectors:
    key = bytes(range(32))
    codes = [claimcode.derive(key, doc.EPOCH_BYTES, sale, issue) for sale, issue in ((1, 0), (1, 1), (2**40, 0))]
    return {
        "key": key.hex(),
        "epoch": doc.EPOCH_BYTES.hex(),
        "codes": [
            {"code": code.hex(), "text": claimcode.encode(code), "hash": b64.encode(claimcode.digest(code))}
            for code in codes
        ],
        "order_ids": [capability.seal(key, "order", number).hex() for number in (0, 1, 2**63 - 1)],
    }


def main() -> None:
    """Write all vector files."""
    FOLDER.mkdir(exist_ok=True)
    for name, content in vectors().items():
        (FOLDER / name).write_text(written(content), encoding="utf-8")


if __name__ == "__main__":
    main()
