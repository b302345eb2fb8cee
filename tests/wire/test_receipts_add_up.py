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


baskets = st.lists(
    st.tuples(st.integers(0, 10**6), st.sampled_from(RATES), st.integers(0, 500)), min_size=1, max_size=8
)


def taxes(items: list[doc.Claims]) -> list[doc.Claims]:
    """One row a rate, its VAT rounded line by line, as tills elsewhere do."""
    rows = []
    for rate in sorted({item["vat"] for item in items}):
        of_rate = [item["minor"] for item in items if item["vat"] == rate]
        vat = sum(round(minor * rate / (10_000 + rate)) for minor in of_rate)
        rows.append({"rate": rate, "net": sum(of_rate) - vat, "vat": vat})
    return rows


def paper(items: list[doc.Claims], split: int, **more: Any) -> doc.Claims:
    """Write the claims of a document of `items`, paid by card and, for `split`, in cash."""
    total = sum(item["minor"] for item in items) + more.get("tip", 0) + more.get("round", 0)
    pay = [{"m": "card", "st": "stored", "cur": "EUR", "minor": total - split}]
    if split:
        pay.append({"m": "cash", "st": "cash", "cur": "EUR", "minor": split})
    if total == 0:
        pay = [{"m": "comp", "st": "free", "cur": "EUR", "minor": 0}]
    return doc.receipt_claims(items=items, tax=taxes(items), pay=pay, **more)


def basket(goods: list[tuple[int, int, int]], sign: int = 1, first: int = 1) -> list[doc.Claims]:
    """Numbered lines with a discount each."""
    return [
        doc.item_claims(ed=number, minor=sign * minor, vat=rate, disc=sign * off)
        for number, (minor, rate, off) in enumerate(goods, first)
    ]


@st.composite
def papers(draw: st.DrawFn) -> tuple[doc.Claims, str]:
    """Any sale, exchange, refund or void, with VAT of several rates, discounts, tip, rounding, one or two tenders."""
    typ = draw(st.sampled_from([receipt.RECEIPT, receipt.RECEIPT, receipt.REFUND, receipt.VOID]))
    sign = 1 if typ == receipt.RECEIPT else -1
    items = basket(draw(baskets), sign)
    more: doc.Claims = {"tip": sign * draw(st.integers(0, 1000)), "round": draw(st.integers(-2, 2))}
    if typ != receipt.RECEIPT or draw(st.booleans()):
        more |= {"ref": doc.OTHER_JTI, "code": None}
        items += basket(draw(baskets), -1, first=20) if typ == receipt.RECEIPT else []
    claims = paper(items, sign * draw(st.integers(0, 400)), **more)
    money = [tender["minor"] for tender in claims["pay"]]
    assume(typ == receipt.RECEIPT or (max(money) <= 0 and (min(money) < 0 or typ == receipt.VOID)))
    return claims, typ


@given(papers())
def test_any_sale_exchange_refund_or_void_that_adds_up_is_accepted(made: tuple[doc.Claims, str]) -> None:
    claims, typ = made
    token = receipt.sign_claims(doc.BOX, claims, typ)
    assert receipt.verify(token, doc.TRUSTED, typ) == receipt.parse(claims, typ)


@given(papers(), st.data(), st.sampled_from([-1, 1]))
def test_any_one_amount_off_by_one_is_refused(made: tuple[doc.Claims, str], data: st.DataObject, off: int) -> None:
    claims, typ = made
    places = [
        (part, name)
        for list_name, names in (("items", ["minor"]), ("tax", ["net", "vat"]), ("pay", ["minor"]))
        for part in claims[list_name]
        for name in names
    ]
    part, name = data.draw(st.sampled_from([*places, (claims, "tip"), (claims, "round")]))
    part[name] += off
    with pytest.raises(WireError):
        receipt.parse(claims, typ)


@given(baskets, st.booleans())
def test_an_amount_moved_from_one_rate_to_another_is_refused(goods: list[tuple[int, int, int]], up: bool) -> None:
    claims = paper(basket([*goods, (100, 0, 0), (200, 1900, 0)]), 0)
    one, other = claims["tax"][0], claims["tax"][-1]
    one["net"] += 1 if up else -1
    other["net"] -= 1 if up else -1
    with pytest.raises(WireError) as caught:
        receipt.parse(claims)
    assert caught.value.code == "receipt-tax-rate"


def test_off_by_one_in_two_places_is_still_noticed() -> None:
    claims = sale([(450, 1900)], 0, 0, 0)
    claims["items"][0]["minor"] += 1
    claims["pay"][0]["minor"] += 1
    with pytest.raises(WireError) as caught:
        receipt.parse(claims)
    assert caught.value.code == "receipt-tax-sum"


@pytest.mark.parametrize("typ", [receipt.REFUND, receipt.VOID])
def test_refund_and_void_name_their_receipt(typ: str) -> None:
    back = doc.refund_claims(ref=None)
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


CARD_NUMBERS = ["4111111111111111", "5500-0000-0000-0004", "no 378282246310005", "6011000990139424 ok"]


@pytest.mark.parametrize("ref", CARD_NUMBERS)
def test_a_card_number_never_stands_on_a_receipt(ref: str) -> None:
    pay = [{"m": "card", "st": "online", "cur": "EUR", "minor": 450, "ref": ref}]
    with pytest.raises(WireError) as caught:
        receipt.parse(doc.receipt_claims(pay=pay))
    assert caught.value.code == "receipt-card-number"


@given(st.integers(0, 99_999_999), st.integers(0, 9999), st.none() | st.integers(0, 999_999))
def test_what_a_terminal_calls_its_payments_is_no_card_number(tid: int, number: int, trace: int | None) -> None:
    ref = f"{tid:08d}-{number:04d}" + ("" if trace is None else f"-{trace:06d}")
    pay = [{"m": "card", "st": "online", "cur": "EUR", "minor": 450, "ref": ref}]
    assert receipt.parse(doc.receipt_claims(pay=pay)).pay[0].ref == ref


anything = st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.lists(st.integers(), max_size=2)


@given(
    st.sampled_from(sorted(doc.receipt_claims())), anything | st.dictionaries(st.text(max_size=4), anything, max_size=2)
)
def test_any_claim_replaced_by_anything_raises_only_our_errors(name: str, value: Any) -> None:
    with contextlib.suppress(StallError):
        receipt.parse({**doc.receipt_claims(), name: value})
