"""An order changes only while it waits, each press once, and it always adds up, whoever else changes it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stall.domain.basket import mark
from stall.domain.payment import Reason
from stall.domain.sale import Line
from stall.errors import Refused
from stall.flows import amend_basket, card_attempt, take_card, take_cash
from stall.flows.basket_lines import ProductWish, Wish
from stall.flows.change_order import add_to_order, take_free_order, take_out_of_order
from stall.flows.fill_basket import fill_basket
from stall.store import attempts, claims, sales
from stall.store.db import Tx
from tests.fakes import stock
from tests.fakes.clock import FakeClock
from tests.fakes.stock import PRINTS, SAMPLER, ZINE, Stocked
from tests.flows import selling

VAT = 1900


def key(n: int) -> bytes:
    return n.to_bytes(16)


def ordered(stall: Stocked, *wishes: Wish) -> int:
    with stall.box.db.transaction() as tx:
        return fill_basket(tx, wishes or [Wish(ZINE)], origin="buyer", vat_bp=VAT)


def lines(stall: Stocked, sale: int) -> list[Line]:
    return sales.lines(stall.box.db.read(), sale)


def titles(stall: Stocked, sale: int) -> list[str]:
    return [line.title for line in lines(stall, sale)]


def add(stall: Stocked, sale: int, wish: Wish, press: int = 1) -> None:
    with stall.box.db.transaction() as tx:
        add_to_order(tx, sale, wish, key(press), VAT)


def take_out(stall: Stocked, sale: int, n: int, press: int = 1, seen: str | None = None) -> bool:
    seen = mark(lines(stall, sale)) if seen is None else seen
    with stall.box.db.transaction() as tx:
        return take_out_of_order(tx, sale, n, seen, key(press))


def test_a_press_adds_once_and_another_press_once_more(stall: Stocked) -> None:
    sale = ordered(stall)
    for press in (1, 1, 2):
        add(stall, sale, Wish(PRINTS), press)
    assert titles(stall, sale) == ["Night Zine", "Harbour Prints", "Harbour Prints"]
    assert sales.get(stall.box.db.read(), sale).total_minor == 300 + 450 + 450


def test_a_number_may_be_asked_for_and_what_has_none_joins_its_line(stall: Stocked) -> None:
    sale = ordered(stall)
    add(stall, sale, Wish(PRINTS, ed=3))
    add(stall, sale, Wish(ZINE), 2)
    assert [(line.ed, line.qty) for line in lines(stall, sale)] == [(None, 2), (3, 1)]
    with pytest.raises(Refused, match="edition-number-wrong"):
        add(stall, sale, Wish(PRINTS, ed=6), 3)


def test_taking_out_is_done_once_and_never_takes_out_something_else(stall: Stocked) -> None:
    sale = ordered(stall, Wish(ZINE), Wish(PRINTS), Wish(SAMPLER))
    seen = mark(lines(stall, sale))
    assert take_out(stall, sale, 0, 1, seen)
    assert take_out(stall, sale, 0, 1, seen)  # the same press sent again
    assert titles(stall, sale) == ["Harbour Prints", "Free Sampler"]
    with pytest.raises(Refused, match="order-changed"):
        take_out(stall, sale, 0, 2, seen)  # another phone, its page from before
    assert titles(stall, sale) == ["Harbour Prints", "Free Sampler"]


@pytest.mark.parametrize("n", [2, 200, 10**6])
def test_a_line_that_is_none_is_not_taken_out(stall: Stocked, n: int) -> None:
    sale = ordered(stall, Wish(ZINE), Wish(PRINTS))
    with pytest.raises(Refused, match="order-changed"):
        take_out(stall, sale, n)


def test_the_last_one_out_gives_the_order_up(stall: Stocked) -> None:
    sale = ordered(stall)
    assert not take_out(stall, sale, 0)
    now = sales.get(stall.box.db.read(), sale)
    assert (now.state, now.basket_code) == ("dropped", None)
    assert not take_out(stall, sale, 0, seen=mark(lines(stall, sale)))  # the same press sent again
    with pytest.raises(Refused, match="order-over"):
        add(stall, sale, Wish(PRINTS), 2)


def _paying(stall: Stocked, sale: int) -> None:
    selling.send(stall, selling.ask(stall, sale))


def _doubted(stall: Stocked, sale: int) -> None:
    asked = selling.ask(stall, sale)
    selling.send(stall, asked)
    with stall.box.db.transaction() as tx:
        card_attempt.doubt(tx, asked, Reason.READER_LOST)


def _part_paid(stall: Stocked, sale: int) -> None:
    with stall.box.db.transaction() as tx:
        take_cash.take_cash(tx, sale, 1, 100, part_minor=100)


def _parked(stall: Stocked, sale: int) -> None:
    with stall.box.db.transaction() as tx:
        amend_basket.park(tx, sale)


def _paid(stall: Stocked, sale: int) -> None:
    selling.cash(stall, sale)


def _dropped(stall: Stocked, sale: int) -> None:
    with stall.box.db.transaction() as tx:
        take_card.drop_sale(tx, sale)


@pytest.mark.parametrize(
    ("become", "code"),
    [
        (_paying, "order-being-paid"), (_doubted, "order-being-paid"), (_part_paid, "order-being-paid"),
        (_parked, "order-put-aside"), (_paid, "order-paid"), (_dropped, "order-over"),
    ],
)  # fmt: skip
def test_an_order_that_does_not_wait_stays_as_it_is(
    stall: Stocked, become: Callable[[Stocked, int], None], code: str
) -> None:
    sale = ordered(stall, Wish(ZINE), Wish(PRINTS))
    become(stall, sale)
    before = (lines(stall, sale), sales.get(stall.box.db.read(), sale))
    for change in (lambda: add(stall, sale, Wish(ZINE)), lambda: take_out(stall, sale, 0)):
        with pytest.raises(Refused, match=code):
            change()
    assert (lines(stall, sale), sales.get(stall.box.db.read(), sale)) == before


def test_after_a_declined_card_it_may_be_changed_and_its_number_is_free_again(stall: Stocked) -> None:
    sale = ordered(stall, Wish(PRINTS))
    asked = selling.ask(stall, sale)
    selling.send(stall, asked)
    with stall.box.db.transaction() as tx:
        card_attempt.decline(tx, asked, Reason.DECLINED)
    assert selling.left(stall) == 4
    add(stall, sale, Wish(ZINE))
    assert selling.left(stall) == 5
    selling.cash(stall, sale, ordinal=2)
    assert selling.numbers(stall, sale) == [1, None]


def test_what_is_free_altogether_is_taken_without_the_till(stall: Stocked) -> None:
    sale = ordered(stall, Wish(ZINE), Wish(SAMPLER))
    with pytest.raises(Refused, match="order-not-free"), stall.box.db.transaction() as tx:
        take_free_order(tx, sale)
    take_out(stall, sale, 0)
    for _ in range(2):
        with stall.box.db.transaction() as tx:
            take_free_order(tx, sale)
    assert sales.get(stall.box.db.read(), sale).state == "paid"
    assert [(pay.m, pay.st, pay.minor) for pay in selling.receipt_of(stall, sale).pay] == [("comp", "free", 0)]
    assert len(selling.events(stall, "sale")) == 1
    assert len(claims.bought(stall.box.db.read(), sale)) == 1


def test_things_that_are_handed_over_a_table_are_not_taken_so(stall: Stocked) -> None:
    with stall.box.db.transaction() as tx:
        selling.add_products(tx)
        sale = fill_basket(tx, [Wish(SAMPLER), ProductWish("postcard")], origin="buyer", vat_bp=VAT)
        amend_basket.discount(tx, sale, basis_points=10_000)
    with pytest.raises(Refused, match="order-not-free"), stall.box.db.transaction() as tx:
        take_free_order(tx, sale)


@dataclass
class Phone:
    """A page that was opened some time ago: what it showed, and the keys of its buttons."""

    seen: str = ""
    places: Sequence[int] = ()
    keys: list[int] = field(default_factory=list)


STEP = st.one_of(
    st.tuples(st.just("look"), st.integers(0, 1), st.just(0)),
    st.tuples(st.just("add"), st.integers(0, 1), st.integers(0, 2)),
    st.tuples(st.just("again"), st.integers(0, 1), st.integers(0, 3)),
    st.tuples(st.just("out"), st.integers(0, 1), st.integers(0, 4)),
    st.tuples(st.just("till"), st.sampled_from(["add", "out", "off", "tip", "park", "decline"]), st.integers(0, 3)),
)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("orders") / "box"
    stock.stock(folder, FakeClock())
    return folder


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEP, max_size=25))
def test_two_phones_and_the_till_at_once_leave_an_order_that_adds_up(
    template: Path, steps: list[tuple[str, object, int]]
) -> None:
    with TemporaryDirectory() as folder:
        stall = stock.copy(template, Path(folder) / "box")
        try:
            _run(stall, steps)
        finally:
            stall.box.close()


def _run(stall: Stocked, steps: list[tuple[str, object, int]]) -> None:
    sale = ordered(stall, Wish(ZINE), Wish(PRINTS))
    phones, sent = (Phone(), Phone()), dict[int, str]()
    for press, (what, who, n) in enumerate(steps):
        before = titles(stall, sale)
        with contextlib.suppress(Refused):
            match what, who:
                case "look", int(who):
                    shown = lines(stall, sale)
                    phones[who].seen, phones[who].places = mark(shown), [line.n for line in shown]
                case "add", int(who):
                    wish = Wish((ZINE, PRINTS, SAMPLER)[n])
                    sent[press] = wish.drop_id
                    phones[who].keys.append(press)
                    add(stall, sale, wish, press)
                case "again", int(who) if phones[who].keys:
                    old = phones[who].keys[n % len(phones[who].keys)]
                    add(stall, sale, Wish(sent[old]), old)
                    assert (
                        sales.get(stall.box.db.read(), sale).state != "basket"
                        or len(titles(stall, sale)) <= len(before) + 1
                    )
                case "out", int(who) if n < len(phones[who].places):
                    same = mark(lines(stall, sale)) == phones[who].seen
                    take_out(stall, sale, n, press, phones[who].seen)
                    assert same, "a page of before took something out"
                    assert len(before) in {1, len(titles(stall, sale)) + 1}
                case "till", str(who):
                    _at_the_till(stall, sale, who, n)
        _adds_up(stall, sale)
    if sales.get(stall.box.db.read(), sale).state == "basket":
        with contextlib.suppress(Refused), stall.box.db.transaction() as tx:
            take_cash.take_cash(tx, sale, 99, 10_000_000)
        _adds_up(stall, sale)


def _at_the_till(stall: Stocked, sale: int, what: str, n: int) -> None:
    works: dict[str, Callable[[Tx], object]] = {
        "add": lambda tx: amend_basket.add_items(tx, sale, [Wish(PRINTS)], VAT),
        "out": lambda tx: amend_basket.remove_line(tx, sale, n),
        "off": lambda tx: amend_basket.discount(tx, sale, basis_points=500 * n),
        "tip": lambda tx: amend_basket.set_tip(tx, sale, 10 * n),
        "park": lambda tx: amend_basket.park(tx, sale),
    }
    if what == "decline":
        asked = selling.ask(stall, sale, ordinal=1 + n)
        selling.send(stall, asked)
        with stall.box.db.transaction() as tx:
            card_attempt.decline(tx, asked, Reason.DECLINED)
        return
    with stall.box.db.transaction() as tx:
        works[what](tx)


def _adds_up(stall: Stocked, sale: int) -> None:
    """The sum is that of the lines and the tip, places count from 0, and nothing is held by what is over."""
    now, placed = sales.get(stall.box.db.read(), sale), lines(stall, sale)
    assert [line.n for line in placed] == list(range(len(placed)))
    assert now.total_minor == sum(line.minor for line in placed) + now.tip_minor
    assert placed
    held = (
        stall.box.db.read().execute("SELECT count(*) FROM numbers WHERE state = 1 AND sale = ?", (sale,)).fetchone()[0]
    )
    assert held == 0 or now.state == "basket"
    if now.state == "paid":
        assert selling.receipt_of(stall, sale).pay[0].minor == now.total_minor


def test_one_number_goes_into_an_order_once(stall: Stocked) -> None:
    """It is held once, and would be paid twice."""
    sale = ordered(stall, Wish(PRINTS, ed=2))
    with pytest.raises(Refused, match="Number 2 of Harbour Prints is in this basket already"):
        add(stall, sale, Wish(PRINTS, ed=2))
    with pytest.raises(Refused, match="in this basket already"):
        ordered(stall, Wish(PRINTS, ed=3), Wish(PRINTS, ed=3))
    add(stall, sale, Wish(PRINTS, ed=3), press=2)
    selling.cash(stall, sale)
    assert selling.numbers(stall, sale) == [2, 3]


@pytest.mark.parametrize("pay", [selling.cash, selling.ask])
def test_no_payment_begins_for_a_sale_that_asks_for_one_number_twice(
    stall: Stocked, pay: Callable[[Stocked, int], object]
) -> None:
    """A terminal that took the money first would leave a sale that cannot be finished."""
    sale = ordered(stall, Wish(PRINTS, ed=2), Wish(PRINTS))
    with stall.box.db.transaction() as tx:
        tx.conn.execute("UPDATE lines SET ed = 2, asked = 2")
    with pytest.raises(Refused, match="in this basket already"):
        pay(stall, sale)
    assert attempts.of_sale(stall.box.db.read(), sale) == []
    assert selling.left(stall) == 5
