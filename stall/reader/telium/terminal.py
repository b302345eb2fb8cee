"""A Concert E+ terminal as the worker sees it: it can be asked for a payment, and that is nearly all.

It cannot be told no, stopped, or asked what became of a payment, and has neither receipt numbers nor a day end for
the till: a payment whose answer was lost is for a person, who reads the terminal's slip. Its knock (ENQ, ACK, EOT)
is the only question that charges nothing.

Giving money back would be type 2 of an ask. One description calls that a refund to any card, another the
cancellation of an earlier payment; so it is used only where a profile says that somebody tried it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Set
from typing import NoReturn

from stall.errors import Refused, Retry, StallError
from stall.reader.driver import READY
from stall.reader.profiles import Profile
from stall.reader.telium.exchange import NOT_LISTENING_WORDS, Asking, Wanted, note_late, read, told_of
from stall.reader.telium.link import Link, Outcome
from stall.reader.telium.marks import mark_of
from stall.reader.told import DayTotal, Told
from stall.wire.readers import telium


class Terminal:
    """One terminal on one link. Every method but `close` and Asking.abort belongs to one thread."""

    can_reverse = can_close_day = can_diagnose = can_print_again = refusable = False

    def __init__(self, link: Link, profile: Profile) -> None:
        """Nothing is sent yet."""
        self.link = link
        self.profile = profile
        self.can_refund = profile.refunds_by_type_2
        self._running: Asking | None = None
        self._attempt = 0
        self._answered: set[int] = set()
        self._echoes = False
        self._late: telium.Answer | None = None
        self._late_told = False

    @property
    def alive(self) -> bool:
        """See Driver.alive."""
        return self.link.alive

    @property
    def turns(self) -> int:
        """See Driver.turns."""
        return self.link.turns

    @property
    def waits(self) -> int:
        """See Driver.waits."""
        return self.link.waits

    @property
    def pause_s(self) -> float:
        """See Driver.pause_s."""
        return self.link.timers.ask_again_s

    @property
    def late_s(self) -> float:
        """See Driver.late_s: as long as it may take to answer."""
        return self.link.timers.answer_s

    def close(self) -> None:
        """See Driver.close."""
        self.link.close()

    def pay(
        self, amount_minor: int, currency: str, attempt: int | None = None, unheard: Set[int] = frozenset()
    ) -> Asking:
        """Ask for a payment. Raises LocalWireError `telium-amount`, `telium-currency`, Refused `reader-busy` before any byte left."""
        return self._ask(amount_minor, currency, attempt, unheard, refund=False)

    def reverse(self, receipt_no: int, amount_minor: int, currency: str) -> Asking:
        """See Driver.reverse: not from the till. Raises Refused `reader-refused`."""
        _by_hand("takes a payment back on its own keys")

    def refund(
        self, amount_minor: int, currency: str, attempt: int | None = None, unheard: Set[int] = frozenset()
    ) -> Asking:
        """Ask with type 2 where the profile says so; raises as `pay`, else Refused `reader-refused`."""
        if not self.can_refund:
            _by_hand("gives money back on its own keys")
        return self._ask(amount_minor, currency, attempt, unheard, refund=True)

    def register(self, currency: str) -> None:
        """Knock, for there is no hello. Raises Retry `reader-silent`, `reader-lost`."""
        self.status()

    def status(self) -> int:
        """READY once it answers a knock, or while it owes us an answer: then nothing may hang up on it.

        Raises Retry `reader-silent`, `reader-lost`.
        """
        knock = self.link.say(None)
        taken = knock.wait(self.link.timers.session_s) is Outcome.TAKEN
        self.link.withdraw(knock)
        if not self.link.alive:
            raise Retry("reader-lost", "The card terminal is not connected. Check its cable and power.", 2.0)
        if not (taken or self._owes_an_answer):
            raise Retry("reader-silent", NOT_LISTENING_WORDS, 2.0)
        return READY

    def takes_commands(self, status: int) -> bool:
        """See Driver.takes_commands."""
        return status == READY

    def status_words(self, status: int) -> str:
        """See Driver.status_words; there is one status, and what is none."""
        return "The terminal is ready." if status == READY else NOT_LISTENING_WORDS

    def last_payment(self) -> Told | None:
        """A plain answer that came too late for the last ask, else None. It names no terminal and no receipt.

        Raises Retry `reader-lost`.
        """
        self._hear_late()
        return None if self._late is None else told_of(self._late)

    def late_word(self) -> Told | None:
        """See Driver.late_word."""
        told = None if self._late_told else self.last_payment()
        self._late_told = self._late_told or told is not None
        return told

    def totals(self) -> DayTotal | None:
        """See Driver.totals: it does not tell."""
        return None

    def end_of_day(self) -> DayTotal:
        """See Driver.end_of_day: not from the till. Raises Refused `reader-refused`."""
        _by_hand("closes its day by itself; print its totals there and compare them with the report")

    def print_again(self) -> None:
        """See Driver.print_again: not from the till. Raises Refused `reader-refused`."""
        _by_hand("prints a slip again on its own keys")

    def diagnose(self) -> None:
        """See Driver.diagnose: not from the till. Raises Refused `reader-refused`."""
        _by_hand("is checked on its own keys")

    @property
    def _owes_an_answer(self) -> bool:
        return self._running is not None and not self._running.answered and self._late is None

    def _ask(self, amount_minor: int, currency: str, attempt: int | None, unheard: Set[int], *, refund: bool) -> Asking:
        if self._running is not None and not self._running.ended:
            raise Refused("reader-busy", "The card terminal is in the middle of another payment. Wait for its end.")
        number = self._attempt + 1 if attempt is None else attempt
        marked = self.profile.marks_asks
        body = telium.ask(amount_minor, currency, mark_of(number) if marked else "", refund=refund)
        with contextlib.suppress(StallError):  # when the line is gone, the ask will say so
            self._hear_late()
        self._learn()
        self._late, self._late_told, self._attempt = None, False, number
        doubtful = bool(unheard - self._answered - {number})
        wanted = Wanted(amount_minor, currency, number if marked else None, echoes=self._echoes, doubtful=doubtful)
        self._running = Asking(self.link, wanted, body)
        return self._running

    def _learn(self) -> None:
        """Whether the terminal says marks again, and which ask needs no answer any more."""
        if self._running is not None:
            self._echoes |= self._running.echoed
            if not self._owes_an_answer:
                self._answered.add(self._attempt)

    def _hear_late(self) -> None:
        """Take what came after the till had given up waiting. Only a plain yes or no to the last ask is kept."""
        while (heard := self.link.hear(0)) is not None:
            heard.acknowledge()
            answer = read(heard)
            note_late(answer)
            ours = self._running is None or self._running.owns(heard)
            if ours and answer is not None and answer.status in (telium.DONE, telium.NOT_DONE):
                self._late = answer


def _by_hand(what: str) -> NoReturn:
    raise Refused("reader-refused", f"A card terminal of this kind {what}.")
