"""Badges: the shape of Open Badges 3.0, whose they are, and what is never signed."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stall.errors import LocalWireError, StallError
from stall.wire import badge
from tests.wire import documents as doc
from tests.wire.cases import badge as cases
from tests.wire.make_vectors import FOLDER

GOOD = cases.badge_of()


def test_a_badge_has_what_open_badges_ask_for() -> None:
    assert GOOD["@context"][0] == "https://www.w3.org/ns/credentials/v2"
    assert GOOD["@context"][1].startswith("https://purl.imsglobal.org/spec/ob/v3p0/context-")
    assert GOOD["type"] == ["VerifiableCredential", "OpenBadgeCredential"]
    assert GOOD["issuer"]["type"] == ["Profile"]
    assert GOOD["credentialSubject"]["type"] == ["AchievementSubject"]
    assert GOOD["credentialSubject"]["achievement"].keys() == {"id", "type", "name", "description", "criteria", "image"}
    assert GOOD["evidence"][0]["type"][0] == "Evidence"


@pytest.mark.parametrize("case", json.loads((FOLDER / "badge.json").read_text(encoding="utf-8"))["valid"])
def test_a_badge_goes_back_to_its_creator(case: dict[str, Any]) -> None:
    assert badge.verify(case["document"]).creator == case["creator"]


def test_a_badge_tells_whose_it_is_from_when_to_when() -> None:
    found = badge.verify(cases.badge_of(valid_until_s=doc.NOW + doc.DAY))
    assert (found.owner, found.valid_from_s, found.valid_until_s) == (doc.OWNER.did, doc.NOW, doc.NOW + doc.DAY)
    assert found.badge.credential_subject.achievement.name == "First night – Zoë"


def test_an_address_is_recognised_and_not_told() -> None:
    document = cases.badge_of(owner=None, identity=cases.IDENTITY)
    (told,) = badge.verify(document).badge.credential_subject.identifier
    assert told.identity_hash == badge.identity_hash("zoe@example.org", told.salt)
    assert told.identity_hash == "sha256$" + hashlib.sha256(b"zoe@example.org" + told.salt.encode()).hexdigest()
    assert "zoe@" not in json.dumps(document)


@pytest.mark.parametrize(
    "changes",
    [
        {"owner": None},
        {"identity": cases.IDENTITY},
        {"owner": doc.BOX.did},
        {"delegation": "x"},
        {"valid_from_s": doc.NOW - 1},
        {"valid_until_s": doc.NOW},
        {"id": "7"},
        {"issuer_name": "\n"},
    ],
    ids=str,
)
def test_no_badge_is_signed_that_would_not_verify(changes: dict[str, Any]) -> None:
    with pytest.raises(LocalWireError):
        cases.badge_of(**changes)


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
        badge.verify(changed)


@given(anything)
def test_whatever_is_handed_in_raises_only_our_errors(document: object) -> None:
    with pytest.raises(StallError):
        badge.verify(document)
