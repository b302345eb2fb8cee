"""Data Integrity proofs of cryptosuite `eddsa-jcs-2022` on JSON documents (W3C vc-di-eddsa 3.3), any context.

Says which key signed which document and nothing about what the document means; that is `credential`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeGuard

import msgspec

from stall.errors import LocalWireError, WireError
from stall.wire import base58, canonical, keys
from stall.wire.claims import Did

TYPE = "DataIntegrityProof"
CRYPTOSUITE = "eddsa-jcs-2022"
PURPOSE = "assertionMethod"
"""What a proof is made for, if nothing else is said: to assert the document."""

AUTHENTICATION = "authentication"
"""To answer a challenge with the holder's key."""

_MEMBERS = {"@context", "created", "cryptosuite", "proofPurpose", "proofValue", "type", "verificationMethod"}
_TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", re.ASCII)


def timestamp(at_s: int) -> str:
    """Write seconds UTC as `YYYY-MM-DDThh:mm:ssZ`; raises LocalWireError outside the years 1970 to 9999."""
    try:
        if at_s < 0:
            raise ValueError
        return datetime.fromtimestamp(at_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (ValueError, OverflowError, OSError) as error:
        raise LocalWireError("timestamp-range", "A time cannot be written as a date. Check the clock.") from error


def parse_timestamp(text: str) -> int:
    """Read what `timestamp` writes, as seconds UTC; raises WireError for any other spelling."""
    try:
        if _TIMESTAMP.fullmatch(text) is None:
            raise ValueError
        return int(datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC).timestamp())
    except ValueError as error:
        raise WireError("timestamp-malformed", "A date is not written as 2026-01-31T12:00:00Z. Sign again.") from error


def add(
    key: keys.SigningKey,
    document: Mapping[str, Any],
    created_s: int,
    purpose: str = PURPOSE,
    more: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Return `document` with a proof by `key`, created at `created_s` seconds UTC; `more` members are signed in it.

    Raises LocalWireError if it has a proof already or is not plain JSON.
    """
    if "proof" in document:
        raise LocalWireError("proof-present", "The document is signed already. Take its proof away first.")
    options: dict[str, Any] = {
        "type": TYPE,
        "cryptosuite": CRYPTOSUITE,
        "created": timestamp(created_s),
        "verificationMethod": method_of(key.did),
        "proofPurpose": purpose,
        **(more or {}),
    }
    if "@context" in document:
        options["@context"] = document["@context"]
    signature = key.sign(_hash_data(options, document))
    return {**document, "proof": {**options, "proofValue": "z" + base58.encode(signature)}}


def is_shaped(proof: object, contexts: Sequence[str], more: frozenset[str] = frozenset()) -> TypeGuard[dict[str, Any]]:
    """Tell whether a proof has exactly the members that ours have, and `more`, all of them text, under `contexts`."""
    if not isinstance(proof, dict) or proof.keys() != _MEMBERS | more or proof["@context"] != list(contexts):
        return False
    return all(isinstance(value, str) for name, value in proof.items() if name != "@context")


def verify(document: Mapping[str, Any], purpose: str = PURPOSE) -> bytes:
    """Check the document's single proof, made for `purpose`, and return the public key that made it.

    Raises WireError and nothing else.
    """
    if not isinstance(document, dict) or not isinstance(document.get("proof"), dict):
        raise WireError("proof-missing", "The document has no proof, or several. Get the signed document.")
    options = dict(document["proof"])
    value = options.pop("proofValue", None)
    if (options.get("type"), options.get("cryptosuite")) != (TYPE, CRYPTOSUITE):
        raise WireError("proof-unknown-suite", "The proof is not of the kind eddsa-jcs-2022. Get one that is.")
    if options.get("proofPurpose") != purpose:
        raise WireError("proof-wrong-purpose", "The proof was not made for what it is used for. Do not rely on it.")
    public = _signer(options.get("verificationMethod"))
    bare = {name: member for name, member in document.items() if name != "proof"}
    if "@context" in options:
        # The signer's contexts must lead; whatever a carrier added behind them is not signed (3.3.2 step 4).
        bare["@context"] = _leading_context(bare.get("@context"), options["@context"])
    try:
        message = _hash_data(options, bare)
    except LocalWireError as error:
        raise WireError("proof-not-json", "The document holds values JSON cannot say exactly. Get it again.") from error
    if not keys.verify(public, message, _proof_value(value)):
        raise WireError("proof-bad-signature", "The proof does not fit the document. It was altered; do not use it.")
    return public


def method_of(did: str) -> str:
    """Name the one key of a did:key as a verification method: the did, `#`, and its last part again."""
    return f"{did}#{did.removeprefix('did:key:')}"


def _signer(method: object) -> bytes:
    did = method.partition("#")[0] if isinstance(method, str) else ""
    if method != method_of(did) or not _is_spelled(did):
        raise WireError("proof-wrong-method", "The proof names no Ed25519 key by its did:key. Get one that does.")
    return keys.public_from_did(did)


def _is_spelled(did: str) -> bool:
    """Tell whether a did is written as a member of a document must be."""
    try:
        msgspec.convert(did, Did)
    except msgspec.ValidationError:
        return False
    return True


def _leading_context(ours: object, signed: object) -> object:
    present = ours if isinstance(ours, list) else [ours]
    leading = signed if isinstance(signed, list) else [signed]
    if present[: len(leading)] != leading:
        raise WireError("proof-wrong-context", "The document's contexts are not the signed ones. Do not rely on it.")
    return signed


def _proof_value(value: object) -> bytes:
    if not isinstance(value, str) or not value.startswith("z"):
        raise WireError("proof-malformed", "The value of the proof is not base58. Get the document again.")
    return base58.decode(value[1:])


def _hash_data(options: Mapping[str, Any], document: Mapping[str, Any]) -> bytes:
    return b"".join(hashlib.sha256(canonical.dumps(dict(part))).digest() for part in (options, document))
