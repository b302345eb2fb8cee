"""Whatever comes back, piece by piece and by whatever way: papers, rows, double entry and journal say the same, and never too much goes out."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stall.creator import journals
from stall.domain import ledger
from stall.domain.giving_back import share
from stall.domain.payment import Kind, Reason, State
from stall.errors import Refused
from stall.flows import amend_basket, card_attempt, give_back, owe_money, pay_back, take_cash
from stall.flows.begin_return import begin_return
from stall.flows.checkpoint import sign_checkpoint
from stall.store import attempts, journal, readers, sales, vouchers
from stall.store.audit import audit
from stall.store.db import Tx
from stall.wire import event, receipt
from tests.fakes import checking
from tests.fakes.stock import ZINE, Stocked
from tests.flows import selling
from tests.flows.test_any_basket_adds_up import Clerk
from tests.flows.test_claims_open_downloads import code_of, redeem

SALES, RETURNS = 15, 60


class Returner(Clerk):
    """Takes back what was sold, as `dice` falls."""

    def card_sale(self) -> int:
        sale = selling.basket(self.stall, *self.dice.choice(((ZINE,), (ZINE, ZINE))))
        asked = selling.ask(self.stall, sale)
        selling.send(self.stall, asked)
        total = sales.get(self.stall.box.db.read(), sale).total_minor
        selling.approve(self.stall, asked, selling.facts(total, self.dice.randrange(1, 9999)))
        selling.pay(self.stall, asked)
        return sale

    def open_one(self, sold: list[int]) -> None:
        try:
            redeem(self.stall, code_of(self.stall, self.dice.choice(sold)))
        except (Refused, AssertionError):
            return

    def take_back(self, sold: list[int]) -> None:
        dice = self.dice
        conn = self.stall.box.db.read()
        done = [no for (no,) in conn.execute("SELECT no FROM sales WHERE state = 'paid'").fetchall()]
        begun = [no for (no,) in conn.execute("SELECT no FROM sales WHERE state = 'basket' AND ref_sale IS NOT NULL")]
        with self.stall.box.db.transaction() as tx:
            if begun and dice.random() < 0.4:
                self.tried(tx, lambda: self.hand_out(tx, dice.choice(begun)))
                return
            self.tried(tx, lambda: self.begin(tx, dice.choice(done)))

    def begin(self, tx: Tx, sale: int) -> None:
        dice = self.dice
        lines = [line for line in sales.lines(tx.conn, sale) if dice.random() < 0.7]
        wanted = {line.n: dice.randrange(1, line.qty + 1) for line in lines}
        made = begin_return(tx, sale, wanted, tip=dice.random() < 0.3, reason=dice.choice((None, "faulty")))
        self.met["begun"] += 1
        if dice.random() < 0.3:
            self.tried(tx, lambda: amend_basket.add_items(tx, made, [self.wish()], 1900))
        if dice.random() < 0.9:
            self.tried(tx, lambda: self.hand_out(tx, made))

    def hand_out(self, tx: Tx, sale: int) -> None:
        dice, ordinal, found = self.dice, self.ordinal(tx, sale), sales.get(tx.conn, sale)
        if found.total_minor >= 0:
            take_cash.take_cash(tx, sale, ordinal, 1_000_000)
            self.met["exchanged"] += 1
            return
        paid = attempts.kept(attempts.of_sale(tx.conn, found.ref_sale or 0))
        of = dice.choice(paid).no if paid else 0
        way = dice.choice(("cash", "part", "by", "card", "owe", "keep"))
        if way == "cash":
            pay_back.pay_back_cash(tx, sale, ordinal, "maker", step=dice.choice((0, 5)))
        elif way == "part":
            pay_back.pay_back_cash(tx, sale, ordinal, "maker", part_minor=dice.randrange(1, 300))
        elif way == "by":
            pay_back.pay_back_by(tx, of, sale, ordinal, "maker")
        elif way == "card":
            kind = dice.choice((Kind.REVERSE, Kind.REFUND))
            asked = give_back.ask_part_back(tx, sale, of, ordinal, kind, "maker")
            self.by_card(tx, asked)
        elif way == "owe":
            owe_money.queue_return(tx, sale)
        else:
            owe_money.forget_owed(tx, sale)
        self.met[way] += 1

    def by_card(self, tx: Tx, asked: int) -> None:
        """The terminal gives it back, refuses, or nobody hears it and a person decides."""
        if card_attempt.send(tx, asked).state is not State.SENT:
            return
        minor, end = (
            attempts.get(tx.conn, asked).amount_minor,
            self.dice.choice(("paid", "paid", "declined", "decided")),
        )
        if end == "paid":
            card_attempt.approve(tx, asked, selling.facts(minor, self.dice.randrange(1, 9999)))
            card_attempt.pay(tx, asked)
        elif end == "declined":
            card_attempt.decline(tx, asked, Reason.DECLINED)
        else:
            card_attempt.doubt(tx, asked, Reason.READER_LOST)
            card_attempt.decide(tx, asked, self.dice.choice(("paid", "declined")), "maker", "slip 0042")
        self.met[f"card {end}"] += 1


@pytest.mark.parametrize("seed", range(4))
def test_never_more_goes_out_than_came_in_and_every_checker_agrees(stall: Stocked, tmp_path: Path, seed: int) -> None:
    with stall.box.db.transaction() as tx:
        selling.add_products(tx)
        readers.note_abilities(tx, 1, {"reverse", "refund", "day_end"})
    clerk = Returner(stall, random.Random(seed))
    sold: list[int] = []
    for _ in range(SALES):
        sold += [clerk.sell_one(), clerk.card_sale()] if clerk.dice.random() < 0.5 else [clerk.sell_one()]
    for n in range(RETURNS):
        clerk.take_back(sold)
        if clerk.dice.random() < 0.1:
            clerk.open_one(sold)
        if n % 20 == 0:
            assert audit(stall.box.db.read(), stall.box.secrets.signing.public).findings == [], (
                f"seed {seed}, return {n}"
            )
    conn = stall.box.db.read()
    assert audit(conn, stall.box.secrets.signing.public).findings == [], f"seed {seed}"
    check_sums(stall, seed)
    assert {"begun", "cash"} <= clerk.met.keys(), clerk.met
    stall.clock.advance(2000)
    with stall.box.db.transaction() as tx:
        sign_checkpoint(tx)
    text, _ = checking.check_box(stall.box, tmp_path, f"seed {seed}")
    journals.check([line.encode() for line in text.splitlines()])


def check_sums(stall: Stocked, seed: int) -> None:
    conn = stall.box.db.read()
    back: Counter[int] = Counter()
    minor: Counter[int] = Counter()
    rows = conn.execute(
        "SELECT b.of_line, b.qty, b.minor FROM lines b JOIN sales s ON s.no = b.id >> 8 WHERE s.state = 'paid' AND b.of_line IS NOT NULL"
    )
    for of, qty, worth in rows.fetchall():
        back[of] += qty
        minor[of] -= worth
    for of, copies in back.items():
        qty, worth = conn.execute("SELECT qty, minor FROM lines WHERE id = ?", (of,)).fetchone()
        assert copies <= qty
        assert minor[of] <= worth
        assert copies < qty or minor[of] == worth
    for (no,) in conn.execute("SELECT no FROM attempts WHERE kind = 'pay' AND state = 'paid'").fetchall():
        given, took = conn.execute(
            "SELECT (SELECT coalesce(sum(amount_minor), 0) FROM attempts WHERE of = ?1 AND state = 'paid'), amount_minor FROM attempts WHERE no = ?1",
            (no,),
        ).fetchone()
        assert given <= took
    postings = conn.execute("SELECT event, sum(minor) FROM postings GROUP BY event").fetchall()
    assert all(each[1] == 0 for each in postings), f"seed {seed}"
    (left,) = conn.execute("SELECT sum(minor) FROM postings WHERE account = ?", (ledger.CUSTOMER,)).fetchone()
    unfinished = [no for (no,) in conn.execute("SELECT no FROM sales WHERE state = 'basket'").fetchall()]
    assert -left == sum(a.signed_minor for no in unfinished for a in attempts.standing(attempts.of_sale(conn, no)))
    every = conn.execute(
        "SELECT no, line, minor, cur, state, expires_ms FROM vouchers WHERE state = 'active'"
    ).fetchall()
    owed = sum(vouchers.left(conn, vouchers.Voucher(*row)) for row in every)
    accounts = (ledger.VOUCHERS, ledger.VOUCHERS_SPENT)
    (debt,) = conn.execute("SELECT -sum(minor) FROM postings WHERE account IN (?, ?)", accounts).fetchone()
    assert debt == owed, f"seed {seed}"


@pytest.mark.parametrize("seed", range(3))
def test_a_refund_of_everything_equals_the_sale_negated(stall: Stocked, seed: int) -> None:
    with stall.box.db.transaction() as tx:
        selling.add_products(tx)
    clerk = Clerk(stall, random.Random(100 + seed))
    met, refusals = 0, set()
    for _ in range(20):
        sale = clerk.sell_one()
        found = sales.get(stall.box.db.read(), sale)
        lines = sales.lines(stall.box.db.read(), sale)
        if found.state != "paid" or found.total_minor <= 0 or any(line.minor < 0 for line in lines):
            continue
        try:
            with stall.box.db.transaction() as tx:
                back = begin_return(tx, sale, {line.n: line.qty for line in lines}, tip=found.tip_minor > 0)
                pay_back.pay_back_cash(tx, back, 1, "maker")
        except Refused as refused:
            refusals.add(refused.code)
            continue
        bought, told = selling.receipt_of(stall, sale), paper_of(stall, back)
        assert [(i.drop, i.ed, i.sku, i.qty, -i.minor, -i.disc, i.vat) for i in told.items] == [
            (i.drop, i.ed, i.sku, i.qty, i.minor, i.disc, i.vat) for i in bought.items
        ]
        assert [(t.rate, -t.net, -t.vat) for t in told.tax] == [(t.rate, t.net, t.vat) for t in bought.tax]
        assert -told.tip == bought.tip
        met += 1
    assert met > 3
    assert refusals <= {"return-voucher-spent", "refund-nothing-due"}  # all of it was free


def paper_of(stall: Stocked, sale: int) -> receipt.Receipt:
    key = sales.get(stall.box.db.read(), sale).receipt_event
    data = journal.event_bytes(stall.box.db.read(), key or 0)
    own = stall.box.secrets.signing
    token = str(event.decode(data or b"").body["receipt"])
    return receipt.verify_any(token, {own.thumbprint: own.public})[1]


@given(st.integers(0, 10**6), st.lists(st.integers(1, 9), min_size=1, max_size=9))
def test_pieces_are_worth_the_whole_however_they_come_back(minor: int, parts: list[int]) -> None:
    qty, before, pieces = sum(parts), 0, []
    for part in parts:
        pieces.append(share(minor, qty, before, part))
        before += part
    assert sum(pieces) == minor
    assert min(pieces) >= 0
