"""A ZVT card terminal as the worker sees it: blocking calls, one transaction at a time.

Blocking means: in the caller's thread, while the link layer's thread keeps acknowledging. Nothing here is
ever sent a second time by itself, except questions that charge nothing, after the terminal asked to wait.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from stall.errors import Refused, Retry
from stall.reader.dialogue import Acknowledgement, Dialogue
from stall.reader.events import (
    Aborted,
    Approval,
    Completed,
    Event,
    Intermediate,
    Lost,
    NotApproved,
    NotStarted,
    Reported,
    Reversed,
    Started,
    Unreadable,
)
from stall.reader.link import Link, Trace
from stall.reader.timers import Timers
from stall.reader.transport import connect
from stall.wire.readers.zvt import Completion, StatusInformation, codes, commands

__all__ = [
    "PROFILES",
    "Aborted",
    "Acknowledgement",
    "Approval",
    "Completed",
    "Dialogue",
    "Event",
    "Intermediate",
    "Lost",
    "NotApproved",
    "NotStarted",
    "Profile",
    "Reported",
    "Reversed",
    "Started",
    "StatusInformation",
    "Terminal",
    "Timers",
    "Unreadable",
    "open_terminal",
]


@dataclass(frozen=True, slots=True)
class Profile:
    """What differs between makes of terminal."""

    name: str
    reverses_by_itself: bool = False
    """It may take back an approved payment without telling: recovery must not trust its last receipt alone."""
    charset: str = "cp437"
    config: int = commands.CONFIG
    can_abort: bool = True


PROFILES: dict[str, Profile] = {
    "standard": Profile("standard", reverses_by_itself=True),
    "simulated": Profile("simulated"),
    "card-complete": Profile("card-complete", charset="iso8859-15"),
    "global-payments": Profile("global-payments", reverses_by_itself=True, can_abort=False),
}
"""By the `profile` of the reader's settings. A terminal nobody described may reverse by itself (PA00P015 2.2.8)."""


class Terminal:
    """One terminal on one link. Every method but `close` and Dialogue.abort belongs to one thread."""

    def __init__(self, link: Link, profile: Profile, password: str) -> None:
        """Nothing is sent yet; `password` is the terminal's, six digits."""
        self.link = link
        self.profile = profile
        self._password = password
        self._running: Dialogue | None = None

    @property
    def alive(self) -> bool:
        """False once the connection is gone; then open a new Terminal."""
        return self.link.alive

    def close(self) -> None:
        """Let go of the port. A running dialogue ends with Lost("link")."""
        self.link.close()

    def pay(self, amount_minor: int, currency: str = "EUR") -> Dialogue:
        """Send `06 01`: the first byte leaves here, so journal `sent` before. Minor units, ISO letters.

        Raises LocalWireError `zvt-amount`, `zvt-currency` and Refused `reader-busy` before any byte left.
        """
        return self._begin(commands.authorisation(amount_minor, currency), commit=True)

    def reverse(self, receipt_no: int) -> Dialogue:
        """Send `06 30` for a receipt number of the terminal's open day; its Approval or Reversed confirms it."""
        return self._begin(commands.reversal(self._password, receipt_no), commit=True)

    def register(self, currency: str = "EUR") -> Completion:
        """`06 00`: needed once after each connection, or no steps (`04 FF`) are told.

        Raises Refused `reader-refused` (wrong password, wrong currency), Retry `reader-silent`.
        """
        _, completion = self._ask(commands.registration(self._password, self.profile.config, currency))
        return completion

    def status(self) -> int:
        """`05 01`: the terminal's status byte, 00 ready, 9C busy (zvt.codes.STATUSES for words).

        Raises Retry `reader-silent` while the terminal does not answer, Retry `reader-lost`.
        """
        command = commands.status_enquiry(self._password)
        for event in self._begin(command, commit=False).events():
            match event:
                case NotStarted(code) | Aborted(code):
                    return code
                case Completed(completion):
                    return codes.STATUS_READY if completion.status is None else completion.status
                case Lost():
                    raise _silent(event)
        raise _silent(None)

    def repeat_receipt(self) -> StatusInformation | None:
        """`06 20`: what the terminal says of its last transaction; None when it tells nothing.

        Raises Retry `reader-silent`, `reader-busy-now`, `reader-lost`.
        """
        try:
            info, _ = self._ask(commands.repeat_receipt(self._password))
        except Refused:
            return None  # 84 83, or 06 1E: some terminals cannot, some have nothing to tell
        return info

    def end_of_day(self) -> StatusInformation:
        """`06 50`: close the terminal's day; the answer bears total (`amount_minor`) and `totals`.

        Raises Refused `reader-refused`, `reader-no-totals`, Retry `reader-silent`. After Retry it is unknown
        whether the day was closed.
        """
        info, _ = self._ask(commands.end_of_day(self._password))
        if info is None or info.result != codes.APPROVED or info.amount_minor is None:
            raise Refused(
                "reader-no-totals", "The card terminal closed its day without telling totals. Read them from its slip."
            )
        return info

    def _begin(self, command: bytes, *, commit: bool) -> Dialogue:
        if self._running is not None and not self._running.ended:
            raise Refused("reader-busy", "The card terminal is in the middle of another payment. Wait for its end.")
        self._running = Dialogue(
            self.link, command, self.profile.charset, commit=commit, can_abort=self.profile.can_abort
        )
        return self._running

    def _ask(self, command: bytes) -> tuple[StatusInformation | None, Completion]:
        """A command that charges nothing; asked again while the terminal says `84 9C`, for T4 at most."""
        deadline = time.monotonic() + self.link.timers.t4_s
        while True:
            info: StatusInformation | None = None
            for event in self._begin(command, commit=False).events():
                match event:
                    case Reported(told):
                        info = told
                    case Completed(completion):
                        return info, completion
                    case Lost():
                        raise _silent(event)
                    case NotStarted(code, words) | Aborted(code, words) if code != codes.PLEASE_WAIT:
                        raise Refused("reader-refused", f"The card terminal refused: {words}")
            if time.monotonic() >= deadline:
                raise Retry(
                    "reader-busy-now", "The card terminal is busy with a job of its own. Try again in a moment.", 10.0
                )
            time.sleep(self.link.timers.ask_again_s)


def open_terminal(link: str, profile: str, password: str, scale: float = 1.0, trace: Trace | None = None) -> Terminal:
    """Connect to the terminal of the settings. Raises Refused `reader-link`, `reader-profile`, Retry `reader-lost`."""
    if profile not in PROFILES:
        raise Refused("reader-profile", f"There is no reader profile {profile!r}. Use one of: {', '.join(PROFILES)}.")
    return Terminal(Link(connect(link), Timers(scale), trace), PROFILES[profile], password)


def _silent(event: Lost | None) -> Retry:
    if event is not None and event.reason == "link":
        return Retry("reader-lost", "The card terminal is not connected. Check its cable and power.", 2.0)
    return Retry("reader-silent", "The card terminal does not answer. It may be busy; it is asked again.", 2.0)
