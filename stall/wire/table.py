"""Tables as CSV text (RFC 4180), plain or as spreadsheets of German, Austrian and French offices open it by a double click. Pure.

Amounts are written from minor units and never rounded. A text that a spreadsheet would take for a formula is made harmless by a
single quote in front of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from stall.domain import money

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_BYTE_ORDER_MARK = "\ufeff"


@dataclass(frozen=True, slots=True)
class Number:
    """A decimal number: so many of its smallest unit, of which `places` digits stand behind the point."""

    units: int
    places: int


Cell = Number | int | str | None


def amount(minor: int, cur: str) -> Number:
    """A cell of money, from minor units. Raises Refused `currency-unknown`."""
    return Number(minor, money.exponent_of(cur))


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a table is written: what parts its cells, what stands before the cents, whether a mark says that it is UTF-8."""

    separator: str
    point: str
    mark: bool


PLAIN = Dialect(",", ".", mark=False)
OFFICE = Dialect(";", ",", mark=True)


def write(rows: Iterable[Sequence[Cell]], dialect: Dialect = PLAIN) -> str:
    """Write rows, the first of which are the heads of the columns; every line ends with CR LF."""
    lines = (dialect.separator.join(_cell(cell, dialect) for cell in row) for row in rows)
    return (_BYTE_ORDER_MARK if dialect.mark else "") + "".join(f"{line}\r\n" for line in lines)


def _cell(cell: Cell, dialect: Dialect) -> str:
    if cell is None:
        return ""
    if isinstance(cell, Number):
        return _number(cell).replace(".", dialect.point)
    if isinstance(cell, int):
        return str(cell)
    text = f"'{cell}" if cell.startswith(_FORMULA) else cell
    if any(sign in text for sign in (dialect.separator, '"', "\n", "\r")):
        return '"' + text.replace('"', '""') + '"'
    return text


def _number(number: Number) -> str:
    digits, sign = str(abs(number.units)).rjust(number.places + 1, "0"), "-" if number.units < 0 else ""
    whole, rest = (digits[: -number.places], "." + digits[-number.places :]) if number.places else (digits, "")
    return f"{sign}{whole}{rest}"
