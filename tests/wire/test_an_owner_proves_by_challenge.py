"""An owner's answer: to one challenge, for one reader, with the key the certificate names."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stall.errors import StallError, WireError
from stall.wire import certificate, credential, jws, ownercode, presentation
from stall.wire.delegation import TYP
from tests.wire import documents as doc
from tests.wire.cases import presentation as cases

CHALLENGE, DOMAIN = "bNwYcs2Lq0mXh7tR4vKd1A", "gallery.example"
GOOD = cases.shown()


def test_an_answer_shows_the_certificate_and_its_holder() -> None:
    shown = presentation.verify(json.loads(json.dumps(GOOD)), CHALLENGE, DOMAIN, doc.NOW + 60)
    assert (shown.holder, shown.created_s, shown.transfer_to) == (doc.OWNER.did, doc.NOW + 60, None)
    assert (shown.certificate.drop, shown.certificate.edition) == ("night-prints", 7)


def test_a_reader_may_ask_for_a_fresher_answer() -> None:
    assert presentation.verify(GOOD, CHALLENGE, DOMAIN, doc.NOW + 70, max_age_s=10).holder == doc.OWNER.did
    with pytest.raises(WireError) as caught:
        presentation.verify(GOOD, CHALLENGE, DOMAIN, doc.NOW + 71, max_age_s=10)
    assert caught.value.code == "presentation-stale"


def test_the_certificate_itself_is_not_altered_by_showing_it() -> None:
    shown = presentation.verify(GOOD, CHALLENGE, DOMAIN, doc.NOW + 60)
    assert certificate.digest(shown.certificate.document) == certificate.digest(doc.certificate_of())


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"key": doc.STRANGER}, "presentation-holder"),
        ({"challenge": "short"}, "presentation-challenge"),
        ({"domain": ""}, "presentation-domain"),
        ({"transfer_to": doc.OWNER.did}, "presentation-transfer"),
        ({"transfer_to": "me"}, "member-form"),
        ({"certificate": {}}, "certificate-not-ours"),
    ],
    ids=str,
)
def test_no_answer_is_signed_that_would_not_be_taken(changes: dict[str, Any], code: str) -> None:
    with pytest.raises(StallError) as caught:
        cases.shown(**changes)
    assert caught.value.code == code


def test_a_transfer_becomes_a_certificate_by_the_creator_for_the_next_owner() -> None:
    asked = cases.shown(transfer_to=doc.STRANGER.did)
    shown = presentation.verify(asked, CHALLENGE, DOMAIN, doc.NOW + 60)
    again = doc.certificate_of(doc.CREATOR, owner=shown.transfer_to, id="12345678-1234-4123-8123-123456789abd")
    assert credential.verify(again).owner == doc.STRANGER.did


def test_an_owner_code_is_enough_to_answer() -> None:
    key = ownercode.key_of(ownercode.decode("0004 1061 050R 3GG2 8A1C 60T3 GF99"))
    paper = doc.certificate_of(owner=key.did, delegation=jws.sign(doc.CREATOR, TYP, doc.delegation_claims()))
    shown = presentation.verify(cases.shown(key=key, certificate=paper), CHALLENGE, DOMAIN, doc.NOW)
    assert shown.holder == key.did


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)


@given(st.sampled_from([*GOOD, *(f"proof/{name}" for name in GOOD["proof"])]), anything)
def test_any_member_replaced_by_anything_raises_only_our_errors(path: str, value: object) -> None:
    changed: dict[str, Any] = json.loads(json.dumps(GOOD))
    inner = changed["proof"] if path.startswith("proof/") else changed
    inner[path.removeprefix("proof/")] = value
    with pytest.raises(StallError):
        presentation.verify(changed, CHALLENGE, DOMAIN, doc.NOW + 60)


@given(anything)
def test_whatever_is_handed_in_raises_only_our_errors(document: object) -> None:
    with pytest.raises(StallError):
        presentation.verify(document, CHALLENGE, DOMAIN, doc.NOW + 60)
