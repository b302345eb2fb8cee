"""Quick ways of reading tokens and lines accept, refuse and name exactly what the slow and plain ones do."""

from __future__ import annotations

import binascii
import re
from collections.abc import Callable
from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stall.errors import WireError
from stall.wire import b64, jws, receipt
from stall.wire import claims as rules
from tests.wire import documents as doc

TEXTS = ("cur", "drop", "sku", "man", "lease")
NUMBERED = doc.item_claims()
ARTICLE = {"qty": 2, "cur": "EUR", "minor": 450, "vat": 1900, "sku": "print-1"}

#: Texts that are right for one of the members, or nearly: too short or long, a wrong last character, a line's end.
nearly = st.sampled_from([
    "EUR", "eur", "EU", "EURO", "EUR\n", "EUR\nUSD", "\uff25UR", "", "ab", "abc", "a" * 64, "a" * 65, "a" * 200, "a" * 201,
    doc.HASH, doc.HASH[:-1] + "B", doc.HASH[1:], doc.JTI, doc.JTI[:-1] + "B", doc.JTI + "\n", doc.JTI + "=", "+" * 22,
    "Zoë’s print", "two\nlines", "\x1b[2J", "\u202egnirts", "\x7f", "\u2069", "Night-Prints", "night_prints",
])  # fmt: skip
anything: st.SearchStrategy[object] = (
    nearly | st.text(max_size=4) | st.sampled_from([None, True, 0, -1, 10**9 + 1, 1.5, [], {}, ["EUR"]])
)
changes = st.lists(
    st.tuples(st.integers(0, 5), st.sampled_from([*TEXTS, *TEXTS, "qty", "minor", "vat", "ed", "disc", "new"]), anything),
    max_size=3,
)  # fmt: skip


def outcome(way: Callable[[], object]) -> object:
    """What a way of reading gives, or in which words it refuses."""
    try:
        return way()
    except WireError as error:
        return error.code, error.sentence


def sold(number: int, wrong: list[tuple[int, str, object]], gone: set[tuple[int, str]]) -> doc.Claims:
    """A receipt of so many lines that adds up, of whose lines some members are changed and some are taken out."""
    items: list[doc.Claims] = [{**NUMBERED, "ed": at + 1} if at % 2 == 0 else dict(ARTICLE) for at in range(number)]
    for at, name, value in wrong:
        items[at % number][name] = value
    for at, name in gone:
        items[at % number].pop(name, None)
    total = 450 * number
    vat = total * 1900 // 11900
    pay = [{"m": "cash", "st": "cash", "cur": "EUR", "minor": total}]
    return doc.receipt_claims(items=items, tax=[{"rate": 1900, "net": total - vat, "vat": vat}], pay=pay)


papers = st.builds(
    sold, st.integers(1, 6), changes, st.sets(st.tuples(st.integers(0, 5), st.sampled_from(TEXTS)), max_size=1)
)


@given(papers)
def test_lines_are_refused_in_the_words_in_which_each_by_itself_is_refused(claims: doc.Claims) -> None:
    alone = outcome(lambda: rules.of(rules.typed(claims, receipt.Receipt, "receipt")))
    together = outcome(lambda: receipt.claims(receipt.parse(claims)))
    if isinstance(together, tuple) and together[0].startswith("receipt-"):
        assert isinstance(alone, dict)  # only the sums, or what lines must name, are wrong: no text is
    else:
        assert together == alone


@given(papers)
def test_a_signed_receipt_is_judged_as_its_claims_are(claims: doc.Claims) -> None:
    token = outcome(lambda: doc.forge(doc.BOX, receipt.RECEIPT, claims))
    if isinstance(token, str):
        signed = outcome(lambda: receipt.claims(receipt.verify(token, doc.TRUSTED)))
        parsed = outcome(lambda: receipt.claims(receipt.parse(jws.verify(token, doc.TRUSTED, receipt.RECEIPT))))
        assert signed == parsed


@pytest.mark.parametrize("name", TEXTS)
@given(text=nearly | st.text(max_size=4), at=st.integers(0, 5))
def test_one_text_is_taken_or_refused_like_the_type_of_its_member_does(name: str, text: str, at: int) -> None:
    claims = sold(6, [(at, name, text)], set())
    alone = outcome(lambda: rules.of(rules.typed(claims, receipt.Receipt, "receipt")))
    together = outcome(lambda: receipt.claims(receipt.parse(claims)))
    assert isinstance(alone, dict) != (isinstance(together, tuple) and together[0].startswith("member-"))


class Doubtful(rules.Claims, frozen=True, kw_only=True):
    """A document whose two judges do not agree."""

    word: str
    strict: ClassVar[type[rules.Claims] | None] = None

    def formed(self) -> bool:
        return False


def test_what_only_one_judge_refuses_is_refused() -> None:
    with pytest.raises(WireError) as caught:
        rules.typed({"word": "a"}, Doubtful, "paper")
    assert caught.value.code == "member-form"
    assert rules.read_canonical(b'{"word":"a"}', Doubtful) is None


TOKEN = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{86}", re.ASCII)
parts = st.text("Aa0-_.+é\n =", max_size=3)


@given(
    parts,
    parts,
    st.sampled_from(["A" * 86, "-" * 85 + "_", "A" * 85, "A" * 87, "A" * 85 + "é", "A" * 86 + "\n"]),
    parts,
)
def test_a_token_is_cut_up_only_if_it_has_the_shape_of_one(
    header: str, payload: str, signature: str, more: str
) -> None:
    for token in (f"{header}.{payload}.{signature}", f"{header}.{payload}.{signature}{more}", header + signature):
        found = outcome(lambda token=token: jws.unverified_kid(token))  # type: ignore[misc]  # its default binds it
        assert isinstance(found, tuple)
        assert (found[0] == "token-malformed") == (TOKEN.fullmatch(token) is None)


def by_the_standard_library(text: str) -> object:
    """What base64url text holds, or the code it is refused with, slowly."""
    try:
        data = binascii.a2b_base64(text.translate(str.maketrans("-_", "+/")) + "=" * (-len(text) % 4))
    except ValueError:
        return "base64-malformed"
    again = binascii.b2a_base64(data, newline=False).decode().translate(str.maketrans("+/", "-_", "="))
    return data if again == text else "base64-not-canonical"


@given(st.text("AB-_+/= \nzé", max_size=9) | st.binary(max_size=20).map(b64.encode))
def test_base64url_is_read_as_the_standard_library_would(text: str) -> None:
    found: Any = outcome(lambda: b64.decode(text))
    assert (found if isinstance(found, bytes) else found[0]) == by_the_standard_library(text)
