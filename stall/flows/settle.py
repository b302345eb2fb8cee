"""The end every paid sale comes to: numbers sold, receipt signed, claim row made. One place for all tenders."""

from __future__ import annotations

from stall.domain import sale as sums
from stall.domain.payment import Settlement, State, Tender
from stall.errors import Broken
from stall.store import attempts, journal, numbers, sales
from stall.store.attempts import Attempt
from stall.store.db import Tx
from stall.store.sales import Sale
from stall.store.schema import claim_id, event_id, line_id
from stall.wire import b64, capability, claimcode, receipt
from stall.wire.receipt import Receipt

#: `st` of a receipt's tender, where the tender alone decides it.
_STATUS = {Tender.CASH: "cash", Tender.COMP: "free", Tender.VOUCHER: "voucher", Tender.OPERATOR: "confirmed"}


def paid_so_far(tx: Tx, sale: int) -> int:
    """What the paid attempts of a sale add up to, in minor units."""
    return sum(a.amount_minor for a in attempts.of_sale(tx.conn, sale) if a.state is State.PAID and a.kind == "pay")


def settle(tx: Tx, sale: Sale, *, kind: str, body: dict[str, object]) -> int:
    """Finish a sale whose paid attempts add up to its total; return the number of its event.

    `kind` and `body` are the event of the payment that completed the total; the signed receipt
    travels inside it and bears its number. Raises Broken `hold-broken` when a held number is not
    ours, which the door makes impossible.
    """
    head = journal.read_head(tx.conn)
    event = event_id(head.epoch_no, head.size)
    _sell_numbers(tx, sale.no)
    claimable = any(line.pack is not None for line in sales.lines(tx.conn, sale.no))
    digest = _claim_row(tx, sale, head) if claimable else None
    signed = receipt.sign(tx.secrets.signing, _receipt(tx, sale, head, event, digest))
    seq = tx.append(kind, {**body, "receipt": signed})
    tx.conn.execute(
        "UPDATE sales SET state = 'paid', epoch_no = ?, paid_ms = ?, receipt_event = ?, issue = ?, basket_code = NULL,"
        " hold_until_ms = NULL WHERE no = ?",
        (head.epoch_no, tx.now_ms, event, sale.issue + (1 if claimable else 0), sale.no),
    )
    return seq


def settle_or_keep_hold(tx: Tx, attempt: Attempt, *, kind: str, body: dict[str, object]) -> None:
    """Finish the sale when this paid attempt completes its total, else journal the part and keep the hold."""
    sale = sales.get(tx.conn, attempt.sale)
    if paid_so_far(tx, sale.no) >= sale.total_minor:
        settle(tx, sale, kind=kind, body=body)
    else:
        tx.append(kind, body)


def _sell_numbers(tx: Tx, sale: int) -> None:
    wanted = tx.conn.execute(
        "SELECT count(*) FROM lines WHERE id >= ? AND id < ? AND ed IS NOT NULL",
        (line_id(sale, 0), line_id(sale + 1, 0)),
    ).fetchone()[0]
    sold = numbers.sell_held(tx, sale)
    if sold != wanted:
        raise Broken(
            "hold-broken",
            f"Sale {sale} needs {wanted} numbers but holds {sold}. Do not charge again; run: stall journal verify",
        )


def _claim_row(tx: Tx, sale: Sale, head: journal.Head) -> bytes:
    """Make the claim of the next issue; the code itself is never stored."""
    issue = sale.issue + 1
    digest = claimcode.digest(claimcode.derive(tx.secrets.claim_key, head.epoch, sale.no, issue))
    ttl = tx.conn.execute(
        "SELECT min(p.code_ttl_s) FROM lines l JOIN packs p ON p.no = l.pack WHERE l.id >= ? AND l.id < ?",
        (line_id(sale.no, 0), line_id(sale.no + 1, 0)),
    ).fetchone()[0]
    tx.conn.execute(
        "INSERT INTO claims (id, digest, state, expires_ms) VALUES (?, ?, 'active', ?)",
        (claim_id(sale.no, issue), digest, tx.now_ms + ttl * 1000),
    )
    return digest


def _receipt(tx: Tx, sale: Sale, head: journal.Head, event: int, digest: bytes | None) -> Receipt:
    rows = sales.lines(tx.conn, sale.no)
    claims = {
        "iss": tx.secrets.signing.thumbprint,
        "jti": b64.encode(capability.seal(tx.secrets.claim_key, "receipt", event)),
        "iat": tx.now_ms // 1000,
        "clk": tx.clk,
        "epoch": head.epoch_text,
        "seq": head.size,
        "items": [_item(tx, sale, line) for line in rows],
        "tax": [{"rate": share.rate_bp, "net": share.net, "vat": share.vat} for share in sums.tax_shares(rows)],
        "pay": [_pay(a) for a in attempts.of_sale(tx.conn, sale.no) if a.state is State.PAID and a.kind == "pay"],
    }
    return receipt.parse(claims if digest is None else {**claims, "code": b64.encode(digest)})


def _item(tx: Tx, sale: Sale, line: sums.Line) -> dict[str, object]:
    of_drop = tx.conn.execute(
        "SELECT d.drop_id, p.manifest_hash, s.jti FROM lines l JOIN packs p ON p.no = l.pack JOIN drops d ON d.no = p.drop_no"
        " LEFT JOIN leases s ON s.no = l.lease WHERE l.id = ?",
        (line_id(sale.no, line.n),),
    ).fetchone()
    drop, man, lease = of_drop or (None, None, None)
    facts = {"drop": drop, "man": man, "lease": lease, "ed": line.ed, "sku": line.sku, "qty": line.qty}
    money = {"cur": sale.cur, "minor": line.minor, "vat": line.vat_bp}
    return {name: value for name, value in {**facts, **money}.items() if value is not None}


def _pay(attempt: Attempt) -> dict[str, object]:
    """One tender; `ref` finds a card payment in the terminal's own papers: terminal id, receipt and trace number."""
    tender = Tender(attempt.tender)
    status = (attempt.settlement or Settlement.ONLINE) if tender is Tender.CARD else _STATUS[tender]
    pay: dict[str, object] = {"m": tender.value, "st": status, "cur": attempt.cur, "minor": attempt.amount_minor}
    if tender is Tender.CARD and attempt.tid is not None and attempt.receipt_no is not None:
        trace = "" if attempt.trace is None else f"-{attempt.trace:06d}"
        pay["ref"] = f"{attempt.tid}-{attempt.receipt_no:04d}{trace}"
    return pay
