"""A card on a reader the box cannot ask: a person keys in the amount there and says here that it was paid.

Two steps, so that no money is taken for what is gone: `hold_for_reader` before the amount is keyed in,
`take_confirmed` once the reader says paid. What fails in between is for the caller to say: give the money back there.

The creators' cap on one card payment counts here too. The box cannot tell whether that reader had its bank on the line,
so the money is as much at risk as with a card it took itself.
"""

from __future__ import annotations

import dataclasses
import re
import unicodedata

from stall.domain.payment import Kind, State, Tender
from stall.errors import Refused
from stall.flows.begin_payment import attempt_body, begin_payment, check_unpaid, earlier_press
from stall.flows.begin_return import check_return
from stall.flows.hold_numbers import end_hold_later
from stall.flows.settle import settle_or_keep_hold
from stall.flows.take_card import due_by_card
from stall.store import attempts
from stall.store.db import Tx
from stall.store.sales import Sale

#: The most signs of a reference; the receipt has room for more (docs/protocol.md, receipt).
MOST = 40

#: One word of what readers number their payments with. No spaces: events name nobody, and whoever has none types no name.
_REFERENCE = re.compile(r"[A-Za-z0-9_.:-]{1,40}", re.ASCII)

#: As long or as grouped as the number of a card, whatever its check digit; no receipt may bear one.
_CARD_NUMBER = re.compile(r"[0-9]{13,}|(?<![0-9])[0-9]{4}-(?:[0-9]{4}-[0-9]{4}-[0-9]{4}|[0-9]{6}-[0-9]{5})(?![0-9])")


def hold_for_reader(tx: Tx, sale_no: int, *, part_minor: int | None = None) -> int:
    """Hold a sale's numbers while a person takes the money on another reader; return what it is to take, in minor units.

    No attempt begins, so the hold lives three minutes from now. Asking again holds anew.
    Raises Refused as `begin_payment` and `due_by_card` do.
    """
    due = due_by_card(tx, begin_payment(tx, sale_no), part_minor)
    end_hold_later(tx, sale_no)
    return due


def take_confirmed(
    tx: Tx, sale_no: int, ordinal: int, reference: str, decided_by: str, *, part_minor: int | None = None
) -> int:
    """Take what is still due, or a part of it, as paid on another reader; return the attempt. A second press returns the first.

    Raises Refused `payment-between`, what `read_reference` and `due_by_card` raise, and what `begin_payment` raises.
    """
    first = earlier_press(tx, sale_no, ordinal)
    if first is not None and first.tender == Tender.OPERATOR and first.kind == Kind.PAY:
        return first.no
    if first is not None:
        raise Refused(
            "payment-between",
            "Another payment of this sale was tried meanwhile. If it is still to pay and the reader took the money,"
            " confirm it from here; if it is paid, give the money back on the reader.",
        )
    named = read_reference(reference)
    sale = _begun(tx, sale_no)
    attempt = attempts.add(
        tx,
        sale=sale_no,
        kind="pay",
        tender=Tender.OPERATOR,
        state=State.PAID,
        amount_minor=due_by_card(tx, sale, part_minor),
        cur=sale.cur,
        decided_by=decided_by,
        reference=named,
    )
    settle_or_keep_hold(tx, attempt, kind="sale", body=attempt_body(attempt))
    return attempt.no


def read_reference(typed: str) -> str | None:
    """Read what a reader calls a payment, without spaces and number sign around it; None when nothing was typed.

    Raises Refused `reference-malformed`, `reference-card-number`.
    """
    text = unicodedata.normalize("NFC", typed).strip().lstrip("#").strip()
    if not text:
        return None
    if not _REFERENCE.fullmatch(text):
        raise Refused(
            "reference-malformed",
            f"A reference is one word of at most {MOST} letters, digits, dots, colons or dashes. Correct it or leave it empty.",
        )
    if _CARD_NUMBER.search(text):
        raise Refused(
            "reference-card-number",
            "That may be a card's number, which is kept nowhere. Type the reader's own reference, or leave it empty.",
        )
    return text


def _begun(tx: Tx, sale_no: int) -> Sale:
    """A sale that may be paid now; while it is held for the reader nothing is asked anew, as while a terminal has a card.

    A drop that closes meanwhile would otherwise refuse money that was taken.
    """
    sale = check_unpaid(tx, sale_no)
    if sale.hold_until_ms is None or sale.hold_until_ms <= tx.now_ms:
        return begin_payment(tx, sale_no)
    if sale.ref_sale is not None:  # the hold keeps numbers, not what comes back: that may have come back otherwise
        check_return(tx, sale)
    tx.conn.execute("UPDATE sales SET hold_until_ms = NULL WHERE no = ?", (sale_no,))
    return dataclasses.replace(sale, hold_until_ms=None)
