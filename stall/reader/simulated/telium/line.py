"""A line that damages what passes over it: what happens to single bytes between the terminal's link layer and its port.

What the terminal is to misunderstand arrives damaged at the terminal, so that it was truly not heard.
"""

from __future__ import annotations

from stall.reader.simulated.controls import Mode
from stall.reader.simulated.fate import Fate
from stall.reader.simulated.fates import Fates
from stall.reader.transport import Transport
from stall.wire.readers import telium

_FLIPPED = 0x40
_WITHOUT_EOT = (Mode.HANG_UP_AFTER, Mode.VANISH)


class FaultyLine:
    """A Transport around another one; used by the link's thread and by whoever says something."""

    def __init__(self, device: Transport, fates: Fates) -> None:
        """Nothing is damaged before an ask arrives whose fate says so."""
        self.framed = device.framed
        self._device, self._fates = device, fates
        self._fate = Fate()
        self._left = 0
        self._asked = self._answered = False

    def read(self, n: int, timeout_s: float) -> bytes:
        """See Transport.read."""
        data = self._device.read(n, timeout_s)
        at = data.find(telium.STX)
        if at < 0:
            return data
        if not self._asked:
            self._asked, self._answered = True, False
            self._fate = self._fates.expect(None)
            self._left = self._fate.times
        if self._strikes(Mode.NAKS):
            return data[:at] + bytes([telium.STX ^ _FLIPPED]) + data[at + 1 :]
        return data

    def write(self, data: bytes) -> None:
        """See Transport.write."""
        if data[0] == telium.STX:
            self._say_frame(data)
        elif data == telium.ACK and self._asked and not self._answered and self._strikes(Mode.LOST_ACK):
            return
        elif not (data == telium.EOT and self._answered and self._fate.mode in _WITHOUT_EOT):
            self._say(data)

    def close(self) -> None:
        """See Transport.close."""
        self._device.close()

    def drained(self, timeout_s: float) -> bool:
        """See Transport.drained."""
        return self._device.drained(timeout_s)

    def rest(self) -> None:
        """The payment is over; the next ask has a fate of its own."""
        self._asked = False

    def _strikes(self, mode: Mode) -> bool:
        """Whether the fault happens now; counts it then."""
        if self._fate.mode is not mode or self._left == 0:
            return False
        self._left -= 1
        return True

    def _say_frame(self, frame: bytes) -> None:
        self._answered = True
        if self._strikes(Mode.BAD_CRC):
            frame = frame[:-1] + bytes([frame[-1] ^ _FLIPPED])
        self._say(frame)
        if self._strikes(Mode.DUPLICATE):
            self._say(frame)

    def _say(self, data: bytes) -> None:
        if self._asked and self._fate.mode is Mode.SPLIT:
            for byte in data:
                self._device.write(bytes([byte]))
        else:
            self._device.write(data)
