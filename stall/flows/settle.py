"""The end every paid sale comes to: numbers sold, receipt signed, claim row made. One place for all tenders."""

from __future__ import annotations

from collections.abc import Sequence

from stall.domain import sale as sums
from stall.domain.payment import Settlement, State, Tender
from stall.errors import Broken, Refused
from stall.flows.hold_numbers import hold_numbers
from stall.flows.new_epoch import money_taken
from stall.flows.note_exception import note_exception
from stall.store import attempts, epochs, goods, journal, numbers, sales
from stall.store.attempts import Attempt
from stall.store.db import Tx
from stall.store.goods import Good
from stall.store.sales import Sale
from stall.store.schema import claim_id, event_id
from stall.wire import b64, capability, claimcode, receipt

#: `st` of a receipt's tender, where the tender alone decides it.
_STATUS = {Tender.CASH: "cash", Tender.COMP: "free", Tender.VOUCHER: "voucher", Tender.OPERATOR: "confirmed"}


def paid_so_far(tx: Tx, sale: int) -> int:
    """What the paid attempts of a sale add up to, in minor units."""
    return sum(attempt.amount_minor for attempt in _paid(tx, sale))


def settle(tx: Tx, sale: Sale, paid: Sequence[Attempt], *, kind: str, body: dict[str, object]) -> int:
    """Finish a sale whose `paid` attempts add up to its total; return the number of its event.

    `kind` and `body` are the event of the payment that completed the total; the signed receipt
    travels inside it and bears its number. Raises Broken `hold-broken` when a held number is not
    ours, which the door makes impossible.
    """
    head = journal.read_head(tx.conn)
    event = event_id(head.epoch_no, head.size)
    sold = goods.of_sale(tx.conn, sale.no)
    _sell_numbers(tx, sale.no, sold)
    digest = _claim_row(tx, sale, head, sold)
    claims = _receipt(tx, sale, head, sold=sold, paid=paid)
    signed = receipt.sign_claims(
        tx.secrets.signing, claims if digest is None else {**claims, "code": b64.encode(digest)}
    )
    seq = tx.append(kind, {**body, "receipt": signed}, after=head)
    tx.conn.execute(
        "UPDATE sales SET state = 'paid', epoch_no = ?, paid_ms = ?, receipt_event = ?, issue = ?, basket_code = NULL,"
        " hold_until_ms = NULL WHERE no = ?",
        (head.epoch_no, tx.now_ms, event, sale.issue + (digest is not None), sale.no),
    )
    return seq


def settle_or_keep_hold(tx: Tx, attempt: Attempt, *, kind: str, body: dict[str, object]) -> None:
    """Finish the sale when this paid attempt completes its total, else journal the part and keep the hold.

    A sale begun in an earlier epoch whose numbers were frozen meanwhile is not finished: the money is journaled, and
    the report says what to do.
    """
    sale, paid = sales.get(tx.conn, attempt.sale), _paid(tx, attempt.sale)
    complete = sum(part.amount_minor for part in paid) >= sale.total_minor
    if complete and _holds_its_numbers(tx, sale):
        settle(tx, sale, paid, kind=kind, body=body)
        return
    tx.append(kind, body)
    if complete:
        for good in goods.of_sale(tx.conn, sale.no):
            if good.line.ed is not None:
                note_exception(tx, "epoch", money_taken(sale.no, good.line.title, good.line.ed), attempt.no)


def finish_sale(tx: Tx, sale: Sale) -> list[Attempt]:
    """Finish a sale that was paid before it could be finished; its numbers are held again. Return its payments.

    Empty, and nothing done, when no money was taken for it.
    """
    paid = _paid(tx, sale.no)
    if paid:
        settle(tx, sale, paid, kind="finish", body={"sale": sale.no})
    return paid


def _holds_its_numbers(tx: Tx, sale: Sale) -> bool:
    """Whether an unfinished sale still holds its numbers, or can again because they were leased anew."""
    if sale.epoch_no == epochs.running_no(tx.conn):
        return True
    try:
        with tx.savepoint():
            hold_numbers(tx, sale, goods.of_sale(tx.conn, sale.no))
    except Refused:
        return False
    return True


def _paid(tx: Tx, sale: int) -> list[Attempt]:
    return [a for a in attempts.of_sale(tx.conn, sale) if a.state is State.PAID and a.kind == "pay"]


def _sell_numbers(tx: Tx, sale: int, sold: Sequence[Good]) -> None:
    wanted = sum(good.line.ed is not None for good in sold)
    held = numbers.sell_held(tx, sale)
    if held != wanted:
        raise Broken(
            "hold-broken",
            f"Sale {sale} needs {wanted} numbers but holds {held}. Do not charge again; run: stall journal verify",
        )


def _claim_row(tx: Tx, sale: Sale, head: journal.Head, sold: Sequence[Good]) -> bytes | None:
    """Make the claim of the next issue, where there is something to claim; the code itself is never stored."""
    lives = [good.code_ttl_s for good in sold if good.code_ttl_s is not None]
    if not lives:
        return None
    issue = sale.issue + 1
    digest = claimcode.digest(claimcode.derive(tx.secrets.claim_key, head.epoch, sale.no, issue))
    tx.conn.execute(
        "INSERT INTO claims (id, digest, state, expires_ms) VALUES (?, ?, 'active', ?)",
        (claim_id(sale.no, issue), digest, tx.now_ms + min(lives) * 1000),
    )
    return digest


def _receipt(
    tx: Tx, sale: Sale, head: journal.Head, *, sold: Sequence[Good], paid: Sequence[Attempt]
) -> dict[str, object]:
    """The claims of the receipt that the next event will carry."""
    shares = sums.tax_shares([good.line for good in sold])
    return {
        "iss": tx.secrets.signing.thumbprint,
        "jti": b64.encode(capability.seal(tx.secrets.claim_key, "receipt", event_id(head.epoch_no, head.size))),
        "iat": tx.now_ms // 1000,
        "clk": tx.clk,
        "epoch": head.epoch_text,
        "seq": head.size,
        "items": [_item(sale.cur, good) for good in sold],
        "tax": [{"rate": share.rate_bp, "net": share.net, "vat": share.vat} for share in shares],
        "pay": [_pay(attempt) for attempt in paid],
    }


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
