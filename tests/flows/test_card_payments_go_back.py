"""Giving a card payment back: an attempt of its own, a signed void, a revoked code, numbers free again or void for ever."""

from __future__ import annotations

import pytest

from stall.creator import journals
from stall.domain import books
from stall.domain.epoch import Cause
from stall.domain.payment import Kind, Reason, State
from stall.errors import LocalWireError, Refused
from stall.flows import card_attempt, give_back
from stall.flows.begin_payment import attempt_body, begin_payment
from stall.flows.checkpoint import sign_checkpoint
from stall.flows.claim import redeem_code
from stall.flows.day_end import ask_day_end, record_day_end
from stall.flows.export_journal import export_journal
from stall.flows.hold_numbers import HOLD_MS
from stall.flows.housekeeping import BASKET_LIFE_MS, sweep
from stall.flows.new_epoch import new_epoch
from stall.flows.record_transfer import Transfer, record_transfer
from stall.flows.settle import paid_so_far
from stall.store import attempts, catalogue, claims, readers, reconciliation, sales
from stall.store.audit import audit
from stall.web.till.words import Stage, standing
from stall.wire import receipt, takeback
from stall.wire.receipt import Receipt
from tests.fakes.stock import PRINTS, ZINE, Stocked
from tests.flows import selling
from tests.flows.test_claims_open_downloads import code_of, redeem


def void_of(stall: Stocked) -> Receipt:
    own = stall.box.secrets.signing
    token = selling.events(stall, "attempt")[-1].body["receipt"]
    return receipt.verify(token, {own.thumbprint: own.public}, receipt.VOID)


def sound(stall: Stocked) -> None:
    assert audit(stall.box.db.read(), stall.box.secrets.signing.public).findings == []


def number_state(stall: Stocked, number: int) -> tuple[int, int | None]:
    row = stall.box.db.read().execute("SELECT state, sale FROM numbers WHERE (id & 1048575) = ? ORDER BY id", (number,))
    return tuple(row.fetchone())


def test_a_sale_taken_back_leaves_a_void_that_takes_back_all_of_it(stall: Stocked) -> None:
    sale = selling.basket(stall, PRINTS, ZINE)
    asked = selling.ask(stall, sale)
    selling.send(stall, asked)
    total = sales.get(stall.box.db.read(), sale).total_minor
    selling.approve(stall, asked, selling.facts(total))
    selling.pay(stall, asked)
    back = selling.give_back_by_card(stall, asked)
    assert (back.state, back.kind, back.of, back.amount_minor) == (State.PAID, "reverse", asked, total)
    assert selling.now(stall, asked).state is State.PAID  # the original stays what it was
    signed, bought = void_of(stall), selling.receipt_of(stall, sale)
    takeback.check(bought, receipt.VOID, signed)
    assert signed.ref == bought.jti
    assert [(pay.m, pay.minor, pay.ref) for pay in signed.pay] == [("card", -total, "29001006-0043-000022")]
    sound(stall)


def test_a_number_nobody_has_a_paper_of_is_free_again_and_sold_to_the_next(stall: Stocked) -> None:
    first = selling.basket(stall)
    selling.give_back_by_card(stall, selling.card(stall, first).no)
    assert number_state(stall, 1) == (0, None)
    second = selling.basket(stall)
    selling.card(stall, second)
    assert selling.numbers(stall, second) == [1]
    sound(stall)


def test_a_number_on_a_certificate_is_void_for_ever(stall: Stocked) -> None:
    sale = selling.basket(stall)
    paid = selling.card(stall, sale)
    redeem(stall, code_of(stall, sale))
    selling.give_back_by_card(stall, paid.no)
    assert number_state(stall, 1) == (3, sale)
    other = selling.basket(stall)
    selling.card(stall, other)
    assert selling.numbers(stall, other) == [2]
    sound(stall)


def test_a_number_whose_code_was_opened_is_void_for_ever_whatever_was_downloaded(
    stall: Stocked, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unsigned(*_: object) -> None:
        raise LocalWireError("delegation-expired", "The delegation ran out.")

    monkeypatch.setattr("stall.flows.sign_certificates._sign", unsigned)
    sale = selling.basket(stall)
    paid = selling.card(stall, sale)
    redeem(stall, code_of(stall, sale))  # a download may be running that nobody wrote down yet
    selling.give_back_by_card(stall, paid.no)
    assert number_state(stall, 1) == (3, sale)
    selling.card(stall, other := selling.basket(stall))
    assert selling.numbers(stall, other) == [2]
    sound(stall)


def test_a_download_that_ends_after_the_void_is_counted_and_the_journal_holds(stall: Stocked) -> None:
    sale = selling.basket(stall)
    paid = selling.card(stall, sale)
    grant = redeem(stall, code_of(stall, sale))
    selling.give_back_by_card(stall, paid.no)
    pack = claims.bought(stall.box.db.read(), sale)[0].pack
    file = catalogue.files(stall.box.db.read(), pack)[0]
    with stall.box.db.transaction() as tx:
        record_transfer(tx, Transfer(grant, file.id, file.size, 0, file.size))
    assert stall.box.db.read().execute("SELECT count FROM downloads").fetchone()[0] == 1
    assert selling.events(stall, "delivery") == []
    sound(stall)
    stall.clock.advance(2000)
    with stall.box.db.transaction() as tx:
        sign_checkpoint(tx)
    journals.check([line.encode() for line in export_journal(stall.box)])


def test_its_code_opens_nothing_any_more(stall: Stocked) -> None:
    sale = selling.basket(stall)
    paid = selling.card(stall, sale)
    code = code_of(stall, sale)
    selling.give_back_by_card(stall, paid.no)
    with pytest.raises(Refused), stall.box.db.transaction() as tx:
        redeem_code(tx, code, bytes(16))


def test_nothing_is_given_back_twice_and_a_second_press_is_the_first(stall: Stocked) -> None:
    paid = selling.card(stall, selling.basket(stall))
    asked = selling.ask_back(stall, paid.no)
    assert selling.ask_back(stall, paid.no) == asked
    with pytest.raises(Refused, match="payment-open"):
        selling.ask_back(stall, paid.no, ordinal=3)
    selling.send(stall, asked)
    selling.approve(stall, asked, selling.facts(450, 43))
    selling.pay(stall, asked)
    with pytest.raises(Refused, match="back-already"):
        selling.ask_back(stall, paid.no, ordinal=3)


def test_only_a_taken_card_payment_goes_back_by_card(stall: Stocked) -> None:
    sale = selling.basket(stall)
    cash = selling.cash(stall, sale).attempt
    with pytest.raises(Refused, match="back-not-paid"):
        selling.ask_back(stall, cash)
    paid = selling.card(stall, selling.basket(stall))
    back = selling.give_back_by_card(stall, paid.no)
    with pytest.raises(Refused, match="back-not-paid"):
        selling.ask_back(stall, back.no, ordinal=3)


def test_a_terminal_refunds_what_it_took_before_its_last_day_end_and_reverses_the_rest(stall: Stocked) -> None:
    paid = selling.card(stall, selling.basket(stall))
    selling.ask_back(stall, paid.no)
    with stall.box.db.transaction() as tx:
        card_attempt.not_sent(tx, paid.no + 1, Reason.CANCELLED)
        assert give_back.ways(tx.conn, selling.now(stall, paid.no)) == (Kind.REVERSE, Kind.REFUND)
        record_day_end(tx, ask_day_end(tx, 1), 1, total_minor=450, count=1, cur="EUR", tid="29001006")
        assert give_back.ways(tx.conn, selling.now(stall, paid.no)) == (Kind.REFUND,)
    with pytest.raises(Refused, match="back-way"):
        selling.ask_back(stall, paid.no, ordinal=3)
    back = selling.give_back_by_card(stall, paid.no, ordinal=3, kind=Kind.REFUND)
    assert (back.kind, back.state) == ("refund", State.PAID)
    sound(stall)


def test_a_payment_of_another_terminal_is_not_reversed_on_this_one(stall: Stocked) -> None:
    paid = selling.card(stall, selling.basket(stall))
    selling.ask_back(stall, paid.no)
    with stall.box.db.transaction() as tx:
        tx.conn.execute("UPDATE readers SET tid = '29009999'")
        assert give_back.ways(tx.conn, selling.now(stall, paid.no)) == (Kind.REFUND,)


def test_a_failed_way_back_changes_nothing(stall: Stocked) -> None:
    sale = selling.basket(stall)
    paid = selling.card(stall, sale)
    back = selling.ask_back(stall, paid.no)
    selling.send(stall, back)
    with stall.box.db.transaction() as tx:
        card_attempt.decline(tx, back, Reason.DECLINED)
    assert sales.get(stall.box.db.read(), sale).state == "paid"
    redeem(stall, code_of(stall, sale))
    sound(stall)


def test_an_unclear_way_back_is_for_a_person_who_says_what_the_slip_says(stall: Stocked) -> None:
    sale = selling.basket(stall)
    paid = selling.card(stall, sale)
    back = selling.ask_back(stall, paid.no)
    selling.send(stall, back)
    with stall.box.db.transaction() as tx:
        card_attempt.doubt(tx, back, Reason.READER_LOST)
        decided = card_attempt.decide(tx, back, "paid", "maker", "slip 0043")
    assert decided.state is State.PAID
    assert void_of(stall).ref == selling.receipt_of(stall, sale).jti
    sound(stall)


def pay_a_part(stall: Stocked) -> tuple[int, int]:
    """A buyer pays 2.00 by card and wants to pay the rest otherwise; give the sale and the payment."""
    sale = selling.basket(stall)
    with stall.box.db.transaction() as tx:
        begin_payment(tx, sale)
        part = attempts.add(
            tx, sale=sale, kind="pay", tender="card", state=State.REQUESTED, amount_minor=200, cur="EUR", reader=1
        )
        tx.append("attempt", attempt_body(part))
    selling.send(stall, part.no)
    selling.approve(stall, part.no, selling.facts(200))
    selling.pay(stall, part.no)
    return sale, part.no


def test_a_part_given_back_is_to_be_paid_again_and_keeps_no_hold(stall: Stocked) -> None:
    sale, part = pay_a_part(stall)
    selling.give_back_by_card(stall, part)
    with stall.box.db.transaction() as tx:
        assert paid_so_far(tx, sale) == 0
    assert sales.get(stall.box.db.read(), sale).hold_until_ms is not None
    selling.cash(stall, sale, ordinal=3)
    assert [pay.minor for pay in selling.receipt_of(stall, sale).pay] == [450]
    sound(stall)


def test_a_basket_whose_part_was_given_back_goes_when_it_is_left_alone(stall: Stocked) -> None:
    (kept, _), (left, part) = pay_a_part(stall), pay_a_part(stall)
    back = selling.ask_back(stall, part)
    stall.clock.advance(BASKET_LIFE_MS + HOLD_MS)
    selling.send(stall, back)  # too late: it was asked for too long ago
    assert selling.now(stall, back).state is State.NOT_SENT
    with stall.box.db.transaction() as tx:
        sweep(tx)
    assert sales.get(stall.box.db.read(), left).state == "basket"  # its part is still here
    selling.give_back_by_card(stall, part, ordinal=3)
    stall.clock.advance(HOLD_MS + 1)
    with stall.box.db.transaction() as tx:
        sweep(tx)
    gone = sales.get(stall.box.db.read(), left)
    assert gone.state == "dropped"
    assert standing(gone, attempts.of_sale(stall.box.db.read(), left)).stage is Stage.DROPPED
    assert sales.get(stall.box.db.read(), kept).state == "basket"
    sound(stall)


def test_a_new_epoch_tells_of_no_money_that_was_given_back(stall: Stocked) -> None:
    (kept, _), (left, part) = pay_a_part(stall), pay_a_part(stall)
    selling.give_back_by_card(stall, part)
    with stall.box.db.transaction() as tx:
        new_epoch(tx, Cause.PUT_BACK)
    told = [row[0] for row in stall.box.db.read().execute("SELECT sentence FROM exceptions WHERE attempt NOTNULL")]
    assert [f"in sale {kept} " in sentence for sentence in told] == [True]
    assert sales.get(stall.box.db.read(), left).state == "dropped"
    sound(stall)


def test_money_approved_offline_and_given_back_is_at_risk_no_more(stall: Stocked) -> None:
    paid = selling.ask(stall, selling.basket(stall))
    selling.send(stall, paid)
    selling.approve(stall, paid, selling.facts(offline=True))
    selling.pay(stall, paid)
    with stall.box.db.transaction() as tx:  # so much that nothing more fits
        tx.conn.execute("UPDATE attempts SET amount_minor = 49900 WHERE no = ?", (paid,))
    asked = selling.ask(stall, selling.basket(stall))
    selling.send(stall, asked)
    with pytest.raises(Refused, match="offline-cap"):
        selling.approve(stall, asked, selling.facts(offline=True))
    with stall.box.db.transaction() as tx:
        card_attempt.decline(tx, asked, Reason.DECLINED)
    back = selling.ask_back(stall, paid)
    selling.send(stall, back)
    with stall.box.db.transaction() as tx:
        attempts.change(tx, back, State.APPROVED)
        attempts.change(tx, back, State.PAID)
    asked = selling.ask(stall, selling.basket(stall))
    selling.send(stall, asked)
    assert selling.approve(stall, asked, selling.facts(offline=True)).state is State.APPROVED


def test_the_books_tie_with_a_payment_and_its_way_back(stall: Stocked) -> None:
    paid = selling.card(stall, selling.basket(stall))
    selling.card(stall, selling.basket(stall))
    selling.give_back_by_card(stall, paid.no)
    own = stall.box.secrets.signing
    read = reconciliation.read_books(stall.box.db.read(), {own.thumbprint: own.public}, "EUR", cloud=False)
    assert read.paid == (("card", "EUR", 450),)
    assert [each.minor for each in read.receipts] == [450]
    assert (read.since_minor, read.part_paid) == (450, 0)


def test_a_day_counts_what_stands(stall: Stocked) -> None:
    paid = selling.card(stall, selling.basket(stall))
    selling.card(stall, selling.basket(stall))
    selling.give_back_by_card(stall, paid.no)
    with stall.box.db.transaction() as tx:
        readers.report(tx, 1, "Card reader", "ready", "Ready")
        record_day_end(tx, ask_day_end(tx, 1), 1, total_minor=450, count=1, cur="EUR", tid=None)
    own = stall.box.secrets.signing
    read = reconciliation.read_books(stall.box.db.read(), {own.thumbprint: own.public}, "EUR", cloud=False)
    (end,) = read.day_ends
    assert (end.ours_minor, end.ours_count, end.taken_back) == (450, 1, 1)
    assert all(check.ok for check in books.checks(read))
