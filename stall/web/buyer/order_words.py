"""What a buyer's order page says of a payment that ended without money: which state it is, and the sign it bears. Pure.

The words are texts (`order.word.…`, `order.title.…`, `order.said.…`) by the same names.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from stall.domain.payment import Reason, State
from stall.store.attempts import Attempt


@dataclass(frozen=True, slots=True)
class Sign:
    """The tone of a state and the shape of its sign (glyphs.html)."""

    tone: str
    shape: str


#: By the state of the order page; nobody is told of a decline that no bank spoke.
ENDED: Mapping[str, Sign] = {
    "declined": Sign("bad", "refused"),
    "cancelled": Sign("warn", "cross"),
    "not_found": Sign("warn", "none"),
    "not_paid": Sign("warn", "none"),
    "not_reached": Sign("warn", "unplugged"),
    "not_by_card": Sign("warn", "refused"),
    "given_back": Sign("warn", "back"),
}
#: And those that are no end of a payment. `waiting` needs no sign: its code is the largest thing on the page.
OTHERS: Mapping[str, Sign] = {
    "card": Sign("accent", "tap"),
    "checking": Sign("warn", "ask"),
    "gone": Sign("warn", "sold"),
    "paid": Sign("good", "ok"),
    "yours": Sign("good", "ok"),
    "back": Sign("warn", "back"),
    "void": Sign("", "back"),
    "dropped": Sign("", "cross"),
    "empty": Sign("", "none"),
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
