"""What becomes of a card payment that was approved offline: sent in with the terminal's day, or refused by the bank later."""

from __future__ import annotations

from stall.domain import money
from stall.domain.payment import Kind, Settlement, State
from stall.errors import Refused
from stall.flows.note_exception import note_exception
from stall.store import at_risk, attempts, reasons, sales
from stall.store.attempts import Attempt
from stall.store.db import Tx
from stall.store.schema import claim_id


def settle_day(tx: Tx, reader: int, after_attempt: int | None) -> None:
    """The terminal closed its day, and with it sent in all it had approved offline: that is at risk no more."""
    for cur, moved in at_risk.moved_offline(tx, reader, after_attempt).items():
        _settle(tx, moved, cur, {"reader": reader})


def settle_one(tx: Tx, attempt_no: int, reason: str) -> None:
    """Somebody saw that the money of one payment came, in the provider's papers. Saying so twice changes nothing.

    The caller checked the PIN. Raises Refused `attempt-unknown`, `offline-not`, `offline-open`, `reason-missing`.
    """
    attempt = _offline(tx, attempt_no)
    if attempt.settlement == Settlement.SETTLED:
        return
    if attempt.settlement != Settlement.STORED:
        raise _not_offline()
    _settle(
        tx,
        [(attempt.no, attempt.amount_minor)],
        attempt.cur,
        {"decided_by": tx.decider, "words": reasons.keep(tx, reason)},
    )


def decline_late(tx: Tx, attempt_no: int, reason: str) -> None:
    """The bank refused the payment later: its money is lost, its code opens nothing any more. Twice changes nothing.

    The sale stays, and its number stays sold. That its certificate counts no more is for the cloud to sign (design 7). The
    caller checked the PIN. Raises Refused `attempt-unknown`, `offline-not`, `offline-open`, `offline-given-back`,
    `reason-missing`.
    """
    attempt = _offline(tx, attempt_no)
    if attempt.settlement == Settlement.DECLINED_LATE:
        return
    if sales.get(tx.conn, attempt.sale).state != "paid":
        raise _not_finished()
    tried = attempts.of_sale(tx.conn, attempt.sale)
    if attempt.no not in {one.no for one in attempts.kept(tried)} or attempts.going_back(tried):
        raise Refused(
            "offline-given-back",
            "This payment was given back to the buyer, or is on its way. There is nothing to refuse.",
        )
    at_risk.change(tx, [attempt.no], Settlement.DECLINED_LATE)
    body: dict[str, object] = {
        "attempt": attempt.no, "sale": attempt.sale, "minor": attempt.amount_minor, "cur": attempt.cur,
        "was": attempt.settlement, "decided_by": tx.decider, "words": reasons.keep(tx, reason),
    }  # fmt: skip
    tx.append("declined_late", body)
    tx.conn.execute(
        "UPDATE claims SET state = 'revoked' WHERE id >= ? AND id < ?",
        (claim_id(attempt.sale, 0), claim_id(attempt.sale + 1, 0)),
    )
    lost = money.text(attempt.amount_minor, attempt.cur)
    note_exception(
        tx,
        "declined_late",
        f"The bank refused {lost} of sale {attempt.sale} later. Its code opens nothing any more; ask the buyer to pay.",
        attempt.no,
    )


def _offline(tx: Tx, attempt_no: int) -> Attempt:
    attempt = attempts.get(tx.conn, attempt_no)
    if attempt.kind != Kind.PAY or not attempt.offline or attempt.settlement == Settlement.ONLINE:
        raise _not_offline()
    if attempt.state is not State.PAID:
        raise _not_finished()
    return attempt


def _not_finished() -> Refused:
    return Refused("offline-open", "This payment is not finished. Look at its sale first.")


def _not_offline() -> Refused:
    return Refused("offline-not", "This payment was not approved offline, or was refused. Nothing was changed.")


def _settle(tx: Tx, moved: list[tuple[int, int]], cur: str, more: dict[str, object]) -> None:
    numbers = [no for no, _ in moved]
    at_risk.change(tx, numbers, Settlement.SETTLED)
    minor = sum(minor for _, minor in moved)
    tx.append("settled", {"attempts": numbers, "minor": minor, "cur": cur, **more})
