"""The simulated terminal's half of a conversation: say something, wait for the till's answer to it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from enum import Enum, auto

from stall.errors import StallError
from stall.reader.simulated.faulty_device import FaultyDevice
from stall.reader.zvt.link import Link
from stall.wire.readers import zvt_terminal as wire
from stall.wire.readers.zvt_codes import NOT_POSSIBLE, PLEASE_WAIT
from stall.wire.readers.zvt_commands import POSITIVE

_POLL_S = 0.05


class Answer(Enum):
    """What the till said to an approval; a line that failed says nothing."""

    YES = auto()
    NO = auto()
    NOTHING = auto()


class TillSide:
    """What the terminal can say to the till. Used by one thread."""

    def __init__(
        self,
        link: Link,
        device: FaultyDevice,
        stop: threading.Event,
        answer_s: float,
        hear: Callable[[bytes], None] | None = None,
    ) -> None:
        """`device`: what `link` speaks through; `answer_s`: how long the till may take to answer a Status-Information.

        `hear` is told each unit that arrives, before it is acknowledged, on the link's thread.
        """
        self._link, self._stop, self._answer_s = link, stop, answer_s
        self.device, self.timers = device, link.timers
        self._hear = hear
        self._mentioned = False
        self._deciding = threading.Lock()
        self._book: Callable[[], None] | None = None
        self._booked = False
        link.before_ack = self._heard

    def yes(self) -> None:
        """`80 00 00` to the till's command."""
        self._link.send(POSITIVE)

    def no(self, code: int, data: bytes = b"") -> None:
        """`84 xx` to the till's command."""
        self._link.send(wire.refusal(code, data))

    def say_last(self, apdu: bytes) -> None:
        """Say it, and hear and acknowledge nothing any more."""
        self.device.hear_nothing()
        self._link.send(apdu)

    def tell(self, apdu: bytes) -> bool:
        """Say it and wait T3 for a yes."""
        self._link.send(apdu)
        return self._answer(self._link.timers.t3_s) == wire.POSITIVE

    def mention(self, apdu: bytes) -> None:
        """Say it and go on; nothing while the till still owes its yes to what was mentioned before."""
        if not self._mentioned:
            self._link.send(apdu)
            self._mentioned = True

    def hear_out(self) -> None:
        """Wait T3 for a yes still owed to `mention`: taken for one to an approval it would book a payment."""
        if self._mentioned:
            self._answer(self._link.timers.t3_s)
            self._mentioned = False

    def commit(self, status_information: bytes, book: Callable[[], None], answer_s: float | None = None) -> Answer:
        """Say `04 0F` and wait for the answer that decides; `84 9C` has it said again after two seconds.

        At a yes `book` runs before the yes is acknowledged, on the link's thread: a till that has the
        acknowledgement may believe in the money, even if this process is killed now (PA00P015 2.2.9).
        """
        with self._deciding:
            self._book, self._booked = book, False
        refused = False
        try:
            refused = self._ask(
                status_information, time.monotonic() + (self._answer_s if answer_s is None else answer_s)
            )
        finally:
            with self._deciding:
                self._book = None
        return Answer.YES if self._booked else Answer.NO if refused else Answer.NOTHING

    def _ask(self, status_information: bytes, end: float) -> bool:
        """True when it is refused. Until it is booked, refused, or `end`. A yes that booked nothing was the answer to something earlier."""
        self._link.send(status_information)
        while (answer := self._answer(end - time.monotonic())) is not None and not self._booked:
            if answer == 0x8400 | PLEASE_WAIT:
                self._stop.wait(min(self._link.timers.ask_again_s, max(0.0, end - time.monotonic())))
                self._link.send(status_information)
            elif answer != wire.POSITIVE:
                return True
        return False

    def _heard(self, apdu: bytes) -> None:
        """On the link's thread, before it acknowledges."""
        if self._hear is not None:
            self._hear(apdu)
        with self._deciding:
            if self._book is not None and apdu[:2] == wire.POSITIVE.to_bytes(2):
                self._book()
                self._book, self._booked = None, True

    def abort_asked(self) -> bool:
        """Look once, without waiting, whether the till sent `06 B0`; other commands are told to wait."""
        received = self._link.receive(0)
        while received is not None:
            command = self._command(received.data)
            if command == wire.ABORT:
                return True
            if command is not None and _is_answer(command):
                self._mentioned = False
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
            if command is not None and _is_answer(command):
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


def _is_answer(command: int) -> bool:
    return command >> 8 in (0x80, 0x84)
