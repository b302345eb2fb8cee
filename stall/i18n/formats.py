"""Amounts, numbers, sizes and dates as people write them, by the patterns of CLDR 48 (English is that of Europe).

The table is ours so that no process of the box loads a library of all the world's; a test holds it against Babel.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo

from stall.domain import money

NBSP, NARROW = "\u00a0", "\u202f"
_KB, _MB, _GB = 1000, 1000**2, 1000**3
_TEN = 10
_BYTES = (" GB", " MB", " kB", " B")


@dataclass(frozen=True, slots=True)
class Style:
    """How one language writes: `currency` and `percent` around {n}, `date` and `day` over day, month, year, `name` (of the month)."""

    decimal: str
    group: str
    currency: str
    percent: str
    date: str
    day: str
    months: str
    time: str = "{hour:02}:{minute:02}"
    joined: str = "{date}, {time}"
    #: From how many digits before the first separator on one groups at all.
    group_from: int = 1
    bytes: tuple[str, str, str, str] = _BYTES
    symbols: Mapping[str, str] = field(default_factory=dict)
    negative: str = "-{text}"


_SYMBOLS = {"EUR": "€", "GBP": "£", "USD": "$", "JPY": "JPY"}

STYLES: Mapping[str, Style] = {
    "en": Style(
        ".", ",", "{c}{n}", "{n}%", "{day} {name} {year}", "{day} {name}",
        "Jan Feb Mar Apr May Jun Jul Aug Sept Oct Nov Dec",
        symbols={"USD": "US$", "JPY": "JP¥"},
    ),
    "de": Style(
        ",", ".", f"{{n}}{NBSP}{{c}}", f"{{n}}{NBSP}%", "{day:02}.{month:02}.{year}", "{day}. {name}",
        "Jan. Feb. März Apr. Mai Juni Juli Aug. Sept. Okt. Nov. Dez.",
        symbols={"JPY": "¥"},
    ),
    "fr": Style(
        ",", NARROW, f"{{n}}{NBSP}{{c}}", f"{{n}}{NBSP}%", "{day} {name} {year}", "{day} {name}",
        "janv. févr. mars avr. mai juin juil. août sept. oct. nov. déc.",
        bytes=(" Go", " Mo", " ko", " o"), symbols={"GBP": "£GB", "USD": "$US"},
    ),
    "es": Style(
        ",", ".", f"{{n}}{NBSP}{{c}}", f"{{n}}{NBSP}%", "{day} {name} {year}", "{day} {name}",
        "ene feb mar abr may jun jul ago sept oct nov dic",
        time="{hour}:{minute:02}", group_from=2, symbols={"GBP": "GBP", "USD": "US$"},
    ),
    "it": Style(
        ",", ".", f"{{n}}{NBSP}{{c}}", "{n}%", "{day} {name} {year}", "{day} {name}",
        "gen feb mar apr mag giu lug ago set ott nov dic",
        symbols={"USD": "USD"},
    ),
    "nl": Style(
        ",", ".", f"{{c}}{NBSP}{{n}}", "{n}%", "{day} {name} {year}", "{day} {name}",
        "jan feb mrt apr mei jun jul aug sep okt nov dec",
        symbols={"USD": "US$", "JPY": "JP¥"}, negative="{c}\u00a0-{n}",
    ),
    "pl": Style(
        ",", NBSP, f"{{n}}{NBSP}{{c}}", "{n}%", "{day} {name} {year}", "{day} {name}",
        "sty lut mar kwi maj cze lip sie wrz paź lis gru",
        group_from=2, symbols={"GBP": "GBP", "USD": "USD", "PLN": "zł"},
    ),
    "ja": Style(
        ".", ",", "{c}{n}", "{n}%", "{year}/{month:02}/{day:02}", "{month}月{day}日",
        "1月 2月 3月 4月 5月 6月 7月 8月 9月 10月 11月 12月",
        time="{hour}:{minute:02}", joined="{date} {time}", symbols={"JPY": "￥"},
    ),
}  # fmt: skip


def number(lang: str, plain: str) -> str:
    """Write a plain decimal number (`1234.50`, not below zero) with a language's separators."""
    style = STYLES[lang]
    whole, dot, fraction = plain.partition(".")
    if len(whole) >= 3 + style.group_from:
        first = len(whole) % 3
        parts = [whole[:first]] if first else []
        whole = style.group.join([*parts, *(whole[at : at + 3] for at in range(first, len(whole), 3))])
    return whole + (style.decimal + fraction if dot else "")


def amount(lang: str, minor: int, cur: str) -> str:
    """Write an amount (`€12.50`, `12,50 €`). A currency this box does not take is told as `money.text` does."""
    if cur not in money.EXPONENTS:
        return money.text(minor, cur)
    style = STYLES[lang]
    symbol = style.symbols.get(cur) or _SYMBOLS.get(cur, cur)
    n = number(lang, money.decimal(abs(minor), cur))
    # CLDR, "Currency Formats": a code beside a digit stands apart from it
    pattern = (
        style.currency.replace("{c}", "{c}" + NBSP)
        if style.currency == "{c}{n}" and symbol.isalpha()
        else style.currency
    )
    text = pattern.format(n=n, c=symbol)
    return style.negative.format(text=text, n=n, c=symbol) if minor < 0 else text


def percent(lang: str, basis_points: int) -> str:
    """Write a rate (`19 %`, `5,5 %`)."""
    whole, rest = divmod(basis_points, 100)
    plain = f"{whole}.{rest:02d}".rstrip("0").rstrip(".") if rest else str(whole)
    return STYLES[lang].percent.format(n=number(lang, plain))


def size(lang: str, count: int) -> str:
    """Write a number of bytes (`212 MB`), in decimal units as phones do."""
    style = STYLES[lang]
    for unit, name in zip((_GB, _MB, _KB), style.bytes, strict=False):
        if count >= unit:
            whole = count / unit
            return number(lang, f"{whole:.1f}" if whole < _TEN else f"{whole:.0f}") + name.replace(" ", NBSP)
    return f"{count}{style.bytes[-1]}".replace(" ", NBSP)


def time(lang: str, ms: int, zone: tzinfo) -> str:
    """Write the time of day of a moment (ms UTC) in a zone; where that is UTC it says so (`14:05`, `14:05 UTC`)."""
    at = _at(ms, zone)
    return STYLES[lang].time.format(hour=at.hour, minute=at.minute) + (f"{NBSP}UTC" if zone is UTC else "")


def date_time(lang: str, ms: int, zone: tzinfo) -> str:
    """Write a moment (ms UTC) with its day, year and zone (`21 Nov 2026, 14:05 CET`)."""
    at = _at(ms, zone)
    style = STYLES[lang]
    clock = style.time.format(hour=at.hour, minute=at.minute)
    return style.joined.format(date=_date(style, style.date, at), time=f"{clock}{NBSP}{at.tzname()}")


def date(lang: str, ms: int, zone: tzinfo) -> str:
    """Write the day of a moment (ms UTC) with its year (`21 Nov 2026`)."""
    style = STYLES[lang]
    return _date(style, style.date, _at(ms, zone))


def when(lang: str, ms: int, now_ms: int, zone: tzinfo) -> str:
    """Write a moment near now: the time alone today, else the day too."""
    at, now = _at(ms, zone), _at(now_ms, zone)
    style, clock = STYLES[lang], time(lang, ms, zone)
    return clock if at.date() == now.date() else style.joined.format(date=_date(style, style.day, at), time=clock)


def _date(style: Style, pattern: str, at: datetime) -> str:
    return pattern.format(day=at.day, month=at.month, year=at.year, name=style.months.split(" ")[at.month - 1])


def _at(ms: int, zone: tzinfo) -> datetime:
    return datetime.fromtimestamp(ms / 1000, zone)
