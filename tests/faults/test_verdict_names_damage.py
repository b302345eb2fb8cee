"""The oracle itself: a sound stall gives no finding, and each kind of damage is named in a sentence."""

from __future__ import annotations

import contextlib
import sqlite3
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from stall.flows import card_attempt, take_card
from stall.flows.claim import redeem_order
from stall.flows.fill_basket import Wish, fill_basket
from stall.flows.take_cash import take_cash
from stall.flows.take_free import take_free
from stall.reader.simulated.ledger import Ledger
from stall.store import readers
from stall.store.db import Tx
from stall.web import ids
from tests.fakes import stock
from tests.fakes.clock import FakeClock
from tests.fakes.stock import PRINTS, SAMPLER, ZINE
from tests.faults import verdict
from tests.faults.promised import Promised

PRICE = 450


@dataclass
class Sold:
    """A stall that sold one of each kind, closed, with what it promised and the terminal's books."""

    folder: Path
    promised: Promised
    books: Path
    clock: FakeClock

    def judge(self) -> list[str]:
        return verdict.judge(self.folder, self.promised, terminal=self.books, clock=self.clock)

    def damage(self, statement: str, *values: object) -> None:
        with contextlib.closing(sqlite3.connect(self.folder / "stall.sqlite", isolation_level=None)) as conn:
            assert conn.execute(statement, values).rowcount > 0, statement


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("verdict") / "box"
    stock.stock(folder, FakeClock())
    return folder


@pytest.fixture
def sold(template: Path, tmp_path: Path) -> Sold:
    stocked = stock.copy(template, tmp_path / "box")
    books = Ledger(tmp_path / "ledger.sqlite")
    promised = Promised(presses=Counter(take=1, till=2))

    def write(work: Callable[[Tx], object]) -> int:
        made = stocked.box.write("payment", work)
        return made if isinstance(made, int) else 0

    def basket(tx: Tx) -> int:
        return fill_basket(tx, [Wish(PRINTS)], origin="till", vat_bp=1900)

    take = write(lambda tx: take_free(tx, SAMPLER, bytes(16), 1900))
    order = f"/o/{ids.order_id(stocked.box.secrets, take)}"
    grant = write(lambda tx: redeem_order(tx, take, bytes(16)))
    cash, card = write(basket), write(basket)
    write(lambda tx: take_cash(tx, cash, 1, PRICE))
    write(lambda tx: readers.report(tx, 1, "Reader", "ready", "Ready"))
    attempt = write(lambda tx: take_card.ask_card(tx, card, 1, reader=1))
    entry = books.authorise(PRICE, "EUR")
    facts = card_attempt.TerminalFacts(
        PRICE, books.tid, entry.receipt, entry.trace, "1", "girocard", "5726", offline=False
    )
    write(lambda tx: card_attempt.send(tx, attempt))
    write(lambda tx: card_attempt.approve(tx, attempt, facts))
    books.settle(entry, "booked")
    write(lambda tx: card_attempt.pay(tx, attempt))
    stocked.box.close()
    promised.takes[order], promised.cash[cash], promised.cards[card] = None, PRICE, PRICE
    promised.grants[f"/g/{ids.grant_id(stocked.box.secrets, grant)}"] = order
    promised.bookings[entry.receipt] = PRICE
    return Sold(tmp_path / "box", promised, tmp_path / "ledger.sqlite", stocked.clock)


def test_a_sound_stall_gives_no_finding_and_sells_again(sold: Sold) -> None:
    assert sold.judge() == []
    assert verdict.sells_again(sold.folder, sold.promised, clock=sold.clock) == []
    assert sold.judge() == []


def test_what_was_promised_survives_being_written_down(sold: Sold, tmp_path: Path) -> None:
    sold.promised.save(tmp_path / "promised.json")
    assert Promised.load(tmp_path / "promised.json") == sold.promised


DAMAGE = {
    "a lost cash sale": ("DELETE FROM attempts WHERE tender = 'cash'", "Changed: the cash sale"),
    "a sale forgotten": ("UPDATE sales SET state = 'dropped' WHERE origin = 'take'", "Missing: the take"),
    "a card sale undone": ("UPDATE attempts SET state = 'declined' WHERE tender = 'card'", "Changed: the card sale"),
    "a grant gone": ("DELETE FROM grants", "Missing: the download page"),
    "a certificate gone": ("DELETE FROM certificates", "has no certificate"),
    "a number freed": ("UPDATE numbers SET state = 0 WHERE state = 2", "is free and belongs to sale"),
    "a number unsold": ("UPDATE numbers SET state = 0, sale = NULL WHERE state = 2", "is not marked as sold"),
    "a number held by nobody": ("UPDATE numbers SET state = 1, sale = 99 WHERE id & 255 = 5", "does not want it"),
    "a number sold to nobody": ("UPDATE numbers SET state = 2, sale = 99 WHERE id & 255 = 5", "which did not buy it"),
    "a number lost": ("DELETE FROM numbers WHERE id & 255 = 5", "were leased and 4 are accounted for"),
    "a number twice": ("UPDATE lines SET ed = 1 WHERE ed = 2", "was sold 2 times"),
    "a receipt gone": ("UPDATE sales SET receipt_event = NULL WHERE origin = 'take'", "without a receipt"),
    "a payment in its table only": ("UPDATE attempts SET state = 'unknown' WHERE tender = 'card'", "in the journal"),
    "a sale taken twice": ("UPDATE attempts SET amount_minor = 900 WHERE tender = 'cash'", "costs 450 and 900 was"),
    "an event changed": (
        "UPDATE events SET bytes = CAST(replace(CAST(bytes AS TEXT), '\"ntp\"', '\"rtc\"') AS BLOB)",
        "do not make the root",
    ),
    "an event gone": ("DELETE FROM events WHERE id = (SELECT max(id) - 1 FROM events)", "do not make the root"),
    "a button twice": ("UPDATE sales SET origin = 'take' WHERE origin = 'till'", "1 buttons of kind take"),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_damage_is_named(sold: Sold, damage: str) -> None:
    statement, sentence = DAMAGE[damage]
    sold.damage(statement)
    found = sold.judge()
    assert any(sentence in each for each in found), found


BOOKS = {
    "a payment we do not have": ("UPDATE entry SET receipt = 77 WHERE id = 2", "we have no attempt"),
    "a payment taken back": ("UPDATE entry SET state = 'reversed' WHERE id = 2", "stands 0 times"),
    "another amount": ("UPDATE entry SET amount = 451 WHERE id = 2", "booked 451"),
}


@pytest.mark.parametrize("damage", BOOKS)
def test_books_of_the_terminal_that_differ_are_named(sold: Sold, damage: str) -> None:
    statement, sentence = BOOKS[damage]
    with contextlib.closing(sqlite3.connect(sold.books, isolation_level=None)) as books:
        assert books.execute(statement).rowcount == 1
    found = sold.judge()
    assert any(sentence in each for each in found), found


def test_an_acknowledged_booking_we_never_heard_of_is_named(sold: Sold) -> None:
    sold.promised.bookings[4711] = PRICE
    assert any("receipt 4711" in each for each in sold.judge())


def test_a_sale_that_was_never_made_is_missing(sold: Sold) -> None:
    sold.promised.cash[4711] = PRICE
    assert any("the cash sale 4711 was acknowledged and is not there" in each for each in sold.judge())


def test_a_changed_number_is_named(sold: Sold) -> None:
    (address,) = sold.promised.takes
    sold.promised.takes[address] = 3
    assert any(f"The take {address} showed number 3" in each for each in sold.judge())


def test_a_stall_that_does_not_open_is_named(sold: Sold) -> None:
    (sold.folder / "stall.sqlite").unlink()
    assert "does not open" in sold.judge()[0]
    assert "does not open" in verdict.sells_again(sold.folder, clock=sold.clock)[0]


def test_a_stall_that_sells_nothing_is_named(sold: Sold) -> None:
    sold.damage("UPDATE drops SET switched_on = 0")
    cash, free = verdict.sells_again(sold.folder, clock=sold.clock)
    assert f"{PRINTS}: " in cash
    assert f"{ZINE}: " in cash
    assert f"{SAMPLER}: " in free
