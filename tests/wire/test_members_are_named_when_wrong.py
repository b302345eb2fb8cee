"""A member that does not fit its type is refused by one of eight codes, and named to the person who reads it."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from stall.errors import WireError
from stall.wire import claims as rules
from stall.wire import delegation, lease, manifest, receipt
from tests.wire import casebook
from tests.wire import documents as doc


def refusal(claims: Any, kind: type[rules.Claims] = lease.Lease, what: str = "lease") -> WireError:
    with pytest.raises(WireError) as caught:
        rules.typed(claims, kind, what)
    return caught.value


@pytest.mark.parametrize(
    ("changes", "code", "member"),
    [
        ({"seq": 1}, "member-unknown", "seq"),
        ({"ckpt": {"size": 1, "root": doc.HASH, "note": ""}}, "member-unknown", "ckpt.note"),
        ({"epoch": None}, "member-missing", "epoch"),
        ({"ckpt": {"size": 1}}, "member-missing", "ckpt.root"),
        ({"iat": "today"}, "member-type", "iat"),
        ({"iat": True}, "member-type", "iat"),
        ({"lease_seq": 0}, "member-range", "lease_seq"),
        ({"lease_seq": 2**53}, "member-range", "lease_seq"),
        ({"lease_seq": 2**70}, "member-range", "lease_seq"),
        ({"jti": "short"}, "member-form", "jti"),
        ({"ranges": [[1, 2, 3]]}, "member-count", "ranges"),
        ({"ranges": [[1, 1]] * 65}, "member-count", "ranges"),
    ],
)
def test_the_code_says_what_is_wrong_and_the_sentence_where(changes: dict[str, Any], code: str, member: str) -> None:
    wrong = refusal(doc.lease_claims(**changes))
    assert wrong.code == code
    assert "lease" in wrong.sentence
    assert f"“{member}" in wrong.sentence


def test_null_is_found_wherever_it_stands() -> None:
    for claims, member in (
        ({**doc.lease_claims(), "ckpt": None}, "ckpt"),
        (doc.lease_claims(ckpt={"size": None, "root": doc.HASH}), "ckpt.size"),
        (doc.lease_claims(ranges=[[1, None]]), "ranges[...][...]"),
        (doc.lease_claims(unknown=[None]), "unknown[...]"),
    ):
        wrong = refusal(claims)
        assert (wrong.code, f"“{member}”" in wrong.sentence) == ("member-null", True)


def test_an_extension_may_hold_null_but_not_be_it() -> None:
    good = doc.manifest_claims(ext={"a": None})
    assert rules.typed(good, manifest.Manifest, "manifest").ext == {"a": None}
    wrong = refusal({**good, "ext": None}, manifest.Manifest, "manifest")
    assert (wrong.code, "“ext”" in wrong.sentence) == ("member-null", True)


def test_a_word_that_is_none_of_those_listed_is_not_repeated() -> None:
    wrong = refusal(doc.receipt_claims(clk="gps\x1b[2J"), receipt.Receipt, "receipt")
    assert wrong.code == "member-choice"
    assert "gps" not in wrong.sentence
    assert "“clk”" in wrong.sentence


@pytest.mark.parametrize("name", ["\x1b[2J", "\u202ereversed", "x" * 5000, "a` - at `$.b", "two words"])
def test_a_name_from_outside_rewrites_no_terminal(name: str) -> None:
    wrong = refusal({**doc.lease_claims(), name: 1})
    assert wrong.code == "member-unknown"
    assert wrong.sentence.isprintable()
    assert len(wrong.sentence) < 200


@pytest.mark.parametrize("value", [[], "text", 7, None])
def test_what_is_no_object_is_of_the_wrong_kind(value: object) -> None:
    assert refusal(value).code == "member-type"


def test_the_same_words_are_found_in_every_document() -> None:
    for kind, what in ((delegation.Delegation, "delegation"), (receipt.Receipt, "void")):
        wrong = refusal({}, kind, what)
        assert (wrong.code, what in wrong.sentence) == ("member-missing", True)


KNOWN = (
    "Object contains unknown field", "Object missing required field", "Expected `array` of length", "Expected `str` matching regex",
    "Expected `str` of length", "Expected `int` >=", "Expected `int` <=", "Invalid enum value",
)  # fmt: skip


def test_every_message_of_the_library_that_the_vectors_meet_is_known() -> None:
    kinds = {
        "manifest": manifest.Manifest,
        "delegation": delegation.Delegation,
        "lease": lease.Lease,
        "receipt": receipt.Receipt,
    }
    for name, kind in kinds.items():
        for case in casebook.documents()[name].invalid:
            if "claims" in case.given and case.code.startswith("member-") and case.code != "member-null":
                with pytest.raises(msgspec.ValidationError) as caught:
                    msgspec.convert(case.given["claims"], kind)
                message = str(caught.value)
                assert message.startswith(KNOWN) != (case.code == "member-type"), message
                assert ("`, got `" in message) == (case.code == "member-type") or case.code == "member-count", message
