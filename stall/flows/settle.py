"""The end every paid sale comes to: numbers sold, receipt signed, claim row made. One place for all tenders."""

from __future__ import annotations

from collections.abc import Sequence

from stall.domain.payment import Tender
from stall.errors import Broken, Refused
from stall.flows import print_paper
from stall.flows.finish_return import finish_return
from stall.flows.hold_numbers import hold_numbers
from stall.flows.issue_vouchers import issue_vouchers
from stall.flows.new_epoch import money_taken
from stall.flows.note_exception import note_exception
from stall.flows.return_papers import reference, typ_of
from stall.flows.sign_receipt import add_claim, contents, sign_receipts
from stall.store import attempts, epochs, goods, journal, numbers, products, sales
from stall.store.attempts import Attempt
from stall.store.db import Tx
from stall.store.goods import Good
from stall.store.sales import Sale
from stall.store.schema import event_id
from stall.wire import receipt


def paid_so_far(tx: Tx, sale: int) -> int:
    """What the paid attempts of a sale add up to, in minor units, without what was given back; below zero where money went out."""
    return sum(attempt.signed_minor for attempt in _paid(tx, sale))


def settle(tx: Tx, sale: Sale, paid: Sequence[Attempt], *, kind: str, body: dict[str, object]) -> int:
    """Finish a sale whose `paid` attempts add up to its total; return the number of its event.

    `kind` and `body` are the event of the payment that completed the total; the signed receipt
    travels inside it and bears its number. Raises Broken `hold-broken` when a held number is not
    ours, which the door makes impossible.
    """
    head = journal.read_head(tx.conn)
    event = event_id(head.epoch_no, head.size)
    sold = goods.of_sale(tx.conn, sale.no)
    if issue_vouchers(tx, head, sale, [good.line for good in sold]):
        sold = goods.of_sale(tx.conn, sale.no)
    _sell_numbers(tx, sale.no, sold)
    digest = add_claim(tx, head, sale.no, sale.issue + 1, sold)
    typ = receipt.RECEIPT if sale.ref_sale is None else typ_of(sold, sale.total_minor)
    (signed,) = sign_receipts(tx, head, [_contents(tx, sale, sold, paid)], [digest], typ)
    seq = tx.append(kind, {**body, "receipt": signed}, after=head)
    tx.conn.execute(
        "UPDATE sales SET state = 'paid', epoch_no = ?, paid_ms = ?, receipt_event = ?, issue = ?, basket_code = NULL,"
        " hold_until_ms = NULL, parked_ms = NULL, queued_ms = NULL WHERE no = ?",
        (head.epoch_no, tx.now_ms, event, sale.issue + (digest is not None), sale.no),
    )
    if any(good.line.product for good in sold):
        products.move_stock(tx, sale.no, -1)
    print_paper.receipt_signed(tx, event)
    if any(good.line.ed is not None and not good.returned for good in sold):
        print_paper.numbers_sold(tx, sale.no)
    if sale.ref_sale is not None:
        finish_return(tx, sale, sold, typ, event)
    return seq


def _contents(tx: Tx, sale: Sale, sold: Sequence[Good], paid: Sequence[Attempt]) -> dict[str, object]:
    said = contents(sale.cur, sold, paid, tip=sale.tip_minor, rounding=sale.round_minor)
    return said if sale.ref_sale is None else {**said, "ref": reference(tx, sale.ref_sale)}


def settle_or_keep_hold(tx: Tx, attempt: Attempt, *, kind: str, body: dict[str, object]) -> None:
    """Finish the sale when this paid attempt completes its total, else journal the part and keep the hold.

    A sale begun in an earlier epoch whose numbers were frozen meanwhile is not finished: the money is journaled, and
    the report says what to do.
    """
    if attempt.tender == Tender.CASH:
        print_paper.cash_moved(tx)
    sale, paid = sales.get(tx.conn, attempt.sale), _paid(tx, attempt.sale)
    complete = _complete(sale, paid)
    if complete and _holds_its_numbers(tx, sale):
        settle(tx, sale, paid, kind=kind, body=body)
        return
    tx.append(kind, body)
    if complete:
        for good in goods.of_sale(tx.conn, sale.no):
            if good.line.ed is not None and not good.returned:
                note_exception(tx, "unfinished", money_taken(sale.no, good.line.title, good.line.ed), attempt.no)


def _complete(sale: Sale, paid: Sequence[Attempt]) -> bool:
    """Whether what was taken is all that a sale costs; of one that pays out, whether all is paid out."""
    taken = sum(part.signed_minor for part in paid)
    return taken >= sale.total_minor if sale.total_minor >= 0 else taken <= sale.total_minor


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
    return attempts.standing(attempts.of_sale(tx.conn, sale))


def _sell_numbers(tx: Tx, sale: int, sold: Sequence[Good]) -> None:
    wanted = sum(good.line.ed is not None and not good.returned for good in sold)
    held = numbers.sell_held(tx, sale)
    if held != wanted:
        raise Broken(
            "hold-broken",
            f"Sale {sale} needs {wanted} numbers but holds {held}. Do not charge again; run: stall journal verify",
        )
