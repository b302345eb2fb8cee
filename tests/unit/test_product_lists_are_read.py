"""Lists of products from another till: columns by many names, prices as people write them, one sentence for each bad row."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stall.domain import product_list
from stall.domain.product import ProductKind, read_stock, read_vat, sku_of, stock_words
from stall.errors import Refused


def test_the_words_of_another_till_are_known() -> None:
    listed = product_list.read(
        "\ufeffName;SKU;Preis [Markt];MwSt;EAN;Bestand;Farbe\r\n"
        "Postkarte;pk-1;1,20 €;7 %;4006381333931;40;rot\r\n\r\n"
        "Tasse, blau;;12.50;;;;\r\n",
        "EUR",
    )
    assert listed.wrong == ()
    assert listed.unknown == ("Farbe",)
    first, second = listed.rows
    assert (first.line, first.sku, first.price_minor, first.vat_bp, first.barcode, first.stock) == (
        2,
        "pk-1",
        120,
        700,
        "4006381333931",
        40,
    )
    assert (second.line, second.title, second.price_minor, second.vat_bp, second.sku) == (
        4,
        "Tasse, blau",
        1250,
        None,
        None,
    )


def test_bundles_vouchers_and_what_is_off_sale() -> None:
    listed = product_list.read(
        "title,kind,price,on sale,parts\nBoth,bundle,5.99,yes,slow-light postcard:3\nGift,voucher,,no,\n", "EUR"
    )
    both, gift = listed.rows
    assert (both.kind, both.parts) == (ProductKind.BUNDLE, (("slow-light", 1), ("postcard", 3)))
    assert (gift.kind, gift.price_minor, gift.on_sale) == (ProductKind.VOUCHER, None, False)


def test_each_bad_row_gets_one_sentence_and_its_line() -> None:
    listed = product_list.read(
        'title,price,vat,stock,kind\n"Two\nlines",1,,,\nA,x,,,\n,1,,,\nB,1,200,,\nC,1,,many,\nD,1,,,thing\nE,1.234\n',
        "EUR",
    )
    assert [line for line, _ in listed.wrong] == [4, 5, 6, 7, 8, 9]
    said = [sentence for _, sentence in listed.wrong]
    assert said[0] == "“x” is not an amount in EUR. Write it like 4.50."
    assert said[1] == "The product has no title. Type one."
    assert "200" in said[2]
    assert "many" in said[3]
    assert "thing" in said[4]
    assert "1.234" in said[5]


@pytest.mark.parametrize("text", ["", "a,b\n1,2\n", "title\nA\n", "title,name,price\nA,B,1\n", 'title,price\n"A,1\n'])
def test_what_is_no_list_is_refused_in_a_sentence(text: str) -> None:
    with pytest.raises(Refused) as refused:
        product_list.read(text, "EUR")
    assert refused.value.code == "product-list"


@settings(max_examples=40)
@given(st.text(max_size=60))
def test_no_text_breaks_the_reading(text: str) -> None:
    with contextlib.suppress(Refused):
        product_list.read("title,price,vat,stock,parts\n" + text, "EUR")


@pytest.mark.parametrize(
    ("text", "rate"), [("19", 1900), ("5.5", 550), ("5,5 %", 550), ("0", 0), (" 2.55% ", 255), ("100", 10_000)]
)
def test_rates_are_read_as_people_type_them(text: str, rate: int) -> None:
    assert read_vat(text) == rate


@pytest.mark.parametrize("text", ["", "-1", "100.01", "101", "5.555", "nineteen", "٣"])
def test_what_is_no_rate_is_refused(text: str) -> None:
    with pytest.raises(Refused, match="product-vat"):
        read_vat(text)


@pytest.mark.parametrize("text", ["", "1.5", "1000001", "x", "٣"])
def test_what_is_no_number_of_pieces_is_refused(text: str) -> None:
    with pytest.raises(Refused, match="product-stock"):
        read_stock(text)


def test_a_tile_says_what_is_left_only_when_it_is_little() -> None:
    said = [stock_words(stock) for stock in (None, 40, 6, 5, 1, 0, -2)]
    assert said == ["", "", "", "5 left", "1 left", "None left", "None left"]


@given(st.text())
def test_any_title_gives_a_name_for_receipts(title: str) -> None:
    name = sku_of(title)
    assert 0 < len(name) <= 60
    assert name.isascii()
    assert not name.startswith("voucher/")
