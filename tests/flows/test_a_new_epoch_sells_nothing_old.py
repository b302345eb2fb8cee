"""What a new epoch takes over from the one before, and what it never sells: numbers, names and money after a restore."""

from __future__ import annotations

from random import Random

import pytest

from stall.domain.epoch import EPOCH_NO_LIMIT, NUMBER_LIMIT, NUMBER_STEP, Cause, first_number, next_epoch_no
from stall.domain.payment import Reason, State
from stall.errors import Refused
from stall.flows import card_attempt
from stall.flows.claim import redeem_code, redeem_order
from stall.flows.new_epoch import new_epoch
from stall.store import attempts, audit, claim_codes, epochs, journal, sales
from stall.store.db import Tx
from stall.store.schema import FREE, FROZEN, HELD, SOLD, event_epoch_no
from stall.web import ids
from stall.wire import claimcode, event
from tests.fakes.leasing import lease_anew
from tests.fakes.stock import PRINTS, SAMPLER, ZINE, Stocked
from tests.flows import selling


def begin(stall: Stocked, cause: Cause = Cause.MOVED) -> journal.Head:
    with stall.box.db.transaction() as tx:
        return new_epoch(tx, cause)


def card_sent(stall: Stocked) -> tuple[int, int]:
    """A sale of a limited number whose payment the terminal has and has not answered: the sale, the attempt."""
    sale = selling.basket(stall)
    attempt = selling.ask(stall, sale)
    selling.send(stall, attempt)
    return sale, attempt


def states(stall: Stocked) -> list[int]:
    return [row[0] for row in stall.box.db.read().execute("SELECT state FROM numbers ORDER BY id")]


def sentences(stall: Stocked) -> list[str]:
    return [row[0] for row in stall.box.db.read().execute("SELECT sentence FROM exceptions ORDER BY no")]


def sound(stall: Stocked) -> bool:
    found = audit.audit(stall.box.db.read(), stall.box.secrets.signing.public)
    assert found.findings == []
    return True


def test_it_names_where_the_epoch_before_ended_and_every_one_before_that(stall: Stocked) -> None:
    first = journal.read_head(stall.box.db.read())
    second = begin(stall)
    third = begin(stall, Cause.PUT_BACK)
    opening = event.decode(journal.event_bytes(stall.box.db.read(), third.epoch_no << 40) or b"")
    closed = journal.read_epoch(stall.box.db.read(), second.epoch_no)
    assert opening.body["parent"]["epoch"] == second.epoch_text
    assert opening.body["parent"]["size"] == closed.size
    assert opening.body["line"] == [second.epoch_text, first.epoch_text]
    assert opening.body["reason"] == "put_back"
    assert sound(stall)


def test_free_and_held_numbers_are_frozen_and_sold_ones_stay_sold(stall: Stocked) -> None:
    selling.cash(stall, selling.basket(stall))
    selling.ask(stall, selling.basket(stall))
    assert states(stall) == [SOLD, HELD, FREE, FREE, FREE]
    begin(stall)
    assert states(stall) == [SOLD, FROZEN, FROZEN, FROZEN, FROZEN]
    assert selling.left(stall) == 0
    with pytest.raises(Refused) as refusal:
        selling.basket(stall)
    assert refusal.value.code == "drop-sold-out"
    assert "4 numbers of limited drops, not sold, waited for a new lease" in sentences(stall)[0]
    assert sound(stall)


def test_open_and_free_drops_sell_at_once_and_limited_ones_after_a_lease_that_names_the_epoch(stall: Stocked) -> None:
    begin(stall)
    selling.cash(stall, selling.basket(stall, ZINE))
    selling.cash(stall, selling.basket(stall, SAMPLER))
    lease_anew(stall, (4, 5))
    sale = selling.basket(stall)
    selling.cash(stall, sale)
    assert selling.numbers(stall, sale) == [4]
    assert sound(stall)


def test_baskets_are_dropped_but_those_with_an_open_payment_or_money_in_them(stall: Stocked) -> None:
    idle, asked = selling.basket(stall), selling.basket(stall, ZINE)
    attempt = selling.ask(stall, asked)
    selling.send(stall, attempt)
    begin(stall)
    conn = stall.box.db.read()
    assert (sales.get(conn, idle).state, sales.get(conn, asked).state) == ("dropped", "basket")
    selling.approve(stall, attempt, selling.facts(300))
    assert selling.pay(stall, attempt).state is State.PAID
    assert sales.get(conn, asked).state == "paid"  # nothing of it was numbered
    assert sound(stall)


def test_money_for_a_frozen_number_is_kept_on_the_books_and_finishes_after_a_new_lease(stall: Stocked) -> None:
    sale, attempt = card_sent(stall)
    begin(stall)
    selling.approve(stall, attempt)
    assert selling.pay(stall, attempt).state is State.PAID
    conn = stall.box.db.read()
    assert sales.get(conn, sale).state == "basket"
    assert f"Money was taken in sale {sale} for number 1" in sentences(stall)[-1]
    assert sound(stall)
    with pytest.raises(Refused) as refusal:
        selling.cash(stall, sale, ordinal=2)
    assert refusal.value.code in {"edition-number-elsewhere", "edition-number-taken"}
    lease_anew(stall, (1, 5))
    assert selling.cash(stall, sale, ordinal=2).attempt == attempt
    assert sales.get(conn, sale).state == "paid"
    assert [(pay.m, pay.minor) for pay in selling.receipt_of(stall, sale).pay] == [("card", 450)]
    assert [item.ed for item in selling.receipt_of(stall, sale).items] == [1]
    assert sound(stall)


def test_an_answer_after_the_number_was_leased_anew_sells_it(stall: Stocked) -> None:
    sale, attempt = card_sent(stall)
    begin(stall)
    lease_anew(stall, (1, 5))
    selling.approve(stall, attempt)
    selling.pay(stall, attempt)
    assert sales.get(stall.box.db.read(), sale).state == "paid"
    assert sound(stall)


def test_a_number_sold_to_another_meanwhile_is_not_sold_again(stall: Stocked) -> None:
    sale, attempt = card_sent(stall)
    begin(stall)
    lease_anew(stall, (1, 5))
    selling.cash(stall, selling.basket(stall))  # takes number 1
    selling.approve(stall, attempt)
    selling.pay(stall, attempt)
    assert sales.get(stall.box.db.read(), sale).state == "basket"
    assert "for number 1" in sentences(stall)[-1]
    assert sound(stall)


def test_a_payment_that_was_only_asked_for_is_not_sent_without_its_number(stall: Stocked) -> None:
    attempt = selling.ask(stall, selling.basket(stall))
    begin(stall)
    ended = selling.send(stall, attempt)
    assert (ended.state, ended.reason) == (State.NOT_SENT, Reason.HOLD_LOST)


def test_an_unknown_payment_decided_by_a_person_never_breaks(stall: Stocked) -> None:
    sale, attempt = card_sent(stall)
    with stall.box.db.transaction() as tx:
        card_attempt.doubt(tx, attempt, Reason.READER_LOST)
    begin(stall)
    with stall.box.db.transaction() as tx:
        card_attempt.decide(tx, attempt, "paid", "maker", "slip 0042")
    assert sales.get(stall.box.db.read(), sale).state == "basket"
    assert "Give the money back" in sentences(stall)[-1]


def test_sales_attempts_grants_and_receipts_get_names_no_lost_branch_can_have(stall: Stocked) -> None:
    old = selling.basket(stall, ZINE)
    selling.cash(stall, old)
    head = begin(stall)
    new = selling.basket(stall, ZINE)
    selling.cash(stall, new)
    conn, own = stall.box.db.read(), stall.box.secrets
    first_no = conn.execute("SELECT first_no FROM epochs WHERE no = ?", (head.epoch_no,)).fetchone()[0]
    assert new == first_no
    assert first_no % NUMBER_STEP == 0
    assert attempts.of_sale(conn, new)[0].no == first_no
    with stall.box.db.transaction() as tx:
        assert redeem_order(tx, new, bytes(16)) == first_no
    assert event_epoch_no(sales.get(conn, new).receipt_event or 0) == head.epoch_no > 1
    for lost in range(old + 1, old + 1000):  # what the lost branch may have called its next orders
        assert sales.find(conn, ids.order_sale(own, ids.order_id(own, lost))) is None
    assert selling.basket(stall, ZINE) == new + 1


def test_a_claim_code_sold_before_still_opens(stall: Stocked) -> None:
    sale = selling.basket(stall)
    selling.cash(stall, sale)
    conn = stall.box.db.read()
    shown = claim_codes.code_of(conn, stall.box.secrets.claim_key, sales.get(conn, sale))
    begin(stall)
    assert shown is not None
    with stall.box.db.transaction() as tx:
        assert redeem_code(tx, claimcode.decode(shown), bytes(16))
    assert sound(stall)


def test_frozen_drops_are_told_until_a_lease_names_the_epoch(stall: Stocked) -> None:
    conn = stall.box.db.read()
    assert (epochs.frozen(conn), epochs.frozen_drops(conn)) == ([], frozenset())
    selling.cash(stall, selling.basket(stall))
    begin(stall)
    assert epochs.frozen_drops(conn) == {frozen.drop_id for frozen in epochs.frozen(conn)} != set()
    (waiting,) = epochs.frozen(stall.box.db.read())
    assert (waiting.drop_id, waiting.text) == (PRINTS, "2-5")
    lease_anew(stall, (2, 3))
    assert (epochs.frozen(conn), epochs.frozen_drops(conn)) == ([], frozenset())


@pytest.mark.parametrize("seed", range(5))
def test_two_hundred_restores_leave_room_for_numbers(seed: int) -> None:
    dice = Random(seed)
    epoch_no, number = 1, 1
    for _ in range(200):
        following, base = next_epoch_no(epoch_no, dice.randrange), first_number(number, dice.randrange)
        assert epoch_no < following < EPOCH_NO_LIMIT
        assert number < base <= NUMBER_LIMIT
        epoch_no, number = following, base + 5000


def test_two_branches_of_one_epoch_hardly_ever_choose_alike() -> None:
    dice = Random(1)
    assert len({next_epoch_no(1, dice.randrange) for _ in range(200)}) > 195
    assert len({first_number(1, dice.randrange) for _ in range(200)}) > 195


@pytest.mark.parametrize(("cause", "kept"), [(Cause.MOVED, 0), (Cause.PUT_BACK, 0), (Cause.REFUSED, 1)])
def test_a_copy_signs_everybody_out_and_its_labels_enrol_nobody(stall: Stocked, cause: Cause, kept: int) -> None:
    from stall.flows import enrol_device
    from stall.store import sessions

    def as_it_was(tx: Tx) -> None:
        sessions.begin(tx, 1)
        enrol_device.new_code(tx, once=False)

    stall.box.write("payment", as_it_was)
    stall.box.write("payment", lambda tx: new_epoch(tx, cause))
    conn = stall.box.db.read()
    for table in ("sessions", "enrolments"):
        assert conn.execute(f"SELECT count(*) FROM {table}").fetchone()[0] == kept
