"""Whatever lies in a basket and however it is paid: receipt, rows, double entry and journal say the same, to the cent."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from stall.domain import ledger
from stall.errors import Refused
from stall.flows import amend_basket, take_cash
from stall.flows.basket_lines import AnyWish, ProductWish, Wish
from stall.flows.fill_basket import fill_basket
from stall.flows.take_confirmed import take_confirmed
from stall.flows.take_voucher import take_voucher
from stall.store import attempts, sales, vouchers
from stall.store.audit import audit
from stall.store.db import Tx
from stall.wire import vouchercode
from tests.fakes import checking
from tests.fakes.stock import PRINTS, SAMPLER, ZINE, Stocked
from tests.flows import selling

BASKETS = 40


class Clerk:
    """Fills, changes and pays baskets as `dice` falls."""

    def __init__(self, stall: Stocked, dice: random.Random) -> None:
        self.stall, self.dice = stall, dice
        self.met: Counter[str] = Counter()

    def product(self) -> AnyWish:
        dice = self.dice
        return dice.choice((
            ProductWish("postcard", dice.randrange(1, 9)), ProductWish("both", dice.randrange(1, 3)), ProductWish("gift", 1, dice.randrange(1, 3000)),
            ProductWish("cup"), ProductWish("cup", dice.randrange(1, 3), back=True),
        ))  # fmt: skip

    def wish(self) -> AnyWish:
        return self.dice.choice((Wish(ZINE, self.dice.randrange(1, 4)), Wish(PRINTS), Wish(SAMPLER), self.product()))

    def sell_one(self) -> int:
        with self.stall.box.db.transaction() as tx:
            first = self.dice.choice((Wish(ZINE), self.product()))
            sale = fill_basket(tx, [first], origin="till", vat_bp=1900)
            for change in (self.more, self.more, self.cheaper, self.tip):
                if self.dice.random() < 0.5:
                    self.tried(tx, lambda change=change: change(tx, sale))  # type: ignore[misc]  # mypy cannot infer a lambda's default
            for _ in range(6):
                if sales.get(tx.conn, sale).state == "paid":
                    break
                self.tried(tx, lambda: self.pay(tx, sale))
            if sales.get(tx.conn, sale).state != "paid":
                self.tried(tx, lambda: take_cash.take_cash(tx, sale, self.ordinal(tx, sale), 1_000_000))
        return sale

    def tried(self, tx: Tx, work: Callable[[], object]) -> None:
        try:
            with tx.savepoint():
                work()
        except Refused as refused:
            self.met[refused.code] += 1

    def more(self, tx: Tx, sale: int) -> None:
        amend_basket.add_items(tx, sale, [self.wish()], 1900)

    def cheaper(self, tx: Tx, sale: int) -> None:
        n = self.dice.choice((None, 0, 1))
        if self.dice.random() < 0.5:
            amend_basket.discount(tx, sale, basis_points=self.dice.choice((1000, 3333, 10_000)), n=n)
        else:
            amend_basket.discount(tx, sale, minor=self.dice.randrange(0, 400), n=n)

    def tip(self, tx: Tx, sale: int) -> None:
        amend_basket.set_tip(tx, sale, self.dice.randrange(1, 300))

    def pay(self, tx: Tx, sale: int) -> None:
        ordinal, part = self.ordinal(tx, sale), self.dice.choice((None, self.dice.randrange(1, 400)))
        sold = tx.conn.execute(
            "SELECT v.line, e.epoch FROM vouchers v JOIN sales s ON s.no = v.line >> 8 JOIN epochs e ON e.no = s.epoch_no"
        ).fetchall()
        way = self.dice.choice(("cash", "cash", "round", "other", "voucher"))
        if way == "voucher" and sold:
            line, epoch = self.dice.choice(sold)
            take_voucher(tx, sale, ordinal, vouchercode.derive(tx.secrets.claim_key, epoch, line))
        elif way == "other":
            take_confirmed(tx, sale, ordinal, "", "maker")
        else:
            take_cash.take_cash(tx, sale, ordinal, 1_000_000, part_minor=part, step=5 if way == "round" else 0)
        self.met[way] += 1

    def ordinal(self, tx: Tx, sale: int) -> int:
        return len(attempts.of_sale(tx.conn, sale)) + 1


@pytest.mark.parametrize("seed", range(4))
def test_everything_says_the_same_to_the_cent(stall: Stocked, tmp_path: Path, seed: int) -> None:
    with stall.box.db.transaction() as tx:
        selling.add_products(tx)
    clerk = Clerk(stall, random.Random(seed))
    sold = [clerk.sell_one() for _ in range(BASKETS)]
    conn = stall.box.db.read()
    assert audit(conn, stall.box.secrets.signing.public).findings == [], f"seed {seed}"
    for no in sold:
        sale = sales.get(conn, no)
        if sale.state != "paid":
            continue
        signed = selling.receipt_of(stall, no)
        lines = sales.lines(conn, no)
        assert [(i.minor, i.disc, i.qty, i.vat) for i in signed.items] == [
            (x.minor, x.disc, x.qty, x.vat_bp) for x in lines
        ]
        assert sum(x.minor for x in lines) + sale.tip_minor + sale.round_minor == sale.total_minor
        assert sum(a.signed_minor for a in attempts.standing(attempts.of_sale(conn, no))) == sale.total_minor
    rows = conn.execute("SELECT event, account, minor FROM postings").fetchall()
    by_event: dict[int, dict[str, int]] = {}
    for event, account, minor in rows:
        by_event.setdefault(event, {})[account] = minor
    assert all(map(ledger.balanced, by_event.values())), f"seed {seed}"
    left = sum(minor for _, account, minor in rows if account == ledger.CUSTOMER)
    open_parts = [no for (no,) in conn.execute("SELECT no FROM sales WHERE state = 'basket'").fetchall()]
    assert -left == sum(a.signed_minor for no in open_parts for a in attempts.standing(attempts.of_sale(conn, no))), (
        "what the double entry calls the customers' is what unfinished sales have taken"
    )
    every = conn.execute("SELECT no, line, minor, cur, state, expires_ms FROM vouchers").fetchall()
    owed = sum(vouchers.left(conn, vouchers.Voucher(*row)) for row in every)
    assert -sum(minor for _, account, minor in rows if account in {ledger.VOUCHERS, ledger.VOUCHERS_SPENT}) == owed
    assert {"cash", "round", "other", "voucher"} <= clerk.met.keys(), clerk.met
    checking.check_box(stall.box, tmp_path, f"seed {seed}")
