"""The small table of stall/i18n/formats.py against Babel, which carries all of CLDR."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from babel import Locale, dates, numbers
from hypothesis import given
from hypothesis import strategies as st

from stall.domain import money
from stall.i18n import formats
from stall.i18n.languages import LANGUAGES, plural
from tests.i18n.forms import FORMS

BERLIN = ZoneInfo("Europe/Berlin")
DAY_MS = 86_400_000


def locale(lang: str) -> Locale:
    return Locale.parse("en_GB" if lang == "en" else lang)


#: Four digits: CLDR groups them from five on in these, which Babel does not know.
def grouped_alike(lang: str, whole: int) -> bool:
    return formats.STYLES[lang].group_from == 1 or not 1000 <= whole < 10_000


def as_babel(lang: str, value: Decimal, cur: str) -> str:
    """What Babel says, with the space between a code and a digit that CLDR asks for and Babel leaves out."""
    return re.sub(r"^(-?)([A-Z]{3})(?=[0-9])", "\\1\\2\u00a0", numbers.format_currency(value, cur, locale=locale(lang)))


@pytest.mark.parametrize("lang", LANGUAGES)
@given(minor=st.integers(0, money.LIMIT_MINOR), cur=st.sampled_from(sorted(money.EXPONENTS)))
def test_an_amount(lang: str, minor: int, cur: str) -> None:
    exponent = money.EXPONENTS[cur]
    value = Decimal(minor).scaleb(-exponent)
    if not grouped_alike(lang, int(value)):
        return
    assert formats.amount(lang, minor, cur) == as_babel(lang, value, cur)


def test_four_digits_stay_together_in_spanish_and_polish() -> None:
    assert formats.amount("es", 123_450, "EUR") == "1234,50\u00a0€"
    assert formats.amount("pl", 123_450, "PLN") == "1234,50\u00a0zł"
    assert formats.amount("pl", 1_234_550, "PLN") == "12\u00a0345,50\u00a0zł"
    assert formats.amount("de", 123_450, "EUR") == "1.234,50\u00a0€"


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("cur", ["EUR", "CHF", "JPY"])
def test_an_amount_below_zero(lang: str, cur: str) -> None:
    value = Decimal(-450).scaleb(-money.EXPONENTS[cur])
    assert formats.amount(lang, -450, cur) == as_babel(lang, value, cur)


def test_a_currency_nobody_takes_here_is_told_and_not_guessed() -> None:
    assert formats.amount("de", 450, "XAU") == money.text(450, "XAU")


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("rate", [1900, 700, 550, 810, 0, 2000])
def test_a_rate(lang: str, rate: int) -> None:
    exact = numbers.format_percent(Decimal(rate) / 10_000, locale=locale(lang), decimal_quantization=False)
    assert formats.percent(lang, rate) == exact


@pytest.mark.parametrize("lang", LANGUAGES)
@given(ms=st.integers(0, 4_000_000_000_000))
def test_a_moment(lang: str, ms: int) -> None:
    at = datetime.fromtimestamp(ms / 1000, BERLIN)
    told = formats.date_time(lang, ms, BERLIN)
    join = formats.STYLES[lang].joined
    date, clock = dates.format_date(at, "medium", locale(lang)), dates.format_time(at, "short", locale=locale(lang))
    assert told == join.format(date=date, time=f"{clock}\u00a0{at.tzname()}")


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("month", range(1, 13))
def test_a_day_of_this_year(lang: str, month: int) -> None:
    ms = int(datetime(2026, month, 9, 8, 5, tzinfo=UTC).timestamp()) * 1000
    day = dates.format_skeleton("MMMd", datetime(2026, month, 9, tzinfo=UTC), locale=locale(lang))
    assert formats.when(lang, ms, ms + 40 * DAY_MS, UTC).startswith(day)
    assert formats.when(lang, ms, ms, UTC) == formats.time(lang, ms, UTC)


def test_the_stalls_own_time_is_told() -> None:
    ms = int(datetime(2026, 7, 1, 12, 0, tzinfo=UTC).timestamp()) * 1000
    assert formats.time("de", ms, BERLIN) == "14:00"
    assert formats.time("de", ms, UTC) == "12:00\u00a0UTC"
    assert formats.date_time("en", ms, BERLIN) == "1 Jul 2026, 14:00\u00a0CEST"
    assert formats.when("en", ms, ms + 11 * 3_600_000, BERLIN) == "1 Jul, 14:00"  # tomorrow there, still today in UTC


@pytest.mark.parametrize("lang", LANGUAGES)
@given(n=st.integers(0, 3_000_000))
def test_a_number_takes_the_plural_form_of_the_language(lang: str, n: int) -> None:
    form = plural(lang, n)
    assert form == locale(lang).plural_form(n)
    assert form in FORMS[lang]


@pytest.mark.parametrize(
    ("lang", "count", "said"),
    [("en", 999, "999 B"), ("de", 5_829_403, "5,8 MB"), ("fr", 212_000_000, "212 Mo"), ("ja", 3_100_000_000, "3.1 GB"), ("pl", 12_345, "12 kB")],
)  # fmt: skip
def test_a_size_is_said_as_phones_do(lang: str, count: int, said: str) -> None:
    assert formats.size(lang, count) == said.replace(" ", "\u00a0")
