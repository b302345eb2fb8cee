"""Amounts are whole minor units: text in, text out, VAT shares that always add up."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stall.domain import money, sale
from stall.domain.sale import Line
from stall.errors import Refused

AMOUNTS = st.integers(min_value=-money.LIMIT_MINOR, max_value=money.LIMIT_MINOR)
RATES = st.integers(min_value=0, max_value=10_000)


@pytest.mark.parametrize(
    ("text", "minor"), [("4.50", 450), ("4,50", 450), ("12", 1200), ("0.5", 50), (" 7.05 ", 705), ("0", 0)]
)
def test_amounts_are_read_as_people_write_them(text: str, minor: int) -> None:
    assert money.parse(text, "EUR") == minor


@pytest.mark.parametrize("text", ["", "4.505", "-1", "1e3", "4.", ".5", "four", "1 000", "٣", "99999999999"])
def test_what_is_no_amount_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(Refused) as refusal:
        money.parse(text, "EUR")
    assert refusal.value.code in {"amount-malformed", "amount-too-large"}


def test_a_currency_without_cents_has_no_decimals() -> None:
    assert money.parse("1200", "JPY") == 1200
    assert money.text(1200, "JPY") == "¥1200"
    with pytest.raises(Refused, match="not an amount"):
        money.parse("12.5", "JPY")


def test_an_unknown_currency_is_refused_by_name() -> None:
    with pytest.raises(Refused) as refusal:
        money.parse("1", "XXX")
    assert refusal.value.code == "currency-unknown"


@given(AMOUNTS)
def test_a_written_amount_reads_back(minor: int) -> None:
    assert money.parse(money.decimal(abs(minor), "EUR"), "EUR") == abs(minor)


@given(AMOUNTS, RATES)
def test_net_and_vat_add_up_and_mirror_at_zero(gross: int, rate: int) -> None:
    net, vat = money.share_of_vat(gross, rate)
    assert net + vat == gross
    assert money.share_of_vat(-gross, rate) == (-net, -vat)
    # exact to half a unit: 2·|net·(10000+rate) − gross·10000| ≤ 10000+rate
    assert 2 * abs(net * (10_000 + rate) - gross * 10_000) <= 10_000 + rate


@given(st.lists(st.tuples(st.integers(-10_000, 10_000), st.sampled_from([0, 700, 1900])), max_size=60))
def test_the_vat_table_accounts_for_every_cent(rows: list[tuple[int, int]]) -> None:
    lines = [Line(n, "x", 1, minor, rate) for n, (minor, rate) in enumerate(rows)]
    shares = sale.tax_shares(lines)
    assert sum(share.net + share.vat for share in shares) == sale.total(lines)
    assert [share.rate_bp for share in shares] == sorted({rate for _, rate in rows})


def test_vat_is_rounded_once_per_rate_not_per_line() -> None:
    lines = [Line(n, "x", 1, 3, 1900) for n in range(100)]
    (share,) = sale.tax_shares(lines)
    assert (share.net, share.vat) == (252, 48)  # 300 / 1.19; a hundred single roundings would give 300 and 0


def test_change_is_what_was_given_beyond_what_is_due() -> None:
    assert sale.change(450, 1000, "EUR") == 550
    with pytest.raises(Refused, match=r"€0\.50 is missing"):
        sale.change(450, 400, "EUR")


@given(st.integers(1, 100_000))
def test_note_buttons_start_with_the_exact_amount_and_rise(due: int) -> None:
    buttons = sale.note_buttons(due)
    assert buttons[0] == due
    assert list(buttons) == sorted(set(buttons))
