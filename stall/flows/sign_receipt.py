"""The two things every paid sale leaves in a buyer's hands: its receipt, signed, and its claim code, as a row."""

from __future__ import annotations

from collections.abc import Sequence

from stall.domain import sale as sums
from stall.domain.payment import Settlement, Tender
from stall.errors import Refused
from stall.store.attempts import Attempt
from stall.store.db import Tx
from stall.store.goods import Good
from stall.store.journal import Head
from stall.store.schema import claim_id, event_id
from stall.wire import b64, canonical, capability, claimcode, receipt

#: `st` of a receipt's tender, where the tender alone decides it.
_STATUS = {Tender.CASH: "cash", Tender.COMP: "free", Tender.VOUCHER: "voucher", Tender.OPERATOR: "confirmed"}

#: A receipt has at most 64 KiB as a token, which is 48 KiB of claims; so much of that (bytes) is left to its lines beside
#: payments, rates and what else it names. Whatever their names, so many lines always fit.
_ITEMS_MAX, _ALWAYS_FIT = 46_000, 60
#: What a line may yet grow by (bytes): a discount, a sign; a number and its lease.
_DISC = 22
_TO_COME = _DISC + 46


def add_claim(tx: Tx, head: Head, sale: int, issue: int, sold: Sequence[Good]) -> bytes | None:
    """Make the claim of an issue, where there is something to claim, and return its digest; the code itself is never stored."""
    return add_claims(tx, head, [(sale, sold)], issue)[0]


def add_claims(tx: Tx, head: Head, sales: Sequence[tuple[int, Sequence[Good]]], issue: int) -> list[bytes | None]:
    """Do the same for the same issue of several sales, each with what it sells."""
    digests = [_digest(tx, head, sale, issue) if _life_s(sold) is not None else None for sale, sold in sales]
    tx.conn.executemany(
        "INSERT INTO claims (id, digest, state, expires_ms) VALUES (?, ?, 'active', ?)",
        [
            (claim_id(sale, issue), digest, tx.now_ms + (_life_s(sold) or 0) * 1000)
            for (sale, sold), digest in zip(sales, digests, strict=True)
            if digest is not None
        ],
    )
    return digests


def _digest(tx: Tx, head: Head, sale: int, issue: int) -> bytes:
    return claimcode.digest(claimcode.derive(tx.secrets.claim_key, head.epoch, sale, issue))


def _life_s(sold: Sequence[Good]) -> int | None:
    """How long a claim code of these goods opens; None where there is nothing to claim."""
    return min((g.code_ttl_s for g in sold if g.code_ttl_s is not None and not g.returned), default=None)


def contents(
    cur: str, sold: Sequence[Good], paid: Sequence[Attempt], *, tip: int = 0, rounding: int = 0
) -> dict[str, object]:
    """Write what a receipt says of the goods, and of the payments that add up to them, the tip and what rounding added."""
    shares = sums.tax_shares([good.line for good in sold])
    said: dict[str, object] = {
        "items": [item(cur, good) for good in sold],
        "tax": [{"rate": share.rate_bp, "net": share.net, "vat": share.vat} for share in shares],
        "pay": [tender_of(attempt) for attempt in paid],
    }
    return said | ({"tip": tip} if tip else {}) | ({"round": rounding} if rounding else {})


def sign_receipts(
    tx: Tx, head: Head, each: Sequence[dict[str, object]], digests: Sequence[bytes | None], typ: str = receipt.RECEIPT
) -> list[str]:
    """Sign the receipts that the next events will carry, one each, in order: `head` is where the journal stands before them.

    `each` are their contents, `digests` those of their claim codes, None where there is nothing to claim; `typ` what they are.
    """
    first, own = event_id(head.epoch_no, head.size), tx.secrets
    ids = capability.seal_all(own.claim_key, "receipt", range(first, first + len(each)))
    every: dict[str, object] = {
        "iss": own.signing.thumbprint, "iat": tx.now_ms // 1000, "clk": tx.clk, "epoch": head.epoch_text,
    }  # fmt: skip
    signed = []
    for seq, (jti, said, digest) in enumerate(zip(ids, each, digests, strict=True), head.size):
        claims = {**every, **said, "jti": b64.encode(jti), "seq": seq}
        if digest is not None:
            claims["code"] = b64.encode(digest)
        signed.append(receipt.sign_claims(own.signing, claims, typ))
    return signed


def check_room(cur: str, sold: Sequence[Good]) -> None:
    """Before money is taken: refuse what is too long for one receipt. Raises Refused `basket-too-long`.

    A number that is yet to be held counts with its lease, and a discount as long as one can be: a sale may yet be given free.
    """
    if len(sold) <= _ALWAYS_FIT:
        return
    size = sum(len(canonical.dumps(item(cur, good))) + (_TO_COME if good.edition else _DISC) for good in sold)
    if size > _ITEMS_MAX:
        raise Refused("basket-too-long", "This is too long for one receipt. Make two sales of it.")


def item(cur: str, good: Good) -> dict[str, object]:
    """Write one line of a receipt."""
    line = good.line
    facts = {
        "drop": good.drop_id, "man": good.manifest_hash, "lease": good.lease, "ed": line.ed, "sku": line.sku,
        "qty": line.qty, "cur": cur, "minor": line.minor, "vat": line.vat_bp, "disc": line.disc or None,
    }  # fmt: skip
    return {name: value for name, value in facts.items() if value is not None}


def tender_of(attempt: Attempt) -> dict[str, object]:
    """One tender; `ref` finds a card payment in the reader's own papers.

    That is terminal id, receipt and trace number, or what a person typed of a reader that the box cannot ask.
    """
    tender = Tender(attempt.tender)
    status = _card_status(attempt) if tender is Tender.CARD else _STATUS[tender]
    pay: dict[str, object] = {"m": tender.value, "st": status, "cur": attempt.cur, "minor": attempt.signed_minor}
    if tender is Tender.CARD and attempt.tid is not None and attempt.receipt_no is not None:
        trace = "" if attempt.trace is None else f"-{attempt.trace:06d}"
        pay["ref"] = f"{attempt.tid}-{attempt.receipt_no:04d}{trace}"
    elif attempt.reference is not None:
        pay["ref"] = attempt.reference
    return pay


def _card_status(attempt: Attempt) -> str:
    """How the card was read, whatever became of the money since."""
    return Settlement.ONLINE if attempt.settlement in {None, Settlement.ONLINE} else Settlement.STORED
