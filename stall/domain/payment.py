"""The states of one attempt at paying, as a table. Whoever changes a state asks this table first.

An attempt is one try to move money one way: paying, reversing or refunding. docs/payment-states.md
is printed from this table, and a test compares the two.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from stall.errors import Refused


class State(StrEnum):
    """Where one attempt stands."""

    REQUESTED = "requested"
    SENT = "sent"
    APPROVED = "approved"
    PAID = "paid"
    DECLINED = "declined"
    NOT_SENT = "not_sent"
    REVERSING = "reversing"
    REVERSED = "reversed"
    UNKNOWN = "unknown"


class Kind(StrEnum):
    """Which way the money of an attempt moves."""

    PAY = "pay"
    REVERSE = "reverse"
    REFUND = "refund"


class Tender(StrEnum):
    """What is paid with; the `m` of a receipt."""

    CARD = "card"
    CASH = "cash"
    COMP = "comp"
    VOUCHER = "voucher"
    OPERATOR = "operator"


class Settlement(StrEnum):
    """How sure the money behind a paid card attempt is."""

    ONLINE = "online"
    STORED = "stored"
    SETTLED = "settled"
    DECLINED_LATE = "declined_late"


class Reason(StrEnum):
    """Why an attempt ended as it did, where the state alone does not say."""

    CANCELLED = "cancelled"
    NOT_FOUND = "not_found"
    DECLINED = "declined"
    STALE = "stale"
    CAPS = "caps"
    HOLD_LOST = "hold_lost"
    READER_LOST = "reader_lost"
    REFUSED_BY_TERMINAL = "refused_by_terminal"
    OPERATOR = "operator"
    COMMIT_LATE = "commit_late"
    CONTRADICTION = "contradiction"


#: From each state, the states that may follow.
TRANSITIONS: Mapping[State, frozenset[State]] = {
    State.REQUESTED: frozenset({State.SENT, State.NOT_SENT}),
    State.SENT: frozenset({State.APPROVED, State.DECLINED, State.REVERSING, State.UNKNOWN}),
    State.APPROVED: frozenset({State.PAID, State.REVERSING, State.UNKNOWN}),
    State.REVERSING: frozenset({State.REVERSED, State.UNKNOWN}),
    State.UNKNOWN: frozenset({State.PAID, State.DECLINED, State.REVERSED}),
    State.PAID: frozenset(),
    State.DECLINED: frozenset(),
    State.NOT_SENT: frozenset(),
    State.REVERSED: frozenset(),
}

FINAL = frozenset(state for state, following in TRANSITIONS.items() if not following)
OPEN = frozenset(TRANSITIONS) - FINAL


def check(old: State, new: State) -> None:
    """Refuse a change of state that the table does not have. Raises Refused `payment-transition`."""
    if new not in TRANSITIONS[old]:
        raise Refused(
            "payment-transition",
            f"This payment is {old.value} and cannot become {new.value}. Look at it again before you act.",
        )


def diagram() -> str:
    """Draw the table as a Mermaid state diagram, for the docs."""
    rows = ["stateDiagram-v2", f"    [*] --> {State.REQUESTED.value}"]
    for old in State:
        rows += [f"    {old.value} --> {new.value}" for new in State if new in TRANSITIONS[old]]
    rows += [f"    {state.value} --> [*]" for state in State if state in FINAL]
    return "\n".join(rows) + "\n"
