"""Amounts of money as integer minor units; text in, text out. No floats anywhere.

Limits: amounts lie within ±10^9 minor units (docs/protocol.md, receipt).
"""

from __future__ import annotations

import re

from stall.errors import Refused

LIMIT_MINOR = 10**9

#: Decimal places per ISO 4217 code; a currency that is not here is not taken.
EXPONENTS = {"EUR": 2, "CHF": 2, "GBP": 2, "USD": 2, "DKK": 2, "SEK": 2, "NOK": 2, "PLN": 2, "CZK": 2, "JPY": 0}

_SYMBOLS = {"EUR": "€", "GBP": "£", "USD": "$", "JPY": "¥"}
_AMOUNT = re.compile(r"([0-9]{1,10})(?:[.,]([0-9]{1,2}))?")


def parse(text: str, cur: str) -> int:
    """Read an amount as people write it (`4.50`, `4,50`, `12`) into minor units of `cur`.

    Raises Refused `amount-malformed`, `amount-too-large` or `currency-unknown`.
    """
    exponent = exponent_of(cur)
    match = _AMOUNT.fullmatch(text.strip())
    if match is None or (match[2] and len(match[2]) > exponent):
        raise Refused("amount-malformed", f"“{text}” is not an amount in {cur}. Write it like 4.50.")
    fraction = (match[2] or "").ljust(exponent, "0")
    minor = int(match[1] + fraction)
    if minor > LIMIT_MINOR:
        raise Refused(
            "amount-too-large", f"“{text}” is above the largest amount this box can take. Check it, or split the sale."
        )
    return minor


def exponent_of(cur: str) -> int:
    """Decimal places of a currency. Raises Refused `currency-unknown`."""
    if cur not in EXPONENTS:
        known = ", ".join(EXPONENTS)
        raise Refused("currency-unknown", f"The currency “{cur}” is not known here. Use one of {known}.")
    return EXPONENTS[cur]


def text(minor: int, cur: str) -> str:
    """Write an amount for a person, in English (`€12.50`, `-€3.00`, `12.50 CHF`).

    A terminal may tell of a currency this box does not take: then the minor units, and that they are.
    """
    if cur not in EXPONENTS:
        return f"{minor} in the smallest unit of {cur}"
    plain = decimal(abs(minor), cur)
    symbol = _SYMBOLS.get(cur)
    sign = "-" if minor < 0 else ""
    return f"{sign}{symbol}{plain}" if symbol else f"{sign}{plain} {cur}"


def decimal(minor: int, cur: str) -> str:
    """Write an amount as a plain decimal number with a dot (`12.50`), for fields and files."""
    exponent = exponent_of(cur)
    sign = "-" if minor < 0 else ""
    digits = str(abs(minor)).rjust(exponent + 1, "0")
    return f"{sign}{digits[:-exponent]}.{digits[-exponent:]}" if exponent else f"{sign}{digits}"


def rounded(minor: int, step: int) -> int:
    """The nearest amount that coins of `step` minor units can pay, half a step rounded away from zero; 0 or 1: every amount.

    As Switzerland, Finland, the Netherlands, Belgium, Italy and Slovakia do with 5 (selling.md 3).
    """
    if step <= 1:
        return minor
    whole = (abs(minor) * 2 + step) // (2 * step) * step
    return -whole if minor < 0 else whole


def share_of_vat(gross_minor: int, vat_bp: int) -> tuple[int, int]:
    """Split a price including VAT into (net, vat), half a unit rounded away from zero.

    `vat_bp` is the rate in basis points (1900 = 19 %). net + vat == gross always.
    """
    sign = -1 if gross_minor < 0 else 1
    divisor = 10_000 + vat_bp
    net = (abs(gross_minor) * 10_000 * 2 + divisor) // (2 * divisor)
    return sign * net, gross_minor - sign * net
