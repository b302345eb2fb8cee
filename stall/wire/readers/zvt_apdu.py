"""ZVT command units from the terminal, read into frozen values. Card data beyond four digits never get in.

`parse_apdu` raises WireError when the unit's own length is wrong and nothing else; fields it cannot read
make a StatusInformation incomplete, which must never count as an approval (design: a payment is paid only
if result, amount and currency were read).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from stall.errors import WireError
from stall.wire.readers import zvt_fields as fields
from stall.wire.readers.zvt_codes import NO_CODE_GIVEN, PLEASE_WAIT
from stall.wire.readers.zvt_frames import split_header
from stall.wire.readers.zvt_status import StatusInformation, currency_name, parse_status

_NEGATIVE_CLASS = 0x84
_REFUSED_WITH_REASON = 0x1E
_COMPLETION_FIELDS = (0x04, 0x06, 0x0B, 0x19, 0x22, 0x27, 0x29, 0x3C, 0x49, 0x87)
"""BMPs a completion's data may begin with; no status byte has one of these values."""


@dataclass(frozen=True, slots=True)
class Positive:
    """`80 00` or `84 00`: yes."""


@dataclass(frozen=True, slots=True)
class Busy:
    """`84 9C`: ask again in two seconds."""


@dataclass(frozen=True, slots=True)
class Negative:
    """`84 xx`: no, and why (zvt_codes.RESULTS); `detail` is the first byte of its data, where it bears any."""

    code: int
    detail: int | None = None

    @property
    def reason(self) -> int:
        """The code that explains it: `84 1E` with data is an abort said as an answer, its data hold the code."""
        return self.detail if self.code == _REFUSED_WITH_REASON and self.detail is not None else self.code


@dataclass(frozen=True, slots=True)
class Intermediate:
    """`04 FF`: a step of the transaction; `t4_minutes` replaces T4 when given."""

    code: int
    t4_minutes: int | None
    text: str | None


@dataclass(frozen=True, slots=True)
class Completion:
    """`06 0F`: the transaction is over. After registration or a status enquiry with the fields they bear.

    `charset` is the one the terminal announces for its texts, as Python names it.
    """

    status: int | None
    version: str | None
    tid: str | None
    currency: str | None
    charset: str | None = None


@dataclass(frozen=True, slots=True)
class Abort:
    """`06 1E`: the transaction is over and came to nothing; FF when no code was given.

    `maker_code` (hexadecimal) and `text` are the maker's own explanation, from TLV 1F16 and 1F17.
    """

    code: int
    maker_code: str | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True)
class PrintLine:
    """`06 D1`: one line of a printed slip, card numbers masked."""

    attribute: int
    text: str


@dataclass(frozen=True, slots=True)
class PrintText:
    """`06 D3`: a whole slip; its text is not kept."""


@dataclass(frozen=True, slots=True)
class SetClock:
    """`04 01`: the terminal's idea of date (YYMMDD) and time (HHMMSS); our clock does not follow it."""

    date: str | None
    time: str | None


@dataclass(frozen=True, slots=True)
class Unknown:
    """A command we do not speak; answered with `84 83 00`."""

    command: int


Message = (
    Positive
    | Busy
    | Negative
    | StatusInformation
    | Intermediate
    | Completion
    | Abort
    | PrintLine
    | PrintText
    | SetClock
    | Unknown
)


def split_apdu(data: bytes) -> tuple[int, bytes]:
    """Command (two bytes as a number) and data of one whole unit. Raises WireError `zvt-length`."""
    sizes = split_header(data)
    if sizes is None or sum(sizes) != len(data):
        raise WireError("zvt-length", "A message from the card terminal has the wrong length. Check its cable.")
    return int.from_bytes(data[:2], "big"), data[sizes[0] :]


def parse_apdu(data: bytes, charset: str = "cp437") -> Message:
    """Read one unit from the terminal. Raises WireError `zvt-length`; unknown commands become Unknown."""
    command, body = split_apdu(data)
    if command in (0x8000, 0x8400):
        return Positive()
    if command >> 8 == _NEGATIVE_CLASS:
        code = command & 0xFF
        return Busy() if code == PLEASE_WAIT else Negative(code, body[0] if body else None)
    reader = _READERS.get(command)
    return reader(body, charset) if reader else Unknown(command)


def _step_parts(body: bytes) -> tuple[bytes, bytes, bytes]:
    """Code, T4 minutes and the TLV field of `04 FF`, each empty when absent.

    A 06 behind the code is the container when TLV objects fill it; else it means six minutes.
    """
    code, rest = body[:1], body[1:]
    first = fields.walk(rest).fields[:1]
    if first and first[0].tag == fields.CONTAINER and fields.is_tlv(first[0].value):
        return code, b"", rest
    return code, rest[:1], rest[1:]


def _tree(walked: fields.Walk) -> tuple[fields.Node, ...]:
    return fields.nodes(walked.first(fields.CONTAINER) or b"")


def _intermediate(body: bytes, charset: str) -> Intermediate:
    code, minutes, rest = _step_parts(body)
    tree = _tree(fields.walk(rest))
    text = fields.text(fields.find(tree, 0x24, 0x07), fields.charset(tree) or charset)
    return Intermediate(code[0] if code else NO_CODE_GIVEN, fields.number(minutes), text)


def _abort(body: bytes, charset: str) -> Abort:
    tree = _tree(fields.walk(body[1:]))
    code = fields.find(tree, 0x1F16) or b""
    text = fields.text(fields.find(tree, 0x1F17), fields.charset(tree) or charset)
    return Abort(
        body[0] if body else NO_CODE_GIVEN, code.hex() if 0 < len(code) <= fields.LONGEST_NUMBER else None, text
    )


def _print_line(body: bytes, charset: str) -> PrintLine:
    return PrintLine(body[0] if body else 0, fields.text(body[1:], charset) or "")


def _print_text(_body: bytes, _charset: str) -> PrintText:
    return PrintText()


def _completion_parts(body: bytes) -> tuple[bytes, bytes, bytes]:
    """Version behind its length, bare status byte, and the fields of `06 0F`, each empty when absent.

    `[19 status][29 TID][49 CC][06 TLV]` after registration; `[LLLVAR version] status [06 TLV]` after 05 01.
    """
    versioned = fields.take_variable(body, 3)
    rest = versioned[1] if versioned else body
    version = body[: len(body) - len(rest)]
    bears_fields = not version and rest[:1] and rest[0] in _COMPLETION_FIELDS and fields.walk(rest).fields
    return (version, b"", rest) if bears_fields else (version, rest[:1], rest[1:])


def _completion(body: bytes, charset: str) -> Completion:
    version, status, rest = _completion_parts(body)
    walked = fields.walk(rest)
    tree = _tree(walked)
    status = status or walked.first(0x19) or b""
    tid = walked.first(0x29) or fields.find(tree, 0x1F44)
    return Completion(
        status[0] if status else None,
        fields.text(version[3:], charset) if version else None,
        fields.digits(tid) if tid else None,
        currency_name(walked.first(0x49)),
        fields.charset(tree),
    )


def _set_clock(body: bytes, _charset: str) -> SetClock:
    walked = fields.walk(body)
    date, time = walked.first(0xAA), walked.first(0x0C)
    return SetClock(fields.digits(date) if date else None, fields.digits(time) if time else None)


_READERS: dict[int, Callable[[bytes, str], Message]] = {
    0x040F: parse_status,
    0x04FF: _intermediate,
    0x060F: _completion,
    0x061E: _abort,
    0x06D1: _print_line,
    0x06D3: _print_text,
    0x0401: _set_clock,
}


def redact(apdu: bytes) -> bytes:
    """The same unit fit for a trace: same length, card data, passwords and unknown values blanked.

    Takes one command unit (not a block); what is not a whole unit comes back as zeros of its length.
    """
    sizes = split_header(apdu)
    if sizes is None or sum(sizes) != len(apdu):
        return bytes(len(apdu))
    head, body = apdu[: sizes[0]], apdu[sizes[0] :]
    return head + _redacted(int.from_bytes(apdu[:2], "big"), body)


def _redacted(command: int, body: bytes) -> bytes:
    match command:
        case 0x040F | 0x0601:
            return fields.blank_fields(body)
        case 0x04FF:
            code, minutes, rest = _step_parts(body)
            return code + minutes + fields.blank_fields(rest)
        case 0x061E:
            return body[:1] + fields.blank_fields(body[1:])
        case 0x060F:
            version, status, rest = _completion_parts(body)
            return fields.mask_card_numbers(version) + status + fields.blank_fields(rest)
    return bytes(len(body))
