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
_MAX_BYTE = 0xFF


def unit(command: int, data: bytes = b"") -> bytes:
    """One whole command unit: two bytes of command, its length, its data."""
    if len(data) <= _MAX_SHORT:
        return command.to_bytes(2, "big") + bytes([len(data)]) + data
    return command.to_bytes(2, "big") + b"\xff" + len(data).to_bytes(2, "little") + data


def registration(
    password: str,
    config: int = CONFIG,
    currency: str | None = "EUR",
    *,
    service: int | None = None,
    tlv: bool = False,
) -> bytes:
    """`06 00`: say hello, with our config byte and currency; `tlv` permits the terminal to send containers.

    Raises LocalWireError `zvt-currency` when service byte or permission come without the currency they need.
    """
    more = _service(service) + _permission(tlv)
    if more and currency is None:
        raise LocalWireError("zvt-currency", "The terminal must be told a currency. Set the stall's currency.")
    money = b"" if currency is None else bcd(currency_number(currency), 2)
    return unit(0x0600, _password(password) + bytes([config]) + money + more)


def log_off() -> bytes:
    """`06 02`: the terminal forgets the registration."""
    return unit(0x0602)


def status_enquiry(password: str | None, *, service: int | None = None) -> bytes:
    """`05 01`: are you ready? `service` bit 1: leave out the version, bit 2: send a container."""
    if password is None:
        return unit(0x0501)
    return unit(0x0501, _password(password) + _service(service))


def authorisation(
    amount_minor: int,
    currency: str = "EUR",
    *,
    answer_s: int | None = None,
    repeats: int | None = None,
    tlv: bool = False,
) -> bytes:
    """`06 01`: charge a card. Never sent twice for one attempt.

    `answer_s` (BMP 01, seconds) is how long the terminal waits for our answer to its approval, `repeats`
    (BMP 02) how often it asks again after `84 9C`; without them it has its own (30 s). `tlv` permits it to
    send containers. Raises LocalWireError `zvt-amount`, `zvt-currency`, `zvt-number`.
    """
    data = _amount(amount_minor) + _currency(currency) + _byte(0x01, answer_s) + _byte(0x02, repeats)
    return unit(0x0601, data + _permission(tlv))


def abort() -> bytes:
    """`06 B0`: please stop. The terminal still owes its `06 1E` or its approval."""
    return unit(0x06B0)


def reversal(password: str, receipt_no: int, amount_minor: int | None = None, currency: str | None = None) -> bytes:
    """`06 30`: take back the payment with this receipt number of the open day.

    With an amount or currency the terminal compares them with the payment's before it takes it back.
    """
    amount = b"" if amount_minor is None else _amount(amount_minor)
    money = b"" if currency is None else _currency(currency)
    return unit(0x0630, _password(password) + b"\x87" + bcd(receipt_no, 2) + amount + money)


def refund(password: str, amount_minor: int, currency: str = "EUR") -> bytes:
    """`06 31`: give money to a card. Never sent twice for one attempt. Raises LocalWireError `zvt-amount`."""
    return unit(0x0631, _password(password) + _amount(amount_minor) + _currency(currency))


def repeat_receipt(password: str) -> bytes:
    """`06 20` with service byte 03: tell me of the last transaction again, without printing."""
    return unit(0x0620, _password(password) + _service(0x03))


def print_again(password: str) -> bytes:
    """`06 20` without service byte: print the slip of the last transaction again."""
    return unit(0x0620, _password(password))


def turnover_totals(password: str) -> bytes:
    """`06 10`: tell the totals of the open day and leave it open."""
    return unit(0x0610, _password(password))


def end_of_day(password: str) -> bytes:
    """`06 50`: close the terminal's day and tell its totals."""
    return unit(0x0650, _password(password))


def send_offline(password: str) -> bytes:
    """`06 51`: send in the payments approved without the bank. Some terminals do not know it (`84 83`)."""
    return unit(0x0651, _password(password))


def diagnosis() -> bytes:
    """`06 70`: run a diagnosis with the host."""
    return unit(0x0670)


def reset() -> bytes:
    """`06 18`: start the terminal again."""
    return unit(0x0618)


def _amount(minor: int) -> bytes:
    if not 1 <= minor <= MAX_AMOUNT:
        raise LocalWireError("zvt-amount", f"A card cannot be charged this amount ({minor}). Take cash.")
    return b"\x04" + bcd(minor, 6)


def _currency(name: str) -> bytes:
    return b"\x49" + bcd(currency_number(name), 2)


def _byte(tag: int, value: int | None) -> bytes:
    """A BMP of one byte with a binary number, or nothing."""
    if value is None:
        return b""
    if not 0 <= value <= _MAX_BYTE:
        raise LocalWireError("zvt-number", f"{value} is too long for the card terminal. Take cash.")
    return bytes([tag, value])


def _service(value: int | None) -> bytes:
    return _byte(0x03, value)


def _permission(tlv: bool) -> bytes:
    """An empty container: the terminal may send containers too."""
    return b"\x06\x00" if tlv else b""


def _password(digits: str) -> bytes:
    if len(digits) != _PASSWORD_DIGITS or not (digits.isascii() and digits.isdigit()):
        raise LocalWireError("zvt-password", "The terminal password is six digits. Mend it in the reader's settings.")
    return bytes.fromhex(digits)
