"""Begin to take something of a paid sale back: a sale of its own with lines below zero. Nothing moves yet.

What it asks before any money moves stands in `check_return`, which every payment of a return asks again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from stall.domain.giving_back import REASONS, Out, share
from stall.domain.product import is_voucher
from stall.domain.sale import Line, total
from stall.errors import Refused
from stall.flows.basket_lines import numbered
from stall.flows.return_papers import check_fits
from stall.store import attempts, goods, returns, sales, vouchers
from stall.store.db import Tx
from stall.store.goods import Good
from stall.store.sales import Sale
from stall.store.schema import line_id


def begin_return(
    tx: Tx, sale_no: int, wanted: Mapping[int, int], *, tip: bool = False, reason: str | None = None, never: bool = False
) -> int:  # fmt: skip
    """Make the sale that takes these lines of a paid one back, `wanted` by their place with how many copies; return its number.

    `tip`: the tip goes back too. What was opened or downloaded comes back only for a `reason`
    (a word of domain.giving_back.REASONS) by somebody whose PIN the caller checked, and with `never` not at all.
    Raises Refused `return-nothing`, `return-not-paid`, `return-void`, `return-line`, `return-gone`, `return-opened`,
    `return-never`, `return-reason`, `return-tip`, and what `check_return` raises.
    """
    original = _original(tx, sale_no)
    if not wanted:
        raise Refused("return-nothing", "Nothing was chosen to come back. Choose a line first.")
    back = returns.taken_back(tx.conn, sale_no)
    sold = {line.n: line for line in sales.lines(tx.conn, sale_no)}
    lines = [_returning(sale_no, sold, n, qty, back.get(n, 0)) for n, qty in sorted(wanted.items())]
    opened = _check_opened(tx, sale_no, wanted, reason, never=never)
    tip_minor = original.tip_minor - returns.tip_back(tx.conn, sale_no) if tip else 0
    if tip and tip_minor <= 0:
        raise Refused("return-tip", "No tip is left to give back. Take the tick away.")
    placed = numbered(lines)
    sale = sales.add_basket(
        tx, origin="till", cur=original.cur, total_minor=total(placed) - tip_minor, basket_code=None
    )
    goods.write(tx, sale.no, placed)
    tx.conn.execute(
        "UPDATE sales SET ref_sale = ?, tip_minor = ?, return_reason = ? WHERE no = ?",
        (sale_no, -tip_minor, opened, sale.no),
    )
    check_return(tx, sales.get(tx.conn, sale.no))
    if opened is not None:
        tx.append("return", {"sale": sale.no, "of": sale_no, "reason": opened})
    return sale.no


def allow_whole(tx: Tx, sale_no: int, reason: str | None, *, never: bool = False) -> None:
    """Before a terminal takes a whole sale back: keep why, where anything of it was opened. Raises Refused as `begin_return`."""
    whole = {line.n: line.qty for line in sales.lines(tx.conn, sale_no)}
    opened = _check_opened(tx, sale_no, whole, reason, never=never)
    if opened is None or sales.get(tx.conn, sale_no).return_reason is not None:
        return
    tx.conn.execute("UPDATE sales SET return_reason = ? WHERE no = ?", (opened, sale_no))
    tx.append("return", {"sale": sale_no, "of": sale_no, "reason": opened})


def check_return(tx: Tx, sale: Sale, sold: Sequence[Good] | None = None) -> None:
    """Check that all a return takes back is still there to take back, and that nothing else gives it back now.

    Raises Refused `return-void`, `return-gone`, `return-running`, `return-voucher-spent`, `return-free-exchange`, `return-tip`,
    `return-opened`, `back-declined`, and what `check_fits` raises.
    """
    of = sale.ref_sale or 0
    original = _original(tx, of)
    if returns.moves(tx.conn, of, sale.no) or attempts.going_back(attempts.of_sale(tx.conn, of)):
        raise Refused(
            "return-running", "Money of this sale is on its way back already. Wait for that, then look at it again."
        )
    if sale.tip_minor < 0 and original.tip_minor - returns.tip_back(tx.conn, of, sale.no) < -sale.tip_minor:
        raise Refused("return-tip", "The tip went back already, or is on its way. Cancel this and choose again.")
    goods_back = goods.of_sale(tx.conn, sale.no) if sold is None else sold
    _check_still_closed(tx, sale, of, goods_back)
    before, others = returns.taken_back(tx.conn, of), returns.under_way(tx.conn, of, sale.no)
    bought = {line.n: line for line in sales.lines(tx.conn, of)}
    whole = all(good.returned for good in goods_back)
    for good in goods_back:
        line = good.line
        if line.of_line is None:
            continue
        n = line.of_line & 0xFF
        first, gone = bought[n], before.get(n, 0)
        if gone + others.get(n, 0) + line.qty > first.qty:
            raise Refused("return-gone", f"{line.title} came back already, or is on its way. Look at the sale again.")
        if others.get(n, 0):  # what a copy is worth goes by how many came back before it
            raise Refused(
                "return-running", f"Other copies of {line.title} are on their way back. End that return first."
            )
        shares = tuple(-share(each, first.qty, gone, line.qty) for each in (first.minor, first.disc))
        if (line.minor, line.disc) != shares:
            raise Refused(
                "return-gone",
                f"Some of {line.title} came back meanwhile. Cancel this and choose again what comes back.",
            )
        if not whole and line.minor == 0:
            raise Refused(
                "return-free-exchange", f"{line.title} was free, so there is nothing to exchange. Give it back alone."
            )
        check_voucher(tx, line, line.of_line)
    _check_came_in(tx, sale)
    check_fits(tx, sale, goods_back)


def _check_came_in(tx: Tx, sale: Sale) -> None:
    """Where the bank refused a payment later, no more is made good than came in otherwise; what is out in part is finished."""
    of = sale.ref_sale or 0
    tried = attempts.of_sale(tx.conn, of)
    lost = attempts.refused_late(tried)
    if not lost or attempts.standing(attempts.of_sale(tx.conn, sale.no)):
        return
    came = sum(one.amount_minor for one in attempts.kept(tried)) - lost
    made_good = sum(_worth(tx, one) for one in returns.of_sale(tx.conn, of) if one.no != sale.no)
    if _worth(tx, sale) > came - made_good:
        raise Refused("back-declined", "The bank refused this payment later, so there is no money of it to give back.")


def _worth(tx: Tx, back: Sale) -> int:
    """What a return makes good, by money or by other goods, in minor units."""
    return -sum(line.minor for line in sales.lines(tx.conn, back.no) if line.of_line is not None) - min(
        back.tip_minor, 0
    )


def _original(tx: Tx, sale_no: int) -> Sale:
    """The sale that something comes back of. Raises Refused `sale-unknown`, `return-not-paid`, `return-void`."""
    original = sales.get(tx.conn, sale_no)
    if original.state != "paid":
        raise Refused("return-not-paid", "This sale is not paid, so nothing of it comes back. Cancel it instead.")
    if original.void_event is not None:
        raise Refused("return-void", "All of this sale was given back already. Give nothing back twice.")
    return original


def _returning(sale_no: int, sold: Mapping[int, Line], n: int, qty: int, before: int) -> Line:
    """The line that takes so many copies of another back, for their share of what those cost."""
    line = sold.get(n)
    if line is None or line.of_line is not None or line.minor < 0:
        raise Refused("return-line", "That line is not one that comes back. Look at the sale again.")
    if qty < 1 or before + qty > line.qty:
        raise Refused("return-gone", f"{line.title} came back already, or is on its way. Look at the sale again.")
    minor, disc = (-share(each, line.qty, before, qty) for each in (line.minor, line.disc))
    return replace(line, qty=qty, minor=minor, disc=disc, bundle=line.bundle, of_line=line_id(sale_no, n))


def _check_opened(tx: Tx, sale_no: int, wanted: Mapping[int, int], reason: str | None, *, never: bool) -> str | None:
    """The reason to keep where anything was opened; None where nothing was."""
    out = returns.handed_out(tx.conn, sale_no)
    if max(out[n].out for n in wanted) < Out.OPENED:
        return None
    if never:
        raise Refused(
            "return-never", "This was opened on a phone, and this stall takes nothing back then. Its settings say so."
        )
    if reason is None:
        raise Refused("return-opened", "This was opened on a phone. The maker may take it back, with a reason.")
    if reason not in REASONS:
        raise Refused("return-reason", "Nobody said why it comes back. Choose one of the reasons.")
    return reason


def _check_still_closed(tx: Tx, sale: Sale, of: int, goods_back: Sequence[Good]) -> None:
    """Refuse what was closed when the return began and was opened since; from the first money on its code opens nothing."""
    begun = sale.queued_ms is not None or attempts.standing(attempts.of_sale(tx.conn, sale.no))
    if sale.return_reason is not None or begun:  # another copy of the line may be opened; this one's money goes on
        return
    out = returns.handed_out(tx.conn, of)
    for line in (good.line for good in goods_back):
        if line.of_line is not None and out[line.of_line & 0xFF].out >= Out.OPENED:
            raise Refused(
                "return-opened", f"{line.title} was opened on a phone meanwhile. Cancel this and choose again what comes back."
            )  # fmt: skip


def check_voucher(tx: Tx, line: Line, sold_by: int) -> None:
    """Check that the voucher a line sold (`sold_by`, schema.line_id) is unspent. Raises Refused `return-voucher-spent`."""
    if not is_voucher(line.sku):
        return
    found = vouchers.of_line(tx.conn, sold_by)
    if found is None or found.state != "active" or vouchers.left(tx.conn, found) != found.minor:
        raise Refused("return-voucher-spent", f"{line.title} was spent, in whole or in part, so it does not come back.")
