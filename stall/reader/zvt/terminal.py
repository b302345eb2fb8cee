"""A ZVT card terminal as the worker sees it: blocking calls, one transaction at a time.

Blocking means: in the caller's thread, while the link layer's thread keeps acknowledging. Nothing here is
ever sent a second time by itself, except questions that charge nothing, after the terminal asked to wait.
"""

from __future__ import annotations

import time
from collections.abc import Set

from stall.errors import Refused, Retry
from stall.reader.driver import READY
from stall.reader.events import Aborted, Completed, Lost, NotStarted
from stall.reader.profiles import Profile
from stall.reader.told import DayTotal, Told
from stall.reader.zvt.dialogue import Dialogue
from stall.reader.zvt.link import Link
from stall.reader.zvt.telling import told_of
from stall.wire.readers.zvt import StatusInformation, codes, commands


class Terminal:
    """One terminal on one link. Every method but `close` and Dialogue.abort belongs to one thread."""

    can_reverse = can_refund = can_close_day = can_diagnose = can_print_again = refusable = True
    late_s = 0.0

    def __init__(self, link: Link, profile: Profile, password: str) -> None:
        """Nothing is sent yet; `password` is the terminal's, six digits."""
        self.link = link
        self.profile = profile
        self._password = password
        self._running: Dialogue | None = None

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

    def close(self) -> None:
        """See Driver.close. A running dialogue ends with Lost("link")."""
        self.link.close()

    def pay(
        self, amount_minor: int, currency: str = "EUR", attempt: int | None = None, unheard: Set[int] = frozenset()
    ) -> Dialogue:
        """Send `06 01`. Raises LocalWireError `zvt-amount`, `zvt-currency`, Refused `reader-busy` before any byte left."""
        return self._begin(commands.authorisation(amount_minor, currency), commit=True)

    def reverse(self, receipt_no: int, amount_minor: int | None = None, currency: str = "EUR") -> Dialogue:
        """Send `06 30` for a receipt number of the terminal's open day; its approval bears the original's trace."""
        return self._begin(commands.reversal(self._password, receipt_no), commit=True, takes_back=True)

    def refund(
        self, amount_minor: int, currency: str = "EUR", attempt: int | None = None, unheard: Set[int] = frozenset()
    ) -> Dialogue:
        """Send `06 31`: money back to a card, whichever is held to it. Raises as `pay`."""
        return self._begin(commands.refund(self._password, amount_minor, currency), commit=True)

    def register(self, currency: str = "EUR") -> None:
        """`06 00`: needed once after each connection, or no steps (`04 FF`) are told, nor whether the bank was asked.

        Raises Refused `reader-refused` (wrong password, wrong currency), Retry `reader-silent`.
        """
        own = self.profile
        try:
            self._ask(commands.registration(self._password, own.config, currency, tlv=own.containers), reports=False)
        except Refused:
            if not own.containers:
                raise
            self._ask(commands.registration(self._password, own.config, currency), reports=False)  # knows no containers

    def status(self) -> int:
        """`05 01`: the terminal's status byte, 00 ready, 9C busy; READY where it refuses: the next command says why.

        Raises Retry `reader-silent` while the terminal does not answer, Retry `reader-lost`.
        """
        dialogue = self._begin(commands.status_enquiry(self._password), commit=False, reports=False)
        for event in dialogue.events():
            match event:
                case Completed() | Aborted() if dialogue.foreign:
                    return codes.PLEASE_WAIT  # that was the end of an earlier payment; this question was not answered
                case NotStarted(code) | Aborted(code):
                    return READY if code == codes.NOT_POSSIBLE else code
                case Completed():
                    return (
                        READY
                        if dialogue.completion.status in {None, codes.STATUS_READY}
                        else dialogue.completion.status
                    )
                case Lost():
                    raise _silent(event)
        raise _silent(None)

    def takes_commands(self, status: int) -> bool:
        """See Driver.takes_commands: F0 waits for a day end, C2 for a diagnosis, and both are commands."""
        return status in {READY, codes.RECONCILIATION_REQUIRED, codes.DIAGNOSIS_REQUIRED}

    def status_words(self, status: int) -> str:
        """See Driver.status_words."""
        return codes.status_words(status)

    def last_payment(self) -> Told | None:
        """`06 20`: what the terminal says of its last transaction; None when it tells nothing.

        Raises Retry `reader-silent`, `reader-busy-now`, `reader-lost`.
        """
        if not self.profile.can_repeat:
            return None
        try:
            info = self._ask(commands.repeat_receipt(self._password))
        except Refused:
            return None  # 84 83, or 06 1E: some terminals cannot, some have nothing to tell
        return None if info is None else told_of(info)

    def late_word(self) -> None:
        """See Driver.late_word: this protocol is asked (`last_payment`)."""
        return

    def totals(self) -> DayTotal | None:
        """`06 10`: what the terminal took since its last day end; None where it does not tell. Raises Retry."""
        try:
            return _day_total(self._ask(commands.turnover_totals(self._password)))
        except Refused:
            return None

    def end_of_day(self) -> DayTotal:
        """`06 50`: close the terminal's day.

        Raises Refused `reader-refused`, `reader-no-totals`, Retry `reader-silent`. After Retry it is unknown
        whether the day was closed.
        """
        total = _day_total(self._ask(commands.end_of_day(self._password)))
        if total is None:
            raise Refused(
                "reader-no-totals", "The card terminal closed its day without telling totals. Read them from its slip."
            )
        return total

    def print_again(self) -> None:
        """`06 20` as the acceptance test asks for it: the last slip once more. Raises Refused `reader-refused`, Retry."""
        self._ask(commands.print_again(self._password))

    def diagnose(self) -> None:
        """`06 70`: the terminal checks its line to the host. Raises Refused `reader-refused`, Retry."""
        self._ask(commands.diagnosis())

    def _begin(self, command: bytes, *, commit: bool, reports: bool = True, takes_back: bool = False) -> Dialogue:
        if self._running is not None and not self._running.ended:
            raise Refused("reader-busy", "The card terminal is in the middle of another payment. Wait for its end.")
        self._running = Dialogue(
            self.link,
            command,
            self.profile.charset,
            commit=commit,
            reports=reports,
            takes_back=takes_back,
            can_abort=self.profile.can_abort,
        )
        return self._running

    def _ask(self, command: bytes, *, reports: bool = True) -> StatusInformation | None:
        """A command that charges nothing; asked again while the terminal says `84 9C`, for T4 at most."""
        deadline = time.monotonic() + self.link.timers.t4_s
        while True:
            dialogue = self._begin(command, commit=False, reports=reports)
            for event in dialogue.events():
                match event:
                    case Completed() | Aborted() if dialogue.foreign:
                        pass  # the end of an earlier payment: asked again
                    case Completed():
                        return dialogue.reported
                    case Lost():
                        raise _silent(event)
                    case NotStarted(code, words) | Aborted(code, words) if code != codes.PLEASE_WAIT:
                        raise Refused("reader-refused", f"The card terminal refused: {words}")
            if time.monotonic() >= deadline:
                raise Retry(
                    "reader-busy-now", "The card terminal is busy with a job of its own. Try again in a moment.", 10.0
                )
            time.sleep(self.pause_s)


def _day_total(info: StatusInformation | None) -> DayTotal | None:
    if info is None or info.result != codes.APPROVED or info.amount_minor is None:
        return None
    return DayTotal(info.amount_minor, info.currency, None if info.totals is None else info.totals.count, info.tid)


def _silent(event: Lost | None) -> Retry:
    if event is not None and event.reason == "link":
        return Retry("reader-lost", "The card terminal is not connected. Check its cable and power.", 2.0)
    return Retry("reader-silent", "The card terminal does not answer. It may be busy; it is asked again.", 2.0)
