"""What the till says of a sale: one stage, one shape, one sentence that says what to do. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from stall.domain import money
from stall.domain.payment import Kind, Reason, State, Tender
from stall.store import attempts
from stall.store.attempts import Attempt
from stall.store.sales import Sale

#: What was paid with, after “by” or by itself in a list of sales.
TENDERS: Mapping[str, str] = {
    Tender.CARD: "card",
    Tender.CASH: "cash",
    Tender.COMP: "free",
    Tender.VOUCHER: "voucher",
    Tender.OPERATOR: "card on a separate reader",
}


class Stage(StrEnum):
    """Which page of a sale the till shows."""

    CHOOSE = "choose"
    CARD = "card"
    UNKNOWN = "unknown"
    PAID = "paid"
    DROPPED = "dropped"
    BACK = "back"


class Shape(StrEnum):
    """The glyph beside the words, so that no state rests on colour."""

    OK = "ok"
    PART = "part"
    WAIT = "wait"
    TAP = "tap"
    WARN = "warn"
    STOP = "stop"
    PAY = "pay"
    REFUSED = "refused"
    CROSS = "cross"
    NONE = "none"
    BACK = "back"
    UNPLUGGED = "unplugged"
    SOLD = "sold"
    KEPT = "kept"


@dataclass(frozen=True, slots=True)
class Words:
    """A state in words, with its shape."""

    shape: Shape
    title: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a sale stands. `version` changes when the page must be drawn anew, not when only words change."""

    stage: Stage
    words: Words
    version: str
    attempt: Attempt | None


_TO_PAY = Words(Shape.PAY, "To pay", "Choose how the buyer pays.")
_TO_HAND_BACK = Words(Shape.BACK, "To hand back", "The buyer gets this from the drawer.")

_UNKNOWN = Words(
    Shape.STOP,
    "Unknown: do not charge again, checking",
    "The terminal may have taken the money. The box asks it again by itself; take no other payment for this sale.",
)

_UNKNOWN_FOR_GOOD = Words(
    Shape.STOP,
    "Unknown: do not charge again, decide here",
    "The terminal may have taken the money, and cannot be asked. Look at its slip, then decide here; take no other payment for this sale.",
)

_ENDED = {
    (State.DECLINED, Reason.CANCELLED): Words(
        Shape.CROSS,
        "Cancelled",
        "The card payment was stopped, or no card came in time. No money was taken; you can try again.",
    ),
    (State.DECLINED, Reason.NOT_FOUND): Words(
        Shape.NONE,
        "No payment",
        "The terminal was asked and has no such payment. No money was taken; you can try again.",
    ),
    (State.DECLINED, Reason.OPERATOR): Words(
        Shape.NONE, "Not paid", "You decided that no money was taken. You can take the payment again."
    ),
    (State.DECLINED, Reason.REFUSED_BY_TERMINAL): Words(
        Shape.UNPLUGGED,
        "Not started",
        "The terminal did not start the payment. No money was taken; look at its display, then try again.",
    ),
    (State.DECLINED, None): Words(
        Shape.REFUSED, "Declined, ask for another card", "No money was taken. Try another card, or take cash."
    ),
    (State.NOT_SENT, Reason.CANCELLED): Words(
        Shape.CROSS, "Cancelled", "Nothing was sent to the terminal and no money was taken."
    ),
    (State.NOT_SENT, Reason.STALE): Words(
        Shape.UNPLUGGED, "Not sent", "The card reader did not take the payment in time. No money was taken; try again."
    ),
    (State.NOT_SENT, Reason.CAPS): Words(
        Shape.REFUSED, "Not by card", "The amount is above what the creator allows by card. Take cash."
    ),
    (State.NOT_SENT, Reason.HOLD_LOST): Words(
        Shape.WARN,
        "Not sent",
        "The numbers of this sale were released meanwhile. No money was taken; press Card again.",
    ),
    (State.NOT_SENT, None): Words(
        Shape.UNPLUGGED,
        "Not sent",
        "The card reader cannot be reached. No money was taken; check its cable, or take cash.",
    ),
    (State.REVERSED, None): Words(
        Shape.BACK, "Taken back", "The terminal took the card payment back. No money was taken; you can try again."
    ),
}

_RUNNING = {
    State.REQUESTED: Words(Shape.WAIT, "Calling the card reader", "The terminal asks for the card in a moment."),
    State.SENT: Words(Shape.TAP, "Waiting for the card", "The buyer follows the terminal."),
    State.APPROVED: Words(Shape.OK, "Approved", "Writing the receipt. The code to scan comes next."),
    State.REVERSING: Words(
        Shape.WARN, "Taking the payment back", "The terminal is undoing the payment. Charge nothing yet."
    ),
}

_BACK_RUNNING = {
    State.REQUESTED: Words(Shape.WAIT, "Calling the card reader", "The terminal is asked to give the money back."),
    State.SENT: Words(
        Shape.BACK, "Giving the money back", "If the terminal asks for it, the buyer holds the same card to it."
    ),
    State.APPROVED: Words(Shape.OK, "Given back", "Writing it down."),
    State.REVERSING: Words(
        Shape.WARN, "Not given back after all", "The terminal is undoing it. Hand out no money until it has said so."
    ),
}

_BACK_UNKNOWN = Words(
    Shape.STOP,
    "Unknown: give nothing back again, checking",
    "The terminal may have given the money back. The box asks it again by itself; hand out no cash meanwhile.",
)
_BACK_UNKNOWN_FOR_GOOD = Words(
    Shape.STOP,
    "Unknown: give nothing back again, decide here",
    "The terminal may have given the money back, and cannot be asked. Look at its slip, then decide here; hand out no cash meanwhile.",
)
_NOT_BACK = Words(
    Shape.REFUSED,
    "Not given back",
    "The terminal gave nothing back, so the sale stands. Try again, or give the money back in cash against the receipt.",
)
_VOID = Words(Shape.BACK, "Given back", "The sale is void: its code opens nothing any more.")
_PART_BACK = Words(
    Shape.BACK, "Given back", "The payment went back to the buyer. Take the whole anew, or cancel this sale."
)

_HAND_OUT = Words(
    Shape.BACK, "To hand back", "Choose how the money goes back. The goods count as given back when it is out."
)
_OWED = Words(
    Shape.WAIT,
    "Owed to the buyer",
    "Give it back by card or in cash when you can. Nothing of it can be downloaded meanwhile.",
)
_NOT_HANDED_OUT = Words(
    Shape.REFUSED,
    "Not given back",
    "The terminal gave nothing back. Try again, hand out cash, or owe it until later.",
)

_OVER = {
    "paid": (Stage.PAID, Words(Shape.OK, "Paid", "Let the buyer scan the code.")),
    "dropped": (Stage.DROPPED, Words(Shape.CROSS, "Cancelled", "This sale was given up. Nothing was taken for it.")),
}


def ended_words(state: State, reason: str | None) -> Words:
    """Say how an attempt ended that took no money."""
    known = None if reason is None else Reason(reason)
    return _ENDED.get((state, known)) or _ENDED[state, None]


def standing(sale: Sale, tried: Sequence[Attempt], gone: Sequence[str] = ()) -> Standing:
    """Say where a sale stands, from its row, its attempts in order, and what of it cannot be had any more."""
    last = tried[-1] if tried else None
    stage, words = _stage_return(sale, last, tried) or _stage(sale, last, tried)
    taken = sum(attempt.signed_minor for attempt in attempts.standing(tried))
    if stage is Stage.CHOOSE and gone:
        return Standing(
            stage, _not_to_finish(gone) if taken else _sold_out(gone), f"{stage.value}-gone-{len(gone)}", last
        )
    if stage is Stage.CHOOSE and taken and abs(taken) >= abs(sale.total_minor):  # below zero where money went out
        return Standing(stage, _TO_FINISH, f"{stage.value}-finish", last)
    facts = "" if last is None else f"-{last.ordinal}-{last.state.value}-{last.cancel_wanted}"
    if last is not None and stage is Stage.CARD:
        facts = f"-{last.ordinal}-{last.cancel_wanted}"  # the words change in place while the card is in the terminal
    return Standing(stage, words, f"{stage.value}{facts}", last)


def undoes(attempt: Attempt, tried: Sequence[Attempt]) -> bool:
    """Whether an attempt gives a payment of its own sale back; money paid out against another sale, or for a deposit, does not."""
    return attempt.kind != Kind.PAY and attempt.of in {one.no for one in tried}


def without_program(now: Standing) -> Standing:
    """The same while the program that speaks with the terminal does not run: nothing goes on before somebody starts it."""
    again = "charge again" if now.attempt is None or now.attempt.kind == Kind.PAY else "give anything back again"
    words = Words(
        Shape.STOP,
        f"Reader's program not running: do not {again}",
        f"The reader's program is not running: start it with `stall reader`, and it asks the terminal what happened. Do not {again} before.",
    )
    return replace(now, words=words)


def not_asked(now: Standing) -> Standing:
    """The same with a terminal that cannot be asked what became of it: nobody waits for its word."""
    pays = now.attempt is None or now.attempt.kind == Kind.PAY
    return replace(now, words=_UNKNOWN_FOR_GOOD if pays else _BACK_UNKNOWN_FOR_GOOD)


def _stage_return(sale: Sale, last: Attempt | None, tried: Sequence[Attempt]) -> tuple[Stage, Words] | None:
    """Where a return stands that hands money out; None where it stands as any sale does."""
    if sale.ref_sale is None or sale.state != "basket":
        return None
    if last is not None and last.kind != Kind.PAY and last.state is State.UNKNOWN:
        return Stage.UNKNOWN, _BACK_UNKNOWN
    if last is not None and last.open:
        return None if last.kind == Kind.PAY else (Stage.CARD, _running(last))
    if last is not None and last.kind != Kind.PAY and last.state is not State.PAID:
        return Stage.CHOOSE, _with_its_words(_NOT_HANDED_OUT, last)
    if sale.queued_ms is not None:
        return Stage.CHOOSE, _OWED
    return (Stage.CHOOSE, _handing_out(sale, tried)) if sale.total_minor < 0 else None


def _handing_out(sale: Sale, tried: Sequence[Attempt]) -> Words:
    out = -sum(attempt.signed_minor for attempt in attempts.standing(tried))
    if out <= 0:
        return _HAND_OUT
    return Words(Shape.PART, "Part given back", f"{money.text(out, sale.cur)} went back. Choose how the rest does.")


def _stage(sale: Sale, last: Attempt | None, tried: Sequence[Attempt]) -> tuple[Stage, Words]:
    if last is not None and undoes(last, tried) and sale.state != "dropped":
        return _stage_back(sale, last)
    if sale.state in _OVER:
        return _OVER[sale.state]
    if last is None:
        return Stage.CHOOSE, _TO_PAY if sale.total_minor >= 0 else _TO_HAND_BACK
    if last.state is State.UNKNOWN:
        return Stage.UNKNOWN, _UNKNOWN
    if last.open:
        return Stage.CARD, _running(last)
    return Stage.CHOOSE, _part_paid(sale, tried) if last.state is State.PAID else _ended(last)


def _part_paid(sale: Sale, tried: Sequence[Attempt]) -> Words:
    taken = sum(attempt.signed_minor for attempt in attempts.standing(tried))
    return Words(Shape.PART, "Part paid", f"{money.text(taken, sale.cur)} is paid. Take the rest.")


def _ended(last: Attempt) -> Words:
    return _with_its_words(ended_words(last.state, last.reason), last)


def _with_its_words(words: Words, ended: Attempt) -> Words:
    """Add what the terminal itself said of a payment it declined: the buyer asks why."""
    if ended.state is not State.DECLINED or not ended.display:
        return words
    return Words(words.shape, words.title, f"{words.sentence} It said: {ended.display}")


def _stage_back(sale: Sale, last: Attempt) -> tuple[Stage, Words]:
    """Where a sale stands while its money is on its way back, and after."""
    if last.state is State.UNKNOWN:
        return Stage.UNKNOWN, _BACK_UNKNOWN
    if last.open:
        return Stage.CARD, _running(last)
    over = sale.state == "paid"
    if last.state is State.PAID:
        return (Stage.BACK, _VOID) if over else (Stage.CHOOSE, _PART_BACK)
    return (Stage.PAID if over else Stage.CHOOSE), _with_its_words(_NOT_BACK, last)


#: A payment came through after the numbers were frozen; they were leased anew since.
_TO_FINISH = Words(Shape.PART, "Paid, not finished", "Its numbers can be sold here again: finish the sale.")


def _not_to_finish(gone: Sequence[str]) -> Words:
    what = " and ".join(gone)
    return Words(
        Shape.WARN,
        "Paid, not finished",
        f"{what}: not to be sold here now. Give the money back, or finish the sale after a new lease of that number.",
    )


def _sold_out(gone: Sequence[str]) -> Words:
    what = " and ".join(gone)
    return Words(Shape.SOLD, "Sold out", f"{what}: gone since this basket was made. Take no money for this sale.")


def _running(attempt: Attempt) -> Words:
    """The terminal's own words while the buyer uses it, ours otherwise."""
    words = (_RUNNING if attempt.kind == Kind.PAY else _BACK_RUNNING)[attempt.state]
    if attempt.cancel_wanted and attempt.state is State.SENT:
        return Words(Shape.WAIT, "Cancelling", "The terminal was asked to stop. Wait for what it says.")
    said = attempt.display.rstrip(" .")  # a title, not a sentence
    if attempt.state is State.SENT and said not in ("", words.title):
        return Words(words.shape, said, words.sentence)
    return words
