"""One ask and the terminal's answer to it, told as events.

The till asks, the terminal takes up to two minutes, then it says in one frame how it went. That frame reports what
has happened already: nothing the till says afterwards changes it, so an approval can be journaled but not refused.
Its ACK waits for the journal all the same, as long as the terminal's patience allows, so that an answer the box
could not keep has a chance of being said again.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator
from dataclasses import dataclass

from stall import log
from stall.errors import StallError, WireError
from stall.reader.events import (
    Approval,
    Completed,
    Event,
    Intermediate,
    Lost,
    NotApproved,
    NotStarted,
    Started,
    Unreadable,
    lost,
)
from stall.reader.telium.link import Heard, Link, Outcome
from stall.reader.telium.marks import attempt_of
from stall.reader.told import Told
from stall.wire.readers import telium

NOT_LISTENING = 1
"""The code of an ask that the terminal did not take, and of a terminal that does not answer a knock."""

NOT_LISTENING_WORDS = "The card terminal does not listen. Look whether it is on, idle, and set up for a till."
NO_ABORT_WORDS = "This terminal is cancelled with its own red key only."
_GLANCE_S = 0.25


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was asked for. `attempt`: whose mark the ask bears (stall.reader.telium.marks), or None where it bears none."""

    amount_minor: int
    currency: str
    attempt: int | None
    echoes: bool = False
    """The terminal is known to say marks again, so another number is not to this ask."""
    doubtful: bool = False
    """An earlier answer may still be out: one without our mark may be that, and is neither our yes nor our no."""


class Acknowledgement:
    """Our ACK to an answer, on its way."""

    def __init__(self, heard: Heard, longest_s: float) -> None:
        self._heard, self._longest_s = heard, longest_s

    def certain(self, timeout_s: float | None = None) -> bool:
        """Wait until it stands: the terminal said EOT, or was quiet after it. False: the line broke first."""
        return self._heard.closed(self._longest_s if timeout_s is None else timeout_s)


class Asking:
    """One ask on its way. Iterate `events()` once, in one thread; `abort()` may come from any."""

    def __init__(self, link: Link, wanted: Wanted, body: bytes) -> None:
        """Say `body`: its first byte leaves here, or after what the terminal is saying now."""
        self._link, self._wanted = link, wanted
        self._said = link.say(body)
        self._approved: Heard | None = None
        self._abort_wanted = False
        self.ended = False
        self.answered = False
        """True once the terminal has said something to this ask, or never took it."""
        self.echoed = False
        """True once it has said our mark again."""

    def events(self) -> Iterator[Event]:
        """What happens, until the end (see stall.reader.events)."""
        try:
            yield from self._events()
        finally:
            self._link.withdraw(self._said)  # what nobody waits for any more must not leave later
            self.ended = True

    def accept(self) -> Acknowledgement:
        """ACK the answer: the journal has it. It may have gone out already, which takes nothing away."""
        if self._approved is None:
            raise RuntimeError("there is no approval to accept")
        self._approved.acknowledge()
        return Acknowledgement(self._approved, self._link.timers.session_s)

    def refuse(self) -> None:
        """Do nothing: a terminal of this kind cannot be told no. Its payment stands, and a person decides."""

    def abort(self) -> None:
        """Only say how: a terminal of this kind cannot be stopped from the till. From any thread."""
        self._abort_wanted = True

    def _events(self) -> Iterator[Event]:
        outcome = self._said.wait(2 * self._link.timers.session_s)
        if outcome is Outcome.UNSURE and self._link.withdraw(self._said):
            outcome = Outcome.NOT_TAKEN  # the terminal let us say nothing all that time
        if outcome is Outcome.NOT_TAKEN:
            self.answered = True
            yield NotStarted(NOT_LISTENING, NOT_LISTENING_WORDS)
            return
        if outcome is Outcome.TAKEN:
            yield Started()
        heard = yield from self._wait(self._link.timers.answer_s)
        if isinstance(heard, Lost):
            yield heard if outcome is Outcome.TAKEN or heard.reason == "link" else lost("t3")
            return
        if outcome is not Outcome.TAKEN:
            yield Started()  # only its ACK to our ask had got lost
        yield self._meaning(heard)
        yield Completed()
        heard.acknowledge()  # the caller has written down what it means

    def _wait(self, seconds: float) -> Generator[Event, None, Heard | Lost]:
        """Listen for the answer to this ask; a terminal that is just saying it is heard out."""
        deadline = time.monotonic() + seconds
        told_how = False
        while (left := deadline - time.monotonic()) > 0 or self._link.hearing:
            if self._abort_wanted and not told_how:
                told_how = True
                yield Intermediate(0, NO_ABORT_WORDS)
            try:
                heard = self._link.hear(min(max(left, 0.01), _GLANCE_S))
            except StallError:
                return lost("link")
            if heard is not None and self.owns(heard):
                self.answered = True
                return heard
            if heard is not None:
                heard.acknowledge()
                note_late(read(heard))  # of the ask it answers a person has decided since
        return lost("t4")

    def owns(self, heard: Heard) -> bool:
        """Whether it can answer this ask. One begun before our frame left, or with the mark of an earlier attempt, cannot.

        Other numbers say nothing, unless the terminal says marks again: some answer with one of their own.
        """
        if not self._said.number or heard.after != self._said.number:
            return False
        own, told = self._wanted.attempt, _attempt_in(heard)
        if own is None or told is None:
            return True
        if told == own:
            self.echoed = True
            return True
        return told > own and not self._wanted.echoes

    def _meaning(self, heard: Heard) -> Event:
        """Only what says exactly what we asked for is an approval; only a plain no to it is none."""
        answer = read(heard)
        if answer is None or answer.position != telium.POSITION:
            return Unreadable(Told(approved=False))
        told = told_of(answer)
        if self._wanted.doubtful and not self.echoed:
            return Unreadable(told)
        ours = (answer.amount_minor, answer.currency) == (self._wanted.amount_minor, self._wanted.currency)
        if answer.status == telium.DONE and ours:
            self._approved = heard
            return Approval(told)
        if answer.status == telium.NOT_DONE and (ours or not answer.amount_minor):
            return NotApproved(told, telium.status_words(answer.status).operator)
        return Unreadable(told)


def read(heard: Heard) -> telium.Answer | None:
    """The answer in a frame, or None when it cannot be read."""
    try:
        return telium.parse_answer(heard.body)
    except WireError:
        return None


def _attempt_in(heard: Heard) -> int | None:
    answer = read(heard)
    return None if answer is None else attempt_of(answer.private)


def told_of(answer: telium.Answer) -> Told:
    """The same in the words all protocols share. It names no terminal, no receipt and no card, and not whether the bank was asked."""
    return Told(approved=answer.status == telium.DONE, amount_minor=answer.amount_minor, currency=answer.currency)


def note_late(answer: telium.Answer | None) -> None:
    """Put an answer that came too late into the log."""
    if answer is not None:
        log.get("reader").warning(
            "reader.late_answer", status=answer.status, amount_minor=answer.amount_minor, currency=answer.currency
        )
