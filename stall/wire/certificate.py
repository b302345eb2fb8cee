"""Writing certificates of ownership (formats 7.6); `credential` reads them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from stall.errors import LocalWireError, WireError
from stall.wire import b64, canonical, credential, keys, proof


def build(
    key: keys.SigningKey,
    *,
    id: str,  # noqa: A002  # the document's own word
    title: str,
    issuer_name: str,
    creator: str,
    drop: str,
    manifest: str,
    receipt: str,
    settlement: str,
    licence: str,
    valid_from_s: int,
    delegation: str | None,
    edition: int | None = None,
    edition_size: int | None = None,
    owner: str | None = None,
) -> dict[str, Any]:
    """Make and sign one certificate, checked by the rules it will be read by.

    `id` is a lower-case UUID, `manifest` and `receipt` are token hashes, `creator` and `owner` dids, `delegation` the
    creator's token (None only when `key` is the creator's), `edition` and `edition_size` absent for an open drop.
    Raises LocalWireError if the certificate would not verify.
    """
    subject = {
        "id": owner,
        "type": "EditionOwnership",
        "creator": creator,
        "drop": drop,
        "manifest": f"sha256-{manifest}",
        "edition": edition,
        "editionSize": edition_size,
        "receipt": f"sha256-{receipt}",
        "settlement": settlement,
        "licence": licence,
    }
    document: dict[str, Any] = {
        "@context": list(credential.CONTEXTS),
        "id": f"urn:uuid:{id}",
        "type": list(credential.TYPES),
        "name": credential.name_of(title, edition, edition_size),
        "issuer": {"id": key.did, "name": issuer_name},
        "validFrom": proof.timestamp(valid_from_s),
        "credentialSubject": {name: value for name, value in subject.items() if value is not None},
    }
    if delegation is not None:
        document["evidence"] = [{"type": "StallDelegation", "jws": delegation}]
    signed = proof.add(key, document, valid_from_s)
    try:
        credential.verify(signed)
    except WireError as error:
        raise LocalWireError(
            "certificate-unwritable", f"No certificate was signed ({error.code}). Ask at the stall for help."
        ) from error
    return signed


def digest(document: Mapping[str, Any]) -> str:
    """Name a certificate: base64url SHA-256 of its canonical bytes, proof included (formats 7.9)."""
    return b64.encode(hashlib.sha256(canonical.dumps(dict(document))).digest())
