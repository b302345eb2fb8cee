"""A sale taken back whole: its void signed, its code revoked, its numbers free again or void for ever (design 6.8)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stall.flows import print_paper
from stall.flows.sign_certificates import receipt_token
from stall.flows.sign_receipt import tender_of
from stall.store import journal, numbers, products, vouchers
from stall.store.attempts import Attempt
from stall.store.db import Tx
from stall.store.sales import Sale
from stall.store.schema import claim_id, event_id
from stall.wire import b64, capability, jws, receipt


def void_sale(tx: Tx, sale: Sale, back: Attempt, body: Mapping[str, object]) -> None:
    """Take the whole of a paid sale back: `back` gave its money back, `body` is what the journal says of that.

    The void travels in the event of `back`. A number comes free only where no certificate was signed for it and
    nobody opened its code.
    """
    head = journal.read_head(tx.conn)
    sold = jws.unverified_claims(receipt_token(tx, sale.no))
    claims = {**_negative(sold, back), "clk": tx.clk, "iat": tx.now_ms // 1000, "iss": tx.secrets.signing.thumbprint}
    event = event_id(head.epoch_no, head.size)
    (jti,) = capability.seal_all(tx.secrets.claim_key, "receipt", [event])
    claims |= {"jti": b64.encode(jti), "epoch": head.epoch_text, "seq": head.size, "ref": sold["jti"]}
    signed = receipt.sign_claims(tx.secrets.signing, claims, receipt.VOID)
    tx.append("attempt", {**body, "receipt": signed}, after=head)
    tx.conn.execute("UPDATE sales SET void_event = ? WHERE no = ?", (event, sale.no))
    tx.conn.execute(
        "UPDATE claims SET state = 'revoked' WHERE id >= ? AND id < ?", (claim_id(sale.no, 0), claim_id(sale.no + 1, 0))
    )
    numbers.take_back(tx, sale.no)
    vouchers.revoke_of_sale(tx, sale.no)
    products.move_stock(tx, sale.no, 1)
    print_paper.receipt_signed(tx, event)


def _negative(sold: Mapping[str, Any], back: Attempt) -> dict[str, Any]:
    """What the receipt says of goods and money, the other way round; the money as `back` gave it."""
    items = [_minus(item, "minor", "disc") for item in sold["items"]]
    tax = [_minus(rate, "net", "vat") for rate in sold["tax"]]
    return {
        "items": items,
        "tax": tax,
        "pay": [tender_of(back)],
        **_minus({n: sold[n] for n in ("tip", "round") if n in sold}),
    }


def _minus(each: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """The same with these members the other way round, all of them where none are named."""
    return {name: -value if name in names or not names else value for name, value in each.items()}
