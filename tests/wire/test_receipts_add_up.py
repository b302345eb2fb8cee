"""Receipts: any sale whose sums hold is accepted, and one minor unit off anywhere is refused."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
import rfc8785
from hypothesis import assume, given
from hypothesis import strategies as st

from stall.errors import StallError, WireError
from stall.wire import b64, receipt
from tests.wire import documents as doc

RATES = [0, 700, 1900]
lines = st.lists(st.tuples(st.integers(1, 10**6), st.sampled_from(RATES)), min_size=1, max_size=8)


def sale(goods: list[tuple[int, int]], tip: int, rounding: int, split: int) -> doc.Claims:
    """Write the claims of a sale of `goods` (minor, rate), paid by cash and, if `split`, by card too."""
    items = [doc.item_claims(ed=number, minor=minor, vat=rate) for number, (minor, rate) in enumerate(goods, 1)]
    tax = []
    for rate in sorted({rate for _, rate in goods}):
        gross = sum(minor for minor, of in goods if of == rate)
        net = gross * 10_000 // (10_000 + rate)
        tax.append({"rate": rate, "net": net, "vat": gross - net})
    total = sum(minor for minor, _ in goods) + tip + rounding
    pay = [{"m": "cash", "st": "cash", "cur": "EUR", "minor": total - split}]
    if split:
        pay.append({"m": "card", "st": "stored", "cur": "EUR", "minor": split})
    return doc.receipt_claims(items=items, tax=tax, tip=tip, round=rounding, pay=pay)


@given(lines, st.integers(0, 1000), st.integers(-2, 2), st.integers(0, 500))
def test_a_sale_that_adds_up_is_accepted(goods: list[tuple[int, int]], tip: int, rounding: int, split: int) -> None:
    claims = sale(goods, tip, rounding, split)
    assume(sum(tender["minor"] for tender in claims["pay"]) > 0)
    assert receipt.claims(receipt.parse(claims)) == {n: v for n, v in claims.items() if v != 0}


@given(lines, st.integers(0, 1000), st.integers(0, 500))
def test_what_is_signed_is_the_canonical_bytes_of_the_claims(
    goods: list[tuple[int, int]], tip: int, split: int
) -> None:
    claims = sale(goods, tip, 0, split)
    assume(sum(tender["minor"] for tender in claims["pay"]) > 0)
    token = receipt.sign_claims(doc.BOX, claims)
    assert b64.decode(token.split(".")[1]) == rfc8785.dumps({n: v for n, v in claims.items() if v != 0})
    assert receipt.claims(receipt.verify(token, {doc.BOX.thumbprint: doc.BOX.public})) == {
        n: v for n, v in claims.items() if v != 0
    }


@given(lines, st.sampled_from(["items", "tax", "pay"]), st.sampled_from([-1, 1]))
def test_one_minor_unit_off_is_refused(goods: list[tuple[int, int]], part: str, off: int) -> None:
    claims = sale(goods, 0, 0, 0)
    field = "net" if part == "tax" else "minor"
    claims[part][-1][field] += off
    with pytest.raises(WireError):
        receipt.parse(claims)


def test_off_by_one_in_two_places_is_still_noticed() -> None:
    claims = sale([(450, 1900)], 0, 0, 0)
    claims["items"][0]["minor"] += 1
    claims["pay"][0]["minor"] += 1
    with pytest.raises(WireError) as caught:
        receipt.parse(claims)
    assert caught.value.code == "receipt-tax-sum"


@pytest.mark.parametrize("typ", [receipt.REFUND, receipt.VOID])
def test_refund_and_void_name_their_receipt(typ: str) -> None:
    back = doc.receipt_claims(
        items=[doc.item_claims(minor=-450)],
        tax=[{"rate": 1900, "net": -378, "vat": -72}],
        pay=[{"m": "card", "st": "online", "cur": "EUR", "minor": -450}],
        code=None,
    )
    with pytest.raises(WireError) as caught:
        receipt.parse(back, typ)
    assert caught.value.code == "receipt-no-ref"
    token = receipt.sign(doc.BOX, receipt.parse({**back, "ref": doc.JTI}, typ), typ)
    assert receipt.verify(token, doc.TRUSTED, typ).ref == doc.JTI
    with pytest.raises(WireError):
        receipt.verify(token, doc.TRUSTED)


def test_a_receipt_in_the_name_of_another_box_is_refused() -> None:
    token = doc.forge(doc.CLOUD, receipt.RECEIPT, doc.receipt_claims())
    with pytest.raises(WireError) as caught:
        receipt.verify(token, doc.TRUSTED)
    assert caught.value.code == "receipt-wrong-signer"


anything = st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.lists(st.integers(), max_size=2)


@given(
    st.sampled_from(sorted(doc.receipt_claims())), anything | st.dictionaries(st.text(max_size=4), anything, max_size=2)
)
def test_any_claim_replaced_by_anything_raises_only_our_errors(name: str, value: Any) -> None:
    with contextlib.suppress(StallError):
        receipt.parse({**doc.receipt_claims(), name: value})
