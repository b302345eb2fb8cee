"""Each step of a card payment: what it needs, what it journals, what it leaves."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Literal

import pytest

from stall.domain.payment import Reason, State
from stall.errors import Refused
from stall.flows import card_attempt, take_card
from stall.flows.card_attempt import FRESH_MS
from stall.flows.confirm_clock import confirm_clock
from stall.flows.hold_numbers import HOLD_MS
from stall.flows.housekeeping import sweep
from stall.flows.sign_certificates import sign_certificates
from stall.store import decisions, sales
from stall.store.db import Tx
from tests.fakes.stock import Stocked
from tests.flows import selling


def step(stall: Stocked, flow: Callable[..., object], *arguments: object) -> None:
    with stall.box.db.transaction() as tx:
        flow(tx, *arguments)


def states(stall: Stocked) -> list[str]:
    return [each.body["state"] for each in selling.events(stall, "attempt")]


def test_a_card_sale_appends_one_event_a_state_and_the_receipt_in_the_last(stall: Stocked) -> None:
    sale = selling.basket(stall)
    attempt = selling.card(stall, sale)
    assert states(stall) == ["requested", "sent", "approved", "paid"]
    told = selling.events(stall, "attempt")
    assert ["receipt" in each.body for each in told] == [False, False, False, True]
    (pay,) = selling.receipt_of(stall, sale).pay
    assert (pay.m, pay.st, pay.minor, pay.ref) == ("card", "online", 450, "29001006-0042-000022")
    assert attempt.state is State.PAID


def test_nothing_personal_reaches_the_journal(stall: Stocked) -> None:
    selling.card(stall, selling.basket(stall))
    everything = b"".join(bytes(row[0]) for row in stall.box.db.read().execute("SELECT bytes FROM events"))
    for secret in (b"5726", b"291675", b"Mastercard"):
        assert secret not in everything
    (salted,) = [each.body["card"] for each in selling.events(stall, "attempt") if "card" in each.body]
    assert len(salted) == 43


def test_no_receipt_or_claim_exists_before_paid(stall: Stocked) -> None:
    sale = selling.basket(stall)
    attempt = selling.ask(stall, sale)
    selling.send(stall, attempt)
    selling.approve(stall, attempt)
    row = sales.get(stall.box.db.read(), sale)
    assert (row.state, row.receipt_event) == ("basket", None)
    assert stall.box.db.read().execute("SELECT count(*) FROM claims").fetchone()[0] == 0


@pytest.mark.parametrize("reached", ["requested", "sent", "approved", "unknown"])
def test_while_an_attempt_is_open_no_other_tender_is_taken_for_that_sale(stall: Stocked, reached: str) -> None:
    sale = selling.basket(stall)
    attempt = selling.ask(stall, sale)
    if reached != "requested":
        selling.send(stall, attempt)
    if reached == "approved":
        selling.approve(stall, attempt)
    if reached == "unknown":
        step(stall, card_attempt.doubt, attempt, Reason.READER_LOST)
    for again in (lambda: selling.cash(stall, sale, ordinal=2), lambda: selling.ask(stall, sale, ordinal=2)):
        with pytest.raises(Refused) as refusal:
            again()
        assert refusal.value.code in {"payment-open", "payment-unknown", "reader-busy"}
    assert len(states(stall)) == {"requested": 1, "sent": 2, "approved": 3, "unknown": 3}[reached]


def test_a_busy_reader_takes_no_second_sale_but_cash_goes_on(stall: Stocked) -> None:
    selling.send(stall, selling.ask(stall, selling.basket(stall)))
    other = selling.basket(stall)
    with pytest.raises(Refused) as refusal:
        selling.ask(stall, other)
    assert refusal.value.code == "reader-busy"
    selling.cash(stall, other)
    assert selling.numbers(stall, other) == [2]


def test_a_second_press_returns_the_first_attempt(stall: Stocked) -> None:
    sale = selling.basket(stall)
    assert selling.ask(stall, sale) == selling.ask(stall, sale)
    assert states(stall) == ["requested"]


def test_a_request_older_than_half_a_minute_is_not_sent(stall: Stocked) -> None:
    attempt = selling.ask(stall, selling.basket(stall))
    stall.clock.advance(FRESH_MS + 1)
    ended = selling.send(stall, attempt)
    assert (ended.state, ended.reason) == (State.NOT_SENT, Reason.STALE)


def test_a_request_of_an_earlier_boot_is_not_sent(stall: Stocked) -> None:
    attempt = selling.ask(stall, selling.basket(stall))
    stall.clock.boot = "boot-2"
    ended = selling.send(stall, attempt)
    assert (ended.state, ended.reason) == (State.NOT_SENT, Reason.STALE)


def test_a_request_whose_hold_is_gone_is_not_sent(stall: Stocked) -> None:
    attempt = selling.ask(stall, selling.basket(stall))
    with stall.box.db.transaction() as tx:
        tx.conn.execute("UPDATE numbers SET state = 0, sale = NULL WHERE state = 1")
    ended = selling.send(stall, attempt)
    assert (ended.state, ended.reason) == (State.NOT_SENT, Reason.HOLD_LOST)


def test_more_than_the_creator_allows_is_refused_before_the_terminal_hears_of_it(stall: Stocked) -> None:
    sale = selling.basket(stall, "night-zine", qty=17)  # 51.00, the cap is 50.00
    with pytest.raises(Refused) as refusal:
        selling.ask(stall, sale)
    assert refusal.value.code == "card-cap"
    assert selling.cash(stall, sale).change_minor == 4900


def test_cancelling_and_sending_exclude_each_other(stall: Stocked) -> None:
    attempt = selling.ask(stall, selling.basket(stall))
    with stall.box.db.transaction() as tx:
        assert take_card.cancel_card(tx, attempt) is State.NOT_SENT
    assert selling.send(stall, attempt).state is State.NOT_SENT
    assert states(stall) == ["requested", "not_sent"]


def test_cancelling_what_the_terminal_has_only_asks_it(stall: Stocked) -> None:
    attempt = selling.ask(stall, selling.basket(stall))
    selling.send(stall, attempt)
    with stall.box.db.transaction() as tx:
        assert take_card.cancel_card(tx, attempt) is State.SENT
    assert selling.now(stall, attempt).cancel_wanted


def test_an_offline_approval_within_the_caps_is_stored_and_its_certificate_pending(stall: Stocked) -> None:
    sale = selling.basket(stall)
    attempt = selling.ask(stall, sale)
    selling.send(stall, attempt)
    selling.approve(stall, attempt, selling.facts(offline=True))
    selling.pay(stall, attempt)
    assert selling.receipt_of(stall, sale).pay[0].st == "stored"


def test_a_certificate_is_settled_whatever_a_payment_that_was_taken_back_was(stall: Stocked) -> None:
    sale = selling.basket(stall)
    attempt = selling.ask(stall, sale)
    selling.send(stall, attempt)
    selling.approve(stall, attempt, selling.facts(offline=True))
    with stall.box.db.transaction() as tx:
        card_attempt.begin_reversal(tx, attempt, Reason.COMMIT_LATE)
        card_attempt.reversed_(tx, attempt)
    selling.cash(stall, sale, ordinal=2)
    with stall.box.db.transaction() as tx:
        sign_certificates(tx, sale)
    (document,) = stall.box.db.read().execute("SELECT document FROM certificates").fetchone()
    assert json.loads(document)["credentialSubject"]["settlement"] == "settled"


def test_an_offline_approval_beyond_the_caps_is_refused(stall: Stocked) -> None:
    attempt = selling.ask(stall, selling.basket(stall))
    selling.send(stall, attempt)
    _lower_cap(stall)
    with pytest.raises(Refused) as refusal:
        selling.approve(stall, attempt, selling.facts(offline=True))
    assert refusal.value.code == "offline-cap"
    assert selling.now(stall, attempt).state is State.SENT


def test_an_offline_approval_whose_end_is_unclear_is_still_money_at_risk(stall: Stocked) -> None:
    earlier = selling.basket(stall)
    lost = selling.ask(stall, earlier)
    selling.send(stall, lost)
    selling.approve(stall, lost, selling.facts(offline=True))
    step(stall, card_attempt.doubt, lost, Reason.READER_LOST)
    with stall.box.db.transaction() as tx:  # so much that nothing more fits; and the next card goes to another reader
        tx.conn.execute("UPDATE attempts SET amount_minor = 49900, reader = 2 WHERE no = ?", (lost,))
    attempt = selling.ask(stall, selling.basket(stall))
    selling.send(stall, attempt)
    with pytest.raises(Refused) as refusal:
        selling.approve(stall, attempt, selling.facts(offline=True))
    assert refusal.value.code == "offline-cap"


def _lower_cap(stall: Stocked) -> None:
    """Let money at risk stand in the way: an earlier sale's approval nobody settled."""
    earlier = selling.basket(stall, "night-zine")
    selling.cash(stall, earlier)
    with stall.box.db.transaction() as tx:
        tx.conn.execute("UPDATE attempts SET settlement = 'stored', amount_minor = 49900 WHERE sale = ?", (earlier,))


def test_the_hold_lives_three_minutes_after_the_last_attempt_ended(stall: Stocked) -> None:
    sale = selling.basket(stall)
    attempt = selling.ask(stall, sale)
    selling.send(stall, attempt)
    stall.clock.advance(10 * HOLD_MS)
    step(stall, sweep)
    assert selling.left(stall) == 4  # an open attempt keeps it, however long
    step(stall, card_attempt.decline, attempt, Reason.DECLINED)
    stall.clock.advance(HOLD_MS - 1)
    step(stall, sweep)
    assert selling.left(stall) == 4
    stall.clock.advance(1)
    step(stall, sweep)
    assert selling.left(stall) == 5


def test_a_declined_card_keeps_its_number_for_the_next_try(stall: Stocked) -> None:
    sale = selling.basket(stall)
    attempt = selling.ask(stall, sale)
    selling.send(stall, attempt)
    step(stall, card_attempt.decline, attempt, Reason.DECLINED)
    selling.cash(stall, selling.basket(stall))
    selling.cash(stall, sale, ordinal=2)
    assert selling.numbers(stall, sale) == [1]


@pytest.mark.parametrize(("outcome", "sold"), [("paid", True), ("declined", False), ("reversed", False)])
def test_a_person_decides_what_the_terminal_cannot_say(stall: Stocked, outcome: str, sold: bool) -> None:
    sale = selling.basket(stall)
    attempt = selling.ask(stall, sale)
    selling.send(stall, attempt)
    step(stall, card_attempt.doubt, attempt, Reason.READER_LOST)
    with pytest.raises(Refused) as refusal:
        step(stall, card_attempt.decide, attempt, outcome, "maker", " ")
    assert refusal.value.code == "decision-reason"
    step(stall, card_attempt.decide, attempt, outcome, "maker", "slip 0042 says so")
    assert (sales.get(stall.box.db.read(), sale).state == "paid") is sold
    last = selling.events(stall, "attempt")[-1].body
    assert (last["state"], last["decided_by"]) == (outcome, "maker")
    (told,) = decisions.read(stall.box.db.read(), stall.box.secrets.claim_key)
    assert (told.outcome, told.words) == (outcome, "slip 0042 says so")
    assert "0042" not in str(last)


def test_a_final_attempt_changes_no_more(stall: Stocked) -> None:
    attempt = selling.card(stall, selling.basket(stall)).no

    def again(tx: Tx) -> None:
        card_attempt.decline(tx, attempt, Reason.DECLINED)

    with pytest.raises(Refused) as refusal:
        step(stall, again)
    assert refusal.value.code == "payment-transition"


def test_a_hold_ends_in_three_minutes_though_the_maker_set_a_wrong_clock_back(stall: Stocked) -> None:
    sale = selling.basket(stall)
    with stall.box.db.transaction() as tx:
        right = tx.now_ms
        confirm_clock(tx, right + 5 * 24 * 3600 * 1000)
    attempt = selling.ask(stall, sale)
    selling.send(stall, attempt)
    step(stall, card_attempt.decline, attempt, Reason.DECLINED)
    step(stall, confirm_clock, right)
    stall.clock.boottime += HOLD_MS
    step(stall, sweep)
    assert selling.left(stall) == 5


def test_part_of_the_money_keeps_the_hold_until_the_rest_is_paid(stall: Stocked) -> None:
    sale = selling.basket(stall)
    attempt = selling.ask(stall, sale)
    selling.send(stall, attempt)
    selling.approve(stall, attempt)
    with stall.box.db.transaction() as tx:  # as if the card had been asked for a part
        tx.conn.execute("UPDATE lines SET minor = 900 WHERE id >> 8 = ?", (sale,))
        tx.conn.execute("UPDATE sales SET total_minor = 900 WHERE no = ?", (sale,))
    selling.pay(stall, attempt)
    rest = selling.ask(stall, sale, ordinal=2)
    with stall.box.db.transaction() as tx:
        take_card.cancel_card(tx, rest)
    stall.clock.advance(10 * HOLD_MS)
    step(stall, sweep)
    assert selling.left(stall) == 4
    selling.cash(stall, sale, ordinal=3)
    assert [pay.minor for pay in selling.receipt_of(stall, sale).pay] == [450, 450]
    assert selling.numbers(stall, sale) == [1]


def test_money_at_risk_stays_at_risk_when_the_terminal_tells_less_the_second_time(stall: Stocked) -> None:
    sale = selling.basket(stall)
    attempt = selling.ask(stall, sale)
    selling.send(stall, attempt)
    selling.approve(stall, attempt, selling.facts(offline=True))
    step(stall, card_attempt.doubt, attempt, Reason.READER_LOST)
    step(stall, card_attempt.pay_after_query, attempt, selling.facts(offline=None))
    assert selling.receipt_of(stall, sale).pay[0].st == "stored"


def test_when_a_hold_lapsed_no_line_shows_its_number_any_more(stall: Stocked) -> None:
    sale = selling.basket(stall)
    attempt = selling.ask(stall, sale)
    selling.send(stall, attempt)
    step(stall, card_attempt.decline, attempt, Reason.DECLINED)
    assert selling.numbers(stall, sale) == [1]
    stall.clock.advance(HOLD_MS)
    step(stall, sweep)
    assert selling.numbers(stall, sale) == [None]
    selling.cash(stall, selling.basket(stall))
    selling.cash(stall, sale, ordinal=2)
    assert selling.numbers(stall, sale) == [2]


@pytest.mark.parametrize("outcome", ["paid", "declined", "reversed"])
@pytest.mark.parametrize("steps", ["requested", "sent", "approved", "reversing", "paid"])
def test_a_person_decides_only_what_is_unknown(
    stall: Stocked, steps: str, outcome: Literal["paid", "declined", "reversed"]
) -> None:
    attempt = selling.ask(stall, selling.basket(stall))
    if steps != "requested":
        selling.send(stall, attempt)
    if steps in {"approved", "reversing", "paid"}:
        selling.approve(stall, attempt)
    with stall.box.db.transaction() as tx:
        if steps == "reversing":
            card_attempt.begin_reversal(tx, attempt, Reason.COMMIT_LATE)
        elif steps == "paid":
            card_attempt.pay(tx, attempt)
    before = selling.now(stall, attempt)
    with pytest.raises(Refused, match="payment-transition"), stall.box.db.transaction() as tx:
        card_attempt.decide(tx, attempt, outcome, "maker", "slip 0042")
    assert selling.now(stall, attempt) == before
