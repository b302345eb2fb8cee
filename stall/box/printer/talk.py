"""One conversation with a printer: how it stands, bytes that leave one after the other, and whether all was printed.

Nothing here waits without end: a printer that takes nothing for ten seconds counts as stuck, one that prints on is waited for.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from stall.box.printer import status
from stall.box.printer.ports import Port
from stall.box.printer.status import Seen
from stall.errors import Retry

#: How long an answer to DLE EOT is waited for (s); printers answer within a few hundredths.
ANSWER_S = 0.5
#: How long a printer that answers may go on printing what it holds, after the last byte left (s).
PRINTING_S = 30.0
#: The same while it has not yet shown that it says when it is done; not every printer does.
UNPROVEN_S = 10.0
#: Answered when everything before it was printed (GS r 1).
_ECHO = b"\x1dr\x01"
_ASKED_EVERY_S = 1.0


class Talk:
    """A conversation over an open port. `sent` counts the bytes of the job that left; `echoes` whether the printer says when it is done."""

    def __init__(self, port: Port, echoes: bool | None = None, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._port = port
        self._monotonic = monotonic
        self._heard = b""
        self._tells = port.tells
        self.echoes = echoes
        self.sent = 0

    def look(self) -> Seen:
        """Ask how the printer stands. Raises Retry `printer-lost`, `printer-stuck`."""
        if not self._port.tells:
            return status.READY
        self._heard = b""  # a picture may hold what a printer takes for a question
        while self._port.read(0.0):
            continue
        answers: list[int] = []
        for question in status.ASK:
            self._all(question)
            answer = self._listen(status.is_status, ANSWER_S)
            if answer is None:
                break
            answers.append(answer)
        self._tells = bool(answers)
        return status.seen(answers) if answers else status.SILENT

    def send(self, data: bytes) -> None:
        """Send all bytes of a job. Raises Retry `printer-lost`, `printer-stuck`; `sent` then says how many left."""
        while self.sent < len(data):
            self.sent += self._port.write(data[self.sent :])

    def finish(self) -> Seen:
        """Wait until all was printed, and say how the printer stands then. Raises Retry as `look` does."""
        if not self._tells:
            return status.SILENT
        if self.echoes is False:
            return self.look()
        self._all(_ECHO)
        end = self._monotonic() + (PRINTING_S if self.echoes else UNPROVEN_S)
        while self._listen(status.is_echo, _ASKED_EVERY_S) is None:
            now = self.look()
            if not now.ready:
                return now
            if self._monotonic() >= end:
                self.echoes = self.echoes or False
                return now
        self.echoes = True
        return self.look()

    def _all(self, data: bytes) -> None:
        left = data
        while left:
            left = left[self._port.write(left) :]

    def _listen(self, wanted: Callable[[int], bool], timeout_s: float) -> int | None:
        """The first byte that is `wanted`, within the time; answers to other questions stay for whoever wants them."""
        end = self._monotonic() + timeout_s
        while True:
            for n, byte in enumerate(self._heard):
                if wanted(byte):
                    self._heard = self._heard[:n] + self._heard[n + 1 :]
                    return byte
            left = end - self._monotonic()
            if left <= 0:
                return None
            self._heard = (self._heard + self._port.read(left))[-64:]


def trouble(error: Retry) -> Seen:
    """What a port that failed says, as a printer's standing."""
    return Seen(False, error.code, error.sentence)
