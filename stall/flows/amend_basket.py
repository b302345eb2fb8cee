"""Change a basket nobody paid for yet: add, take out, more or fewer of one, a discount, a tip, put aside. One transaction each.

The sale stays the same one. Its held numbers are let go first: what is changed is chosen anew when it is paid.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Sequence
from dataclasses import replace

from stall.domain.money import LIMIT_MINOR
from stall.domain.product import is_voucher, spread
from stall.domain.sale import Line, check_discount, discounted, percent_of, total
from stall.errors import Refused
from stall.flows.basket_lines import AnyWish, ProductWish, check_asked_once, check_quantity, lines_of, numbered
from stall.flows.begin_payment import check_unpaid
from stall.flows.hold_numbers import forget_numbers
from stall.flows.settle import paid_so_far
from stall.store import goods, products, sales
from stall.store.db import Tx
from stall.store.sales import Sale


def add_items(tx: Tx, sale_no: int, wishes: Sequence[AnyWish], vat_bp: int) -> None:
    """Put more into a basket; copies of what is there already join their line.

    Raises as `check_amendable`, `lines_of` and `check_asked_once`.
    """
    sale = check_amendable(tx, sale_no)
    lines = _lines(tx, sale)
    cur, more = lines_of(tx, wishes, vat_bp)
    if cur != sale.cur:
        raise Refused("currency-mixed", "The items have prices in different currencies. Sell them one by one.")
    alone = goods.limited_packs(tx.conn)
    for line in more:
        lines = [*lines, line] if is_voucher(line.sku) or line.pack in alone else _joined(lines, line)
    check_asked_once(lines)
    _rewrite(tx, sale, lines)


def remove_line(tx: Tx, sale_no: int, n: int) -> bool:
    """Take a line out, a part of a bundle with its bundle; whether anything is left. A basket with nothing left is given up.

    Raises as `check_amendable`, `return-line-fixed`; a line that is out already changes nothing.
    """
    sale = check_amendable(tx, sale_no)
    lines = _lines(tx, sale)
    out = next((line for line in lines if line.n == n), None)
    _check_goes_out(out)
    with_it = _parts_of(lines, out.bundle) if out and out.bundle else []
    left = [line for line in lines if line is not out and line not in with_it]
    if not left:
        tx.conn.execute(
            "UPDATE sales SET state = 'dropped', basket_code = NULL, hold_until_ms = NULL, parked_ms = NULL WHERE no = ?",
            (sale_no,),
        )
        return False
    _rewrite(tx, sale, left)
    return True


def set_quantity(tx: Tx, sale_no: int, n: int, qty: int, vat_bp: int) -> None:
    """Make it so many of one line, at the price of each as it stands; a numbered one gets more lines.

    Raises as `check_amendable`, Refused `quantity-wrong`, `line-unknown`, `quantity-of-bundle`.
    """
    sale = check_amendable(tx, sale_no)
    check_quantity(qty)
    lines = _lines(tx, sale)
    line = next((line for line in lines if line.n == n), None)
    if line is None:
        raise line_unknown()
    _check_goes_out(line)
    if line.bundle is not None:
        raise Refused("quantity-of-bundle", "That is a part of a bundle. Add the bundle once more, or remove it.")
    if qty == line.qty:
        return
    if is_voucher(line.sku) or line.pack in goods.limited_packs(tx.conn):
        more = [replace(line, ed=None) for _ in range(qty - 1)]
        at = lines.index(line) + 1
        lines[at:at] = more
    else:
        each = line.list_minor // line.qty
        lines[lines.index(line)] = replace(line, qty=qty, minor=each * qty, disc=0)
    _rewrite(tx, sale, lines)


def set_bundles(tx: Tx, sale_no: int, bundle: int, count: int, vat_bp: int) -> bool:
    """Make it so many of a bundle (its number among the products), at what it costs now; whether anything is left.

    Raises as `check_amendable`, Refused `quantity-wrong`, `line-unknown`, and what `lines_of` raises.
    """
    sale = check_amendable(tx, sale_no)
    lines = _lines(tx, sale)
    old = _parts_of(lines, bundle)
    if not old:
        raise line_unknown()
    if count < 1:
        return remove_line(tx, sale_no, old[0].n)
    at, left = lines.index(old[0]), [line for line in lines if line not in old]
    _, more = lines_of(tx, [ProductWish(products.get(tx.conn, bundle).sku, count)], vat_bp)
    _rewrite(tx, sale, [*left[:at], *more, *left[at:]])
    return True


def discount(
    tx: Tx, sale_no: int, *, minor: int | None = None, basis_points: int | None = None, n: int | Collection[int] | None = None
) -> None:  # fmt: skip
    """Take an amount or a part (in basis points) off a line, off several, or off the whole basket, in place of what was taken off before.

    A bundle stays as much cheaper as it is: the discount comes on top. Raises as `check_amendable`, Refused `discount-negative`,
    `discount-too-large`, `line-unknown`, `discount-of-voucher`.
    """
    sale = check_amendable(tx, sale_no)
    lines = _lines(tx, sale)
    named = None if n is None else {n} if isinstance(n, int) else set(n)
    money = products.deposits(tx.conn)
    chosen = [
        line
        for line in lines
        if (named is None or line.n in named)
        and not is_voucher(line.sku)
        and line.product not in money
        and line.of_line is None
    ]
    if not chosen:
        _check_goes_out(next((x for x in lines if x.of_line is not None and named is not None and x.n in named), None))
        if named is None or any(line.n in named for line in lines):
            raise Refused(
                "discount-of-voucher",
                "A voucher or a deposit is money and has no discount. Sell it for what it is worth.",
            )
        raise line_unknown()
    names = {line.n for line in chosen}
    whole = [line for line in _undiscounted(tx.conn, lines) if line.n in names]
    worth = sum(max(line.minor, 0) for line in whole)
    off = percent_of(worth, basis_points or 0) if minor is None else minor
    check_discount(off, worth)
    after = {line.n: line for line in discounted(whole, off, [line.disc for line in whole])}
    _rewrite(tx, sale, [after.get(line.n, line) for line in lines])


def given_away(conn: sqlite3.Connection, sale_no: int) -> bool:
    """Whether a discount took off all that something in a basket costs: that gives it free."""
    lines = sales.lines(conn, sale_no)
    before = {line.n: line.minor for line in _undiscounted(conn, lines)}
    return any(line.minor == 0 < before[line.n] for line in lines if line.of_line is None)


def set_tip(tx: Tx, sale_no: int, minor: int) -> None:
    """Add a tip to what is paid, in place of the one before. It is no turnover. Raises as `check_amendable`, Refused `tip-wrong`."""
    sale = check_amendable(tx, sale_no)
    due = sale.total_minor - sale.tip_minor + minor
    if minor < 0 or due > LIMIT_MINOR or due - minor <= 0 < minor:
        raise Refused(
            "tip-wrong",
            "A tip is added to what a buyer pays. Type an amount of 0 or more, for a sale that costs something.",
        )
    tx.conn.execute("UPDATE sales SET tip_minor = ?, total_minor = ? WHERE no = ?", (minor, due, sale_no))


def park(tx: Tx, sale_no: int) -> None:
    """Put a basket aside for the next buyer; it waits in the list until it is taken up or the till is closed.

    Raises as `check_unpaid`, Refused `sale-part-paid`.
    """
    check_amendable(tx, sale_no)
    forget_numbers(tx, sale_no)
    tx.conn.execute("UPDATE sales SET parked_ms = ? WHERE no = ?", (tx.now_ms, sale_no))


def check_amendable(tx: Tx, sale_no: int) -> Sale:
    """Let only a basket through whose payment has not begun: what was tried and took no money does not count.

    Raises Refused `sale-begun`, and what `check_unpaid` raises.
    """
    sale = check_unpaid(tx, sale_no)
    if paid_so_far(tx, sale_no) or sale.queued_ms is not None:
        raise Refused(
            "sale-begun",
            "Payment of this sale has begun, so its items stay. Take the payment, or cancel it and start a new sale.",
        )
    return sale


def _parts_of(lines: Sequence[Line], bundle: int) -> list[Line]:
    """The lines that were sold as parts of a bundle; not what comes back of another."""
    return [line for line in lines if line.bundle == bundle and line.of_line is None]


def _undiscounted(conn: sqlite3.Connection, lines: Sequence[Line]) -> list[Line]:
    """The lines at what they cost without a discount; the parts of a bundle at its price, which is cheaper than they are alone."""
    plain = [line if line.bundle else replace(line, minor=line.list_minor, disc=0) for line in lines]
    for bundle in {line.bundle for line in lines if line.bundle and line.of_line is None}:
        parts = _parts_of(lines, bundle)
        count = products.bundles_in(conn, bundle, sum(line.qty for line in parts))
        if count is None:  # made of other parts since: it stays as cheap as it is, discounts and all
            continue
        price = (products.get(conn, bundle).price_minor or 0) * count
        shares = spread(price, [line.list_minor for line in parts])
        at = {line.n: replace(line, minor=minor, disc=max(line.list_minor - minor, 0)) for line, minor in zip(parts, shares, strict=True)}  # fmt: skip
        plain = [at.get(line.n, line) for line in plain]
    return plain


def _lines(tx: Tx, sale: Sale) -> list[Line]:
    """The lines as they were wished for: numbers are chosen anew when it is paid, but those somebody asked for."""
    forget_numbers(tx, sale.no)
    return sales.lines(tx.conn, sale.no)


def _check_goes_out(line: Line | None) -> None:
    """Refuse to change a line that comes back: it is worth what it was bought for. Raises Refused `return-line-fixed`."""
    if line is not None and line.of_line is not None:
        raise Refused(
            "return-line-fixed",
            f"{line.title} comes back as it was bought. Cancel this and choose again what comes back.",
        )


def _rewrite(tx: Tx, sale: Sale, lines: Sequence[Line]) -> None:
    placed = numbered(lines)
    goods.rewrite(tx, sale.no, placed)
    worth = total(placed)
    tip = max(sale.tip_minor, 0) if worth > 0 else 0
    tx.conn.execute(
        "UPDATE sales SET total_minor = ?, tip_minor = ?, parked_ms = NULL WHERE no = ?", (worth + tip, tip, sale.no)
    )


def _joined(lines: Sequence[Line], more: Line) -> list[Line]:
    """The lines with one more, or with so many more of one of them where it is of the same at the same price of each."""
    for at, line in enumerate(lines):
        if _of_the_same(line, more) and line.minor * more.qty == more.minor * line.qty:
            check_quantity(line.qty + more.qty)
            return [
                *lines[:at],
                replace(line, qty=line.qty + more.qty, minor=line.minor + more.minor),
                *lines[at + 1 :],
            ]
    return [*lines, more]


def _of_the_same(line: Line, more: Line) -> bool:
    named = line.pack, line.product, line.sku, line.title, line.vat_bp
    plain = not (line.disc or more.disc or line.bundle or more.bundle or line.of_line)
    return plain and named == (more.pack, more.product, more.sku, more.title, more.vat_bp)


def line_unknown() -> Refused:
    """What to tell who changes a line that is out already."""
    return Refused("line-unknown", "That line is not in the basket any more. Look at it again.")
