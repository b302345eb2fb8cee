"""The simulated terminal's half of a conversation: say something, wait for the till's answer to it."""

from __future__ import annotations

import threading
import time

from stall.errors import StallError
from stall.reader.link import Link
from stall.wire.readers import zvt_terminal as wire
from stall.wire.readers.zvt_codes import NOT_POSSIBLE, PLEASE_WAIT
from stall.wire.readers.zvt_commands import POSITIVE

_POLL_S = 0.05


class TillSide:
    """What the terminal can say to the till. Used by one thread."""

    def __init__(self, link: Link, stop: threading.Event, answer_s: float) -> None:
        """`answer_s`: how long the till may take to answer a Status-Information."""
        self._link, self._stop, self._answer_s = link, stop, answer_s

    def yes(self) -> None:
        """`80 00 00` to the till's command."""
        self._link.send(POSITIVE)

    def no(self, code: int) -> None:
        """`84 xx 00` to the till's command."""
        self._link.send(wire.refusal(code))

    def tell(self, apdu: bytes) -> bool:
        """Say it and wait T3 for a yes."""
        self._link.send(apdu)
        return self._answer(self._link.timers.t3_s) == wire.POSITIVE

    def commit(self, status_information: bytes, answer_s: float | None = None) -> bool:
        """Say `04 0F` and wait for the answer that decides; `84 9C` has it said again after two seconds.

        False for anything but a yes: a no, silence, a line that failed.
        """
        end = time.monotonic() + (self._answer_s if answer_s is None else answer_s)
        while True:
            self._link.send(status_information)
            answer = self._answer(end - time.monotonic())
            if answer != 0x8400 | PLEASE_WAIT:
                return answer == wire.POSITIVE
            self._stop.wait(min(self._link.timers.ask_again_s, max(0.0, end - time.monotonic())))

    def abort_asked(self) -> bool:
        """Look once, without waiting, whether the till sent `06 B0`; other commands are told to wait."""
        received = self._link.receive(0)
        while received is not None:
            if self._command(received.data) == wire.ABORT:
                return True
            received = self._link.receive(0)
        return False

    def ignore(self) -> None:
        """Drop whatever came; the link layer has acknowledged it."""
        self._link.discard()

    def _answer(self, timeout_s: float) -> int | None:
        """The till's `80 xx` or `84 xx`; other commands meanwhile are told to wait or that it is too late."""
        end = time.monotonic() + timeout_s
        while not self._stop.is_set() and (left := end - time.monotonic()) > 0:
            received = self._link.receive(min(left, _POLL_S))
            if received is None:
                continue
            command = self._command(received.data)
            if command is not None and command >> 8 in (0x80, 0x84):
                return command
            if command == wire.ABORT:
                self.no(NOT_POSSIBLE)
        return None

    def _command(self, data: bytes) -> int | None:
        try:
            request = wire.parse_request(data)
        except StallError:
            return None
        if not request.is_answer and request.command != wire.ABORT:
            self.no(PLEASE_WAIT)
        return request.command
