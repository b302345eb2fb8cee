"""The terminal's side of ZVT: what it sends, and the till's commands as it reads them. For the simulator.

What it can be made to send goes beyond a good terminal's habits, because real ones do: unmasked numbers,
texts in other character sets, fields nobody knows. Fields stand in the order of the recorded frames.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from stall.wire.readers import zvt_fields as fields
from stall.wire.readers.zvt_apdu import split_apdu
from stall.wire.readers.zvt_commands import unit
from stall.wire.readers.zvt_status import SCHEMES, Online, currency_name, currency_number

REGISTRATION, LOG_OFF, STATUS_ENQUIRY = 0x0600, 0x0602, 0x0501
AUTHORISATION, ABORT, REVERSAL = 0x0601, 0x06B0, 0x0630
REPEAT_RECEIPT, END_OF_DAY = 0x0620, 0x0650
REFUND, TURNOVER_TOTALS, SEND_OFFLINE = 0x0631, 0x0610, 0x0651
DIAGNOSIS, RESET = 0x0670, 0x0618

POSITIVE = 0x8000
WITH_PASSWORD = (REGISTRATION, REPEAT_RECEIPT, REVERSAL, REFUND, TURNOVER_TOTALS, END_OF_DAY, SEND_OFFLINE)

_MAX_COUNT = 0xFF
_MAX_TRACE = 999_999
_PASSWORD = 3
_CONFIG, _AFTER_CURRENCY = 1, 3


@dataclass(frozen=True, slots=True)
class Request:
    """A command of the till. `data` has no password any more; absent fields are None.

    `answer_s` and `repeats` (BMP 01 and 02): how long to wait for the answer to an approval, and how often
    to ask again. `config` of a registration; `service` byte (BMP 03); `permits_tlv`: containers are welcome.
    """

    command: int
    password: str | None
    data: bytes
    amount_minor: int | None
    currency: str | None
    receipt_no: int | None
    answer_s: int | None
    repeats: int | None = None
    config: int | None = None
    service: int | None = None
    permits_tlv: bool = False

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
    bare, tagged = b"", data
    if command == REGISTRATION:  # a bare config byte, then perhaps a bare currency, and only behind it BMPs
        bare, tagged = data[:_AFTER_CURRENCY], data[_AFTER_CURRENCY:]
    walked = fields.walk(tagged)
    return Request(
        command,
        password,
        data,
        fields.number(walked.first(0x04)),
        currency_name(bare[_CONFIG:_AFTER_CURRENCY] if len(bare) == _AFTER_CURRENCY else walked.first(0x49)),
        fields.number(walked.first(0x87)),
        _byte(walked.first(0x01)),
        _byte(walked.first(0x02)),
        _byte(bare),
        _byte(walked.first(0x03)),
        walked.first(fields.CONTAINER) is not None,
    )


def _byte(value: bytes | None) -> int | None:
    return value[0] if value else None


def refusal(code: int, data: bytes = b"") -> bytes:
    """`84 xx`, mostly without data; some terminals say `84 1E 01 7D`."""
    return unit(0x8400 | code, data)


def intermediate(code: int, minutes: int | None = None, text: bytes = b"") -> bytes:
    """`04 FF <code> [minutes] [TLV 24/07]`: a step, a new T4 in minutes, a text as it stands on the display."""
    wait = b"" if minutes is None else fields.bcd(minutes, 1)
    return unit(0x04FF, bytes([code]) + wait + (fields.container(_shown(text)) if text else b""))


def completion(data: bytes = b"") -> bytes:
    """`06 0F`, with whatever the command's answer bears."""
    return unit(0x060F, data)


def registered(tid: str, currency: str, *, status: int = 0x00, charset: int | None = None) -> bytes:
    """`06 0F` after a registration: status, terminal number, currency, and perhaps TLV 27/14 with a charset."""
    money = fields.bcd(currency_number(currency), 2)
    texts = b"" if charset is None else fields.container(fields.tlv(0x27, fields.tlv(0x14, bytes([charset]))))
    return completion(bytes([0x19, status, 0x29]) + bytes.fromhex(tid) + b"\x49" + money + texts)


def ready(version: str, status: int, data: bytes = b"") -> bytes:
    """`06 0F` after a status enquiry: software version unless empty, the bare status byte, anything more."""
    told = fields.variable(version.encode("ascii"), 3) if version else b""
    return completion(told + bytes([status]) + data)


def abort(code: int, data: bytes = b"") -> bytes:
    """`06 1E <code>`, mostly without more."""
    return unit(0x061E, bytes([code]) + data)


def print_line(text: bytes, attribute: int = 0x00) -> bytes:
    """`06 D1`: one line of a slip; attribute 81 to FE ends it."""
    return unit(0x06D1, bytes([attribute]) + text)


def set_clock(date: str, time: str) -> bytes:
    """`04 01`: the terminal's date (YYMMDD) and time (HHMMSS) for the till's clock."""
    return unit(0x0401, b"\xaa" + bytes.fromhex(date) + b"\x0c" + bytes.fromhex(time))


def declined(code: int, tid: str, text: bytes = b"") -> bytes:
    """`04 0F` that says no: result and terminal number, and perhaps a text in BMP 3C and TLV 24/07."""
    said = b"\x3c" + fields.variable(text, 3) + fields.container(_shown(text)) if text else b""
    return unit(0x040F, bytes([0x27, code, 0x29]) + bytes.fromhex(tid) + said)


def _shown(text: bytes) -> bytes:
    return fields.tlv(0x24, fields.tlv(0x07, text))


@dataclass(frozen=True, slots=True)
class Card:
    """What a simulated card shows of itself; `last4` is all that exists of its number.

    `number` (BCD, as BMP 22 bears it) and `raw_name` (in any character set) are sent instead, where a
    terminal is to be played that does not mask, or does not keep to CP437.
    """

    name: str
    card_type: int
    last4: str
    scheme: str
    number: bytes | None = None
    raw_name: bytes | None = None


@dataclass(frozen=True, slots=True)
class Booking:
    """The facts of one receipt as `04 0F` tells them. `time` HHMMSS, `date` MMDD, amount in minor units.

    A trace beyond six digits goes into TLV 1F2B, with zeros in BMP 0B. `currency` None leaves BMP 49 out.
    `online` chooses BMP 19 and TLV 1F11 together; `payment_type` sets BMP 19 to something else. `text` is
    BMP 3C. `tlv` is sent instead of the container that tells of online and contactless; empty for none.
    """

    amount_minor: int
    currency: str | None
    tid: str
    receipt_no: int
    trace: int
    time: str
    date: str
    auth_code: str
    card: Card
    original_trace: int | None = None
    online: Online = "online"
    payment_type: int | None = None
    text: bytes = b""
    tlv: bytes | None = None


_PAYMENT_TYPES: dict[Online, int] = {"online": 0x60, "offline": 0x40, "unknown": 0x70}
_ONLINE_FLAGS: dict[Online, bytes] = {"online": b"\x01", "offline": b"\x00"}
_CONTACTLESS = bytes.fromhex("1f1201 02")


def status_information(booking: Booking, more: bytes = b"") -> bytes:
    """`04 0F` with result 00 for a payment, or with BMP 37 for one taken back; `more` is put at its end."""
    original = b"" if booking.original_trace is None else b"\x37" + fields.bcd(booking.original_trace, 3)
    kind = _PAYMENT_TYPES[booking.online] if booking.payment_type is None else booking.payment_type
    masked = b"\xee" * 6 + bytes.fromhex(booking.card.last4)
    name = booking.card.name.encode("ascii") if booking.card.raw_name is None else booking.card.raw_name
    container = _told_in_tlv(booking) if booking.tlv is None else booking.tlv
    data = (
        b"\x27\x00\x04" + fields.bcd(booking.amount_minor, 6)
        + b"\x0b" + fields.bcd(booking.trace if booking.trace <= _MAX_TRACE else 0, 3) + original
        + b"\x0c" + bytes.fromhex(booking.time) + b"\x0d" + bytes.fromhex(booking.date)
        + b"\x19" + bytes([kind])
        + b"\x22" + fields.variable(masked if booking.card.number is None else booking.card.number, 2)
        + b"\x29" + bytes.fromhex(booking.tid)
        + b"\x3b" + booking.auth_code.encode("ascii").ljust(8, b"\x00")
        + (b"\x3c" + fields.variable(booking.text, 3) if booking.text else b"")
        + (b"" if booking.currency is None else b"\x49" + fields.bcd(currency_number(booking.currency), 2))
        + b"\x87" + fields.bcd(booking.receipt_no, 2)
        + b"\x8a" + bytes([booking.card.card_type])
        + b"\x8b" + fields.variable(name + b"\x00", 2)
        + (fields.container(container) if container else b"")
        + more
    )  # fmt: skip
    return unit(0x040F, data)


def _told_in_tlv(booking: Booking) -> bytes:
    """TLV 2F with online flag and technology, and 1F2B when the trace is too long for BMP 0B."""
    flag = _ONLINE_FLAGS.get(booking.online)
    kind = (b"" if flag is None else fields.tlv(0x1F11, flag)) + _CONTACTLESS
    long_trace = fields.tlv(0x1F2B, fields.bcd(booking.trace, 4)) if booking.trace > _MAX_TRACE else b""
    return fields.tlv(0x2F, kind) + long_trace


def day_end(
    tid: str, currency: str, time: str, date: str, first: int, last: int, sums: Sequence[tuple[str, int, int]]
) -> bytes:
    """`04 0F` after `06 50` or `06 10`: total in BMP 04; first and last receipt, (count, sum) per scheme in BMP 60.

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
