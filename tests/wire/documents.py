"""One valid document of every kind, with fixed keys, for tests and vectors to change one thing at a time."""

from __future__ import annotations

import hashlib
from typing import Any

from stall.wire import b64, base58, canonical, certificate, delegation, jws, keys, lease, manifest, note, proof, receipt

CREATOR = keys.SigningKey.from_seed(bytes([1]) * 32)
BOX = keys.SigningKey.from_seed(bytes([2]) * 32)
CLOUD = keys.SigningKey.from_seed(bytes([3]) * 32)
SIGNER = keys.SigningKey.from_seed(bytes([4]) * 32)
STRANGER = keys.SigningKey.from_seed(bytes([9]) * 32)
OWNER = keys.SigningKey.from_seed(bytes([7]) * 32)

NOW = 1_780_000_000
DAY = 86_400
JTI = b64.encode(bytes(range(16)))
EPOCH_BYTES = bytes(range(100, 116))
EPOCH = b64.encode(EPOCH_BYTES)
HASH = b64.encode(hashlib.sha256(b"something signed before").digest())

TRUSTED = {key.thumbprint: key.public for key in (CREATOR, BOX, CLOUD, SIGNER)}

WEAK_KEY = bytes.fromhex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a")
"""A key of order eight, under which anybody can sign."""


def did_of(data: bytes, kind: bytes = b"\xed\x01") -> str:
    """Write a did past all our checks: of 32 bytes that may be no key, or are said to be one of another kind."""
    return "did:key:z" + base58.encode(kind + data)


WEAK_DID = did_of(WEAK_KEY)
FOREIGN_DID = did_of(bytes(32), b"\xed\x02")
"""Written as ours are, 56 characters that begin alike, but of no Ed25519 key: only who reads its bytes can tell."""

NO_DID = "did:web:stall.example"

Claims = dict[str, Any]


def forge(key: keys.SigningKey, typ: str, claims: object, /, **header: Any) -> str:
    """Sign anything, past all our checks; `header` adds or replaces members, None takes one away."""
    members = {"alg": "Ed25519", "kid": key.thumbprint, "typ": typ, **header}
    return forge_raw(key, canonical.dumps({n: v for n, v in members.items() if v is not None}), canonical.dumps(claims))


def forge_raw(key: keys.SigningKey, header: bytes, payload: bytes) -> str:
    signed = f"{b64.encode(header)}.{b64.encode(payload)}"
    return f"{signed}.{b64.encode(key.sign(signed.encode()))}"


def prove(bare: Claims, value: Any = None, /, key: keys.SigningKey = BOX, **members: Any) -> Claims:
    """Sign a document with any proof, past all our checks; `members` replace or add some, None takes one away.

    `value` makes the `proofValue` out of the signed bytes, if it is not the signature of `key` in base58.
    """
    options = {
        "type": proof.TYPE, "cryptosuite": proof.CRYPTOSUITE, "created": proof.timestamp(NOW),
        "verificationMethod": proof.method_of(key.did), "proofPurpose": proof.PURPOSE, "@context": bare.get("@context"),
    }  # fmt: skip
    options = {name: member for name, member in {**options, **members}.items() if member is not None}
    message = b"".join(hashlib.sha256(canonical.dumps(part)).digest() for part in (options, bare))
    signed = "z" + base58.encode(key.sign(message)) if value is None else value(message)
    return {**bare, "proof": {**options, "proofValue": signed}}


def manifest_claims(**changes: Any) -> Claims:
    return _changed(
        {
            "iss": CREATOR.did,
            "jti": JTI,
            "iat": NOW,
            "exp": NOW + 365 * DAY,
            "ver": 1,
            "drop": drop_claims(),
            "price": [{"cur": "EUR", "minor": 450}],
            "files": [file_claims()],
        },
        changes,
    )


def drop_claims(**changes: Any) -> Claims:
    return _changed(
        {
            "id": "night-prints",
            "title": "Night prints – Zoë",
            "kind": "limited",
            "edition": 50,
            "window": {"nbf": NOW, "exp": NOW + DAY},
            "licence": "CC-BY-4.0",
        },
        changes,
    )


def file_claims(**changes: Any) -> Claims:
    return _changed({"path": "prints/01.png", "size": 3, "sha256": "ab" * 32, "type": "image/png"}, changes)


def delegation_claims(**changes: Any) -> Claims:
    return _changed(
        {
            "iss": CREATOR.did,
            "sub": BOX.did,
            "cnf": {"jwk": {"kty": "OKP", "crv": "Ed25519", "x": b64.encode(BOX.public)}},
            "jti": JTI,
            "seq": 1,
            "iat": NOW,
            "nbf": NOW,
            "exp": NOW + 120 * DAY,
            "role": "box",
            "cap": ["receipt", "cert", "badge", "log"],
            "drops": ["night-prints"],
            "max": {"cur": "EUR", "sale": 5000, "stored_total": 20000, "stored_age_h": 24},
        },
        changes,
    )


def delegation_to(key: keys.SigningKey, **changes: Any) -> Claims:
    jwk = {"kty": "OKP", "crv": "Ed25519", "x": b64.encode(key.public)}
    return delegation_claims(sub=key.did, cnf={"jwk": jwk}, **changes)


def lease_claims(**changes: Any) -> Claims:
    return _changed(
        {
            "iss": CREATOR.thumbprint,
            "sub": BOX.thumbprint,
            "jti": JTI,
            "iat": NOW,
            "exp": NOW + 30 * DAY,
            "drop": "night-prints",
            "man": HASH,
            "epoch": EPOCH,
            "lease_seq": 1,
            "ranges": [[1, 10], [21, 30]],
        },
        changes,
    )


def receipt_claims(**changes: Any) -> Claims:
    return _changed(
        {
            "iss": BOX.thumbprint,
            "jti": JTI,
            "iat": NOW,
            "clk": "rtc",
            "epoch": EPOCH,
            "seq": 17,
            "items": [item_claims()],
            "tax": [{"rate": 1900, "net": 378, "vat": 72}],
            "pay": [{"m": "card", "st": "online", "cur": "EUR", "minor": 450, "ref": "0042"}],
            "code": HASH,
        },
        changes,
    )


def item_claims(**changes: Any) -> Claims:
    item = {"drop": "night-prints", "ed": 7, "qty": 1, "cur": "EUR", "minor": 450, "vat": 1900}
    return _changed({**item, "man": HASH, "lease": JTI}, changes)


def certificate_of(signer: keys.SigningKey = BOX, **changes: Any) -> Claims:
    """Build a signed certificate by the product's own builder, one argument changed."""
    arguments: dict[str, Any] = {
        "id": "12345678-1234-4123-8123-123456789abc",
        "title": "Night prints – Zoë",
        "issuer_name": "Zoë’s stall",
        "creator": CREATOR.did,
        "drop": "night-prints",
        "manifest": HASH,
        "receipt": HASH,
        "settlement": "settled",
        "licence": "CC-BY-4.0",
        "valid_from_s": NOW,
        "delegation": jws.sign(CREATOR, delegation.TYP, delegation_claims()),
        "edition": 7,
        "edition_size": 50,
        "owner": OWNER.did,
    }
    return certificate.build(signer, **{**arguments, **changes})


OTHER_JTI = b64.encode(bytes(range(16, 32)))


def refund_claims(**changes: Any) -> Claims:
    """Claims of a refund or void: what `receipt_claims` sold, taken back whole."""
    back = {
        "jti": OTHER_JTI,
        "iat": NOW + 60,
        "seq": 21,
        "items": [item_claims(minor=-450)],
        "tax": [{"rate": 1900, "net": -378, "vat": -72}],
        "pay": [{"m": "card", "st": "online", "cur": "EUR", "minor": -450}],
        "ref": JTI,
        "code": None,
    }
    return receipt_claims(**{**back, **changes})


def lease_return_claims(**changes: Any) -> Claims:
    return _changed(
        {
            "iss": BOX.thumbprint,
            "jti": OTHER_JTI,
            "iat": NOW + DAY,
            "clk": "ntp",
            "epoch": EPOCH,
            "seq": 90,
            "drop": "night-prints",
            "ranges": [[9, 10], [25, 30]],
        },
        changes,
    )


def decline_claims(**changes: Any) -> Claims:
    """A decline of the one payment of `receipt_claims`, as if its card had been read offline."""
    return _changed(
        {
            "iss": CLOUD.thumbprint,
            "jti": OTHER_JTI,
            "iat": NOW + DAY,
            "box": BOX.thumbprint,
            "ref": JTI,
            "rcpt": HASH,
            "pay": 0,
            "cur": "EUR",
            "minor": 450,
            "reason": "The bank of the card refused it.",
        },
        changes,
    )


def close_claims(**changes: Any) -> Claims:
    """The closing of a drop of three copies."""
    return _changed(
        {
            "iss": CREATOR.did,
            "jti": JTI,
            "iat": NOW + DAY,
            "drop": "night-prints",
            "man": HASH,
            "editions": [entry_claims(), entry_claims(ed=2, st="burned", cert=None), entry_claims(ed=3, cert=ROOT)],
            "log": [{"origin": ORIGIN, "size": 91, "root": ROOT}],
        },
        changes,
    )


ROOT = b64.encode(hashlib.sha256(b"something else signed before").digest())


def entry_claims(**changes: Any) -> Claims:
    return _changed({"ed": 1, "st": "sold", "cert": HASH}, changes)


ORIGIN = note.origin(BOX.thumbprint, EPOCH_BYTES)
CLOUD_NAME = "cloud.example/witness"


def checkpoint_note() -> str:
    body = note.Checkpoint(ORIGIN, 3, bytes(range(32))).body()
    return note.cosign(CLOUD, CLOUD_NAME, note.sign(BOX, ORIGIN, body), NOW)


SCHEMAS = {
    manifest.TYP: (CREATOR, manifest_claims),
    delegation.TYP: (CREATOR, delegation_claims),
    lease.TYP: (CREATOR, lease_claims),
    receipt.RECEIPT: (BOX, receipt_claims),
}
"""Of each typed document: who signs it, and its valid claims."""


def _changed(claims: Claims, changes: Claims) -> Claims:
    """Apply changes; None takes a claim away."""
    return {name: value for name, value in {**claims, **changes}.items() if value is not None}
