"""What the tests of a Concert E+ terminal share: the terminal's end as raw bytes, times, frames."""

from __future__ import annotations

import threading
from collections.abc import Callable

from stall.reader.simulated.pty_device import PtyDevice
from stall.reader.telium.timers import Timers
from stall.wire.readers import telium
from stall.wire.readers import telium_terminal as wire

PAN = "4970101234567890"
REPORT = (PAN + "  " + "0" * 37).ljust(wire.REPORT)
PATIENCE_S = 5.0


class Fast(Timers):
    """A tenth of the times at a stall, and two seconds for the buyer; a busy machine must still keep them."""

    @property
    def reply_s(self) -> float:
        return 1.0

    @property
    def close_s(self) -> float:
        return 0.3

    @property
    def answer_s(self) -> float:
        return 2.0


class Hasty(Fast):
    """The same for tests of what does not come: half a second for the buyer, a third of one for the next byte."""

    @property
    def reply_s(self) -> float:
        return 0.3

    @property
    def answer_s(self) -> float:
        return 0.5


FAST, HASTY = Fast(1 / 10), Hasty(1 / 10)


def done(minor: int = 1250, currency: str = "EUR", private: str = "0000000042", report: str | None = None) -> bytes:
    return telium.encode_frame(wire.answer(telium.DONE, minor, currency, private, report))


def not_done(minor: int = 1250, private: str = "0000000042") -> bytes:
    return telium.encode_frame(wire.answer(telium.NOT_DONE, minor, "EUR", private))


class Peer:
    """The terminal's end of the cable, played by the test."""

    def __init__(self, device: PtyDevice) -> None:
        self._device = device

    def hear(self, n: int = 1, timeout_s: float = PATIENCE_S) -> bytes:
        """Exactly n bytes, or what came before the line fell quiet."""
        heard = b""
        while len(heard) < n and (more := self._device.read(n - len(heard), timeout_s)):
            heard += more
        return heard

    def quiet(self, seconds: float) -> bool:
        """Whether nothing comes for a while."""
        return self._device.read(1, seconds) == b""

    def say(self, *parts: bytes) -> None:
        for part in parts:
            self._device.write(part)

    def expect(self, data: bytes) -> None:
        heard = self.hear(len(data))
        assert heard == data, f"{heard!r} came instead of {data!r}"

    def take_ask(self) -> wire.Ask:
        """Hear an ask out, to its end."""
        self.expect(telium.ENQ)
        self.say(telium.ACK)
        frame = self.hear(37)
        assert telium.encode_frame(frame[1:-2]) == frame
        self.say(telium.ACK)
        self.expect(telium.EOT)
        return wire.parse_ask(frame[1:-2])

    def answer(self, frame: bytes) -> None:
        """Say an answer, to its end."""
        self.say(telium.ENQ)
        self.expect(telium.ACK)
        self.say(frame)
        self.expect(telium.ACK)
        self.say(telium.EOT)

    def hang_up(self) -> None:
        self._device.close()


class Playing:
    """A script of the terminal, beside the test; a fault in it fails the test."""

    def __init__(self, script: Callable[[], object]) -> None:
        self._script, self._fault = script, list[BaseException]()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._script()
        except BaseException as fault:
            self._fault.append(fault)
            raise

    def end(self) -> None:
        self._thread.join(PATIENCE_S)
        assert not self._thread.is_alive()
        assert self._fault == []
