"""The terminal's side of ZVT: what it sends, and the till's commands as it reads them. For the simulator."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from stall.wire.readers import zvt_fields as fields
from stall.wire.readers.zvt_apdu import split_apdu
from stall.wire.readers.zvt_commands import unit
from stall.wire.readers.zvt_status import SCHEMES, currency_name, currency_number

REGISTRATION, LOG_OFF, STATUS_ENQUIRY = 0x0600, 0x0602, 0x0501
AUTHORISATION, ABORT, REVERSAL = 0x0601, 0x06B0, 0x0630
REPEAT_RECEIPT, END_OF_DAY = 0x0620, 0x0650

POSITIVE = 0x8000
WITH_PASSWORD = (REGISTRATION, REPEAT_RECEIPT, REVERSAL, END_OF_DAY)

_MAX_COUNT = 0xFF
_PASSWORD = 3
_AFTER_CONFIG = 4


@dataclass(frozen=True, slots=True)
class Request:
    """A command of the till. `data` has no password any more; absent fields are None."""

    command: int
    password: str | None
    data: bytes
    amount_minor: int | None
    currency: str | None
    receipt_no: int | None
    answer_s: int | None

    @property
    def is_answer(self) -> bool:
        """True for `80 xx` and `84 xx`."""
        return self.command >> 8 in (0x80, 0x84)


def parse_request(apdu: bytes) -> Request:
    """Read one unit from the till. Raises WireError `zvt-length`."""
    command, data = split_apdu(apdu)
    password = None
    if command in WITH_PASSWORD or (command == STATUS_ENQUIRY and len(data) >= _PASSWORD):
        password, data = fields.digits(data[:_PASSWORD]), data[_PASSWORD:]
    if command == REGISTRATION:  # a bare config byte, then perhaps a bare currency
        currency = currency_name(data[1:3]) if len(data) >= _AFTER_CONFIG - 1 else None
        return Request(command, password, data, None, currency, None, None)
    walked = fields.walk(data)
    wait = walked.first(0x01)
    return Request(
        command,
        password,
        data,
        fields.number(walked.first(0x04)),
        currency_name(walked.first(0x49)),
        fields.number(walked.first(0x87)),
        wait[0] if wait else None,
    )


def refusal(code: int) -> bytes:
    """`84 xx 00`."""
    return bytes([0x84, code, 0x00])


def intermediate(code: int) -> bytes:
    """`04 FF 01 <code>`."""
    return unit(0x04FF, bytes([code]))


def completion(data: bytes = b"") -> bytes:
    """`06 0F`, with whatever the command's answer bears."""
    return unit(0x060F, data)


def registered(tid: str, currency: str) -> bytes:
    """`06 0F` after a registration: status 00, terminal number, currency."""
    money = fields.bcd(currency_number(currency), 2)
    return completion(b"\x19\x00\x29" + bytes.fromhex(tid) + b"\x49" + money)


def ready(version: str, status: int) -> bytes:
    """`06 0F` after a status enquiry: software version and the bare status byte."""
    return completion(fields.variable(version.encode("ascii"), 3) + bytes([status]))


def abort(code: int) -> bytes:
    """`06 1E 01 <code>`."""
    return unit(0x061E, bytes([code]))


def declined(code: int, tid: str) -> bytes:
    """`04 0F` that says no: result and terminal number only."""
    return unit(0x040F, bytes([0x27, code, 0x29]) + bytes.fromhex(tid))


@dataclass(frozen=True, slots=True)
class Card:
    """What a simulated card shows of itself; `last4` is all that exists of its number."""

    name: str
    card_type: int
    last4: str
    scheme: str


@dataclass(frozen=True, slots=True)
class Booking:
    """The facts of one receipt as `04 0F` tells them. `time` HHMMSS, `date` MMDD, amount in minor units."""

    amount_minor: int
    currency: str
    tid: str
    receipt_no: int
    trace: int
    time: str
    date: str
    auth_code: str
    card: Card
    original_trace: int | None = None


def status_information(booking: Booking) -> bytes:
    """`04 0F` with result 00 for a payment, or with BMP 37 for one taken back. Online, contactless."""
    original = b"" if booking.original_trace is None else b"\x37" + fields.bcd(booking.original_trace, 3)
    data = (
        b"\x27\x00\x04" + fields.bcd(booking.amount_minor, 6)
        + b"\x49" + fields.bcd(currency_number(booking.currency), 2)
        + b"\x0b" + fields.bcd(booking.trace, 3) + original
        + b"\x0c" + bytes.fromhex(booking.time) + b"\x0d" + bytes.fromhex(booking.date)
        + b"\x19\x60\x22" + fields.variable(b"\xee" * 6 + bytes.fromhex(booking.card.last4), 2)
        + b"\x29" + bytes.fromhex(booking.tid)
        + b"\x3b" + booking.auth_code.encode("ascii").ljust(8, b"\x00")
        + b"\x87" + fields.bcd(booking.receipt_no, 2)
        + b"\x8a" + bytes([booking.card.card_type])
        + b"\x8b" + fields.variable(booking.card.name.encode("ascii") + b"\x00", 2)
        + fields.container(bytes.fromhex("2f08 1f1101 01 1f1201 02"))
    )  # fmt: skip
    return unit(0x040F, data)


def day_end(
    tid: str, currency: str, time: str, date: str, first: int, last: int, sums: Sequence[tuple[str, int, int]]
) -> bytes:
    """`04 0F` of an end of day: total in BMP 04; first and last receipt and (count, sum) per scheme in BMP 60.

    A count is one byte on the wire; what is beyond 255 in one scheme is told under the next ones.
    """
    counts = [0] * len(SCHEMES)
    minors = [0] * len(SCHEMES)
    for scheme, count, minor in sums:
        at = SCHEMES.index(scheme)
        counts[at] += count
        minors[at] += minor
    for at in range(len(SCHEMES) * 2):
        here, following = at % len(SCHEMES), (at + 1) % len(SCHEMES)
        counts[following] += max(0, counts[here] - _MAX_COUNT)
        counts[here] = min(counts[here], _MAX_COUNT)
    totals = fields.bcd(first, 2) + fields.bcd(last, 2)
    for count, minor in zip(counts, minors, strict=True):
        totals += bytes([count]) + fields.bcd(minor, 6)
    data = (
        b"\x27\x00\x04" + fields.bcd(sum(minors), 6)
        + b"\x0c" + bytes.fromhex(time) + b"\x0d" + bytes.fromhex(date)
        + b"\x29" + bytes.fromhex(tid) + b"\x49" + fields.bcd(currency_number(currency), 2)
        + b"\x60" + fields.variable(totals, 3)
    )  # fmt: skip
    return unit(0x040F, data)
