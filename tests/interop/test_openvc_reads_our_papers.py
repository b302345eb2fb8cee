"""What we sign under `eddsa-jcs-2022`, read by openvc-core, whose authors never saw our code; and what it signs, read by us.

It finds the key by the did:key in the proof and knows nothing of our profile. It leaves `@context` out of the proofs it
writes, though it signs them with it as W3C vc-di-eddsa 3.3.1 says; put back, they hold here.
"""

from __future__ import annotations

import copy
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from openvc.errors import OpenvcError
from openvc.proof.di_jcs import EddsaJcsProofSuite

from stall.wire import credential, proof
from tests.wire import documents as doc
from tests.wire.make_vectors import FOLDER

NOW = datetime.fromtimestamp(doc.NOW + 60, UTC)
SUITE = EddsaJcsProofSuite()


def cases(name: str, verdict: str = "valid") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))[verdict]
    return found


def altered(document: dict[str, Any], member: str) -> dict[str, Any]:
    changed = copy.deepcopy(document)
    changed[member] = "altered"
    return changed


@pytest.mark.parametrize("case", [*cases("certificate"), *cases("badge")])
def test_it_verifies_our_certificates_and_badges(case: dict[str, Any]) -> None:
    document = case["document"]
    read = SUITE.verify(document, now=NOW)
    assert read.issuer == document["issuer"]["id"]
    assert read.subject == document["credentialSubject"].get("id")
    with pytest.raises(OpenvcError):
        SUITE.verify(altered(document, "name"), now=NOW)


@pytest.mark.parametrize("case", cases("presentation"))
def test_it_verifies_our_presentations_for_whoever_asked(case: dict[str, Any]) -> None:
    asked = {"expected_challenge": case["challenge"], "expected_domain": case["domain"]}
    SUITE.verify(case["document"], expected_proof_purpose=proof.AUTHENTICATION, now=NOW, **asked)
    for wrong in ({**asked, "expected_challenge": "other"}, {**asked, "expected_domain": "other"}):
        with pytest.raises(OpenvcError):
            SUITE.verify(case["document"], expected_proof_purpose=proof.AUTHENTICATION, now=NOW, **wrong)
    with pytest.raises(OpenvcError):
        SUITE.verify(case["document"], now=NOW, **asked)  # made to answer, not to assert


WRONGLY_PROVED = [case for case in cases("certificate", "invalid") if case["code"] == "proof-bad-signature"]


@pytest.mark.parametrize("case", WRONGLY_PROVED, ids=lambda case: case["rule"])
def test_it_refuses_what_is_wrongly_signed_and_checks_without_cofactor_as_we_do(case: dict[str, Any]) -> None:
    with pytest.raises(OpenvcError):
        SUITE.verify(case["document"], now=NOW)


class Key:
    """The box's key, as openvc takes keys."""

    alg = "EdDSA"
    kid = doc.BOX.did

    def sign(self, data: bytes) -> bytes:
        return doc.BOX.sign(data)


def test_a_certificate_it_signed_holds_here_with_the_terms_it_signed() -> None:
    bare = {name: value for name, value in doc.certificate_of().items() if name != "proof"}
    method = proof.method_of(doc.BOX.did)
    signed = SUITE.add_proof(bare, signing_key=Key(), verification_method=method, created=NOW)
    signed["proof"]["@context"] = bare["@context"]
    assert credential.verify_proof(signed) == doc.BOX.public
    assert credential.verify(signed).edition == 7
