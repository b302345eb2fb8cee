"""The signed papers between a sale and what takes it back, and whether one more fits between them (docs/protocol.md 6.3)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from stall.domain.payment import Tender
from stall.errors import Broken, Refused, StallError
from stall.flows.sign_certificates import receipt_token
from stall.flows.sign_receipt import contents
from stall.store import journal, returns
from stall.store.db import Tx
from stall.store.goods import Good
from stall.store.sales import Sale
from stall.wire import b64, event, jws, receipt, takeback
from stall.wire.receipt import Receipt
from stall.wire.takeback import Sibling


def typ_of(sold: Sequence[Good], total_minor: int) -> str:
    """Which paper a sale leaves that takes something back: a refund, a void where nothing is to give back, else an exchange."""
    if not all(good.returned for good in sold):
        return receipt.RECEIPT
    return receipt.REFUND if total_minor < 0 else receipt.VOID


def reference(tx: Tx, sale_no: int) -> str:
    """The `jti` of a sale's receipt, as what takes it back names it. Raises Broken `receipt-missing`."""
    return str(jws.unverified_claims(receipt_token(tx, sale_no))["jti"])


def check_fits(tx: Tx, sale: Sale, sold: Sequence[Good]) -> None:
    """Check that the paper which this return will leave holds beside the receipt and all that took something of it back before.

    Raises Refused `return-free-part` where only a void could say it and more would be left, `return-does-not-fit`.
    """
    typ = typ_of(sold, sale.total_minor)
    original = _typed(receipt_token(tx, sale.ref_sale or 0))
    try:
        told = receipt.parse(_draft(tx, sale, sold, original), typ)
        takeback.check(original, typ, told, siblings(tx, sale.ref_sale or 0))
    except StallError as error:
        if error.code == "takeback-part":
            raise Refused(
                "return-free-part",
                "What was free is given back together with all that is left of its sale. Choose all of it.",
            ) from None
        raise Refused(
            "return-does-not-fit", f"This cannot come back so: {error.sentence} Look at the sale again."
        ) from error


def siblings(tx: Tx, sale_no: int) -> list[Sibling]:
    """What took something of a sale back so far, in the order it was signed."""
    keys = [one.receipt_event for one in returns.of_sale(tx.conn, sale_no) if one.receipt_event is not None]
    found = []
    for key in sorted(keys):
        data = journal.event_bytes(tx.conn, key)
        if data is None:
            raise Broken(
                "receipt-missing",
                "The paper of an earlier return is not in the journal. Give nothing back before you ran: stall journal verify",
            )
        token = str(event.decode(data).body["receipt"])
        found.append((jws.unverified_typ(token), _typed(token)))
    return found


def _typed(token: str) -> Receipt:
    return receipt.parse(jws.unverified_claims(token), jws.unverified_typ(token))


def _draft(tx: Tx, sale: Sale, sold: Sequence[Good], original: Receipt) -> dict[str, Any]:
    """The claims as they will be, with one payment in place of those that are to come."""
    said = contents(sale.cur, sold, (), tip=sale.tip_minor, rounding=sale.round_minor)
    tender = Tender.CASH if sale.total_minor else Tender.COMP
    status = "cash" if sale.total_minor else "free"
    return said | {
        "pay": [{"m": tender.value, "st": status, "cur": sale.cur, "minor": sale.total_minor}],
        "iss": original.iss,
        "iat": max(tx.now_ms // 1000, original.iat),
        "clk": tx.clk,
        "epoch": journal.read_head(tx.conn).epoch_text,
        "seq": journal.read_head(tx.conn).size,
        "jti": b64.encode(bytes(16)),
        "ref": original.jti,
    }
