"""ZVT blocks on a serial line, and bare command units on TCP. Pure: bytes in, events out.

A block is `10 02`, the command unit with every 10 doubled, `10 03` and a CRC, low byte first; a single
06 or 15 between blocks acknowledges or rejects one (PA00P016 rev. 04, chapters 2 and 3). The CRC is
CRC-16/KERMIT over the undoubled unit and one 03, and its two bytes are never doubled.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

from stall.errors import LocalWireError

DLE, STX, ETX = 0x10, 0x02, 0x03
ACK, NAK = b"\x06", b"\x15"
MAX_APDU = 5 + 0xFFFF
"""Longest command unit: five bytes of header and a two-byte length's worth of data."""

_EXTENDED_LENGTH = 0xFF
_HEADER, _LONG_HEADER = 3, 5


@dataclass(frozen=True, slots=True)
class Ack:
    """The other side has received our block."""


@dataclass(frozen=True, slots=True)
class Nak:
    """The other side wants our block again."""


@dataclass(frozen=True, slots=True)
class Apdu:
    """One whole command unit whose CRC was right (on TCP: whose length was reached)."""

    data: bytes


@dataclass(frozen=True, slots=True)
class BadFrame:
    """A block that cannot be used; the receiver answers 15 so that it is sent again."""

    reason: str


@dataclass(frozen=True, slots=True)
class Noise:
    """A byte that belongs to no block and is no acknowledgement we may trust."""

    byte: int


Event = Ack | Nak | Apdu | BadFrame | Noise


class _At(enum.Enum):
    IDLE = enum.auto()
    NOISE = enum.auto()
    START = enum.auto()
    BODY = enum.auto()
    ESCAPE = enum.auto()
    CRC_LOW = enum.auto()
    CRC_HIGH = enum.auto()


def crc16(data: bytes) -> int:
    """CRC-16/KERMIT: polynomial 8408 (reflected), start 0, no final xor; `123456789` gives 2189."""
    crc = 0
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ (0x8408 if crc & 1 else 0)
    return crc


def encode_frame(apdu: bytes) -> bytes:
    """The block that carries `apdu` on a serial line. Raises LocalWireError when empty or too long."""
    if not 1 <= len(apdu) <= MAX_APDU:
        raise LocalWireError(
            "zvt-frame-length", f"The card terminal takes 1 to {MAX_APDU} bytes, not {len(apdu)}. Take cash."
        )
    crc = crc16(apdu + bytes([ETX]))
    stuffed = apdu.replace(b"\x10", b"\x10\x10")
    return bytes([DLE, STX]) + stuffed + bytes([DLE, ETX]) + crc.to_bytes(2, "little")


class Decoder:
    """Turns what arrives on a serial line into events; any chunking gives the same events.

    After a byte that fits nowhere, a single 06 is not trusted as an acknowledgement until a block starts
    or the line was quiet: the inside of a damaged block is full of 06 bytes, and an acknowledgement we
    only imagined would make a payment look certain. A lost one merely costs a repeat.
    """

    def __init__(self) -> None:
        self._at = _At.IDLE
        self._held_dle = False
        self._body = bytearray()
        self._crc_low = 0

    @property
    def in_frame(self) -> bool:
        """True while a block has begun and not ended (the receiver's T1 runs)."""
        return self._at not in (_At.IDLE, _At.NOISE)

    def feed(self, data: bytes) -> list[Event]:
        """Take the next bytes of the line; returns what they complete. Raises nothing."""
        events: list[Event] = []
        for byte in data:
            self._take(byte, events)
        return events

    def quiet(self) -> list[Event]:
        """Say that nothing arrived for longer than T1: a block cut short is given up."""
        cut_short = self.in_frame
        self._at, self._held_dle = _At.IDLE, False
        return [BadFrame("cut short")] if cut_short else []

    def _take(self, byte: int, events: list[Event]) -> None:
        match self._at:
            case _At.IDLE:
                self._between_blocks(byte, events)
            case _At.NOISE:
                self._in_noise(byte, events)
            case _At.START:
                self._after_first_dle(byte, events)
            case _At.BODY:
                self._in_body(byte, events)
            case _At.ESCAPE:
                self._after_dle(byte, events)
            case _At.CRC_LOW:
                self._crc_low, self._at = byte, _At.CRC_HIGH
            case _At.CRC_HIGH:
                self._finish(self._crc_low | byte << 8, events)

    def _between_blocks(self, byte: int, events: list[Event]) -> None:
        if byte == ACK[0]:
            events.append(Ack())
        elif byte == NAK[0]:
            events.append(Nak())
        elif byte == DLE:
            self._at = _At.START
        else:
            self._at = _At.NOISE
            events.append(Noise(byte))

    def _in_noise(self, byte: int, events: list[Event]) -> None:
        """Look for `10 02`; a doubled 10 is data of a block whose start we missed."""
        if self._held_dle and byte == STX:
            self._begin()
            return
        if self._held_dle:
            events.append(Noise(DLE))
            self._held_dle = False
            if byte == DLE:
                events.append(Noise(DLE))
                return
        if byte == DLE:
            self._held_dle = True
        else:
            events.append(Noise(byte))

    def _after_first_dle(self, byte: int, events: list[Event]) -> None:
        if byte == STX:
            self._begin()
            return
        self._at = _At.NOISE
        events += [Noise(DLE), Noise(byte)]

    def _begin(self) -> None:
        self._at, self._held_dle = _At.BODY, False
        self._body.clear()

    def _in_body(self, byte: int, events: list[Event]) -> None:
        if byte == DLE:
            self._at = _At.ESCAPE
        else:
            self._append(byte, events)

    def _after_dle(self, byte: int, events: list[Event]) -> None:
        if byte == DLE:
            self._at = _At.BODY
            self._append(byte, events)
        elif byte == ETX:
            self._at = _At.CRC_LOW
        elif byte == STX:
            events.append(BadFrame("a new block began inside a block"))
            self._begin()
        else:
            self._spoil("a single 10 inside a block", events)

    def _append(self, byte: int, events: list[Event]) -> None:
        self._body.append(byte)
        if len(self._body) > MAX_APDU:
            self._spoil("longer than any command", events)

    def _finish(self, crc: int, events: list[Event]) -> None:
        if not self._body:
            self._spoil("empty", events)
        elif crc != crc16(bytes(self._body) + bytes([ETX])):
            self._spoil("wrong checksum", events)
        else:
            self._at = _At.IDLE
            events.append(Apdu(bytes(self._body)))

    def _spoil(self, reason: str, events: list[Event]) -> None:
        self._at, self._held_dle = _At.NOISE, False
        events.append(BadFrame(reason))


def split_header(data: bytes) -> tuple[int, int] | None:
    """Header size and data size of the command unit that begins `data`, or None while too short.

    The length byte is 00 to FE, or FF and two bytes low first (PA00P016 chapter 5).
    """
    if len(data) < _HEADER:
        return None
    if data[2] != _EXTENDED_LENGTH:
        return _HEADER, data[2]
    if len(data) < _LONG_HEADER:
        return None
    return _LONG_HEADER, int.from_bytes(data[3:5], "little")


class ApduStream:
    """Cuts a TCP stream into bare command units by their own lengths."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[Event]:
        """Take the next bytes; returns every unit they complete. Raises nothing."""
        self._buffer += data
        events: list[Event] = []
        while (sizes := split_header(bytes(self._buffer[:_LONG_HEADER]))) is not None:
            end = sum(sizes)
            if len(self._buffer) < end:
                break
            events.append(Apdu(bytes(self._buffer[:end])))
            del self._buffer[:end]
        return events
