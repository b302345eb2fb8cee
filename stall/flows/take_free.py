"""Take what costs nothing: one sale, one event each, and all that press at the same moment together.

A crowd's presses share every question that has one answer for all of them (the item, the right to sell it, where the
journal stands) and every table is written once for all; what is left for each is its number, its claim code, its receipt.
"""

from __future__ import annotations

from collections.abc import Sequence

from stall.errors import Broken, Refused, StallError
from stall.flows.authority import check_delegated
from stall.flows.begin_payment import attempt_body
from stall.flows.fill_basket import Wish, find_item
from stall.flows.hold_numbers import find_free, sold_out
from stall.flows.sign_receipt import add_claims, contents, sign_receipts
from stall.flows.sign_receipt import item as line
from stall.store import attempts, goods, journal, numbers, presses, sales
from stall.store.db import Tx
from stall.store.for_sale import Item
from stall.store.numbers import Free
from stall.store.schema import event_id


def take_free(tx: Tx, drop_id: str, key: bytes, vat_bp: int) -> int:
    """Let a buyer take a drop that costs nothing; return the sale. The same key returns the same sale.

    Raises Refused `drop-not-free`, `press-malformed`, and what `find_item` and `check_delegated` raise.
    """
    (taken,) = take_free_together(tx, drop_id, [key], vat_bp)
    if isinstance(taken, StallError):
        raise taken
    return taken


def take_free_together(tx: Tx, drop_id: str, keys: Sequence[bytes], vat_bp: int) -> list[int | StallError]:
    """Let several buyers take the same drop, each with the key of its press: for each the sale, or why there is none.

    As if one had come after the other, in this order. Raises Refused `press-malformed` for all of them.
    """
    pressed = [presses.bind("take", drop_id, key) for key in keys]
    made = presses.seen_of(tx.conn, pressed)
    new = list(dict.fromkeys(press for press in pressed if press not in made))
    answers: dict[bytes, int | StallError] = {**made}
    if new:
        answers.update(_take(tx, drop_id, new, vat_bp))
    return [answers[press] for press in pressed]


def _take(tx: Tx, drop_id: str, new: Sequence[bytes], vat_bp: int) -> dict[bytes, int | StallError]:
    try:
        item = find_item(tx, Wish(drop_id))
        if item.price_minor != 0:
            raise Refused("drop-not-free", "This item is not free. Pay for it at the stall.")
        check_delegated(tx, item, item.cur)
    except StallError as refusal:
        return dict.fromkeys(new, refusal)
    free: Sequence[Free | None] = [None] * len(new)
    if item.edition is not None:
        free = find_free(tx, item.no, 1, item.edition, len(new))
    sold = dict(zip(new, _sell(tx, item, free, vat_bp), strict=False))
    presses.remember_all(tx, sold)
    return {**dict.fromkeys(new, sold_out(item.title)), **sold}


def _sell(tx: Tx, item: Item, free: Sequence[Free | None], vat_bp: int) -> range:
    """Write one copy each as a sale that is paid: the rows that basket, hold and payment would end in."""
    if not free:
        return range(0)
    head = journal.read_head(tx.conn)
    first = event_id(head.epoch_no, head.size)
    taken = sales.add_taken(tx, cur=item.cur, receipt_events=range(first, first + len(free)))
    copies = [goods.of_item(item, number, vat_bp) for number in free]
    goods.add_first(tx, zip(taken, copies, free, strict=True))
    _sell_numbers(tx, free, taken)
    paid, attempt_nos = attempts.add_free(tx, taken, item.cur)
    digests = add_claims(tx, head, [(sale, [copy]) for sale, copy in zip(taken, copies, strict=True)], 1)
    alike = contents(item.cur, copies[:1], [paid])  # but for the number, which stands in the line
    receipts = sign_receipts(tx, head, [{**alike, "items": [line(item.cur, copy)]} for copy in copies], digests)
    body = attempt_body(paid)
    bodies = [
        {**body, "attempt": no, "sale": sale, "receipt": signed}
        for no, sale, signed in zip(attempt_nos, taken, receipts, strict=True)
    ]
    tx.append_all("sale", bodies, after=head)
    return taken


def _sell_numbers(tx: Tx, free: Sequence[Free | None], taken: range) -> None:
    numbered = [(number, sale) for number, sale in zip(free, taken, strict=True) if number is not None]
    if numbers.sell(tx, numbered) != len(numbered):
        raise Broken(
            "numbers-not-free", "A number that was free a moment ago is not. Do not sell on; run: stall journal verify"
        )
