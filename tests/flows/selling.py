"""Short words for what the tests of the flows do over and over."""

from __future__ import annotations

from stall.domain.payment import Kind
from stall.domain.product import ProductKind
from stall.flows import card_attempt, give_back, take_card, take_cash
from stall.flows.card_attempt import TerminalFacts
from stall.flows.fill_basket import Wish, fill_basket
from stall.flows.keep_products import Draft, save_product
from stall.store import attempts, catalogue, journal, readers, sales
from stall.store.attempts import Attempt
from stall.store.db import Tx
from stall.store.products import BundlePart
from stall.wire import event, receipt
from stall.wire.receipt import Receipt
from tests.fakes.stock import PRINTS, ZINE, Stocked

VAT = 1900


def basket(stall: Stocked, *drops: str, origin: str = "till", qty: int = 1) -> int:
    with stall.box.db.transaction() as tx:
        return fill_basket(tx, [Wish(drop, qty) for drop in drops or (PRINTS,)], origin=origin, vat_bp=VAT)


def add_products(tx: Tx) -> None:
    """A thing at the lower rate, a bundle of it and of a drop, a voucher whose worth is typed, a deposit."""
    postcard = save_product(tx, Draft("postcard", "Postcard", ProductKind.ITEM, 120, "EUR", 700, stock=40))
    parts = (BundlePart(ZINE, None, 1), BundlePart(None, postcard, 3))
    save_product(tx, Draft("both", "Zine and three cards", ProductKind.BUNDLE, 599, "EUR", 1900, parts=parts))
    save_product(tx, Draft("gift", "Voucher", ProductKind.VOUCHER, None, "EUR", 0))
    save_product(tx, Draft("cup", "Deposit for the cup", ProductKind.DEPOSIT, 200, "EUR", 1900))


def cash(stall: Stocked, sale: int, given: int = 10_000, ordinal: int = 1) -> take_cash.Taken:
    with stall.box.db.transaction() as tx:
        return take_cash.take_cash(tx, sale, ordinal, given)


def ask(stall: Stocked, sale: int, ordinal: int = 1) -> int:
    with stall.box.db.transaction() as tx:
        return take_card.ask_card(tx, sale, ordinal, reader=1)


def send(stall: Stocked, attempt: int) -> Attempt:
    with stall.box.db.transaction() as tx:
        return card_attempt.send(tx, attempt)


def facts(amount: int = 450, receipt_no: int | None = 42, *, offline: bool | None = False) -> TerminalFacts:
    return TerminalFacts(amount, "29001006", receipt_no, 22, "291675", "Debit Mastercard", "5726", offline)


def approve(stall: Stocked, attempt: int, told: TerminalFacts | None = None) -> Attempt:
    with stall.box.db.transaction() as tx:
        return card_attempt.approve(tx, attempt, told or facts())


def pay(stall: Stocked, attempt: int) -> Attempt:
    with stall.box.db.transaction() as tx:
        return card_attempt.pay(tx, attempt)


def card(stall: Stocked, sale: int) -> Attempt:
    attempt = ask(stall, sale)
    send(stall, attempt)
    approve(stall, attempt)
    return pay(stall, attempt)


def ask_back(stall: Stocked, of: int, ordinal: int = 2, kind: Kind = Kind.REVERSE) -> int:
    """Ask the terminal, which can both, to give a payment back."""
    with stall.box.db.transaction() as tx:
        readers.note_abilities(tx, 1, {"reverse", "refund", "day_end"})
        return give_back.ask_back(tx, of, ordinal, kind, "maker")


def give_back_by_card(stall: Stocked, of: int, ordinal: int = 2, kind: Kind = Kind.REVERSE) -> Attempt:
    back = ask_back(stall, of, ordinal, kind)
    send(stall, back)
    approve(stall, back, facts(now(stall, of).amount_minor, 43))
    return pay(stall, back)


def now(stall: Stocked, attempt: int) -> Attempt:
    return attempts.get(stall.box.db.read(), attempt)


def left(stall: Stocked, drop: str = PRINTS) -> int | None:
    found = catalogue.card(stall.box.db.read(), drop, stall.box.now_ms())
    assert found is not None
    return found.remaining


def receipt_of(stall: Stocked, sale: int) -> Receipt:
    row = sales.get(stall.box.db.read(), sale)
    assert row.receipt_event is not None
    data = journal.event_bytes(stall.box.db.read(), row.receipt_event)
    assert data is not None
    own = stall.box.secrets.signing
    return receipt.verify(event.decode(data).body["receipt"], {own.thumbprint: own.public})


def events(stall: Stocked, kind: str | None = None) -> list[event.Event]:
    found = [event.decode(data) for _, data in journal.all_events(stall.box.db.read(), 1)]
    return [each for each in found if kind in (None, each.kind)]


def numbers(stall: Stocked, sale: int) -> list[int | None]:
    return [line.ed for line in sales.lines(stall.box.db.read(), sale)]
