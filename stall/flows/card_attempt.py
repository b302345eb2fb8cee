"""What a card attempt goes through, told by the reader's worker. One function per change of state.

Each is one transaction and appends one event. The order of calls is the worker's; what is allowed
is the table's (domain.payment). See docs/payment-states.md.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Literal

from stall.domain.at_risk import USUAL, Caps, over
from stall.domain.payment import Kind, Reason, Settlement, State
from stall.errors import Refused
from stall.flows.authority import check_card_cap, check_own_caps, delegations
from stall.flows.begin_payment import attempt_body
from stall.flows.give_back import finish_back, ways
from stall.flows.hold_numbers import end_hold_later
from stall.flows.note_exception import note_exception
from stall.flows.settle import settle_or_keep_hold
from stall.store import at_risk, attempts, decisions, numbers, readers, sales
from stall.store.attempts import Attempt
from stall.store.db import Tx
from stall.store.schema import line_id
from stall.wire import b64, erasable

#: An attempt requested longer ago than this is not sent any more (ms): the buyer may be gone.
FRESH_MS = 30_000

#: A decision without words helps nobody later.
FEWEST_LETTERS = 3


@dataclass(frozen=True, slots=True)
class TerminalFacts:
    """What a terminal said of a payment, as far as we keep it. Never more than four card digits."""

    amount_minor: int
    tid: str | None
    receipt_no: int | None
    trace: int | None
    auth_code: str | None
    scheme: str | None
    last4: str | None
    offline: bool | None
    mark: str | None = None
    """What tells this transaction from another with its receipt number."""


def send(tx: Tx, attempt_no: int) -> Attempt:
    """Move a requested attempt to `sent` just before its first byte leaves, or to `not_sent`.

    Sent only in the same boot, at most 30 s old, with every number still held and within the
    caps; the attempt returned says which. An attempt cancelled meanwhile is returned as it is.
    """
    attempt = attempts.get(tx.conn, attempt_no)
    if attempt.state is not State.REQUESTED:
        return attempt
    reason = _reason_not_to_send(tx, attempt)
    if reason is not None:
        return not_sent(tx, attempt_no, reason)
    baseline = readers.baseline(tx.conn, attempt.reader or 0)
    sent = attempts.change(
        tx,
        attempt_no,
        State.SENT,
        baseline_tid=baseline and baseline.tid,
        baseline_receipt=baseline and baseline.receipt_no,
        baseline_mark=baseline and baseline.mark,
        display="Waiting for the card" if attempt.kind == Kind.PAY else "Giving the money back",
    )
    tx.append("attempt", attempt_body(sent, baseline=None if baseline is None else [baseline.tid, baseline.receipt_no]))
    return sent


def not_sent(tx: Tx, attempt_no: int, reason: Reason) -> Attempt:
    """Close an attempt of which no byte left the box."""
    ended = attempts.change(tx, attempt_no, State.NOT_SENT, reason=reason)
    return _ended_without_money(tx, ended)


def approve(tx: Tx, attempt_no: int, facts: TerminalFacts, caps: Caps = USUAL) -> Attempt:
    """Transaction A: journal the terminal's approval and nothing else.

    The caller compared amount and currency. Offline approvals must fit the stall's own `caps` and the creator's: Raises
    Refused `offline-cap`, `offline-cap-age`, and the caller then makes the terminal reverse.
    """
    attempt = attempts.get(tx.conn, attempt_no)
    if facts.offline and attempt.kind == Kind.PAY:
        _check_offline_caps(tx, attempt, caps)
    approved = attempts.change(tx, attempt_no, State.APPROVED, **_recorded(facts), display="Approved")
    readers.remember_receipt(tx, attempt.reader or 0, facts.tid, facts.receipt_no, facts.mark)
    tx.append("attempt", attempt_body(approved, card=_keep_card_facts(tx, attempt_no, facts)))
    return approved


def pay(tx: Tx, attempt_no: int) -> Attempt:
    """Transaction B: the acknowledgement is certainly out, so the attempt is paid."""
    paid = attempts.change(tx, attempt_no, State.PAID, display="Approved")
    _finish(tx, paid, attempt_body(paid))
    return attempts.get(tx.conn, attempt_no)


def pay_after_query(tx: Tx, attempt_no: int, facts: TerminalFacts) -> Attempt:
    """Close an unknown attempt the terminal itself vouches for as paid."""
    before = attempts.get(tx.conn, attempt_no)
    card = None if before.receipt_no is not None else _keep_card_facts(tx, attempt_no, facts)
    recorded = _recorded(facts)
    if before.settlement is not None and facts.offline is None:  # what it said of the approval still holds
        recorded |= {"offline": before.offline, "settlement": before.settlement}
    paid = attempts.change(tx, attempt_no, State.PAID, **recorded, display="Approved")
    readers.remember_receipt(tx, paid.reader or 0, facts.tid, facts.receipt_no, facts.mark)
    _finish(tx, paid, attempt_body(paid, card=card))
    return paid


def decline(tx: Tx, attempt_no: int, reason: Reason, said: str = "") -> Attempt:
    """The terminal ended the payment without taking money, or a query found none; `said`: its own words why."""
    ended = attempts.change(tx, attempt_no, State.DECLINED, reason=reason, display=said)
    return _ended_without_money(tx, ended)


def doubt(tx: Tx, attempt_no: int, reason: Reason) -> Attempt:
    """Nobody knows the outcome now: keep the goods, charge nothing, ask the terminal."""
    unclear = attempts.change(
        tx, attempt_no, State.UNKNOWN, reason=reason, display="Not clear yet: checking with the terminal"
    )
    tx.append("attempt", attempt_body(unclear))
    return unclear


def begin_reversal(tx: Tx, attempt_no: int, reason: Reason) -> Attempt:
    """We refused the approval: the terminal has been told to take it back."""
    reversing = attempts.change(
        tx, attempt_no, State.REVERSING, reason=reason, display="The terminal is taking the payment back"
    )
    tx.append("attempt", attempt_body(reversing))
    return reversing


def reversed_(tx: Tx, attempt_no: int) -> Attempt:
    """The terminal confirmed that it took the payment back."""
    return _ended_without_money(
        tx, attempts.change(tx, attempt_no, State.REVERSED, display="The payment was taken back")
    )


def decide(tx: Tx, attempt_no: int, outcome: Literal["paid", "declined", "reversed"], who: str, reason: str) -> Attempt:
    """A person read the terminal's own papers and says what happened. The caller checked the PIN.

    Raises Refused `decision-reason` for an empty reason, `payment-transition` unless unknown.
    """
    attempt = attempts.get(tx.conn, attempt_no)
    if attempt.state is not State.UNKNOWN:  # the terminal may still say what became of it
        raise Refused(
            "payment-transition",
            f"This payment is {attempt.state.value}, so nobody decides it. Look at it again before you act.",
        )
    words = " ".join(reason.split())[:200]
    if len(words) < FEWEST_LETTERS:
        raise Refused(
            "decision-reason", "Write in a few words where you saw it, for example: slip 0042 at the terminal."
        )
    decided = attempts.change(tx, attempt_no, State(outcome), decided_by=who, reason=Reason.OPERATOR)
    body = attempt_body(decided, words=decisions.keep_words(tx, attempt_no, words))
    if decided.state is State.PAID:
        _finish(tx, decided, body)
        return decided
    end_hold_later(tx, decided.sale)
    tx.append("attempt", body)
    return decided


def note_contradiction(tx: Tx, attempt_no: int, sentence: str) -> None:
    """After `paid`, what the terminal says otherwise is an exception on the report, never a change."""
    note_exception(tx, "contradiction", sentence, attempt_no)


def _finish(tx: Tx, paid: Attempt, body: dict[str, object]) -> None:
    """The money moved: the sale goes on with it, or without what was given back."""
    if paid.kind == Kind.PAY:
        settle_or_keep_hold(tx, paid, kind="attempt", body=body)
    else:
        finish_back(tx, paid, body)


def _reason_not_to_send(tx: Tx, attempt: Attempt) -> Reason | None:
    if attempt.boot_id != tx.moment.boot_id or tx.moment.boottime_ms - attempt.requested_boottime_ms > FRESH_MS:
        return Reason.STALE
    if attempt.kind != Kind.PAY:  # numbers and caps are for what is sold
        of = attempts.get(tx.conn, attempt.of or 0)
        return (
            None if attempt.kind in ways(tx.conn, of) else Reason.REFUSED_BY_TERMINAL
        )  # another terminal, or its next day
    (wanted,) = tx.conn.execute(
        "SELECT count(*) FROM lines WHERE id >= ? AND id < ? AND ed IS NOT NULL AND of_line IS NULL",
        (line_id(attempt.sale, 0), line_id(attempt.sale + 1, 0)),
    ).fetchone()
    if wanted != numbers.count_held(tx.conn, attempt.sale):
        return Reason.HOLD_LOST
    try:
        check_card_cap(tx, sales.get(tx.conn, attempt.sale), attempt.amount_minor)
    except Refused:
        return Reason.CAPS
    return None


def _check_offline_caps(tx: Tx, attempt: Attempt, caps: Caps) -> None:
    """An offline approval is a loan to the buyer: sum and age of what is at risk stay within the stall's and every creator's caps.

    It is no longer at risk once it was given back, or its terminal has closed a day: then it has sent in what it stored (06 50).
    """
    risk = at_risk.total(tx.conn, attempt.cur)
    for delegated in delegations(tx, sales.get(tx.conn, attempt.sale)):
        if delegated.max is None or risk.minor + attempt.amount_minor > delegated.max.stored_total:
            raise Refused(
                "offline-cap",
                "The terminal approved offline, but too much is at risk already. Take cash, or connect the terminal.",
            )
        if risk.age_ms(tx.now_ms) > delegated.max.stored_age_h * 3_600_000:
            raise Refused(
                "offline-cap-age",
                "The terminal approved offline, but earlier offline payments wait for too long. Connect it and close its day.",
            )
    check_own_caps(caps, over(caps, risk, attempt.amount_minor, tx.now_ms), attempt.cur)


def _recorded(facts: TerminalFacts) -> dict[str, str | int | None]:
    return {
        "tid": facts.tid,
        "receipt_no": facts.receipt_no,
        "trace": facts.trace,
        "offline": None if facts.offline is None else int(facts.offline),
        "settlement": Settlement.STORED if facts.offline else Settlement.ONLINE,
    }


def _keep_card_facts(tx: Tx, attempt_no: int, facts: TerminalFacts) -> str:
    """Seal what could point to a person into a row that can be erased; the event gets only its salted hash."""
    data = json.dumps({"auth": facts.auth_code, "last4": facts.last4, "scheme": facts.scheme}, sort_keys=True).encode()
    sealed = erasable.seal(tx.secrets.claim_key, data)
    tx.conn.execute(
        "INSERT INTO card_facts (attempt, salt, sealed) VALUES (?, ?, ?) ON CONFLICT (attempt) DO UPDATE SET salt = excluded.salt, sealed = excluded.sealed",
        (attempt_no, sealed.salt, sealed.ciphertext),
    )
    return b64.encode(sealed.digest)


def _ended_without_money(tx: Tx, ended: Attempt) -> Attempt:
    end_hold_later(tx, ended.sale)
    tx.append("attempt", attempt_body(ended))
    return ended
