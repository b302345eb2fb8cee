"""Command units the till sends, and the three answers it gives. Nothing here can ask for card data.

Passwords are the six digits set up in the terminal. The terminal prints its own slips (config byte 18):
no print line stands between an approval and our answer to it.
"""

from __future__ import annotations

from stall.errors import LocalWireError
from stall.wire.readers.zvt_fields import bcd
from stall.wire.readers.zvt_status import currency_number

POSITIVE = bytes.fromhex("80 00 00")
REFUSE = bytes.fromhex("84 66 00")
"""The answer to a `04 0F` that makes the terminal take the payment back."""
NOT_POSSIBLE = bytes.fromhex("84 83 00")

CONFIG = 0x18
"""Send intermediate steps (08), amounts only from the till (10)."""

MAX_AMOUNT = 999_999_999_999
"""Twelve decimal digits of minor units."""

_PASSWORD_DIGITS = 6
_MAX_SHORT = 0xFE


def unit(command: int, data: bytes = b"") -> bytes:
    """One whole command unit: two bytes of command, its length, its data."""
    if len(data) <= _MAX_SHORT:
        return command.to_bytes(2, "big") + bytes([len(data)]) + data
    return command.to_bytes(2, "big") + b"\xff" + len(data).to_bytes(2, "little") + data


def registration(password: str, config: int = CONFIG, currency: str | None = "EUR") -> bytes:
    """`06 00`: say hello, with our config byte and currency."""
    money = b"" if currency is None else bcd(currency_number(currency), 2)
    return unit(0x0600, _password(password) + bytes([config]) + money)


def log_off() -> bytes:
    """`06 02`: the terminal forgets the registration."""
    return unit(0x0602)


def status_enquiry(password: str) -> bytes:
    """`05 01`: are you ready?"""
    return unit(0x0501, _password(password))


def authorisation(amount_minor: int, currency: str = "EUR") -> bytes:
    """`06 01`: charge a card. Never sent twice for one attempt. Raises LocalWireError `zvt-amount`."""
    if not 1 <= amount_minor <= MAX_AMOUNT:
        raise LocalWireError("zvt-amount", f"A card cannot be charged this amount ({amount_minor}). Take cash.")
    return unit(0x0601, b"\x04" + bcd(amount_minor, 6) + b"\x49" + bcd(currency_number(currency), 2))


def abort() -> bytes:
    """`06 B0`: please stop. The terminal still owes its `06 1E` or its approval."""
    return unit(0x06B0)


def reversal(password: str, receipt_no: int) -> bytes:
    """`06 30`: take back the payment with this receipt number of the open day."""
    return unit(0x0630, _password(password) + b"\x87" + bcd(receipt_no, 2))


def repeat_receipt(password: str) -> bytes:
    """`06 20` with service byte 03: tell me of the last transaction again, without printing."""
    return unit(0x0620, _password(password) + b"\x03\x03")


def end_of_day(password: str) -> bytes:
    """`06 50`: close the terminal's day and tell its totals."""
    return unit(0x0650, _password(password))


def diagnosis() -> bytes:
    """`06 70`: run a diagnosis with the host."""
    return unit(0x0670)


def _password(digits: str) -> bytes:
    if len(digits) != _PASSWORD_DIGITS or not (digits.isascii() and digits.isdigit()):
        raise LocalWireError("zvt-password", "The terminal password is six digits. Mend it in the reader's settings.")
    return bytes.fromhex(digits)
