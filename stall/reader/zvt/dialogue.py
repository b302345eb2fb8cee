"""One transaction with a card terminal, from the command to its end, told as events.

The till speaks first and then only answers: after its command the terminal is master until `06 0F` or
`06 1E`. This module answers everything itself except an approval: that answer is the commit point of the
card payment and belongs to whoever writes the journal. It knows no database, no sale and no amount.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Generator, Iterator

from stall.errors import Refused, StallError
from stall.reader.events import (
    Aborted,
    Approval,
    Completed,
    Event,
    Intermediate,
    Lost,
    NotApproved,
    NotStarted,
    Reversed,
    Started,
    Unreadable,
    lost,
)
from stall.reader.zvt.link import Link, Received, Sent
from stall.reader.zvt.telling import told_of
from stall.wire.readers import zvt
from stall.wire.readers.zvt import StatusInformation, codes, commands


class Acknowledgement:
    """Our `80 00 00` to an approval, on its way."""

    def __init__(self, sent: Sent, longest_s: float) -> None:
        self._sent = sent
        self._longest_s = longest_s

    def certain(self, timeout_s: float | None = None) -> bool:
        """Wait until the answer is certainly out. False means unknown, never "not charged".

        Serial: the link acknowledgement or a later block of this transaction that shows the terminal went
        on (a `06 1E` or an automatic reversal shows nothing). TCP: the send queue is empty. Without
        `timeout_s` it waits until every repeat has failed.
        """
        return self._sent.acked(self._longest_s if timeout_s is None else timeout_s)


class Dialogue:
    """A running transaction. Iterate `events()` once, in one thread; `abort()` may come from any."""

    def __init__(
        self,
        link: Link,
        command: bytes,
        charset: str = "cp437",
        *,
        commit: bool = True,
        reports: bool = True,
        takes_back: bool = False,
        can_abort: bool = True,
    ) -> None:
        """Send `command`; its first byte leaves here.

        With `commit` False every `04 0F` is answered with yes and kept in `reported`; where the command has none to come
        (`reports` False) it is of an earlier payment that nobody journals any more, so it is refused and `foreign` set.
        With `takes_back` the approval asked for is that of taking a payment back: one with an original trace.
        """
        self._link, self._timers, self._charset, self._commit = link, link.timers, charset, commit
        self._can_abort, self._takes_back, self._reports = can_abort, takes_back, reports
        self._lock = threading.Lock()
        self._waiting_for_decision = False
        self._decide_by = 0.0
        self._too_late: threading.Timer | None = None
        self._refused = self._approval_seen = False
        self._last_status: bytes | None = None
        self._answer: bytes | None = None
        self.ended = self.foreign = False
        self.reported: StatusInformation | None = None
        """The last `04 0F` of a command that charges nothing."""
        self.completion = zvt.Completion(None, None, None, None)
        """What the `06 0F` bore."""
        link.discard()
        self._command = link.send(command)

    def events(self) -> Generator[Event, None, None]:
        """What happens, until the end. An Approval neither accepted nor refused before the next event is refused."""
        try:
            opening = self._opening()
            self.ended = not isinstance(opening, Started)
            yield opening
            if not self.ended:
                yield from self._running()
        finally:
            self.refuse()  # the caller broke off with an approval in hand
            self.ended = True

    def accept(self) -> Acknowledgement:
        """Answer the approval with `80 00 00`: the payment stands. Only after the journal has committed.

        Raises Refused `reader-answer-late` when 4 s have passed (the terminal was told `84 66 00` by then)
        or when no approval is waiting.
        """
        with self._lock:
            if self._waiting_for_decision and time.monotonic() >= self._decide_by:
                self._refused = True
                self._decide(commands.REFUSE)
            if self._refused or not self._waiting_for_decision:
                raise Refused(
                    "reader-answer-late",
                    "The approval was not answered in time, so the terminal takes the payment back. Wait for its end, then try again.",
                )
            sent = self._decide(commands.POSITIVE)
        longest = self._timers.certain_s if self._link.framed else self._timers.drain_s
        return Acknowledgement(sent, longest)

    def refuse(self) -> None:
        """Answer the approval with `84 66 00`: the terminal takes the payment back. Harmless when late."""
        with self._lock:
            if self._waiting_for_decision:
                self._refused = True
                self._decide(commands.REFUSE)

    def abort(self) -> None:
        """Ask the terminal to stop (`06 B0`), best effort; the end still comes as an event. From any thread."""
        with self._lock:
            if self._can_abort and not (self.ended or self._approval_seen):
                self._link.send(commands.abort())

    @property
    def refused(self) -> bool:
        """True once an approval of this transaction was answered with `84 66 00`, by whomever."""
        return self._refused

    def _opening(self) -> Event:
        """Wait T3 for the answer to our command. Blocks of an earlier transaction are answered and dropped."""
        if self._link.framed and not self._command.acked(self._timers.certain_s):
            return lost("transmission" if self._link.alive else "link")
        deadline = time.monotonic() + self._timers.t3_s
        while True:
            received = self._next(deadline)
            if isinstance(received, Lost):
                return self._lost_opening(received)
            match self._parse(received):
                case zvt.Positive():
                    return Started()
                case zvt.Busy():
                    return NotStarted(codes.PLEASE_WAIT, codes.result_words(codes.PLEASE_WAIT).operator)
                case zvt.Negative(reason=code):
                    return NotStarted(code, codes.result_words(code).operator, code == codes.ALREADY_REVERSED)
                case zvt.Completion() | zvt.Abort():
                    self._link.send(commands.POSITIVE)
                case _:
                    pass  # of an earlier transaction; a yes to the wrong block could commit a payment

    def _lost_opening(self, end: Lost) -> Lost:
        if not self._link.framed:
            self._link.close()  # PA00P016: T3 on TCP ends the connection
        return end if end.reason == "link" else lost("t3")

    def _running(self) -> Iterator[Event]:
        deadline = time.monotonic() + self._timers.t4_s
        end = time.monotonic() + self._timers.whole_s
        while True:
            received = self._next(deadline) if time.monotonic() < end else lost("t4")
            if isinstance(received, Lost):
                self.ended = True
                yield received
                return
            message = self._parse(received)
            if isinstance(message, zvt.Intermediate | zvt.StatusInformation):
                deadline = min(end, time.monotonic() + self._patience(message))
            event = self._answer_to(message, received)
            if event is None:
                continue
            self.ended = isinstance(event, Completed | Aborted)
            yield event
            if self.ended:
                return
            self.refuse()  # an Approval nobody decided

    def _patience(self, message: zvt.Intermediate | StatusInformation) -> float:
        """How long to wait for what comes after it: T4, or the minutes it asks for, within reason."""
        minutes = message.t4_minutes if isinstance(message, zvt.Intermediate) else None
        return min(minutes, self._timers.LONGEST_MINUTES) * self._timers.minute_s if minutes else self._timers.t4_s

    def _answer_to(self, message: zvt.Message | None, received: Received) -> Event | None:
        """Answer one block of the running transaction and say what it means for the caller."""
        match message:
            case zvt.StatusInformation():
                return self._status(message, received)
            case zvt.Positive() | zvt.Negative() | zvt.Busy() | None:
                return None  # the answer to an abort, or nothing we can read
            case zvt.Unknown():
                self._link.send(commands.NOT_POSSIBLE)
                return None
        self._link.send(commands.POSITIVE)
        if isinstance(message, zvt.Completion):
            self.completion = message
        return _meaning(message)

    def _status(self, info: StatusInformation, received: Received) -> Event | None:
        with self._lock:
            if received.data == self._last_status:
                if self._answer is not None:  # asked again: the same answer again, and no second event
                    self._link.send(self._answer)
                return None
            self._last_status, self._answer = received.data, None
            if not self._commit and not self._reports:
                self.foreign = True
                self._reply(commands.POSITIVE if info.result else commands.REFUSE)
                return None
            if not self._commit:
                self.reported = info
                self._reply(commands.POSITIVE)
                return None
            if info.result:
                self._reply(commands.POSITIVE)
                return NotApproved(
                    told_of(info), codes.result_words(info.result).operator, info.result == codes.ALREADY_REVERSED
                )
            return self._maybe_approval(info, received)

    def _maybe_approval(self, info: StatusInformation, received: Received) -> Event:
        told = told_of(info)
        if told.taken_back and not self._takes_back and info.complete:
            self._reply(commands.POSITIVE)
            return Reversed(told)
        if self._refused or not told.approved:
            self._refused = True
            self._reply(commands.REFUSE)
            return Unreadable(told)
        self._approval_seen = self._waiting_for_decision = True
        self._decide_by = received.at + self._timers.decide_s
        self._too_late = threading.Timer(max(0.0, self._decide_by - time.monotonic()), self.refuse)
        self._too_late.daemon = True
        self._too_late.start()
        return Approval(told)

    def _decide(self, answer: bytes) -> Sent:
        self._waiting_for_decision = False
        self._cancel_timer()
        return self._reply(answer)

    def _reply(self, answer: bytes) -> Sent:
        self._answer = answer
        return self._link.send(answer)

    def _cancel_timer(self) -> None:
        if self._too_late is not None:
            self._too_late.cancel()

    def _next(self, deadline: float) -> Received | Lost:
        try:
            received = self._link.receive(max(0.0, deadline - time.monotonic()))
        except StallError:
            return lost("link")
        return received or lost("t4")

    def _parse(self, received: Received) -> zvt.Message | None:
        try:
            return zvt.parse_apdu(received.data, self._charset)
        except StallError:
            return None


def _meaning(message: zvt.Message) -> Event | None:
    """The event for a block that only needs a yes; None for print lines and the terminal's clock."""
    match message:
        case zvt.Intermediate(code, _, text):
            return Intermediate(code, codes.intermediate_words(code, text))
        case zvt.Completion():
            return Completed()
        case zvt.Abort(code):
            return Aborted(
                code,
                " ".join(filter(None, [codes.result_words(code).operator, message.text])),
                cancelled=code == codes.CANCELLED,
                not_reversed=code == codes.REVERSAL_NOT_POSSIBLE,
            )
    return None
