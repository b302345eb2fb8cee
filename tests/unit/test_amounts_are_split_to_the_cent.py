"""Discounts, bundles and coins: whatever is split or rounded, nothing is lost and nothing appears."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stall.domain import money
from stall.domain.product import Part, bundle_prices, is_voucher, spread
from stall.domain.sale import Line, discounted, percent_of, tax_shares, total
from stall.errors import Refused

amounts = st.integers(-(10**9), 10**9)
shares = st.lists(st.integers(0, 10**7), min_size=1, max_size=200)
lines = st.lists(
    st.builds(
        lambda minor, rate, qty: Line(0, "x", qty, minor, rate),
        st.integers(-5000, 100_000), st.sampled_from((0, 700, 1900, 2550)), st.integers(1, 9),
    ),
    min_size=1, max_size=40,
)  # fmt: skip


@given(amounts, shares)
def test_the_parts_are_the_whole_and_of_its_sign(whole: int, by: list[int]) -> None:
    parts = spread(whole, by)
    assert sum(parts) == whole
    assert all(part * whole >= 0 for part in parts)
    assert len(parts) == len(by)


@given(st.integers(0, 10**9), shares)
def test_no_part_is_a_cent_further_from_its_share_than_rounding_makes_it(whole: int, by: list[int]) -> None:
    if sum(by):
        for part, share in zip(spread(whole, by), by, strict=True):
            assert abs(part * sum(by) - whole * share) < sum(by)


def test_with_nothing_to_go_by_the_first_takes_it_all() -> None:
    assert spread(7, [0, 0, 0]) == [7, 0, 0]
    assert spread(7, []) == []


@given(lines, st.integers(0, 10_000))
def test_a_discount_takes_off_what_was_said_and_no_line_goes_below_nothing(sold: list[Line], basis_points: int) -> None:
    worth = sum(max(line.minor, 0) for line in sold)
    off = percent_of(worth, basis_points)
    cheaper = discounted(sold, off)
    assert total(sold) - total(cheaper) == off
    assert all(line.minor >= 0 or line.minor == old.minor for line, old in zip(cheaper, sold, strict=True))
    assert all(line.list_minor == old.list_minor for line, old in zip(cheaper, sold, strict=True))
    rows = tax_shares(cheaper)
    assert sum(row.net + row.vat for row in rows) == total(cheaper)


@given(lines, st.integers(0, 10_000), st.integers(0, 10_000))
def test_a_second_discount_takes_the_place_of_the_first(sold: list[Line], first: int, second: int) -> None:
    worth = sum(max(line.minor, 0) for line in sold)
    once = discounted(sold, percent_of(worth, second))
    assert discounted(discounted(sold, percent_of(worth, first)), percent_of(worth, second)) == once


def test_a_discount_is_spread_over_the_rates_of_vat() -> None:
    book, print_ = Line(0, "Book", 1, 2000, 700), Line(1, "Print", 1, 3000, 1900)
    assert [line.disc for line in discounted([book, print_], 500)] == [200, 300]


def test_what_is_taken_back_gets_no_discount() -> None:
    sold = [Line(0, "Print", 1, 1000, 1900), Line(1, "Cup", 1, -200, 1900)]
    assert [line.disc for line in discounted(sold, 100)] == [100, 0]


@pytest.mark.parametrize(("off", "code"), [(-1, "discount-negative"), (1001, "discount-too-large")])
def test_a_discount_is_neither_below_nothing_nor_more_than_the_price(off: int, code: str) -> None:
    with pytest.raises(Refused, match=code):
        discounted([Line(0, "Print", 1, 1000, 1900)], off)


@given(
    st.integers(0, 100_000), st.lists(st.builds(Part, st.integers(0, 5000), st.integers(1, 9)), min_size=1, max_size=20)
)
def test_a_bundle_costs_what_it_says(price: int, parts: list[Part]) -> None:
    assert sum(bundle_prices(price, parts)) == price


@given(amounts, st.sampled_from((0, 1, 5, 10, 50, 100)))
def test_coins_pay_the_nearest_amount(minor: int, step: int) -> None:
    paid = money.rounded(minor, step)
    assert abs(paid - minor) * 2 <= max(step, 0)
    assert step <= 1 or paid % step == 0
    assert money.rounded(-minor, step) == -paid


@pytest.mark.parametrize(("minor", "paid"), [(1, 0), (2, 0), (3, 5), (997, 995), (998, 1000), (-998, -1000)])
def test_rounding_to_five_cents(minor: int, paid: int) -> None:
    assert money.rounded(minor, 5) == paid


def test_half_a_step_goes_away_from_nothing() -> None:
    assert (money.rounded(5, 10), money.rounded(-5, 10)) == (10, -10)


def test_only_vouchers_are_called_so() -> None:
    assert is_voucher("voucher/7")
    assert not is_voucher("postcard")
    assert not is_voucher(None)


def test_a_line_knows_what_it_costs_without_its_discount() -> None:
    assert replace(Line(0, "Print", 1, 1000, 1900), minor=900, disc=100).list_minor == 1000
