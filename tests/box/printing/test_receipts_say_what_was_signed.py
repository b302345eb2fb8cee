"""Receipts on paper: what the signed document says, in words, with the code that opens the download."""

from __future__ import annotations

import pytest

from stall.box.printer import escpos, receipt_paper
from stall.box.printer.escpos import Ability
from stall.flows import amend_basket
from stall.flows.basket_lines import AnyWish, ProductWish, Wish
from stall.flows.begin_return import begin_return
from stall.flows.fill_basket import fill_basket
from stall.flows.pay_back import pay_back_cash
from stall.flows.take_cash import take_cash
from stall.store import attempts, claim_codes, sales, vouchers
from stall.wire import crockford, vouchercode
from tests.box.printing import paper_reader
from tests.box.printing.paper_reader import Printed
from tests.fakes.stock import PRINTS, ZINE, Stocked
from tests.flows import selling


def paper(stall: Stocked, key: int | None, *, copy: int = 0, width_mm: int = 58) -> Printed:
    assert key is not None
    box = stall.box
    conn = box.db.read()
    found = receipt_paper.find(conn, box.secrets, key)
    document = receipt_paper.document(conn, box.secrets, box.settings, found, copy=copy, now_ms=box.now_ms())
    return paper_reader.read(escpos.encode(document, Ability(width_mm)), width_mm)


def receipt_of(stall: Stocked, sale: int) -> int:
    key = sales.get(stall.box.db.read(), sale).receipt_event
    assert key is not None
    return key


def said(out: Printed) -> str:
    return " ".join(" ".join(out.words).split())


@pytest.mark.parametrize("width_mm", [58, 80])
def test_a_cash_receipt_bears_all_a_bookkeeper_asks_for(stall: Stocked, width_mm: int) -> None:
    sale = selling.basket(stall, PRINTS, ZINE)
    selling.cash(stall, sale, given=1000)
    out = paper(stall, receipt_of(stall, sale), width_mm=width_mm)
    signed = selling.receipt_of(stall, sale)
    rows = [" ".join(line.split()) for line in out.words]
    for row in (
        "Salt & Paper", "Harbour Prints €4.50", "No. 1 of 5", "Night Zine €3.00", "Rate net VAT gross", "19 % 6.30 1.20 7.50",
        "Total €7.50", "Cash €7.50", "Handed over €10.00", "Change €2.50", f"Receipt {signed.epoch[:6]}/{signed.seq}",
        f"Document {signed.jti}", f"Box {signed.iss[:12]}", "Clock: set from the network",
    ):  # fmt: skip
        assert row in rows, row
    assert out.cuts == 1
    assert out.kicks == 0


@pytest.mark.parametrize("width_mm", [58, 80])
def test_the_code_and_its_spelling_open_the_download(stall: Stocked, width_mm: int) -> None:
    sale = selling.basket(stall, PRINTS)
    selling.cash(stall, sale)
    out = paper(stall, receipt_of(stall, sale), width_mm=width_mm)
    code = claim_codes.code_of(stall.box.db.read(), stall.box.secrets.claim_key, sales.get(stall.box.db.read(), sale))
    assert code is not None
    assert out.codes == [claim_codes.link(stall.box.settings.web.address, code)]
    assert crockford.grouped(code) in said(out)
    assert f"{stall.box.settings.web.address}/t" in said(out)


def test_of_a_card_nothing_is_printed_but_the_terminals_reference(stall: Stocked) -> None:
    sale = selling.basket(stall, PRINTS)
    selling.card(stall, sale)
    words = said(paper(stall, receipt_of(stall, sale)))
    assert "Card" in words
    assert "Reference 29001006-0042-000022" in words
    assert "5726" not in words
    assert "Mastercard" not in words
    assert "291675" not in words


def test_a_reprint_bears_copy(stall: Stocked) -> None:
    sale = selling.basket(stall, PRINTS)
    selling.cash(stall, sale)
    first, second = paper(stall, receipt_of(stall, sale)), paper(stall, receipt_of(stall, sale), copy=1)
    assert "COPY" not in said(first)
    assert [line.strip() for line in second.words[:3]] == ["-" * 32, "COPY", "-" * 32]
    assert "Copy 1 of a paper printed before." in said(second)


def test_a_void_says_what_it_takes_back_and_bears_no_code(stall: Stocked) -> None:
    sale = selling.basket(stall, PRINTS)
    paid = selling.card(stall, sale)
    selling.give_back_by_card(stall, paid.no)
    row = sales.get(stall.box.db.read(), sale)
    out = paper(stall, row.void_event)
    words = said(out)
    assert "VOID" in words
    assert f"of document {selling.receipt_of(stall, sale).jti}" in words
    assert "-€4.50" in words
    assert out.codes == []
    old = paper(stall, row.receipt_event)
    assert old.codes == []
    assert "This sale was taken back." in said(old)


def test_a_code_whose_time_is_over_is_not_printed(stall: Stocked) -> None:
    sale = selling.basket(stall, PRINTS)
    selling.cash(stall, sale)
    stall.clock.advance(2 * 24 * 3600 * 1000)
    out = paper(stall, receipt_of(stall, sale))
    assert out.codes == []
    assert "The time to download with the code" in said(out)


def test_two_hundred_copies_fit_on_one_receipt(stall: Stocked) -> None:
    sale = selling.basket(stall, ZINE, qty=200)
    selling.cash(stall, sale, given=100_000)
    assert "200 x Night Zine €600.00" in said(paper(stall, receipt_of(stall, sale)))
    assert attempts.of_sale(stall.box.db.read(), sale)


def sold(stall: Stocked, *wishes: AnyWish, disc_minor: int = 0, tip: int = 0, step: int = 0) -> int:
    with stall.box.db.transaction() as tx:
        selling.add_products(tx)
        sale = fill_basket(tx, list(wishes), origin="till", vat_bp=1900)
        if disc_minor:
            amend_basket.discount(tx, sale, minor=disc_minor)
        if tip:
            amend_basket.set_tip(tx, sale, tip)
        take_cash(tx, sale, 1, 1_000_000, step=step)
    return sale


def test_a_voucher_bears_its_code_to_scan_and_to_type(stall: Stocked) -> None:
    sale = sold(stall, ProductWish("gift", 1, 2000))
    out = paper(stall, receipt_of(stall, sale))
    (voucher,) = vouchers.of_sale(stall.box.db.read(), sale)
    (code,) = out.codes
    assert vouchers.by_digest(stall.box.db.read(), vouchercode.digest(vouchercode.decode(code))) == voucher
    assert crockford.grouped(code) in said(out)
    assert "Voucher worth €20.00" in said(out)


def test_discount_tip_and_rounding_stand_in_their_own_lines_and_each_rate_in_its_own(stall: Stocked) -> None:
    sale = sold(stall, Wish(PRINTS), ProductWish("postcard", 3), disc_minor=99, tip=51, step=5)
    signed = selling.receipt_of(stall, sale)
    words = said(paper(stall, receipt_of(stall, sale)))
    assert words.count("Discount taken off: €") == 2
    assert "Tip €0.51" in words
    assert f"Rounding {'-' if signed.round < 0 else ''}€0.0{abs(signed.round)}" in words
    assert "3 x Postcard €" in words
    assert "VAT 7 %" in words
    assert "VAT 19 %" in words
    for row in signed.tax:
        assert f"{row.rate // 100} % {row.net / 100:.2f} {row.vat / 100:.2f} {(row.net + row.vat) / 100:.2f}" in words
    total = sum(pay.minor for pay in signed.pay)
    assert f"Total €{total / 100:.2f}" in words


def test_a_refund_names_its_receipt_and_what_came_back(stall: Stocked) -> None:
    sale = sold(stall, Wish(PRINTS), Wish(ZINE))
    with stall.box.db.transaction() as tx:
        back = begin_return(tx, sale, {1: 1})
        pay_back_cash(tx, back, 1, "maker")
    out = paper(stall, receipt_of(stall, back))
    words = said(out)
    assert f"REFUND of document {selling.receipt_of(stall, sale).jti}" in words
    assert "Night Zine -€3.00" in words
    assert "Harbour Prints" not in words
    assert "Total -€3.00" in words
    assert out.codes == []


def test_an_exchange_shows_what_came_back_and_what_went_out(stall: Stocked) -> None:
    sale = sold(stall, Wish(ZINE))
    with stall.box.db.transaction() as tx:
        back = begin_return(tx, sale, {0: 1})
        amend_basket.add_items(tx, back, [Wish(PRINTS)], 1900)
        take_cash(tx, back, 1, 1000)
    out = paper(stall, receipt_of(stall, back))
    words = said(out)
    assert "EXCHANGE of document" in words
    assert "Night Zine -€3.00" in words
    assert "Harbour Prints €4.50" in words
    assert "Total €1.50" in words
    assert len(out.codes) == 1
