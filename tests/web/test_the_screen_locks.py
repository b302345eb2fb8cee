"""The screen locks by hand and by itself, shows only whose PIN opens it, and opens to the page that was there."""

from __future__ import annotations

import pytest

from stall.domain.payment import Reason
from stall.flows import card_attempt
from tests.fakes import stock
from tests.fakes.stock import PIN, Stocked
from tests.web.till_pages import Till, approve, text

MINUTE_MS = 60_000


@pytest.fixture
def till(stocked_box: Stocked) -> Till:
    made = Till(stocked_box)
    made.plug_in_reader()
    return made


def test_the_button_locks_and_the_pin_opens_the_same_page(till: Till) -> None:
    locked = till.client.post("/lock", headers={"Referer": "http://localhost/drops"})
    assert locked.location == "/locked?then=/drops"
    assert till.client.get("/drops").location == "/locked?then=/drops"
    page = till.see("/locked?then=/drops")
    assert "Harbour" not in page
    assert page.startswith("Locked · Salt & Paper Maker Locked Your PIN")
    assert till.post("/locked", pin="000000", then="/drops").status_code == 403
    assert till.post("/locked", pin=PIN, then="/drops").location == "/drops"
    assert "Harbour Prints" in till.see("/drops")


def test_nobody_touching_it_for_ten_minutes_locks_it(till: Till) -> None:
    till.see("/")
    till.stocked.clock.advance(10 * MINUTE_MS - 1)
    assert till.client.get("/state").status_code == 200  # a page that asks by itself is nobody's touch
    till.stocked.clock.advance(1)
    assert till.client.get("/state").status_code == 423
    assert till.client.get("/").location == "/locked"
    refused = till.post("/sale", item=stock.ZINE, press="x" * 22)
    assert (refused.status_code, "nothing was done" in text(refused)) == (423, True)
    assert till.count("sales") == 0


def test_being_there_keeps_it_open(till: Till) -> None:
    for _ in range(4):
        till.stocked.clock.advance(9 * MINUTE_MS)
        assert till.client.get("/").status_code == 200


def test_zero_minutes_is_never(till: Till) -> None:
    import msgspec

    never = msgspec.structs.replace(till.box.settings.till, lock_minutes=0)
    till.box.settings = msgspec.structs.replace(till.box.settings, till=never)
    till.stocked.clock.advance(15 * 60 * MINUTE_MS)
    assert till.client.get("/").status_code == 200


def test_a_payment_that_runs_or_is_unclear_stays_in_sight(till: Till) -> None:
    sale = till.press_tile(stock.PRINTS)
    till.post(f"{sale}/card", ordinal=1)
    till.terminal(card_attempt.send)
    till.stocked.clock.advance(11 * MINUTE_MS)
    assert "Waiting for the card" in till.see(sale)
    assert till.client.get("/state").status_code == 423  # the strip, which that page's script asks for by itself
    till.terminal(lambda tx, no: card_attempt.doubt(tx, no, Reason.READER_LOST))
    assert till.client.get(f"{sale}/state").status_code == 200
    assert (
        till.post(f"{sale}/decide", attempt=1, outcome="declined", pin=PIN).status_code == 423
    )  # it is there to be watched
    assert till.newest_attempt().state == "unknown"


def test_the_rest_of_the_till_locks_beside_a_payment_that_runs(till: Till) -> None:
    sale = till.press_tile(stock.PRINTS)
    till.post(f"{sale}/card", ordinal=1)
    till.terminal(card_attempt.send)
    till.stocked.clock.advance(11 * MINUTE_MS)
    assert till.client.get("/").location == "/locked"
    assert till.client.get(sale).location == f"/locked?then={sale}"


def test_once_it_is_paid_the_page_locks_like_any_other(till: Till) -> None:
    sale = till.press_tile(stock.PRINTS)
    till.post(f"{sale}/card", ordinal=1)
    till.terminal(card_attempt.send, approve, card_attempt.pay)
    till.stocked.clock.advance(11 * MINUTE_MS)
    assert till.client.get(sale).location == f"/locked?then={sale}"


def test_somebody_else_may_sign_in_at_a_locked_screen(till: Till) -> None:
    till.client.post("/lock")
    assert till.client.post("/sign-out").location == "/sign-in"
    assert till.client.get("/locked").location == "/sign-in"


def test_a_clock_set_three_days_forward_neither_locks_nor_signs_out(till: Till) -> None:
    from stall.flows.confirm_clock import confirm_clock

    till.see("/")
    ahead = till.stocked.box.now_ms() + 3 * 24 * 60 * MINUTE_MS
    till.write(lambda tx: confirm_clock(tx, ahead))
    assert till.client.get("/").status_code == 200


def test_a_clock_set_back_makes_no_session_last_longer(till: Till) -> None:
    from stall.flows.confirm_clock import confirm_clock

    back = till.stocked.box.now_ms() - 3 * 24 * 60 * MINUTE_MS
    till.write(lambda tx: confirm_clock(tx, back))
    till.stocked.clock.advance(10 * MINUTE_MS)
    assert till.client.get("/").location == "/locked"
