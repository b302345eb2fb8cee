"""A shift: its float, cash in and out, its count, and the close that writes one Z-report and begins the next shift."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from stall.domain.drawer import Way
from stall.domain.payment import Reason, State
from stall.domain.zreport import OpenPayment, Owed
from stall.errors import Refused
from stall.flows import card_attempt, take_cash
from stall.flows.basket_lines import Wish
from stall.flows.begin_return import begin_return
from stall.flows.day_end import ask_day_end, record_day_end
from stall.flows.owe_money import queue_return
from stall.flows.pay_back import pay_back_cash
from stall.store import audit, journal, shifts
from stall.wire import event, note
from tests.fakes.stock import PRINTS, SAMPLER, ZINE, Stocked
from tests.flows import closing
from tests.flows.selling import ask, basket, card, cash, events, give_back_by_card, send
from tests.flows.test_goods_come_back_for_cash import give_back, sold


def test_a_day_with_cash_and_cards_is_on_its_report(stall: Stocked) -> None:
    closing.put_float(stall.box, 5000)
    cash(stall, basket(stall, ZINE, PRINTS))
    card(stall, basket(stall, PRINTS))
    closing.move(stall.box, Way.IN, 1000, "change")
    closing.move(stall.box, Way.OUT, 700, "supplies")
    closing.count(stall.box, {5000: 1, 500: 2, 20: 1, 10: 1})
    closing.close(stall.box, counted=True)
    report = closing.report(stall.box)
    drawer = report.drawer
    assert (drawer.float_minor, drawer.sales, drawer.refunds, drawer.paid_in, drawer.paid_out) == (
        5000,
        750,
        0,
        1000,
        -700,
    )
    assert (drawer.expected, drawer.counted, drawer.over) == (6050, 6030, -20)
    assert [(row.tender, row.taken, row.payments) for row in report.tenders] == [("cash", 750, 1), ("card", 450, 1)]
    assert report.turnover == 1200
    assert [(e.drop, e.sold, e.numbers) for e in report.editions] == [(PRINTS, 2, "1-2"), (ZINE, 1, "")]
    assert audit.audit(stall.box.db.read(), stall.box.secrets.signing.public).findings == []


def test_the_next_shift_begins_with_an_empty_drawer_and_the_next_number(stall: Stocked) -> None:
    closing.put_float(stall.box)
    cash(stall, basket(stall))
    assert [closing.close(stall.box), closing.close(stall.box)] == [1, 2]
    assert closing.expected(stall.box) == 0
    first, second = closing.report(stall.box, 1), closing.report(stall.box, 2)
    assert (second.turnover, second.drawer.expected, second.money) == (0, 0, 0)
    assert second.period.first == second.period.last
    assert second.period.last.seq == first.period.last.seq + 1


def test_a_sale_before_the_float_is_in_the_shift_too(stall: Stocked) -> None:
    cash(stall, basket(stall))
    closing.put_float(stall.box, 2000)
    assert closing.expected(stall.box) == 2450
    closing.close(stall.box)
    report = closing.report(stall.box)
    assert report.period.first.seq == 0
    assert (report.drawer.float_minor, report.drawer.sales) == (2000, 450)


def test_each_button_pressed_twice_is_one_press(stall: Stocked) -> None:
    box = stall.box
    by = closing.press(box)
    assert closing.put_float(box, 5000, by) == closing.put_float(box, 5000, by)
    by = closing.press(box)
    assert closing.move(box, Way.IN, 100, by=by) == closing.move(box, Way.IN, 100, by=by)
    by = closing.press(box)
    assert closing.count(box, {100: 51}, by=by) == closing.count(box, {100: 51}, by=by)
    by = closing.press(box)
    assert closing.close(box, by, counted=True) == closing.close(box, by, counted=True) == 1
    assert [len(events(stall, kind)) for kind in ("drawer", "shift_close")] == [3, 1]


def test_a_form_of_a_shift_that_was_closed_meanwhile_does_nothing(stall: Stocked) -> None:
    by = closing.press(stall.box)
    closing.close(stall.box)
    late: tuple[Callable[[], int], ...] = (
        lambda: closing.put_float(stall.box, 1, by),
        lambda: closing.move(stall.box, Way.IN, 1, by=by),
        lambda: closing.count(stall.box, {}, by=by),
        lambda: closing.close(stall.box, by),
    )
    for press in late:
        with pytest.raises(Refused, match="closed meanwhile"):
            press()
    assert events(stall, "drawer") == []
    assert len(events(stall, "shift_close")) == 1


def test_a_float_is_recorded_once_a_shift(stall: Stocked) -> None:
    closing.put_float(stall.box)
    with pytest.raises(Refused, match="recorded before"):
        closing.put_float(stall.box)
    closing.close(stall.box)
    closing.put_float(stall.box, 0)
    assert shifts.running(stall.box.db.read()).opened_event is not None


def test_cash_that_moves_after_the_count_asks_for_another(stall: Stocked) -> None:
    closing.put_float(stall.box)
    closing.count(stall.box, {5000: 1})
    cash(stall, basket(stall))
    with pytest.raises(Refused, match="Count it again"):
        closing.close(stall.box, counted=True)
    closing.count(stall.box, {5000: 1, 200: 2, 50: 1})
    closing.close(stall.box, counted=True)
    assert (closing.report(stall.box).drawer.over, closing.report(stall.box).drawer.counts) == (0, 2)


def test_a_card_sale_after_the_count_leaves_it_standing(stall: Stocked) -> None:
    closing.put_float(stall.box)
    closing.count(stall.box, {5000: 1})
    card(stall, basket(stall))
    closing.close(stall.box, counted=True)
    assert closing.report(stall.box).drawer.over == 0


def test_a_payment_that_runs_or_is_unknown_stops_the_close_until_it_is_named(stall: Stocked) -> None:
    sale = basket(stall)
    attempt = ask(stall, sale)
    send(stall, attempt)
    with stall.box.db.transaction() as tx:
        card_attempt.doubt(tx, attempt, Reason.READER_LOST)
    with pytest.raises(Refused, match="not finished"):
        closing.close(stall.box)
    closing.close(stall.box, despite_open=True)
    assert closing.report(stall.box).open == (OpenPayment(attempt, sale, State.UNKNOWN, 450),)


def test_a_void_takes_money_turnover_and_copies_back(stall: Stocked) -> None:
    paid = card(stall, basket(stall, PRINTS))
    closing.close(stall.box)
    give_back_by_card(stall, paid.no)
    closing.close(stall.box)
    report = closing.report(stall.box, 2)
    assert (report.turnover, report.card, report.receipts.voids, report.receipts.sales) == (-450, -450, 1, 0)
    assert [(e.sold, e.returned, e.granted, e.remaining) for e in report.editions] == [(0, 1, 5, 5)]


def test_each_paper_of_a_return_is_counted_once_as_what_it_is(stall: Stocked) -> None:
    part, whole, free = sold(stall, Wish(PRINTS), Wish(ZINE)), sold(stall, Wish(PRINTS)), sold(stall, Wish(SAMPLER))
    closing.close(stall.box)
    give_back(stall, part, 1)
    give_back(stall, whole, 0)
    with stall.box.db.transaction() as tx:
        take_cash.take_cash(tx, begin_return(tx, free, {0: 1}), 1, 0)
    closing.close(stall.box)
    report = closing.report(stall.box, 2)
    said = report.receipts
    assert (said.sales, said.refunds, said.exchanges, said.voids, said.free) == (0, 2, 0, 1, 0)
    assert (report.turnover, report.drawer.refunds, report.discounts) == (-750, -750, 0)
    assert [(e.drop, e.sold, e.returned) for e in report.editions] == [(SAMPLER, 0, 1), (PRINTS, 0, 1), (ZINE, 0, 1)]
    assert closing.told(report) == closing.recomputed(stall.box, 2)
    papers = list(
        shifts.papers(stall.box.db.read(), *shifts.span(stall.box.db.read(), shifts.get(stall.box.db.read(), 2)))
    )
    assert [paper.typ.split("+")[0] for paper in papers] == ["stall-refund", "stall-refund", "stall-void"]


def test_an_end_of_day_that_was_told_late_closes_where_it_closed(stall: Stocked) -> None:
    card(stall, basket(stall, PRINTS))
    with stall.box.db.transaction() as tx:
        record_day_end(tx, ask_day_end(tx, 1), 1, total_minor=450, count=1, cur="EUR", tid="29001006")
        tx.conn.execute("UPDATE day_ends SET upto = (SELECT max(id) FROM events)")
    card(stall, basket(stall, PRINTS))
    closing.close(stall.box)
    assert [(end.ours, end.payments) for end in closing.report(stall.box).day_ends] == [(450, 1)]


def test_the_terminals_end_of_day_stands_beside_our_card_payments(stall: Stocked) -> None:
    card(stall, basket(stall, PRINTS))
    with stall.box.db.transaction() as tx:
        record_day_end(tx, ask_day_end(tx, 1), 1, total_minor=440, count=1, cur="EUR", tid="29001006")
    card(stall, basket(stall, PRINTS))
    closing.close(stall.box)
    report = closing.report(stall.box)
    assert [(end.theirs, end.ours, end.payments) for end in report.day_ends] == [(440, 450, 1)]
    assert (report.since.minor, report.since.payments) == (450, 1)


def test_what_is_free_is_counted_apart_from_what_was_given(stall: Stocked) -> None:
    cash(stall, basket(stall, SAMPLER), given=0)
    closing.close(stall.box)
    said = closing.report(stall.box).receipts
    assert (said.sales, said.free, said.comps) == (1, 1, 0)


def test_what_cost_nothing_was_given_away_by_nobody_whichever_button_was_pressed(stall: Stocked) -> None:
    sale = basket(stall, SAMPLER)
    with stall.box.db.transaction() as tx:
        take_cash.take_comp(tx, sale, 1, "maker")
        take_cash.take_comp(tx, begin_return(tx, sale, {0: 1}), 1, "maker")
    closing.close(stall.box)
    said = closing.report(stall.box)
    assert (said.receipts.free, said.receipts.comps, said.receipts.voids) == (1, 0, 1)
    assert closing.told(said) == closing.recomputed(stall.box, 1)


def test_what_waits_is_what_did_not_go_out_yet(stall: Stocked) -> None:
    sale = sold(stall, Wish(ZINE, 3))
    with stall.box.db.transaction() as tx:
        back = begin_return(tx, sale, {0: 3})
        pay_back_cash(tx, back, 1, "maker", part_minor=500)
        queue_return(tx, back)
    closing.close(stall.box, despite_open=True)
    assert closing.report(stall.box).queued == Owed(1, 400)


def test_free_words_stand_sealed_in_the_row_and_as_a_hash_in_the_event(stall: Stocked) -> None:
    key = closing.move(stall.box, Way.OUT, 700, "other", "gloves for the stand")
    conn = stall.box.db.read()
    data = journal.event_bytes(conn, key)
    assert data is not None
    assert b"gloves" not in data
    (row,) = shifts.moves(conn, 0, key, stall.box.secrets.claim_key)
    assert row.words == "gloves for the stand"
    with stall.box.db.transaction() as tx:
        tx.conn.execute("UPDATE drawer_moves SET salt = NULL, sealed = NULL")
    (row,) = shifts.moves(conn, 0, key, stall.box.secrets.claim_key)
    assert row.words is None
    assert audit.audit(conn, stall.box.secrets.signing.public).findings == []


@pytest.mark.parametrize(
    ("way", "minor", "reason", "said"),
    [
        (Way.IN, 0, "change", "That amount"),
        (Way.OUT, -1, "change", "That amount"),
        (Way.OUT, 10**9 + 1, "change", "That amount"),
        (Way.OUT, 100, "because", "Choose why"),
        (Way.IN, 100, "to the bank", "Choose why"),
    ],
)
def test_a_move_that_cannot_be_is_refused(stall: Stocked, way: Way, minor: int, reason: str, said: str) -> None:
    with pytest.raises(Refused, match=said):
        closing.move(stall.box, way, minor, reason)


def test_the_checkpoint_over_the_report_is_kept_with_it(stall: Stocked) -> None:
    for no in (1, 2):
        closing.close(stall.box)
        own, kept = stall.box.secrets.signing, shifts.get(stall.box.db.read(), no)
        head = journal.read_head(stall.box.db.read())
        signer = note.Verifier(note.origin(own.thumbprint, head.epoch), own.public)
        signed = note.Checkpoint.parse(note.open(kept.checkpoint or "", [signer]).body)
        assert (signed.size, signed.root) == (head.size, head.frontier.root())
        data = journal.event_bytes(stall.box.db.read(), kept.event)
        assert data is not None
        assert event.decode(data).seq == signed.size - 1
