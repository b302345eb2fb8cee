"""The maker's pages: drops opened and closed, the clock confirmed, the day closed; and the banner over all of them."""

from __future__ import annotations

import re

import msgspec
import pytest

from stall.flows import card_attempt
from stall.flows.confirm_clock import read_time
from stall.flows.day_end import record_day_end
from stall.settings import Cloud, Disk
from stall.store import floor, journal, readers, uploads
from stall.store.room import MB, Room
from tests.fakes import stock
from tests.fakes.clock import START_MS, FakeClock
from tests.fakes.stock import Stocked
from tests.web.till_pages import READER, Till, approve, text


@pytest.fixture
def till(stocked_box: Stocked) -> Till:
    return Till(stocked_box)


def flag(till: Till, name: str) -> tuple[str, str]:
    answer = till.client.get("/state").json
    assert answer is not None
    return next((f["shape"], f["words"]) for f in answer["flags"] if f["name"] == name)


def test_what_stops_selling_stands_first_and_every_flag_leads_to_its_page(till: Till) -> None:
    clock = till.stocked.clock
    clock.reboot(wall=0)
    clock.source = None
    till.plug_in_reader()
    till.box.room = Room(till.box.folder, Disk(), lambda _: 150 * MB)
    strip = re.findall(r'data-flag="(\w+)"><a href="([^"]+)">', till.client.get("/").text)
    assert strip == [("disk", "/day"), ("clock", "/clock"), ("reader", "/day"), ("drawer", "/shift"), ("cloud", "/day")]
    answer = till.client.get("/state").json
    assert answer is not None
    assert [flag["name"] for flag in answer["flags"]] == [name for name, _ in strip]  # so that the script keeps them


def test_a_drop_is_closed_and_opened_with_the_pin(till: Till) -> None:
    assert "That PIN is not right" in text(till.post("/drops", close=stock.PRINTS, pin="0"))
    closed = till.post("/drops", close=stock.PRINTS, pin=stock.PIN)
    assert closed.status_code == 303
    assert "Harbour Prints is closed." in till.see(closed.location)
    assert till.post("/sale", press=till.press("/"), item=stock.PRINTS).status_code == 409
    opened = till.post("/drops", open=stock.PRINTS, pin=stock.PIN)
    assert "Harbour Prints is open. It is on sale now." in till.see(opened.location)
    assert till.press_tile(stock.PRINTS)


def test_switching_what_is_not_there_is_told(till: Till) -> None:
    assert till.post("/drops", open="nothing", pin=stock.PIN).status_code == 404
    assert "Press the button beside the drop" in text(till.post("/drops", pin=stock.PIN))


def test_a_box_without_a_clock_says_so_until_the_maker_confirms_the_time(till: Till) -> None:
    clock = till.stocked.clock
    clock.reboot(wall=0)
    clock.source = None
    assert flag(till, "clock") == ("warn", "Clock unsure")
    answer = till.post("/clock", utc="2026-12-03 14:05:30", pin=stock.PIN)
    assert answer.status_code == 303
    assert "Confirmed by the maker, just now" in till.see(answer.location)
    assert flag(till, "clock") == ("ok", "14:05 UTC")
    with till.box.db.transaction() as tx:
        assert (tx.clk, tx.now_ms) == ("operator", read_time("2026-12-03T14:05:30Z"))


@pytest.mark.parametrize("typed", ["", "now", "2026-02-30 10:00", "2026-12-03 25:00", "03.12.2026 14:05"])
def test_a_time_that_is_none_is_told_and_stays_in_the_field(till: Till, typed: str) -> None:
    answer = till.post("/clock", utc=typed, pin=stock.PIN)
    assert "That is not a time" in text(answer)
    assert f'value="{typed}"' in answer.text


def test_a_time_before_this_software_was_made_is_refused(till: Till) -> None:
    assert "That date cannot be right" in text(till.post("/clock", utc="1999-01-01 00:00", pin=stock.PIN))


def test_the_banner_tells_of_the_reader(till: Till) -> None:
    assert flag(till, "reader") == ("unplugged", "No card reader")
    till.plug_in_reader()
    for link, said in (("ready", "Reader ready"), ("busy", "Reader busy"), ("lost", "Reader lost")):
        till.write(lambda tx, link=link: readers.report(tx, 1, "Card reader", link, "words"))  # type: ignore[misc]  # mypy cannot infer a lambda's default
        assert flag(till, "reader")[1] == said


def test_the_banner_counts_what_the_cloud_has_not_got(till: Till) -> None:
    assert flag(till, "cloud") == ("kept", "Saved on this box")
    till.box.settings = msgspec.structs.replace(till.box.settings, cloud=Cloud("http://c", "c", "k"))
    sale = till.press_tile(stock.ZINE)
    till.post(f"{sale}/cash", ordinal=1, given="3")
    assert flag(till, "cloud") == ("warn", "Offline, 1 sale not sent")
    till.later(3 * 3600 * 1000)
    assert flag(till, "cloud") == ("warn", "Offline, 1 sale not sent, oldest 3 h")
    till.write(lambda tx: uploads.save_progress(tx, 1, journal.read_head(tx.conn).size))
    assert flag(till, "cloud") == ("ok", "Online, all sales sent")


def test_the_lists_change_their_version_when_a_buyer_or_a_sale_comes(till: Till) -> None:
    def version() -> object:
        answer = till.client.get("/state").json
        assert answer is not None
        return answer["lists"]

    before = version()
    assert version() == before
    sale = till.press_tile(stock.ZINE)
    till.post(f"{sale}/cash", ordinal=1, given="3")
    assert version() != before


def test_the_day_is_asked_for_once_and_the_totals_stand_side_by_side(till: Till) -> None:
    till.plug_in_reader()
    sale = till.press_tile(stock.PRINTS)
    till.post(f"{sale}/card", ordinal=1)
    assert "is not finished" in text(till.post("/day/end"))
    till.terminal(card_attempt.send, approve, card_attempt.pay)
    assert "1 card payment (€4.50) came after the last end of day" in till.see("/day")
    asked = {till.post("/day/end").location for _ in range(2)}
    assert asked == {"/day?job=1"}
    assert "The terminal was asked" in till.see("/day?job=1")
    till.write(lambda tx: record_day_end(tx, 1, 1, total_minor=450, count=1, cur="EUR", tid="52500012"))
    page = till.see("/day?job=1")
    assert "The terminal took €4.50, 1 payment since" in page
    assert "The terminal's totals equal our card payments" in page
    assert 'http-equiv="refresh"' not in till.client.get("/day?job=1").text


def test_a_gap_to_the_terminal_is_named(till: Till) -> None:
    till.plug_in_reader()
    till.write(lambda tx: record_day_end(tx, 1, 1, total_minor=990, count=2, cur="EUR", tid="52500012"))
    assert "The terminal took €9.90, our card payments are €0.00" in till.see("/day")


def test_an_unfinished_payment_is_on_the_day_page(till: Till) -> None:
    till.plug_in_reader()
    sale = till.press_tile(stock.PRINTS)
    till.post(f"{sale}/card", ordinal=1)
    page = till.client.get("/day").text
    assert f'href="{sale}"' in page


def test_the_box_time_shown_is_the_one_it_records(till: Till) -> None:
    assert floor.moment(till.box.db.read(), till.box.clock).now_ms == START_MS
    assert "21 Nov 2026, 00:00 UTC" in till.see("/clock")


DAY_MS = 86_400_000


def clock_of(till: Till) -> FakeClock:
    assert isinstance(till.box.clock, FakeClock)
    return till.box.clock


@pytest.mark.parametrize(
    ("by_ms", "words"),
    [(9 * 365 * DAY_MS, "more than two days later"), (-9 * 365 * DAY_MS, "things were written down after that")],
)
def test_a_clock_that_jumped_is_told_with_what_to_do(till: Till, by_ms: int, words: str) -> None:
    clock_of(till).wall += by_ms
    page = till.see("/clock")
    assert "Unsure" in page
    assert words in page
    assert "Clock unsure, confirm it" in till.see("/")


def test_a_box_nobody_told_the_time_goes_on_selling_and_says_what_waits(till: Till) -> None:
    clock_of(till).source = None
    assert "opening a drop waits until you confirm the time" in till.see("/clock")


def test_a_terminal_that_can_is_asked_to_check_itself(till: Till) -> None:
    till.plug_in_reader()
    till.write(lambda tx: readers.note_abilities(tx, READER, {"diagnosis"}))
    page = till.see("/day")
    assert "Have the terminal check itself" in page
    assert "end of day</button>" not in page
    assert till.post("/day/check").location == "/day?job=1"
    assert readers.waiting_job(till.box.db.read(), READER) == (1, "diagnosis")
