"""Whatever comes back, however its money goes out and in whatever order: never more than was bought, and every book says the same."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from stall.domain.payment import Kind, Reason, State
from stall.errors import Refused
from stall.flows import amend_basket, card_attempt, take_cash
from stall.flows.begin_return import begin_return
from stall.flows.fill_basket import fill_basket
from stall.flows.give_back import ask_back, ask_part_back
from stall.flows.owe_money import forget_owed, queue_return
from stall.flows.pay_back import pay_back_by, pay_back_cash
from stall.flows.take_card import ask_card
from stall.store import attempts, readers, sales
from stall.store.audit import audit
from stall.store.db import Tx
from tests.fakes import checking
from tests.fakes.stock import Stocked
from tests.flows import closing, selling
from tests.flows.test_any_basket_adds_up import Clerk

STEPS = 90


class Taker(Clerk):
    """Sells as a clerk does, and takes back: begins, hands out in every way, owes, exchanges, calls the terminal, gives up."""

    def step(self) -> None:
        self.dice.choice((self.sell, self.sell, self.begin, self.hand_out, self.hand_out, self.terminal))()

    def sell(self) -> None:
        if self.dice.random() < 0.5:
            self.sell_one()
        else:
            self.done("card asked", lambda tx: ask_card(tx, fill_basket(tx, [self.wish()], origin="till", vat_bp=700), 1, 1))  # fmt: skip

    def begin(self) -> None:
        sale = self.one_of("SELECT no FROM sales WHERE state = 'paid' ORDER BY no DESC LIMIT 12")
        lines = [] if sale is None else sales.lines(self.stall.box.db.read(), sale)
        wanted = {line.n: self.dice.randrange(1, line.qty + 1) for line in lines if self.dice.random() < 0.6}
        tip = self.dice.random() < 0.3
        self.done("begun", lambda tx: begin_return(tx, sale or 0, wanted, tip=tip))

    def hand_out(self) -> None:
        back = self.one_of(
            "SELECT no FROM sales WHERE state = 'basket' AND ref_sale IS NOT NULL ORDER BY no DESC LIMIT 6"
        )
        if back is None:
            return
        conn, dice = self.stall.box.db.read(), self.dice
        of = self.one_of(f"SELECT no FROM attempts WHERE sale = {sales.get(conn, back).ref_sale} AND kind = 'pay'") or 0
        ordinal, part = len(attempts.of_sale(conn, back)) + 1, dice.choice((None, dice.randrange(1, 300)))
        kind = dice.choice((Kind.REVERSE, Kind.REFUND))
        ways: dict[str, Callable[[Tx], object]] = {
            "cash": lambda tx: pay_back_cash(tx, back, ordinal, "maker", part_minor=part, step=5),
            "by": lambda tx: pay_back_by(tx, of, back, ordinal, "maker"),
            "card": lambda tx: ask_part_back(tx, back, of, ordinal, kind, "maker"),
            "whole": lambda tx: ask_back(tx, of, len(attempts.of_sale(tx.conn, attempts.get(tx.conn, of).sale)) + 1, kind, "maker"),
            "owe": lambda tx: queue_return(tx, back),
            "forget": lambda tx: forget_owed(tx, back),
            "exchange": lambda tx: amend_basket.add_items(tx, back, [self.wish()], 1900),
            "pay": lambda tx: take_cash.take_cash(tx, back, ordinal, 1_000_000, step=5),
        }  # fmt: skip
        name = dice.choice(list(ways))
        self.done(name, ways[name])

    def terminal(self) -> None:
        """What is open at the terminal goes all its way."""
        for asked in attempts.open_on_reader(self.stall.box.db.read(), 1):
            if selling.send(self.stall, asked.no).state is not State.SENT:
                continue
            if self.dice.random() < 0.2:
                self.done("declined", lambda tx, no=asked.no: card_attempt.decline(tx, no, Reason.DECLINED))  # type: ignore[misc]  # a lambda's default
                continue
            selling.approve(self.stall, asked.no, selling.facts(asked.amount_minor, 100 + asked.no))
            selling.pay(self.stall, asked.no)
            self.met[asked.kind] += 1

    def one_of(self, query: str) -> int | None:
        found = self.stall.box.db.read().execute(query).fetchall()
        return int(self.dice.choice(found)[0]) if found else None

    def done(self, name: str, work: Callable[[Tx], object]) -> None:
        try:
            with self.stall.box.db.transaction() as tx:
                work(tx)
        except Refused as refused:
            self.met[refused.code] += 1
        else:
            self.met[name] += 1


def check_lines(stall: Stocked, seed: int) -> None:
    """Of each line at most what was bought came back, for at most what it cost; all of it for all of that."""
    conn = stall.box.db.read()
    for (no,) in conn.execute("SELECT no FROM sales WHERE state = 'paid'").fetchall():
        copies: Counter[int] = Counter()
        money: Counter[int] = Counter()
        came = conn.execute(
            "SELECT b.of_line & 255, b.qty, b.minor FROM lines b JOIN sales s ON s.no = b.id >> 8 WHERE b.of_line >> 8 = ? AND s.state = 'paid'",
            (no,),
        )
        for n, qty, minor in came.fetchall():
            copies[n] += qty
            money[n] -= minor
        for line in sales.lines(conn, no):
            assert copies[line.n] <= line.qty, f"seed {seed}, sale {no}"
            assert money[line.n] <= max(line.minor, 0), f"seed {seed}, sale {no}"
            assert copies[line.n] < line.qty or money[line.n] == line.minor, f"seed {seed}, sale {no}"
    for (no,) in conn.execute("SELECT no FROM sales WHERE state = 'basket' AND ref_sale IS NOT NULL").fetchall():
        tried = attempts.of_sale(conn, no)
        if (
            attempts.standing(tried) and sales.get(conn, no).total_minor < 0
        ):  # what is out in part can be handed out whole
            with stall.box.db.transaction() as tx:
                pay_back_cash(tx, no, len(tried) + 1, "maker")


@pytest.mark.parametrize("seed", range(4))
def test_nothing_comes_back_twice_and_every_book_says_the_same(stall: Stocked, tmp_path: Path, seed: int) -> None:
    with stall.box.db.transaction() as tx:
        selling.add_products(tx)
        readers.note_abilities(tx, 1, {"reverse", "refund", "day_end"})
    taker = Taker(stall, random.Random(seed))
    for _ in range(STEPS):
        taker.step()
    while attempts.open_on_reader(stall.box.db.read(), 1):
        taker.terminal()
    check_lines(stall, seed)
    assert {"begun", "cash", "pay"} <= taker.met.keys(), taker.met
    closing.close(stall.box, despite_open=True)
    assert closing.told(closing.report(stall.box)) == closing.recomputed(stall.box, 1), f"seed {seed}"
    assert audit(stall.box.db.read(), stall.box.secrets.signing.public).findings == [], f"seed {seed}"
    checking.check_box(stall.box, tmp_path, f"seed {seed}")
