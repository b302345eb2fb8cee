"""Telium "Concert E+", the protocol of card terminals in France: bytes in, events out, for both ends of the cable.

Whoever has something to say sends ENQ and hears ACK, sends one frame and hears ACK, and ends with EOT; NAK asks
for the frame again. The till asks for a payment so, and up to two minutes later the terminal answers so. A frame is
`STX body ETX LRC`; the LRC is the exclusive or of body and ETX and may be any byte, so frames are read by their
length. There is no public paper: this is what the open implementations for France agree on (pyTeliumManager 2.4,
pypostelium 0.0.5), checked against the frames they make.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from functools import reduce
from operator import xor

from stall.errors import LocalWireError, WireError
from stall.wire.readers.zvt_codes import Words
from stall.wire.readers.zvt_status import CURRENCIES

STX, ETX = 0x02, 0x03
ENQ, ACK, NAK, EOT = b"\x05", b"\x06", b"\x15", b"\x04"
MAX_MINOR = 99_999_999
"""Eight digits are all an amount has."""

ASKS = (34,)
ANSWERS = (25, 80)
"""Lengths of bodies, shortest first: an ask; an answer without and with the report on the card."""

POSITION = "01"
"""The till's number; one cable joins one till and one terminal."""

DONE, NOT_DONE, NOT_VERIFIED = "0", "7", "9"
_PRIVATE = 10
_REPORT = slice(12, 67)
_HEAD = 1 + 12
_NAMES = {f"{number:03d}": name for name, number in CURRENCIES.items()}

STATUSES: dict[str, Words] = {
    DONE: Words("Approved.", "Paid."),
    NOT_DONE: Words(
        "Not paid: declined, cancelled, or no card came.", "No payment was made. Try another card or pay cash."
    ),
    NOT_VERIFIED: Words(
        "The terminal says “not verified”. Look at its slip before anything else.", "Please wait and ask at the stall."
    ),
}
"""The third character of an answer. Only the first is a payment; only the second is certainly none."""


@dataclass(frozen=True, slots=True)
class Enq:
    """The other end wants to say something."""


@dataclass(frozen=True, slots=True)
class Ack:
    """The other end listens, or has our frame."""


@dataclass(frozen=True, slots=True)
class Nak:
    """The other end wants our frame again, or does not listen."""


@dataclass(frozen=True, slots=True)
class Eot:
    """The other end has said everything."""


@dataclass(frozen=True, slots=True)
class Frame:
    """A whole body whose LRC was right; a report in it is blanked."""

    body: bytes


@dataclass(frozen=True, slots=True)
class Garbled:
    """What came before the line fell quiet is of no use; a receiver that waits for a frame answers NAK."""

    reason: str


Event = Enq | Ack | Nak | Eot | Frame | Garbled
_SIGNALS: dict[int, Event] = {ENQ[0]: Enq(), ACK[0]: Ack(), NAK[0]: Nak(), EOT[0]: Eot()}


@dataclass(frozen=True, slots=True)
class Answer:
    """What a terminal says became of an ask. `status` one digit (see STATUSES), `currency` ISO letters or three digits.

    `mode`: 1 for a bank card, other signs for other means; `private`: the ask's ten signs or a number of the
    terminal's own, whichever the make prefers.
    """

    position: str
    status: str
    amount_minor: int
    mode: str
    currency: str
    private: str


def lrc(body: bytes) -> int:
    """The exclusive or of `body` and ETX."""
    return reduce(xor, body, ETX)


def encode_frame(body: bytes) -> bytes:
    """The frame that carries `body`."""
    return bytes([STX]) + body + bytes([ETX, lrc(body)])


def ask(amount_minor: int, currency: str, private: str = "", *, forced: bool = False, refund: bool = False) -> bytes:
    """The body that asks for a payment by card: short answer (`0`), after the end (`A010`).

    The longer answer is never asked for: it bears the card number. `forced`: the bank is asked in any case (`B011`);
    `refund`: type 2, whose meaning differs by make. Raises LocalWireError `telium-amount`, `telium-currency`,
    `telium-private`.
    """
    if not 1 <= amount_minor <= MAX_MINOR:
        raise LocalWireError(
            "telium-amount", f"A card terminal of this kind takes 0.01 to 999999.99, not {amount_minor / 100:.2f}."
        )
    if currency not in CURRENCIES:
        raise LocalWireError("telium-currency", f"Card terminals of this kind do not take {currency}. Take cash.")
    if len(private) > _PRIVATE or not (private.isascii() and private.isprintable()):
        raise LocalWireError("telium-private", f"{private!r} is no mark for the card terminal. Take cash.")
    kind, delay, force = "2" if refund else "0", "A010", "B011" if forced else "B010"
    text = f"{POSITION}{amount_minor:08d}01{kind}{CURRENCIES[currency]:03d}{private:<{_PRIVATE}}{delay}{force}"
    return text.encode("ascii")


def parse_answer(body: bytes) -> Answer:
    """Read an answer; a report in it is dropped. Raises WireError `telium-length`, `telium-answer`."""
    if len(body) not in ANSWERS:
        raise WireError("telium-length", "The terminal's answer has another length than answers have. Check its cable.")
    text = (body[: _REPORT.start] + body[-3 - _PRIVATE :]).decode("ascii", "replace")
    position, status, amount, mode, currency, private = (
        text[:2], text[2], text[3:11], text[11], text[12:15], text[15:],
    )  # fmt: skip
    if not (text.isascii() and text.isprintable() and (position + status + amount + currency).isdigit()):
        raise WireError("telium-answer", "The terminal's answer cannot be read. Look at the terminal and its slip.")
    return Answer(position, status, int(amount), mode, _NAMES.get(currency, currency), private)


def status_words(status: str) -> Words:
    """Words for an answer's status; one nobody listed is said with its number."""
    return STATUSES.get(status) or Words(
        f"The terminal reports result {status}. Look at its slip before anything else.",
        "Please wait and ask at the stall.",
    )


def redact(data: bytes) -> bytes:
    """A frame (or signal) as it may be traced: the report, and whatever is no known frame beyond its head, is stars."""
    body = data[1:-2]
    if len(data) <= 1 or len(body) in (*ASKS, ANSWERS[0]):
        return data
    if len(body) == ANSWERS[-1]:
        return data[:1] + blank_report(body) + data[-2:]
    return data[:_HEAD] + b"*" * (len(data) - _HEAD)


def blank_report(body: bytes) -> bytes:
    """The body with the 55 characters of a report as stars: they hold the card number."""
    if len(body) != ANSWERS[-1]:
        return body
    return body[: _REPORT.start] + b"*" * (_REPORT.stop - _REPORT.start) + body[_REPORT.stop :]


class _At(enum.Enum):
    IDLE = enum.auto()
    FRAME = enum.auto()
    SPOILT = enum.auto()


class Decoder:
    """Turns what arrives into events; any chunking gives the same events.

    After anything that fits nowhere, no signal is believed until the line was quiet: bodies and LRCs are full of
    bytes that look like one, and an ACK we missed costs a repeat while a false one could cost a payment.
    """

    def __init__(self, lengths: tuple[int, ...]) -> None:
        """`lengths` of the bodies the other end may send: ANSWERS at the till, ASKS at the terminal."""
        self._lengths = lengths
        self._at = _At.IDLE
        self._frame = bytearray()
        self._reason = ""

    @property
    def waiting(self) -> bool:
        """True while something has begun that only more bytes or a quiet line end."""
        return self._at is not _At.IDLE

    def feed(self, data: bytes) -> list[Event]:
        """Take the next bytes; returns what they complete. Raises nothing."""
        return [event for byte in data if (event := self._take(byte)) is not None]

    def quiet(self) -> list[Event]:
        """Say that nothing arrived for a while: what is not whole by now is given up."""
        if self._at is _At.IDLE:
            return []
        reason = "cut short" if self._at is _At.FRAME else self._reason
        self._at = _At.IDLE
        self._frame.clear()
        return [Garbled(reason)]

    def _take(self, byte: int) -> Event | None:
        if self._at is _At.FRAME:
            return self._in_frame(byte)
        if self._at is _At.SPOILT:
            return None
        if byte == STX:
            self._at = _At.FRAME
        elif byte not in _SIGNALS:
            self._spoil("noise")
        return _SIGNALS.get(byte)

    def _in_frame(self, byte: int) -> Event | None:
        self._frame.append(byte)
        length = len(self._frame) - 2
        if length == self._lengths[-1] or (length in self._lengths and self._frame[length] == ETX):
            return self._finish(bytes(self._frame[:length]), self._frame[length], byte)
        return None

    def _finish(self, body: bytes, end: int, check: int) -> Event | None:
        self._frame.clear()
        if end != ETX:
            self._spoil("no end where the length says")
        elif check != lrc(body):
            self._spoil("wrong checksum")
        elif not (body.isascii() and body.decode("ascii").isprintable()):
            self._spoil("not text")
        else:
            self._at = _At.IDLE
            return Frame(blank_report(body))
        return None

    def _spoil(self, reason: str) -> None:
        self._at, self._reason = _At.SPOILT, reason
