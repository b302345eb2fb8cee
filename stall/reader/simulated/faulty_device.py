"""A cable that damages what passes over it: what the line does to single bytes, whatever they mean.

It sits between the terminal's link layer and its port. Damage the link layer would notice is done where it
notices it: a block the terminal is to reject arrives damaged at the terminal, so that it was truly not heard.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from stall.reader.simulated.controls import Mode
from stall.reader.simulated.fate import At, Fate
from stall.reader.transport import Transport
from stall.wire.readers.zvt_frames import ACK

_BLOCK = b"\x10\x02"
_FLIPPED = 0x40
_BYTE_S = 0.0003
"""Pause behind each byte of a block sent byte by byte: a full block still fits into T2 at a fiftieth of its length."""
_DEAF_S = 0.02
_BEGINS: dict[At, bytes] = {At.COMMAND: b"\x80\x00", At.STATUS: b"\x04\x0f", At.COMPLETION: b"\x06\x0f"}
"""How the terminal's block begins that a fault waits for; at COMMAND it is the answer to the till's command."""
_CHARGES = (b"\x06\x01", b"\x06\x30", b"\x06\x31")


@dataclass(slots=True)
class _Armed:
    """A fault and how often it still happens; `reached` once the block it waits for was sent."""

    fate: Fate
    left: int
    reached: bool


class FaultyDevice:
    """A Transport around another one. Good until `arm`ed; used by the link's thread and by senders."""

    def __init__(self, device: Transport, late_s: float, expect: Callable[[bytes], Fate]) -> None:
        """`late_s`: how late an acknowledgement is; `expect`: the fate of a command that arrives, by its two bytes."""
        self.framed = device.framed
        self._device, self._late_s, self._expect = device, late_s, expect
        self._armed: _Armed | None = None
        self._engaged = False
        self.mute = False
        """No acknowledgement leaves any more."""
        self._deaf = threading.Event()

    def read(self, n: int, timeout_s: float) -> bytes:
        """See Transport.read."""
        if self._deaf.is_set():  # what is not even taken from the port makes TCP say that it was never delivered
            time.sleep(min(timeout_s, _DEAF_S))
            return b""
        data = self._device.read(n, timeout_s)
        if self._deaf.is_set():
            return b""
        while self.framed and data.endswith((_BLOCK, _BLOCK[:1])) and (more := self._device.read(n, timeout_s)):
            data += more  # the two bytes of the command are looked at together
        if data:
            self._look_for_command(data)
        return self._damaged(data) if self._strikes(Mode.NAKS) and _BLOCK in data else data

    def write(self, data: bytes) -> None:
        """See Transport.write."""
        if data == ACK and self.framed:
            self._acknowledge(data)
            return
        if self._is_awaited(data):
            self._say_awaited(data)
        elif self._armed is not None and self._armed.fate.mode is Mode.SPLIT:
            self._byte_by_byte(data)
        else:
            self._device.write(data)

    def close(self) -> None:
        """See Transport.close."""
        self._device.close()

    def drained(self, timeout_s: float) -> bool:
        """See Transport.drained."""
        return self._device.drained(timeout_s)

    def hear_nothing(self) -> None:
        """Let nothing of the till arrive any more, and acknowledge nothing."""
        self._deaf.set()
        self.mute = True

    @property
    def deaf(self) -> bool:
        """True once nothing of the till arrives any more."""
        return self._deaf.is_set()

    def arm(self, fate: Fate) -> None:
        """Let it happen in the transaction that begins; what strikes its command was armed when that arrived."""
        if fate.at is not At.COMMAND:
            self._armed = _Armed(fate, fate.times, reached=False)

    def rest(self) -> None:
        """The transaction is over; what is still to strike its last block stays armed."""
        self._engaged = False
        if self._armed is not None and self._armed.fate.mode is Mode.SPLIT:
            self._armed = None

    def _look_for_command(self, data: bytes) -> None:
        """Arm for a command that is to be struck itself, once, before the link layer acknowledges it."""
        command = data[data.find(_BLOCK) + len(_BLOCK) :][:2] if self.framed else data[:2]
        if command in _CHARGES and not self._engaged:
            self._engaged = True
            fate = self._expect(command)
            self._armed = _Armed(fate, fate.times, reached=True) if fate.at is At.COMMAND else None

    def _strikes(self, mode: Mode) -> bool:
        return (
            self._armed is not None and self._armed.fate.mode is mode and self._armed.reached and self._armed.left > 0
        )

    def _count(self) -> None:
        if self._armed is not None:
            self._armed.left -= 1

    def _damaged(self, data: bytes) -> bytes:
        """The same with one bit of the block's first byte flipped, which its checksum always shows."""
        self._count()
        at = data.find(_BLOCK) + len(_BLOCK)
        return data[:at] + bytes(byte ^ _FLIPPED for byte in data[at : at + 1]) + data[at + 1 :]

    def _acknowledge(self, data: bytes) -> None:
        if self.mute:
            return
        if self._strikes(Mode.LOST_ACK):
            self._count()
            return
        if self._strikes(Mode.LATE_ACK):
            self._count()
            time.sleep(self._late_s)
        self._device.write(data)

    def _is_awaited(self, data: bytes) -> bool:
        """Whether this is the block that the armed fault waits for, or a repeat of it."""
        body = data[len(_BLOCK) :] if self.framed else data
        return self._armed is not None and body[:2] == _BEGINS[self._armed.fate.at]

    def _say_awaited(self, data: bytes) -> None:
        if self._armed is not None:
            self._armed.reached = True
        if self._strikes(Mode.BAD_CRC) and self.framed:
            self._count()
            self._device.write(data[:-1] + bytes([data[-1] ^ _FLIPPED]))
        elif self._strikes(Mode.DUPLICATE):
            self._count()
            self._device.write(data)
            self._device.write(data)
        elif self._strikes(Mode.SPLIT):
            self._byte_by_byte(data)
        else:
            self._device.write(data)

    def _byte_by_byte(self, data: bytes) -> None:
        for byte in data:
            self._device.write(bytes([byte]))
            time.sleep(_BYTE_S)
