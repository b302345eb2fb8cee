"""Certificates and proofs: the published vector, the manifest they name, and what a carrier may not do to them."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stall.errors import LocalWireError, StallError, WireError
from stall.wire import certificate, credential, jws, keys, manifest, proof
from tests.wire import documents as doc

# The signed example of W3C "Data Integrity EdDSA Cryptosuites v1.0", appendix on eddsa-jcs-2022, and its keys.
W3C_DID = "did:key:z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2"
W3C_CONTEXTS = ["https://www.w3.org/ns/credentials/v2", "https://www.w3.org/ns/credentials/examples/v2"]
W3C_EXAMPLE: dict[str, Any] = {
    "@context": W3C_CONTEXTS,
    "id": "urn:uuid:58172aac-d8ba-11ed-83dd-0b3aef56cc33",
    "type": ["VerifiableCredential", "AlumniCredential"],
    "name": "Alumni Credential",
    "description": "A minimum viable example of an Alumni Credential.",
    "issuer": "https://vc.example/issuers/5678",
    "validFrom": "2023-01-01T00:00:00Z",
    "credentialSubject": {"id": "did:example:abcdefgh", "alumniOf": "The School of Examples"},
    "proof": {
        "type": "DataIntegrityProof",
        "cryptosuite": "eddsa-jcs-2022",
        "created": "2023-02-24T23:36:38Z",
        "verificationMethod": f"{W3C_DID}#{W3C_DID.removeprefix('did:key:')}",
        "proofPurpose": "assertionMethod",
        "@context": W3C_CONTEXTS,
        "proofValue": "z2HnFSSPPBzR36zdDgK8PbEHeXbR56YF24jwMpt3R1eHXQzJDMWS93FCzpvJpwTWd3GAVFuUfjoJdcnTMuVor51aX",
    },
}


def changed(document: dict[str, Any], path: str, value: object) -> dict[str, Any]:
    """Copy the document with the member at `path` (joined by `/`) replaced; None takes it away."""
    copied = copy.deepcopy(document)
    *way, last = path.split("/")
    inner = copied
    for step in way:
        inner = inner[step]
    if value is None:
        del inner[last]
    else:
        inner[last] = value
    return copied


def test_the_published_example_verifies_as_its_key() -> None:
    assert keys.did_key(credential.verify_proof(W3C_EXAMPLE)) == W3C_DID


def test_a_carrier_may_add_contexts_behind_the_signed_ones_only() -> None:
    more = [*W3C_CONTEXTS, "https://carrier.example/v1"]
    assert credential.verify_proof(changed(W3C_EXAMPLE, "@context", more))
    for wrong in (more[::-1], W3C_CONTEXTS[:1], "x", None):
        with pytest.raises(WireError):
            credential.verify_proof(changed(W3C_EXAMPLE, "@context", wrong))


@pytest.mark.parametrize(
    ("path", "value", "code"),
    [
        ("name", "Alumna Credential", "proof-bad-signature"),
        ("issuer", "https://other.example", "proof-bad-signature"),
        ("proof/created", "2023-02-24T23:36:39Z", "proof-bad-signature"),
        ("proof/extra", 1, "proof-bad-signature"),
        ("proof/type", "Ed25519Signature2020", "proof-unknown-suite"),
        ("proof/cryptosuite", "eddsa-rdfc-2022", "proof-unknown-suite"),
        ("proof/proofPurpose", "authentication", "proof-wrong-purpose"),
        ("proof/verificationMethod", W3C_DID, "proof-wrong-method"),
        ("proof/verificationMethod", "https://x.example#key", "proof-wrong-method"),
        ("proof/verificationMethod", 7, "proof-wrong-method"),
        ("proof/verificationMethod", proof.method_of(doc.BOX.did), "proof-bad-signature"),
        ("proof/proofValue", "u2HnFSS", "proof-malformed"),
        ("proof/proofValue", "z0", "base58-malformed"),
        ("proof/proofValue", "z1", "proof-bad-signature"),
        ("proof/proofValue", None, "proof-malformed"),
        ("proof", [W3C_EXAMPLE["proof"]], "proof-missing"),
        ("proof", None, "proof-missing"),
        ("name", float("nan"), "proof-not-json"),
        ("name", 2**60, "proof-not-json"),
    ],
)
def test_any_change_is_refused_by_its_rule(path: str, value: object, code: str) -> None:
    with pytest.raises(WireError) as caught:
        credential.verify_proof(changed(W3C_EXAMPLE, path, value))
    assert caught.value.code == code


def test_a_proof_fits_documents_of_any_kind_and_is_added_once() -> None:
    signed = proof.add(doc.BOX, {"weight": 1.5, "é": [None]}, doc.NOW)
    assert credential.verify_proof(signed) == doc.BOX.public
    with pytest.raises(LocalWireError):
        proof.add(doc.BOX, signed, doc.NOW)


def test_a_certificate_tells_what_is_owned_and_by_whom() -> None:
    found = credential.verify(doc.certificate_of())
    assert (found.drop, found.edition, found.edition_size) == ("night-prints", 7, 50)
    assert (found.issuer, found.creator, found.owner) == (doc.BOX.public, doc.CREATOR.did, doc.OWNER.did)
    assert (found.manifest, found.receipt, found.valid_from_s) == (doc.HASH, doc.HASH, doc.NOW)
    assert found.delegation is not None


def test_a_certificate_survives_being_saved_and_read() -> None:
    saved = json.dumps(doc.certificate_of(), indent=2)
    assert credential.verify(json.loads(saved)).grade == "VALID-PROVISIONAL"


def test_a_countersigned_certificate_is_final_and_may_keep_its_delegation() -> None:
    assert credential.verify(doc.certificate_of(doc.CREATOR)).grade == "VALID-FINAL"


def test_without_an_owner_key_no_owner_is_named() -> None:
    document = doc.certificate_of(owner=None)
    assert "id" not in document["credentialSubject"]
    assert credential.verify(document).owner is None


def test_the_name_of_an_open_drop_bears_no_number() -> None:
    assert doc.certificate_of()["name"] == "Night prints – Zoë — edition 7 of 50"
    assert doc.certificate_of(edition=None, edition_size=None)["name"] == "Night prints – Zoë"


@pytest.mark.parametrize(
    "changes",
    [
        {"edition": 51},
        {"delegation": None},
        {"id": "7"},
        {"manifest": "x"},
        {"valid_from_s": doc.NOW - 1},
        {"title": "\n"},
    ],
    ids=str,
)
def test_no_certificate_is_signed_that_would_not_verify(changes: dict[str, Any]) -> None:
    with pytest.raises(LocalWireError):
        doc.certificate_of(**changes)


def test_a_certificate_belongs_to_its_manifest() -> None:
    claims = doc.manifest_claims()
    token = doc.forge(doc.CREATOR, manifest.TYP, claims)
    found = credential.verify(doc.certificate_of(manifest=jws.token_hash(token)))
    credential.check_manifest(found, manifest.parse(claims), token)
    smaller = doc.manifest_claims(drop=doc.drop_claims(edition=49))
    with pytest.raises(WireError) as caught:
        credential.check_manifest(found, manifest.parse(smaller), token)
    assert caught.value.code == "certificate-edition-size"
    with pytest.raises(WireError) as caught:
        credential.check_manifest(credential.verify(doc.certificate_of()), manifest.parse(claims), token)
    assert caught.value.code == "certificate-other-manifest"


def test_the_hash_of_a_certificate_covers_its_proof_and_not_its_layout() -> None:
    document = doc.certificate_of()
    assert certificate.digest(document) == certificate.digest(dict(reversed(document.items())))
    assert certificate.digest(document) != certificate.digest(changed(document, "proof/proofValue", "z1"))


@pytest.mark.parametrize(
    "text", ["", "2026-02-30T00:00:00Z", "2026-01-01T00:00:00z", "2026-01-01 00:00:00Z", "\uff12026-01-01T00:00:00Z"]
)
def test_a_date_has_one_spelling(text: str) -> None:
    with pytest.raises(WireError):
        proof.parse_timestamp(text)


@given(st.integers(0, 4_102_444_800))
def test_every_second_survives_its_spelling(at_s: int) -> None:
    assert proof.parse_timestamp(proof.timestamp(at_s)) == at_s


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)
members = sorted(doc.certificate_of()) + [f"proof/{name}" for name in doc.certificate_of()["proof"]]


@given(st.sampled_from(members), anything)
def test_any_member_replaced_by_anything_raises_only_our_errors(path: str, value: object) -> None:
    with pytest.raises(StallError):
        credential.verify(changed(doc.certificate_of(), path, {"not": value} if value is None else value))


@given(anything)
def test_whatever_is_handed_in_raises_only_our_errors(document: Any) -> None:
    for check in (credential.verify, credential.verify_proof):
        with pytest.raises(StallError):
            check(document)


def test_no_vector_names_a_person_or_a_price() -> None:
    text = (Path(__file__).parent / "vectors" / "certificate.json").read_text(encoding="utf-8")
    for case in json.loads(text)["valid"]:
        assert case["document"]["credentialSubject"].keys().isdisjoint({"name", "email", "price", "minor"})
