"""Every event moves as much out of some accounts as into others, whatever was sold and however it was paid."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from stall.domain import ledger
from stall.domain.money import share_of_vat

amounts = st.integers(-(10**7), 10**7)
tenders = st.tuples(
    st.sampled_from(("cash", "card", "operator", "voucher", "comp")),
    st.sampled_from((None, "online", "stored")),
    amounts,
)
taxes = st.lists(st.tuples(st.sampled_from((0, 700, 1900)), amounts), unique_by=lambda row: row[0], max_size=3)


def rows(gross: list[tuple[int, int]]) -> list[tuple[int, int, int]]:
    return [(rate, *share_of_vat(minor, rate)) for rate, minor in gross]


@given(tenders)
def test_money_that_moves_is_somebodys(tender: tuple[str, str | None, int]) -> None:
    assert ledger.balanced(ledger.money_moved(*tender))


@given(taxes, amounts, amounts, amounts)
def test_what_a_receipt_says_balances(gross: list[tuple[int, int]], vouchers: int, tip: int, rounding: int) -> None:
    posted = ledger.goods_sold(rows(gross), vouchers=vouchers, tip=tip, rounding=rounding)
    assert ledger.balanced(posted)
    assert posted.get(ledger.CUSTOMER, 0) == sum(minor for _, minor in gross) + tip + rounding


@given(taxes, amounts)
def test_a_sale_that_is_paid_leaves_nothing_with_the_customer(gross: list[tuple[int, int]], tip: int) -> None:
    total = sum(minor for _, minor in gross) + tip
    posted = ledger.together(ledger.goods_sold(rows(gross), tip=tip), ledger.money_moved("cash", None, total))
    assert ledger.CUSTOMER not in posted
    assert posted.get(ledger.DRAWER, 0) == total


@given(taxes, amounts, amounts)
def test_taking_back_is_selling_the_other_way_round(gross: list[tuple[int, int]], tip: int, rounding: int) -> None:
    sold = ledger.goods_sold(rows(gross), tip=tip, rounding=rounding)
    back = ledger.goods_sold([(r, -net, -vat) for r, net, vat in rows(gross)], tip=-tip, rounding=-rounding)
    assert ledger.together(sold, back) == {}


def test_a_voucher_is_owed_until_it_is_spent() -> None:
    sold = ledger.goods_sold([(0, 2000, 0)], vouchers=2000)
    assert sold == {ledger.VOUCHERS: -2000, ledger.CUSTOMER: 2000}
    spent = ledger.money_moved("voucher", None, 2000)
    both = ledger.together(sold, spent)
    assert both == {ledger.VOUCHERS: -2000, ledger.VOUCHERS_SPENT: 2000}, (
        "sold and spent stay apart; together nothing is owed"
    )


def test_a_tip_and_what_rounding_adds_are_no_turnover() -> None:
    posted = ledger.goods_sold([(1900, 1000, 190)], tip=100, rounding=-2)
    assert posted == {
        "sales:1900": -1000,
        "vat:1900": -190,
        ledger.TIPS: -100,
        ledger.ROUNDING: 2,
        ledger.CUSTOMER: 1288,
    }


def test_a_card_that_was_read_offline_is_not_in_the_bank_yet() -> None:
    assert ledger.money_moved("card", "stored", 450) == {ledger.CARD_STORED: 450, ledger.CUSTOMER: -450}
    assert ledger.money_moved("card", "online", 450) == {ledger.CARD: 450, ledger.CUSTOMER: -450}


def test_cash_without_a_sale_is_the_owners_and_all_of_it_leaves_when_the_shift_ends() -> None:
    assert ledger.drawer_moved(-5000) == {ledger.DRAWER: -5000, ledger.OWNER: 5000}
    assert ledger.drawer_closed(-35, 9965) == {ledger.DRAWER: -10_000, ledger.OVER_SHORT: 35, ledger.OWNER: 9965}
    assert ledger.drawer_closed(0, 0) == {}
