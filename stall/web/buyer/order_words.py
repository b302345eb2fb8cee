"""What a buyer's order page says of a payment that ended without money: what happened, and what to do. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from stall.domain.payment import Reason, State
from stall.store.attempts import Attempt


@dataclass(frozen=True, slots=True)
class Ended:
    """One way a payment ended: its tone, its sign, a word for it, what happened, and what to do now."""

    tone: str
    shape: str
    word: str
    title: str
    sentence: str


_AGAIN = "You can pay again, by card or cash."

#: By the state of the order page; nobody is told of a decline that no bank spoke.
ENDED: Mapping[str, Ended] = {
    "declined": Ended(
        "bad",
        "refused",
        "Declined",
        "The bank declined that card. Nothing was charged.",
        "Try another card, or pay cash.",
    ),
    "cancelled": Ended(
        "warn",
        "cross",
        "Cancelled",
        "The card payment was stopped. Nothing was charged.",
        f"It was cancelled, or no card was held to the reader in time. {_AGAIN}",
    ),
    "not_found": Ended(
        "warn",
        "none",
        "No payment",
        "No payment was made. Nothing was charged.",
        f"The stall asked the card reader, and it has none for this order. {_AGAIN}",
    ),
    "not_paid": Ended(
        "warn", "none", "Not paid", "The stall looked: this was not paid.", f"Nothing was taken for it. {_AGAIN}"
    ),
    "not_reached": Ended(
        "warn",
        "unplugged",
        "Not sent",
        "The card reader could not be reached. Nothing was charged.",
        "Ask at the stall to try again, or pay cash.",
    ),
    "not_by_card": Ended(
        "warn",
        "refused",
        "Not by card",
        "This amount cannot be paid by card here. Nothing was charged.",
        "Pay cash at the stall.",
    ),
    "given_back": Ended("warn", "back", "Taken back", "The payment was taken back. Nothing was charged.", _AGAIN),
}

_DECLINED = {
    Reason.DECLINED: "declined",
    Reason.CANCELLED: "cancelled",
    Reason.NOT_FOUND: "not_found",
    Reason.OPERATOR: "not_paid",
    Reason.REFUSED_BY_TERMINAL: "not_reached",
}
_NOT_SENT = {Reason.CANCELLED: "cancelled", Reason.CAPS: "not_by_card"}


def ended(attempt: Attempt) -> str:
    """The state of an order page whose last attempt took no money, by what is known of it."""
    reason = None if attempt.reason is None else Reason(attempt.reason)
    if attempt.state is State.REVERSED:
        return "given_back"
    if attempt.state is State.NOT_SENT:
        return "not_reached" if reason is None else _NOT_SENT.get(reason, "not_reached")
    return "not_found" if reason is None else _DECLINED.get(reason, "not_found")
