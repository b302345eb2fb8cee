"""What a transaction with a card terminal tells its caller, as frozen values. The order of events:

Started or NotStarted or Lost; then any of Intermediate, Approval, NotApproved, Unreadable, Reversed;
at last exactly one of Completed, Aborted, Lost. The names in backquotes are ZVT's for the same.
"""

from __future__ import annotations

from dataclasses import dataclass

from stall.reader.told import Told


@dataclass(frozen=True, slots=True)
class Started:
    """`80 00`: the terminal has taken the command."""


@dataclass(frozen=True, slots=True)
class NotStarted:
    """`84 xx`: the terminal has refused the command; nothing was charged. Always the last event."""

    code: int
    words: str
    already_back: bool = False


@dataclass(frozen=True, slots=True)
class Intermediate:
    """`04 FF`: what is going on, in words for the operator."""

    code: int
    words: str


@dataclass(frozen=True, slots=True)
class Approval:
    """`04 0F` with result 00: waits for `accept()` or `refuse()`. Compare amount and currency first."""

    told: Told


@dataclass(frozen=True, slots=True)
class NotApproved:
    """`04 0F` with another result; a note only, an approval may still follow. Already answered."""

    told: Told
    words: str
    already_back: bool = False
    """It says that what is to be taken back was taken back before."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """`04 0F` that may be an approval but whose result or amount cannot be read. Already refused (`84 66`)."""

    told: Told


@dataclass(frozen=True, slots=True)
class Reversed:
    """`04 0F` with result 00 that bears an original trace: the terminal has taken a payment back. Answered."""

    told: Told


@dataclass(frozen=True, slots=True)
class Completed:
    """`06 0F`: over. It proves no payment by itself. Always the last event."""


@dataclass(frozen=True, slots=True)
class Aborted:
    """`06 1E`: over. `cancelled`: by the till, the buyer, or because nobody held a card. Always the last event."""

    code: int
    words: str
    cancelled: bool = False
    not_reversed: bool = False
    """It says that a payment could not be taken back."""


@dataclass(frozen=True, slots=True)
class Lost:
    """The end was not heard. `reason` is link, transmission, t3 or t4. Always the last event."""

    reason: str
    words: str


Event = (
    Started | NotStarted | Intermediate | Approval | NotApproved | Unreadable | Reversed | Completed | Aborted | Lost
)

_LOST_WORDS = {
    "link": "The connection to the card terminal broke.",
    "transmission": "The card terminal did not take the command.",
    "t3": "The card terminal does not answer.",
    "t4": "The card terminal fell silent.",
}


def lost(reason: str) -> Lost:
    """A Lost with the words for its reason."""
    return Lost(reason, _LOST_WORDS[reason])
