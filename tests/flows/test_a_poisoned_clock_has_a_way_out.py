"""A wrong time years ahead was believed. The maker says the right one, and everything goes on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from stall import app
from stall.clock import JUMP_LIMIT_MS
from stall.domain.payment import Reason
from stall.errors import Refused, WireError
from stall.flows import card_attempt, checkpoint, claim, day_end, housekeeping, staff_pin, switch_drop
from stall.flows.confirm_clock import confirm_clock
from stall.store import audit, claim_codes, claims, readers, sales
from stall.store.db import Tx
from stall.wire import claimcode
from tests.fakes.clock import START_MS
from tests.fakes.stock import PRINTS, ZINE, Stocked
from tests.flows import selling

HOUR, DAY = 3_600_000, 86_400_000
YEARS = 9 * 365 * DAY
RIGHT = START_MS + 6 * HOUR


def said_by_hand(stall: Stocked) -> None:
    """Somebody typed the wrong year."""
    with stall.box.db.transaction() as tx:
        confirm_clock(tx, START_MS + YEARS)


def crept(stall: Stocked) -> None:
    """A source of time that runs wild, by less than 48 hours between two events."""
    for _ in range(100):
        stall.clock.wall += JUMP_LIMIT_MS
        with stall.box.db.transaction() as tx:
            tx.append("test", {})


def issued_ahead(stall: Stocked) -> None:
    """A trusted document came from a laptop years ahead."""
    with stall.box.db.transaction() as tx:
        tx.raise_floor(START_MS + YEARS)


POISONS = [said_by_hand, crept, issued_ahead]


@pytest.fixture(params=POISONS, ids=lambda poison: str(poison.__name__))
def poison(request: pytest.FixtureRequest) -> Callable[[Stocked], None]:
    found: Callable[[Stocked], None] = request.param
    return found


def write(stall: Stocked, work: Callable[[Tx], object]) -> None:
    with stall.box.db.transaction() as tx:
        work(tx)


def put_right(stall: Stocked) -> None:
    """The maker confirms, some hours after the beginning."""
    write(stall, lambda tx: confirm_clock(tx, RIGHT))
    stall.clock.wall = RIGHT


def redeem(stall: Stocked, sale: int, press: int = 1) -> None:
    conn = stall.box.db.read()
    code = claim_codes.code_of(conn, stall.box.secrets.claim_key, sales.get(conn, sale))
    assert code is not None
    write(stall, lambda tx: claim.redeem_code(tx, claimcode.decode(code), bytes([press]) * 16))


def lifetime(stall: Stocked, sale: int) -> int:
    found = claims.of_sale(stall.box.db.read(), sale, 1)
    assert found is not None
    return found.expires_ms - stall.box.now_ms()


def sound(stall: Stocked) -> None:
    assert audit.audit(stall.box.db.read(), stall.box.secrets.signing.public).findings == []


def test_while_poisoned_nothing_sells_and_afterwards_everything_does(
    stall: Stocked, poison: Callable[[Stocked], None]
) -> None:
    poison(stall)
    with pytest.raises((Refused, WireError)):
        selling.basket(stall)
    put_right(stall)
    cash, card, opened = selling.basket(stall), selling.basket(stall), selling.basket(stall, ZINE)
    selling.cash(stall, cash)
    selling.card(stall, card)
    selling.cash(stall, opened)
    assert selling.numbers(stall, cash) == [1]
    assert selling.receipt_of(stall, card).iat == RIGHT // 1000
    for sale in (cash, card, opened):
        redeem(stall, sale)
    sound(stall)


def test_the_right_time_stays_after_a_restart(stall: Stocked, poison: Callable[[Stocked], None]) -> None:
    poison(stall)
    put_right(stall)
    stall.box.close()
    stall.clock.reboot(wall=RIGHT + HOUR)
    again = Stocked(app.open_box(stall.folder, clock=stall.clock), stall.clock, stall.folder)
    assert again.box.now_ms() == RIGHT + HOUR
    selling.cash(again, selling.basket(again))
    sound(again)
    again.box.close()


def test_codes_of_before_and_of_the_wrong_time_open_for_as_long_as_they_should(
    stall: Stocked, poison: Callable[[Stocked], None]
) -> None:
    before, during = selling.basket(stall), selling.basket(stall)
    selling.cash(stall, before)
    full = lifetime(stall, before)
    attempt = selling.ask(stall, during)
    selling.send(stall, attempt)
    poison(stall)  # while the card is in the terminal
    selling.approve(stall, attempt)
    selling.pay(stall, attempt)
    put_right(stall)
    assert 0 < lifetime(stall, before) <= full
    assert lifetime(stall, during) == full  # as if it had been paid now
    redeem(stall, before)
    redeem(stall, during)
    sound(stall)


def test_holds_baskets_presses_and_the_pins_lock_do_not_last_for_years(
    stall: Stocked, poison: Callable[[Stocked], None]
) -> None:
    held, forgotten = selling.basket(stall), selling.basket(stall)
    attempt = selling.ask(stall, held)
    selling.send(stall, attempt)
    poison(stall)
    write(stall, lambda tx: card_attempt.decline(tx, attempt, Reason.DECLINED))
    for _ in range(staff_pin.TRIES):
        write(stall, staff_pin.begin_try)
    with pytest.raises(Refused, match="Too many"):
        write(stall, staff_pin.begin_try)
    put_right(stall)
    stall.clock.advance(16 * 60_000)
    write(stall, housekeeping.sweep)
    write(stall, staff_pin.begin_try)
    assert selling.left(stall) == 5  # the hold has lapsed
    stall.clock.advance(2 * HOUR)
    write(stall, housekeeping.sweep)
    assert [sales.get(stall.box.db.read(), sale).state for sale in (held, forgotten)] == ["dropped", "dropped"]


def test_the_day_ends_and_the_journal_is_signed_as_ever(stall: Stocked, poison: Callable[[Stocked], None]) -> None:
    selling.cash(stall, selling.basket(stall))
    poison(stall)
    write(stall, checkpoint.sign_checkpoint)
    put_right(stall)
    selling.cash(stall, selling.basket(stall))
    with stall.box.db.transaction() as tx:
        job = day_end.ask_day_end(tx, 1)
        day_end.record_day_end(tx, job, 1, total_minor=0, count=0, cur="EUR", tid=None)
        signed = checkpoint.sign_checkpoint(tx)
    assert f"\n{len(selling.events(stall))}\n" in signed  # covers everything, not what was signed in the wrong years
    assert (readers.job(stall.box.db.read(), job) or ("", ""))[0] == "done"
    sound(stall)


def test_the_journal_says_that_time_went_back_and_by_whom(stall: Stocked) -> None:
    said_by_hand(stall)
    put_right(stall)
    (_, back) = selling.events(stall, "clock")
    assert (back.at, back.clk, back.body) == (RIGHT, "operator", {"before": START_MS + YEARS, "set": RIGHT})
    sound(stall)


def test_a_window_opens_only_with_better_than_the_floor_or_the_makers_word(stall: Stocked) -> None:
    write(stall, lambda tx: switch_drop.close_drop(tx, PRINTS))
    stall.clock.source = None
    with pytest.raises(Refused) as refusal:
        write(stall, lambda tx: switch_drop.open_drop(tx, PRINTS))
    assert refusal.value.code == "clock-unsure"
    put_right(stall)
    write(stall, lambda tx: switch_drop.open_drop(tx, PRINTS))
    assert selling.events(stall, "drop")[-1].clk == "operator"


def test_a_box_made_with_the_wrong_year_is_put_right(tmp_path: Path, stall: Stocked) -> None:
    clock = type(stall.clock)(wall=START_MS + YEARS)
    app.create_box(tmp_path / "new", pin="123456", clock=clock)
    box = app.open_box(tmp_path / "new", clock=clock)
    clock.wall = START_MS
    assert box.now_ms() == START_MS + YEARS
    with box.db.transaction() as tx:
        assert tx.clk == "floor"
        confirm_clock(tx, START_MS)
    assert box.now_ms() == START_MS
    box.close()


def test_a_request_to_the_terminal_waits_by_the_time_since_boot(stall: Stocked) -> None:
    attempt = selling.ask(stall, selling.basket(stall))
    said_by_hand(stall)
    assert selling.send(stall, attempt).state == "sent"
