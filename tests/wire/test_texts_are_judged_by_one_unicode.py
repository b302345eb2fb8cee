"""Whether a signed text holds depends on no interpreter's tables: characters are those of Unicode 14.0, everywhere."""

from __future__ import annotations

import sys
import unicodedata
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stall.errors import LocalWireError, Refused, WireError
from stall.wire import assigned, canonical, keyfile, manifest, paths, strict_json
from tests.wire import documents as doc

EVERY = range(sys.maxunicode + 1)
#: Of the categories that no path may have, these can grow; the others are fixed for ever (Unicode stability policy).
FORMATS_OF_14 = 163


@cache
def unassigned() -> frozenset[int]:
    return frozenset(code for first, last in assigned.ranges() for code in range(first, last + 1))


@pytest.mark.skipif(
    unicodedata.unidata_version != "14.0.0", reason="this interpreter has other tables than Unicode 14.0"
)
def test_the_table_is_that_of_unicode_14() -> None:
    assert unassigned() == {code for code in EVERY if unicodedata.category(chr(code)) == "Cn"}


def test_every_interpreter_knows_what_the_table_assigns() -> None:
    assert {code for code in EVERY if unicodedata.category(chr(code)) == "Cn"} <= unassigned()


def test_no_later_table_moves_an_assigned_character_into_or_out_of_what_no_path_may_have() -> None:
    known = [chr(code) for code in set(EVERY) - unassigned()]
    assert sum(unicodedata.category(char) == "Cf" for char in known) == FORMATS_OF_14


def test_the_ranges_are_in_order_and_apart() -> None:
    bounds = [bound for both in assigned.ranges() for bound in both]
    assert bounds == sorted(bounds)
    assert all(
        last + 1 < first for (_, last), (first, _) in zip(assigned.ranges(), assigned.ranges()[1:], strict=False)
    )


@given(st.text(max_size=8))
def test_the_first_unassigned_character_is_found(text: str) -> None:
    gone = unassigned()
    assert assigned.first_unassigned(text) == next((char for char in text if ord(char) in gone), None)


@pytest.mark.parametrize("text", ["a\U00010efd\u0301", "\U000105d2\u0307", "a\u0897\u0301", "\U0001fae8", "\u2ffc"])
def test_a_character_newer_than_unicode_14_is_refused_in_every_signed_text_and_path(text: str) -> None:
    plain = doc.manifest_claims(drop=doc.drop_claims(title=text))
    token = doc.forge(doc.CREATOR, manifest.TYP, plain)
    with pytest.raises(WireError, match="json-unassigned"):
        strict_json.loads(canonical.dumps([text]))
    with pytest.raises(WireError, match="json-unassigned"):
        manifest.verify(token, doc.TRUSTED)
    with pytest.raises(WireError, match="path-unassigned"):
        paths.check(f"{text}.jpg")


def test_what_a_person_types_is_made_such_a_text() -> None:
    assert assigned.settled("e\u0301 \U0001fae8\ufdd0") == "é \ufffd\ufffd"


def test_no_key_is_sealed_with_a_passphrase_that_another_machine_reads_otherwise() -> None:
    with pytest.raises(Refused) as refused:
        keyfile.check_passphrase("four words \U0001e030 drawn")
    assert refused.value.code == "key-passphrase-text"


def test_nothing_is_signed_that_would_then_be_refused() -> None:
    plain = doc.manifest_claims(drop=doc.drop_claims(title="\U0001fae8"))
    with pytest.raises(LocalWireError, match=r"Unicode 14\.0"):
        manifest.sign(doc.CREATOR, manifest.parse(plain))
