"""Whatever people do at a stall, in whatever order: the journal verifies after it, and a stranger can check its export."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from secrets import token_bytes

import pytest

from stall.domain.epoch import Cause
from stall.domain.payment import Reason
from stall.errors import Refused, Retry
from stall.flows import amend_basket, card_attempt, pay_back, take_card, take_cash, take_confirmed
from stall.flows.begin_return import begin_return
from stall.flows.claim import redeem_order
from stall.flows.confirm_clock import confirm_clock
from stall.flows.day_end import ask_day_end, record_day_end
from stall.flows.fill_basket import ProductWish, Wish, fill_basket
from stall.flows.housekeeping import sweep
from stall.flows.new_epoch import new_epoch
from stall.flows.switch_drop import close_drop, open_drop
from stall.flows.take_free import take_free
from stall.flows.take_voucher import take_voucher
from stall.store import attempts, journal, sales
from stall.store.audit import audit
from stall.store.db import Tx
from stall.wire import vouchercode
from tests.fakes import checking, leasing
from tests.fakes.stock import PRINTS, SAMPLER, ZINE, Stocked
from tests.flows import selling

STEPS = 120
REASONS = (Reason.DECLINED, Reason.CANCELLED, Reason.NOT_FOUND)


class Day:
    """A day whose steps are drawn by `dice`. What the stall refuses, it refuses; nothing else may go wrong."""

    def __init__(self, stall: Stocked, dice: random.Random) -> None:
        self.stall = stall
        self.dice = dice
        self.sales: list[int] = []
        self.leases = 1
        self.done = self.refused = 0
        self.met: set[str] = set()

    def step(self) -> None:
        frequent = [self.fill, self.fill, self.cash, self.ask, *[self.terminal] * 6, self.claim, self.take]
        rare = [
            self.comp,
            self.drop,
            self.wait,
            self.tidy,
            self.switch,
            self.close_day,
            self.set_clock,
            self.begin_anew,
            self.hold_for_reader,
            self.confirm,
            self.product,
            self.product,
            self.amend,
            self.amend,
            self.voucher,
            *[self.come_back] * 4,
        ]
        try:
            self.dice.choice([*frequent * 3, *rare])()
            self.done += 1
        except (Refused, Retry):
            self.refused += 1

    def write(self, work: Callable[[Tx], object]) -> None:
        with self.stall.box.db.transaction() as tx:
            work(tx)

    def sale(self) -> int:
        return self.dice.choice(self.sales[-6:] or [1])

    def next_ordinal(self, sale: int) -> int:
        return len(attempts.of_sale(self.stall.box.db.read(), sale)) + 1

    def fill(self) -> None:
        drop = self.dice.choice((PRINTS, PRINTS, ZINE))
        wish = Wish(drop, 1, ed=self.dice.choice((None, None, 2, 4)) if drop == PRINTS else None)
        origin = self.dice.choice(("till", "buyer"))
        with self.stall.box.db.transaction() as tx:
            self.sales.append(
                fill_basket(tx, [wish, Wish(ZINE)][: self.dice.choice((1, 2))], origin=origin, vat_bp=1900)
            )

    def cash(self) -> None:
        sale = self.sale()
        self.write(lambda tx: take_cash.take_cash(tx, sale, self.next_ordinal(sale), 10_000))

    def hold_for_reader(self) -> None:
        sale = self.sale()
        self.write(lambda tx: take_confirmed.hold_for_reader(tx, sale))

    def confirm(self) -> None:
        sale, reference = self.sale(), self.dice.choice(("", "TAB4C7KZ2M", "0042"))
        self.write(lambda tx: take_confirmed.take_confirmed(tx, sale, self.next_ordinal(sale), reference, "maker"))

    def product(self) -> None:
        """A thing, a bundle, a voucher or a deposit, in a basket of its own or beside what is there."""
        wish = self.dice.choice((
            ProductWish("postcard", self.dice.randrange(1, 9)), ProductWish("both"), ProductWish("gift", 1, self.dice.randrange(1, 5000)),
            ProductWish("cup", 2), ProductWish("cup", 1, back=True), ProductWish("postcard"),
        ))  # fmt: skip
        if self.dice.random() < 0.5:
            with self.stall.box.db.transaction() as tx:
                self.sales.append(fill_basket(tx, [wish], origin="till", vat_bp=1900))
        else:
            sale = self.sale()
            self.write(lambda tx: amend_basket.add_items(tx, sale, [wish], 1900))

    def amend(self) -> None:
        sale, n, minor = self.sale(), self.dice.randrange(0, 3), self.dice.randrange(0, 700)
        self.write(self.dice.choice((
            lambda tx: amend_basket.discount(tx, sale, minor=minor),
            lambda tx: amend_basket.discount(tx, sale, basis_points=minor * 10, n=n),
            lambda tx: amend_basket.set_tip(tx, sale, minor),
            lambda tx: amend_basket.set_quantity(tx, sale, n, self.dice.randrange(1, 4), 1900),
            lambda tx: amend_basket.remove_line(tx, sale, n),
            lambda tx: amend_basket.park(tx, sale),
            lambda tx: take_cash.take_cash(tx, sale, self.next_ordinal(sale), 10_000, part_minor=minor),
            lambda tx: take_cash.take_cash(tx, sale, self.next_ordinal(sale), 10_000, step=5),
        )))  # fmt: skip

    def voucher(self) -> None:
        """Spend one of the vouchers that were sold, perhaps for the second time."""
        sale = self.sale()
        sold = (
            self.stall.box.db.read()
            .execute(
                "SELECT v.line, e.epoch FROM vouchers v JOIN sales s ON s.no = v.line >> 8 JOIN epochs e ON e.no = s.epoch_no"
            )
            .fetchall()
        )
        if sold:
            line, epoch = self.dice.choice(sold)
            code = vouchercode.derive(self.stall.box.secrets.claim_key, epoch, line)
            self.write(lambda tx: take_voucher(tx, sale, self.next_ordinal(sale), code))

    def come_back(self) -> None:
        """Something of a sale comes back, sometimes for something else, and its money goes out or comes in."""
        sale, dice = self.sale(), self.dice
        conn = self.stall.box.db.read()
        lines = [line for line in sales.lines(conn, sale) if dice.random() < 0.6]
        wanted = {line.n: dice.randrange(1, line.qty + 1) for line in lines}
        tip, reason = dice.random() < 0.3, dice.choice((None, "faulty"))

        def work(tx: Tx) -> None:
            back = begin_return(tx, sale, wanted, tip=tip, reason=reason)
            self.sales.append(back)
            if dice.random() < 0.4:
                amend_basket.add_items(
                    tx, back, [dice.choice((Wish(PRINTS), Wish(ZINE), ProductWish("postcard", 2)))], 1900
                )
            if sales.get(tx.conn, back).total_minor >= 0:
                take_cash.take_cash(tx, back, 1, 10_000)
            elif dice.random() < 0.8:
                pay_back.pay_back_cash(tx, back, 1, "maker", step=dice.choice((0, 5)))

        with self.stall.box.db.transaction() as tx:
            try:
                with tx.savepoint():
                    work(tx)
            except Refused as refused:
                self.met.add(refused.code)
                raise

    def comp(self) -> None:
        sale = self.sale()
        self.write(lambda tx: take_cash.take_comp(tx, sale, self.next_ordinal(sale), "maker"))

    def take(self) -> None:
        self.write(lambda tx: take_free(tx, SAMPLER, token_bytes(16), 1900))

    def ask(self) -> None:
        sale = self.sale()
        self.write(lambda tx: take_card.ask_card(tx, sale, self.next_ordinal(sale), 1))

    def terminal(self) -> None:
        """Whatever a terminal, its worker or a person may do next with the payment on the reader."""
        waiting = attempts.open_on_reader(self.stall.box.db.read(), 1)
        if not waiting:
            return
        no, told = (
            waiting[0].no,
            selling.facts(waiting[0].amount_minor, self.dice.randrange(1, 9999), offline=self.dice.random() < 0.2),
        )
        outcome = self.dice.choice(("paid", "declined", "reversed"))
        steps: dict[str, list[Callable[[Tx], object]]] = {
            "requested": [lambda tx: card_attempt.send(tx, no), lambda tx: take_card.cancel_card(tx, no)],
            "sent": [
                lambda tx: card_attempt.approve(tx, no, told),
                lambda tx: card_attempt.approve(tx, no, told),
                lambda tx: card_attempt.decline(tx, no, self.dice.choice(REASONS)),
                lambda tx: card_attempt.doubt(tx, no, Reason.READER_LOST),
                lambda tx: card_attempt.begin_reversal(tx, no, Reason.COMMIT_LATE),
                lambda tx: take_card.cancel_card(tx, no),
            ],
            "approved": [
                lambda tx: card_attempt.pay(tx, no),
                lambda tx: card_attempt.doubt(tx, no, Reason.READER_LOST),
            ],
            "reversing": [
                lambda tx: card_attempt.reversed_(tx, no),
                lambda tx: card_attempt.doubt(tx, no, Reason.READER_LOST),
            ],
            "unknown": [
                lambda tx: card_attempt.pay_after_query(tx, no, told),
                lambda tx: card_attempt.decide(tx, no, outcome, "maker", "seen on the slip"),  # type: ignore[arg-type]  # one of its three words
            ],
        }
        self.write(self.dice.choice(steps[waiting[0].state.value]))

    def claim(self) -> None:
        sale = self.sale()
        self.write(lambda tx: redeem_order(tx, sale, token_bytes(16)))

    def drop(self) -> None:
        sale = self.sale()
        self.write(lambda tx: take_card.drop_sale(tx, sale))

    def wait(self) -> None:
        self.stall.clock.advance(self.dice.choice((1_000, 40_000, 200_000, 7_300_000)))

    def tidy(self) -> None:
        self.write(sweep)

    def switch(self) -> None:
        drop = self.dice.choice((PRINTS, ZINE))
        self.write(lambda tx: close_drop(tx, drop))
        self.write(lambda tx: open_drop(tx, drop))

    def close_day(self) -> None:
        with self.stall.box.db.transaction() as tx:
            record_day_end(tx, ask_day_end(tx, 1), 1, total_minor=1, count=None, cur="EUR", tid="29001006")

    def set_clock(self) -> None:
        self.write(lambda tx: confirm_clock(tx, self.stall.clock.wall + self.dice.choice((-5_000_000, 5_000_000))))

    def begin_anew(self) -> None:
        """An old copy is put back; most times the creator leases what is left."""
        self.write(lambda tx: new_epoch(tx, Cause.PUT_BACK))
        if self.dice.random() < 0.7:
            (frozen,) = (
                self.stall.box.db.read()
                .execute("SELECT group_concat(id & 1048575) FROM numbers WHERE state = 4")
                .fetchone()
            )
            self.leases += 1
            ranges = [
                (int(number), int(number))
                for number in sorted((frozen or "").split(","), key=lambda n: int(n or 0))
                if number
            ]
            leasing.lease_anew(self.stall, *ranges, lease_seq=self.leases)


@pytest.mark.parametrize("seed", range(6))
def test_any_day_verifies_and_its_export_holds(stall: Stocked, tmp_path: Path, seed: int) -> None:
    day = Day(stall, random.Random(seed))
    with stall.box.db.transaction() as tx:
        selling.add_products(tx)
    for n in range(STEPS):
        day.step()
        if n % 10 == 0:
            found = audit(stall.box.db.read(), stall.box.secrets.signing.public)
            assert found.findings == [], f"seed {seed}, step {n}"
    found = audit(stall.box.db.read(), stall.box.secrets.signing.public)
    assert found.findings == [], f"seed {seed}"
    assert day.done > day.refused / 2, "the day must be more than refusals"
    text, said = checking.check_box(stall.box, tmp_path, f"seed {seed}")
    assert said.count("epoch ") == len(journal.epoch_numbers(stall.box.db.read())) == found.epochs
    assert sum(1 for line in text.splitlines() if json.loads(line)["type"] == "event") == found.events
