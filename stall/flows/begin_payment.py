"""What every payment starts with: nothing else runs for this sale, it may be sold, its numbers are held."""

from __future__ import annotations

import dataclasses

from stall.domain.payment import State
from stall.errors import Refused
from stall.flows.authority import check_authority
from stall.flows.begin_return import check_return
from stall.flows.hold_numbers import hold_numbers
from stall.flows.sign_receipt import check_room
from stall.store import attempts, goods, sales
from stall.store.attempts import Attempt
from stall.store.db import Tx
from stall.store.sales import Sale


def earlier_press(tx: Tx, sale: int, ordinal: int) -> Attempt | None:
    """The attempt an earlier press of the same button made, or None.

    A pay form carries the ordinal of the attempt it is for: that is its idempotency key, and it
    needs no index of random keys.
    """
    return next((a for a in attempts.of_sale(tx.conn, sale) if a.ordinal == ordinal), None)


def begin_payment(tx: Tx, sale_no: int) -> Sale:
    """Check a sale may be paid now and hold its numbers.

    Raises Refused as `check_unpaid`, `check_return`, `check_room`, `check_authority` and `hold_numbers` do.
    """
    sale = check_unpaid(tx, sale_no)
    sold = goods.of_sale(tx.conn, sale_no)
    if sale.ref_sale is not None:
        check_return(tx, sale, sold)
    check_room(sale.cur, sold)
    check_authority(tx, sale, sold)
    hold_numbers(tx, sale, sold)
    return dataclasses.replace(sale, hold_until_ms=None)


def check_unpaid(tx: Tx, sale_no: int) -> Sale:
    """Check a sale is not over and no payment of it is running.

    Raises Refused `sale-unknown`, `sale-paid`, `sale-dropped`, `payment-unknown`, `payment-open`.
    """
    sale = sales.get(tx.conn, sale_no)
    if sale.state == "paid":
        raise Refused("sale-paid", "This sale is paid already. Show the code to the buyer.")
    if sale.state == "dropped":
        raise Refused("sale-dropped", "This sale was given up. Start a new one.")
    for attempt in attempts.of_sale(tx.conn, sale_no):
        if attempt.state is State.UNKNOWN:
            raise Refused(
                "payment-unknown", "The last card payment is not clear. Do not charge again; it is being checked."
            )
        if attempt.open:
            raise Refused("payment-open", "A payment for this sale is running. Wait for it or cancel it first.")
    return sale


def attempt_body(attempt: Attempt, **more: object) -> dict[str, object]:
    """What the journal says of an attempt; nothing personal, absent facts left out."""
    facts: dict[str, object] = {
        "attempt": attempt.no, "sale": attempt.sale, "ordinal": attempt.ordinal, "kind": attempt.kind, "tender": attempt.tender,
        "state": attempt.state.value, "minor": attempt.amount_minor, "cur": attempt.cur, "of": attempt.of, "reader": attempt.reader,
        "settlement": attempt.settlement, "offline": None if attempt.offline is None else bool(attempt.offline),
        "decided_by": attempt.decided_by, "reason": attempt.reason, "tid": attempt.tid, "receipt_no": attempt.receipt_no,
        "trace": attempt.trace, "ref": attempt.reference, "given": attempt.given_minor,
    }  # fmt: skip
    return {name: value for name, value in {**facts, **more}.items() if value is not None}
