"""How the simulated terminal takes a payment, a reversal or a refund, along the course its fate has chosen."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from stall.reader.simulated.controls import Controls
from stall.reader.simulated.courses import COURSES, Course
from stall.reader.simulated.fate import Fate
from stall.reader.simulated.ledger import REVERSALS, Entry, Ledger
from stall.reader.simulated.till_side import Answer, TillSide
from stall.wire.readers import zvt_codes as codes
from stall.wire.readers import zvt_terminal as wire

_LOOK_S = 0.05


class Unplugged(Exception):
    """Cable or `power` is to go now."""

    def __init__(self, *, power: bool = False) -> None:
        super().__init__("unplugged")
        self.power = power


@dataclass(frozen=True, slots=True)
class Habits:
    """Times of the simulated terminal and its customers, in seconds.

    `card_after_s`: until a card is presented by itself; `answer_s`: how long it waits for the till's answer
    to an approval before it takes the payment back (BMP 01, default 30); `step_s`: one step of its work;
    `card_wait_s`: until it gives up waiting for a card; `remind_s`: while it waits, how often it says so.
    """

    card_after_s: float = 1.5
    silent_s: float = 20.0
    vanish_s: float = 5.0
    answer_s: float = 30.0
    step_s: float = 0.4
    card_wait_s: float = 90.0
    remind_s: float = 3.0


@dataclass(frozen=True, slots=True)
class Deal:
    """What the till asked for. `open` writes the line of the books, `book` makes it stand; `card`: one is needed."""

    amount: int
    currency: str
    answer_s: int | None
    open: Callable[[Deal, bool], Entry]
    book: Callable[[Entry], None]
    card: bool = True


class Payment:
    """One command that moves money, from its answer to its end."""

    def __init__(
        self,
        till: TillSide,
        ledger: Ledger,
        controls: Controls,
        habits: Habits,
        stop: threading.Event,
        deal: Deal,
        fate: Fate,
        *,
        steps: bool,
    ) -> None:
        """`steps`: tell `04 FF`, as registered tills get them."""
        self.till, self.fate, self.tid = till, fate, ledger.tid
        self._ledger, self._controls, self._habits = ledger, controls, habits
        self._stop, self._steps, self._deal = stop, steps, deal

    def take(self) -> None:
        """Run it to its end. Raises Unplugged, and Retry when the cable is gone."""
        course = COURSES[self.fate.mode]
        if isinstance(course, Course):
            self.go(course)
        else:
            course(self)

    def go(self, course: Course) -> None:
        """Say yes to the command and follow a course that reaches an approval."""
        self.yes_and_card(lambda: self._approve(course))

    def yes_and_card(self, then: Callable[[], None]) -> None:
        """Say yes to the command, wait for a card where one is needed, and ask the bank."""
        self.till.yes()
        if self._deal.card and not self._card_comes():
            self.show("Cancelled")
            self.till.tell(wire.abort(codes.CANCELLED))
            return
        self.step(codes.WAITING_FOR_HOST, "Please wait")
        then()

    def cancelled(self) -> None:
        """Say yes to the command; the buyer presses the red key."""
        self.till.yes()
        self.step(codes.INSERT_CARD, "Please present your card")
        self.show("Cancelled")
        self.till.tell(wire.abort(codes.CANCELLED))

    def declined(self, code: int) -> None:
        """The bank says no."""
        self.step(codes.SHOWN_DECLINED, "Declined")
        self.till.tell(wire.declined(code, self.tid))
        self.till.tell(wire.abort(code))

    def ask(self, entry: Entry, told: bytes) -> Answer:
        """Tell the approval and wait for the answer that decides."""
        return self.till.commit(told, lambda: self._deal.book(entry), self._deal.answer_s)

    def complete(self) -> None:
        """Say that it is over."""
        self.step(codes.SHOWN_APPROVED, "Approved")
        self.till.tell(wire.completion())

    def tell_time(self) -> None:
        """Tell the till the terminal's own time, an hour fast."""
        now = self._ledger.now()
        self.till.tell(wire.set_clock(now.strftime("%y%m%d"), f"{(now.hour + 1) % 24:02d}{now:%M%S}"))

    def step(self, code: int, display: str, *, text: bytes = b"") -> None:
        """Show it, tell it, and take a moment for it."""
        self.show(display)
        if self._steps:
            self.till.tell(wire.intermediate(code, text=text))
        self._stop.wait(self._habits.step_s)

    def show(self, display: str, detail: str = "") -> None:
        """Put it on the display, with the amount."""
        self._controls.show(display, detail, self._deal.amount, self._deal.currency)

    def wait(self, seconds: float) -> None:
        """Do nothing, unless the terminal is stopped or broken off."""
        self._controls.wait_until_told(seconds, self._stop)

    def sleep_until_told(self) -> None:
        """Do nothing until a person chooses a mode, or for as long as it stays silent."""
        self._controls.wait_until_told(self._habits.silent_s, self._stop)

    def unplugged(self, *, power: bool = False) -> Unplugged:
        """What to raise to lose cable or power."""
        return Unplugged(power=power)

    def _approve(self, course: Course) -> None:
        self._deal = course.deal(self._deal)
        course.before(self)
        entry = self._deal.open(self._deal, course.offline)
        told = course.told(entry, self.tid)
        answer = course.deliver(self, entry, told)
        if answer is Answer.YES:
            self.show("Approved")
            course.after(self, told)
        else:
            self._unanswered(entry, answer, quiet=course.quiet)

    def _unanswered(self, entry: Entry, answer: Answer, *, quiet: bool) -> None:
        """No yes to the approval: what becomes of it is the terminal's habit (PA00P015 2.2.8, PA00P016 4)."""
        habit = self._ledger.reversal
        if answer is Answer.NO and habit == "keep":
            habit = "reverse"  # a till that says no is heard by every terminal
        if habit == "keep":
            self._deal.book(entry)
            self.complete()
            return
        self._ledger.settle(entry, REVERSALS[habit])
        if quiet:
            self.till.tell(wire.completion())
            return
        if habit == "reverse":
            self.step(codes.AUTO_REVERSAL, "Payment taken back")
        self.till.tell(wire.abort(codes.CANCELLED))

    def _card_comes(self) -> bool:
        """Wait for a card, listening for the till's `06 B0`. False when cancelled or nobody came."""
        self.show("Please present your card")
        self._controls.want_card(wanted=True)
        begun = time.monotonic()
        remind_at = begun
        try:
            while not self._stop.is_set() and time.monotonic() < begun + self._habits.card_wait_s:
                if self._steps and time.monotonic() >= remind_at:  # each one starts the till's T4 anew
                    self.till.mention(wire.intermediate(codes.INSERT_CARD))
                    remind_at = time.monotonic() + self._habits.remind_s
                if self._controls.card_presented(_LOOK_S) or self._card_by_itself(begun):
                    return True
                if self.till.abort_asked():
                    self.till.yes()
                    return False
            return False
        finally:
            self._controls.want_card(wanted=False)
            self.till.hear_out()

    def _card_by_itself(self, begun: float) -> bool:
        """Whether nobody is to be waited for and the time is over."""
        return not self._controls.view().wait_for_tap and time.monotonic() >= begun + self._habits.card_after_s
