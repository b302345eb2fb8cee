"""The clock is put forward in the middle of the day: what runs by the box's own count keeps the time it had left."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from stall.clock import Source
from stall.domain.payment import Reason
from stall.errors import Refused
from stall.flows import card_attempt, checkpoint, claim, housekeeping, staff_pin
from stall.flows.confirm_clock import confirm_clock
from stall.store import claims, presses, sales
from stall.store.db import Tx
from tests.fakes.clock import START_MS
from tests.fakes.stock import ZINE, Stocked
from tests.flows import selling

MINUTE, HOUR = 60_000, 3_600_000
STEP = 18 * HOUR


def network_arrives(stall: Stocked) -> None:
    """Until now the box went by its floor; now the right time is there, 18 hours later."""
    stall.clock.source, stall.clock.wall = Source.NTP, stall.box.now_ms() + STEP


def maker_confirms(stall: Stocked) -> None:
    at = stall.box.now_ms() + STEP
    write(stall, lambda tx: confirm_clock(tx, at))


@pytest.fixture(params=[network_arrives, maker_confirms], ids=lambda way: str(way.__name__))
def step(request: pytest.FixtureRequest, stall: Stocked) -> Callable[[Stocked], None]:
    """A way the clock is put forward, in a box that has known no time since it started."""
    stall.clock.source, stall.clock.wall = None, 0
    way: Callable[[Stocked], None] = request.param
    return way


def write(stall: Stocked, work: Callable[[Tx], object]) -> None:
    with stall.box.db.transaction() as tx:
        work(tx)


def pass_time(stall: Stocked, ms: int) -> None:
    stall.clock.advance(ms)
    write(stall, housekeeping.sweep)


def test_a_hold_lives_its_three_minutes(stall: Stocked, step: Callable[[Stocked], None]) -> None:
    attempt = selling.ask(stall, selling.basket(stall))
    selling.send(stall, attempt)
    write(stall, lambda tx: card_attempt.decline(tx, attempt, Reason.DECLINED))
    pass_time(stall, MINUTE)
    step(stall)
    pass_time(stall, MINUTE)
    assert selling.left(stall) == 4
    pass_time(stall, 2 * MINUTE)
    assert selling.left(stall) == 5


def test_a_basket_waits_its_two_hours(stall: Stocked, step: Callable[[Stocked], None]) -> None:
    sale = selling.basket(stall, ZINE)
    step(stall)
    pass_time(stall, HOUR)
    assert sales.get(stall.box.db.read(), sale).state == "basket"
    pass_time(stall, HOUR + MINUTE)
    assert sales.get(stall.box.db.read(), sale).state == "dropped"


def test_a_claim_code_and_its_grant_live_as_long_as_promised(stall: Stocked, step: Callable[[Stocked], None]) -> None:
    sale = selling.basket(stall, ZINE)
    selling.cash(stall, sale)
    write(stall, lambda tx: claim.redeem_order(tx, sale, bytes(16)))

    def left() -> tuple[int, int]:
        conn, now = stall.box.db.read(), stall.box.now_ms()
        found, grant = claims.of_sale(conn, sale, 1), claims.grant(conn, 1)
        assert found is not None
        assert grant is not None
        return found.expires_ms - now, grant.expires_ms - now

    before = left()
    step(stall)
    pass_time(stall, 0)
    assert left() == before


def test_a_press_is_found_again_for_a_day(stall: Stocked, step: Callable[[Stocked], None]) -> None:
    press = presses.bind("test", 1, bytes(16))
    write(stall, lambda tx: presses.remember(tx, press, 7))
    step(stall)
    pass_time(stall, 23 * HOUR)
    assert presses.seen(stall.box.db.read(), press) == 7
    pass_time(stall, 2 * HOUR)
    assert presses.seen(stall.box.db.read(), press) is None


def test_the_lock_of_the_pin_lasts_its_quarter_of_an_hour(stall: Stocked, step: Callable[[Stocked], None]) -> None:
    for _ in range(staff_pin.TRIES):
        write(stall, staff_pin.begin_try)
    step(stall)
    pass_time(stall, 14 * MINUTE)
    with pytest.raises(Refused) as refusal:
        write(stall, staff_pin.begin_try)
    assert refusal.value.code == "pin-locked"
    pass_time(stall, 2 * MINUTE)
    write(stall, staff_pin.begin_try)


def test_the_step_counts_once_however_often_somebody_writes(stall: Stocked, step: Callable[[Stocked], None]) -> None:
    sale = selling.basket(stall, ZINE)
    step(stall)
    for _ in range(3):
        write(stall, lambda _tx: None)
    assert sales.get(stall.box.db.read(), sale).created_ms == START_MS + STEP


def test_a_checkpoint_is_signed_again_a_second_later(stall: Stocked, step: Callable[[Stocked], None]) -> None:
    signed: list[str] = []
    write(stall, lambda tx: signed.append(checkpoint.sign_checkpoint(tx)))
    step(stall)
    selling.cash(stall, selling.basket(stall, ZINE))
    write(stall, lambda tx: signed.append(checkpoint.sign_checkpoint(tx)))
    assert signed[0] != signed[1]


def test_behind_its_own_time_the_box_still_signs_holds_and_lets_go(stall: Stocked) -> None:
    """The clock was hours ahead and the network set it right: time goes on, at half speed."""
    stall.clock.advance(10 * HOUR)
    attempt = selling.ask(stall, selling.basket(stall))
    selling.send(stall, attempt)
    write(stall, lambda tx: card_attempt.decline(tx, attempt, Reason.DECLINED))
    signed: list[str] = []
    write(stall, lambda tx: signed.append(checkpoint.sign_checkpoint(tx)))
    stall.clock.wall -= 10 * HOUR
    pass_time(stall, 4 * MINUTE)
    assert selling.left(stall) == 4
    selling.cash(stall, selling.basket(stall, ZINE))
    write(stall, lambda tx: signed.append(checkpoint.sign_checkpoint(tx)))
    assert signed[0] != signed[1]
    pass_time(stall, 3 * MINUTE)
    assert selling.left(stall) == 5


def test_the_time_a_box_was_switched_off_has_passed_for_everything(stall: Stocked) -> None:
    """A restart is no step: what the box did not see was time all the same."""
    sale = selling.basket(stall, ZINE)
    stall.clock.reboot(wall=START_MS + STEP)
    pass_time(stall, 0)
    assert sales.get(stall.box.db.read(), sale).state == "dropped"
