"""The drawer at the till over HTTP, without script: float, cash in and out, count, close; and the report in all its forms."""

from __future__ import annotations

import csv
import io
import re
from html import unescape

import msgspec
import pytest
from werkzeug.test import TestResponse

from stall.domain import zbody, zlayout
from stall.domain.payment import Reason
from stall.flows import card_attempt
from stall.settings import Till as TillSettings
from stall.store import shifts
from stall.store.writer import CrowdWriter
from tests.fakes import stock
from tests.fakes.stock import Stocked
from tests.flows import closing
from tests.web import crew
from tests.web.till_pages import Till, approve, text


@pytest.fixture
def till(stocked_box: Stocked) -> Till:
    return Till(stocked_box)


def press(till: Till, page: str, path: str, **fields: object) -> TestResponse:
    """Press a button of a page that was opened just now."""
    drawn = till.client.get(page).text
    found = re.search(r'name="press" value="([^"]+)"><input type="hidden" name="shift" value="(\d+)"', drawn)
    assert found
    return till.post(path, **{"press": found[1], "shift": found[2], **fields})


def sell(till: Till, drop: str = stock.PRINTS) -> None:
    sale = till.press_tile(drop)
    assert till.post(f"{sale}/cash", ordinal=1, given="20").status_code == 303


def closed(till: Till) -> None:
    """A whole small day, closed."""
    press(till, "/shift", "/shift/float", amount="50")
    sell(till)
    press(till, "/shift/count", "/shift/count", p5000="1", p200="2", p50="1")
    assert press(till, "/shift/close", "/shift/close", counted=1).status_code == 303


def test_a_day_is_opened_counted_and_closed(till: Till) -> None:
    assert "Record the float" in till.see("/")
    assert press(till, "/shift", "/shift/float", amount="50,00").location == "/shift"
    assert "Record the float" not in till.see("/")
    sell(till)
    press(till, "/shift", "/shift/move", way="in", amount="10", reason="change")
    press(till, "/shift", "/shift/move", way="out", amount="7.20", reason="supplies", words="tape")
    page = till.see("/shift")
    assert "€57.30" in page
    assert "Paid out, supplies: tape" in page
    assert "Nobody counted it. It should hold €57.30" in till.see("/shift/close")
    press(till, "/shift/count", "/shift/count", p5000="1", p500="1", p200="1", p10="2")
    assert "Counted €57.20" in till.see("/shift")
    assert "€0.10 less than it should hold" in till.see("/shift")
    answer = press(till, "/shift/close", "/shift/close", counted=1)
    assert answer.location == "/z/1"
    report = till.see("/z/1")
    assert "€0.10 less than the €57.30 it should hold" in report
    assert "Z-report 1" in till.see("/z")
    assert "drawer €0.10 short" in till.see("/z")
    assert "€0.00" in till.see("/shift"), "the next drawer is empty"


def test_only_the_sum_can_be_told_too(till: Till) -> None:
    press(till, "/shift/count", "/shift/count", total="12,34")
    assert "Counted €12.34" in till.see("/shift")


@pytest.mark.parametrize(
    ("path", "fields", "said"),
    [
        ("/shift/float", {"amount": "abc"}, "is not an amount"),
        ("/shift/move", {"way": "out", "amount": "5", "reason": "because"}, "Choose why"),
        ("/shift/move", {"way": "out", "amount": "0", "reason": "supplies"}, "That amount cannot"),
    ],
)
def test_what_cannot_be_is_told_beside_the_form_which_keeps_what_was_typed(
    till: Till, path: str, fields: dict[str, str], said: str
) -> None:
    answer = press(till, "/shift", path, **fields)
    assert answer.status_code == 409
    assert said in text(answer)
    assert f'value="{fields["amount"]}"' in answer.text


def test_a_count_that_is_none_is_told_and_the_rest_stays(till: Till) -> None:
    answer = press(till, "/shift/count", "/shift/count", p5000="2", p200="-1")
    assert "“-1” is not a number of pieces" in text(answer)
    assert 'data-worth="5000" value="2"' in answer.text


def test_a_blind_count_shows_nothing_before_it_is_recorded(till: Till) -> None:
    till.box.settings = msgspec.structs.replace(till.box.settings, till=TillSettings(blind_count=True))
    press(till, "/shift", "/shift/float", amount="50")
    sell(till)
    for page in ("/shift", "/shift/count", "/shift/close"):
        assert "54.50" not in till.see(page), page
    press(till, "/shift/count", "/shift/count", p5000="1")
    assert "€4.50 less than it should hold" in till.see("/shift")
    press(till, "/shift/close", "/shift/close", counted=1)
    assert "Counted blind" in till.see("/z/1")


def test_a_payment_without_an_end_needs_the_pin_of_somebody_who_may_decide(till: Till) -> None:
    till.plug_in_reader()
    sale = till.press_tile(stock.PRINTS)
    till.post(f"{sale}/card", ordinal=1)
    till.terminal(card_attempt.send, lambda tx, no: card_attempt.doubt(tx, no, Reason.READER_LOST))
    assert "are not finished" in text(press(till, "/shift/close", "/shift/close"))
    assert "PIN is not right" in text(press(till, "/shift/close", "/shift/close", despite_open=1, pin="0"))
    assert press(till, "/shift/close", "/shift/close", despite_open=1, pin=stock.PIN).location == "/z/1"
    assert "Sale 1, payment 1: unknown" in till.see("/z/1")


def test_a_second_press_closes_nothing_twice(till: Till) -> None:
    drawn = till.client.get("/shift/close").text
    found = re.search(r'name="press" value="([^"]+)"', drawn)
    assert found
    for _ in range(2):
        assert till.post("/shift/close", press=found[1], shift=1).location == "/z/1"
    assert shifts.running(till.box.db.read()).no == 2
    assert "closed meanwhile" in text(press(till, "/shift/close", "/shift/close", shift=1))


def test_whoever_may_not_read_the_day_closes_it_all_the_same(till: Till) -> None:
    till.box.crowd = CrowdWriter(till.box.db)
    crew.hire(till.box)
    seller = Till(till.stocked, crew.SELLER)
    assert "Pay cash in" not in seller.see("/shift")
    answer = press(seller, "/shift/close", "/shift/close")
    assert answer.location == "/shift?closed=1"
    assert "Shift 1 is closed" in seller.see(answer.location)
    assert "Closed 21 Nov 2026" in till.see("/z/1")
    assert "by Seller" in till.see("/z/1")


def test_the_log_is_emptied_and_a_checkpoint_noted_with_the_close(till: Till) -> None:
    closed(till)
    assert (till.box.folder / "stall.sqlite-wal").stat().st_size == 0
    kept = shifts.newest(till.box.db.read())
    assert kept is not None
    (size,) = till.box.db.read().execute("SELECT size FROM journal").fetchone()
    assert f"\n{size}\n" in (kept.checkpoint or "")


def cells(till: Till) -> set[str]:
    """Every amount of the report, in plain writing, as its layout has it."""
    closed_shift = shifts.get(till.box.db.read(), 1)
    report = shifts.report_of(till.box.db.read(), closed_shift)
    head = zlayout.Head("", "", "", "", "")
    found = [cell for s in zlayout.sections(report, head) for row in s.rows for cell in row.cells]
    return {zlayout.plain(cell, "EUR") for cell in found if isinstance(cell, zlayout.Money)}


def test_every_form_shows_the_same_numbers(till: Till) -> None:
    till.plug_in_reader()
    sale = till.press_tile(stock.ZINE)
    till.post(f"{sale}/card", ordinal=1)
    till.terminal(card_attempt.send, approve, card_attempt.pay)
    closed(till)
    amounts = cells(till)
    assert {"54.50", "4.50", "50.00"} <= amounts
    plain = list(csv.reader(io.StringIO(till.client.get("/z/1.csv").text)))
    assert {row[3] for row in plain[1:] if row[4] == "EUR"} >= amounts
    office = till.client.get("/z/1.csv?dialect=de").get_data().decode("utf-8-sig")
    comma = list(csv.reader(io.StringIO(office), delimiter=";"))
    assert [[cell.replace(",", ".") for cell in row] for row in comma] == [
        [cell.replace(",", ".") for cell in row] for row in plain
    ]
    for page in ("/z/1", "/z/1/print"):
        shown = unescape(till.client.get(page).text)
        assert [amount for amount in amounts if f"€{amount.lstrip('-')}" not in shown] == []


def test_the_json_is_the_event_word_for_word(till: Till) -> None:
    closed(till)
    answer = till.client.get("/z/1.json").json
    assert answer is not None
    report = shifts.report_of(till.box.db.read(), shifts.get(till.box.db.read(), 1))
    assert answer["report"] == zbody.body(report)
    assert answer["head"]["box"] == till.box.secrets.signing.thumbprint
    assert [tie["standing"] for tie in answer["ties"]] == ["ok"] * 5


def test_receipts_of_the_shift_are_one_row_a_line_and_add_up(till: Till) -> None:
    sell(till, stock.ZINE)
    closed(till)
    sell(till)
    rows = list(csv.DictReader(io.StringIO(till.client.get("/z/1/receipts.csv").text)))
    assert [(row["article"], row["number"], row["gross"], row["vat_rate"], row["paid_by"]) for row in rows] == [
        (stock.ZINE, "", "3.00", "19.00", "cash 3.00"), (stock.PRINTS, "1", "4.50", "19.00", "cash 4.50"),
    ]  # fmt: skip
    assert (
        till.client.get("/z/1/receipts.csv").headers["Content-Disposition"] == 'attachment; filename="receipts-1.csv"'
    )


def test_the_pdf_is_drawn_by_another_process(till: Till) -> None:
    closed(till)
    answer = till.client.get("/z/1.pdf")
    assert answer.status_code == 200
    assert answer.content_type == "application/pdf"
    assert answer.get_data().startswith(b"%PDF-1.")


def test_a_pdf_that_cannot_be_drawn_is_told(till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    closed(till)
    monkeypatch.setattr("sys.executable", "/bin/false")
    answer = till.client.get("/z/1.pdf")
    assert answer.status_code == 503
    assert "Print the page instead" in text(answer)


def test_a_report_that_is_not_there_is_told(till: Till) -> None:
    assert till.client.get("/z/7").status_code == 404
    assert "No shift was closed yet" in till.see("/z")


def test_the_list_goes_on_at_older_reports(till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stall.web.till.reports.LISTED", 2)
    for _ in range(3):
        closing.close(till.box)
    first = till.client.get("/z").text
    assert ('href="/z/3"' in first, 'href="/z/1"' in first, "/z?below=2" in first) == (True, False, True)
    older = till.client.get("/z?below=2").text
    assert ('href="/z/1"' in older, "Older reports" in older) == (True, False)
