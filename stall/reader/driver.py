"""What the worker needs of a terminal, whatever protocol it speaks. Each protocol is a package beside this file.

A driver's calls block, in the one thread that owns it; while they do, the protocol's own thread keeps the line alive.
Nothing that moves money is ever sent a second time by a driver.
"""

from __future__ import annotations

from collections.abc import Iterator, Set
from typing import Protocol

from stall.reader.events import Event
from stall.reader.profiles import Profile
from stall.reader.told import DayTotal, Told

READY = 0


class Acknowledged(Protocol):
    """Our yes to an approval, on its way."""

    def certain(self, timeout_s: float | None = None) -> bool:
        """Wait until it is certainly out. False means unknown, never "not charged"."""
        ...


class Exchange(Protocol):
    """One running transaction. `events()` is iterated once, in one thread; `abort()` may come from any."""

    ended: bool

    def events(self) -> Iterator[Event]:
        """What happens, until the end (see stall.reader.events)."""
        ...

    def accept(self) -> Acknowledged:
        """Say yes to the approval: the payment stands. Only after the journal has committed.

        Raises Refused `reader-answer-late` when the terminal was told no meanwhile.
        """
        ...

    def refuse(self) -> None:
        """Say no to the approval, where the protocol can; harmless when late."""
        ...

    def abort(self) -> None:
        """Ask the terminal to stop, best effort; the end still comes as an event."""
        ...


class Driver(Protocol):
    """One terminal on one connection. Every method but `close` belongs to one thread."""

    profile: Profile
    can_reverse: bool
    """A payment of the open day can be taken back by its receipt number."""
    can_refund: bool
    """Money can be given back to a card."""
    can_close_day: bool
    """It has a day end, and tells its totals."""
    can_diagnose: bool
    """It can check itself and its line to the host."""
    can_print_again: bool
    """It has a printer and prints its last slip again when told."""
    refusable: bool
    """An approval can be answered with no, and the terminal then takes it back."""

    @property
    def alive(self) -> bool:
        """False once the connection is gone; then open a new one."""
        ...

    @property
    def turns(self) -> int:
        """How often its thread looked at the line; it grows, four times a second and more, while that goes round."""
        ...

    @property
    def waits(self) -> int:
        """How often a call of ours that waits for it went round: grows about every second, however long it takes."""
        ...

    @property
    def pause_s(self) -> float:
        """How long to wait before asking a busy terminal again."""
        ...

    @property
    def late_s(self) -> float:
        """How long an answer nobody waits for any more may still come; 0 where each is told from others."""
        ...

    def close(self) -> None:
        """Let go of the port; a running exchange ends with Lost."""
        ...

    def pay(
        self, amount_minor: int, currency: str, attempt: int | None = None, unheard: Set[int] = frozenset()
    ) -> Exchange:
        """Ask for a payment: the first byte leaves here, so journal `sent` before. Minor units, ISO letters.

        `attempt`: its number, which tells its answer from others where the protocol has room for it. `unheard`: attempts
        a person decided less than `late_s` ago, whose answers may still come.
        Raises LocalWireError before any byte left when the protocol has no words for it.
        """
        ...

    def reverse(self, receipt_no: int, amount_minor: int, currency: str) -> Exchange:
        """Ask to take back the payment of this receipt number; raises as `pay`."""
        ...

    def refund(
        self, amount_minor: int, currency: str, attempt: int | None = None, unheard: Set[int] = frozenset()
    ) -> Exchange:
        """Ask to give money back to a card; raises as `pay`."""
        ...

    def register(self, currency: str) -> None:
        """Say hello, once after each connection. Raises Refused `reader-refused`, Retry `reader-silent`, `reader-lost`."""
        ...

    def status(self) -> int:
        """How it stands: READY or a code for `status_words`. Raises Retry `reader-silent`, `reader-lost`."""
        ...

    def takes_commands(self, status: int) -> bool:
        """Whether it can be asked things in that state: one that wants its day closed can, one in a job of its own cannot."""
        ...

    def status_words(self, status: int) -> str:
        """A status in words for the till."""
        ...

    def last_payment(self) -> Told | None:
        """What it says of its last transaction; None where it cannot tell. Raises Retry."""
        ...

    def late_word(self) -> Told | None:
        """What it said of its last payment after the till had given up waiting, once; asks it nothing. Raises Retry.

        None where the protocol can be asked instead.
        """
        ...

    def totals(self) -> DayTotal | None:
        """What it took since its last day end, without closing it; None where it cannot tell. Raises Retry."""
        ...

    def end_of_day(self) -> DayTotal:
        """Close its day. Raises Refused `reader-refused`, `reader-no-totals`; after Retry it is unknown whether it did."""
        ...

    def print_again(self) -> None:
        """Have it print its last slip again. Raises Refused `reader-refused`, Retry."""
        ...

    def diagnose(self) -> None:
        """Have it check itself and its host. Raises Refused `reader-refused`, Retry."""
        ...
