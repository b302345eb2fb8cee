"""The two things every paid sale leaves in a buyer's hands: its receipt, signed, and its claim code, as a row."""

from __future__ import annotations

from collections.abc import Sequence

from stall.domain import sale as sums
from stall.domain.payment import Settlement, Tender
from stall.store.attempts import Attempt
from stall.store.db import Tx
from stall.store.goods import Good
from stall.store.journal import Head
from stall.store.schema import claim_id, event_id
from stall.wire import b64, capability, claimcode, receipt

#: `st` of a receipt's tender, where the tender alone decides it.
_STATUS = {Tender.CASH: "cash", Tender.COMP: "free", Tender.VOUCHER: "voucher", Tender.OPERATOR: "confirmed"}


def add_claim(tx: Tx, head: Head, sale: int, issue: int, sold: Sequence[Good]) -> bytes | None:
    """Make the claim of an issue, where there is something to claim, and return its digest; the code itself is never stored."""
    lives = [good.code_ttl_s for good in sold if good.code_ttl_s is not None]
    if not lives:
        return None
    digest = claimcode.digest(claimcode.derive(tx.secrets.claim_key, head.epoch, sale, issue))
    tx.conn.execute(
        "INSERT INTO claims (id, digest, state, expires_ms) VALUES (?, ?, 'active', ?)",
        (claim_id(sale, issue), digest, tx.now_ms + min(lives) * 1000),
    )
    return digest


def sign_receipt(
    tx: Tx, head: Head, cur: str, *, sold: Sequence[Good], paid: Sequence[Attempt], digest: bytes | None
) -> str:
    """Sign the receipt that the next event will carry: `head` is where the journal stands before it.

    `digest` is that of the claim code, None where there is nothing to claim.
    """
    shares = sums.tax_shares([good.line for good in sold])
    claims: dict[str, object] = {
        "iss": tx.secrets.signing.thumbprint,
        "jti": b64.encode(capability.seal(tx.secrets.claim_key, "receipt", event_id(head.epoch_no, head.size))),
        "iat": tx.now_ms // 1000,
        "clk": tx.clk,
        "epoch": head.epoch_text,
        "seq": head.size,
        "items": [_item(cur, good) for good in sold],
        "tax": [{"rate": share.rate_bp, "net": share.net, "vat": share.vat} for share in shares],
        "pay": [_pay(attempt) for attempt in paid],
    }
    if digest is not None:
        claims["code"] = b64.encode(digest)
    return receipt.sign_claims(tx.secrets.signing, claims)


def _item(cur: str, good: Good) -> dict[str, object]:
    line = good.line
    facts = {
        "drop": good.drop_id, "man": good.manifest_hash, "lease": good.lease, "ed": line.ed, "sku": line.sku,
        "qty": line.qty, "cur": cur, "minor": line.minor, "vat": line.vat_bp,
    }  # fmt: skip
    return {name: value for name, value in facts.items() if value is not None}


def _pay(attempt: Attempt) -> dict[str, object]:
    """One tender; `ref` finds a card payment in the terminal's own papers: terminal id, receipt and trace number."""
    tender = Tender(attempt.tender)
    status = (attempt.settlement or Settlement.ONLINE) if tender is Tender.CARD else _STATUS[tender]
    pay: dict[str, object] = {"m": tender.value, "st": status, "cur": attempt.cur, "minor": attempt.amount_minor}
    if tender is Tender.CARD and attempt.tid is not None and attempt.receipt_no is not None:
        trace = "" if attempt.trace is None else f"-{attempt.trace:06d}"
        pay["ref"] = f"{attempt.tid}-{attempt.receipt_no:04d}{trace}"
    return pay
