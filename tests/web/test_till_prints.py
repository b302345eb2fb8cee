"""Printing at the till: what is asked for is a row, what came of it is said, and the printer's state stands in the banner."""

from __future__ import annotations

import pytest

from stall.flows import print_paper
from stall.store import locks, print_jobs
from stall.store.db import Tx
from stall.store.print_jobs import Job, Standing
from tests.fakes.stock import PRINTS, Stocked
from tests.flows import closing
from tests.web.till_pages import Till, text


@pytest.fixture
def till(stocked_box: Stocked) -> Till:
    return Till(stocked_box)


def set_up(
    till: Till, state: Standing = "ready", sentence: str = "The printer is ready.", *, drawer: bool = False
) -> None:
    till.write(lambda tx: print_paper.report(tx, state, sentence, auto=False, drawer=drawer))


def sell(till: Till) -> str:
    sale = till.press_tile(PRINTS)
    assert till.post(f"{sale}/cash", ordinal=1, given="10").status_code == 303
    return sale


def ask(till: Till, sale: str) -> None:
    assert till.post(f"{sale}/print", press=till.press_of(f"{sale}/print", sale)).status_code == 303


def jobs(till: Till) -> list[Job]:
    return print_jobs.newest(till.box.db.read(), 9)


def end(till: Till, state: str, answer: str = "", *, copy: int = 0) -> None:
    job = jobs(till)[0]

    def work(tx: Tx) -> None:
        assert print_paper.begin(tx, job, copy)
        print_paper.end(tx, job.no, state, answer)

    till.write(work)


def test_without_a_printer_nothing_is_said_of_one(till: Till) -> None:
    sale = sell(till)
    page = till.see(sale)
    assert "Print receipt" not in page
    assert "Printer" not in page
    assert "No printer is set up on this box." in till.see("/printer")
    answer = till.post(f"{sale}/print", press=till.press("/"))
    assert answer.status_code == 409
    assert "No printer is set up on this box." in text(answer)


def test_a_receipt_is_asked_for_once_however_often_it_is_pressed(till: Till, program: locks.Held) -> None:
    set_up(till)
    sale = sell(till)
    assert "Print receipt" in till.see(sale)
    press = till.press_of(f"{sale}/print", sale)
    for _ in range(2):
        assert till.post(f"{sale}/print", press=press).location == sale
    assert [(job.kind, job.state, job.asked_by) for job in jobs(till)] == [("receipt", "asked", 1)]
    page = till.see(sale)
    assert "Waits for the printer." in page
    assert "Print receipt" not in page, "what waits is not asked for again"


def test_what_came_out_is_said_and_the_next_is_a_copy(till: Till, program: locks.Held) -> None:
    set_up(till)
    sale = sell(till)
    ask(till, sale)
    end(till, "done")
    page = till.see(sale)
    assert "Printed." in page
    assert "Print a copy" in page
    ask(till, sale)
    end(till, "done", copy=1)
    assert "Copy printed." in till.see(sale)


def test_what_is_unclear_says_what_to_do_and_is_not_asked_for_again(till: Till, program: locks.Held) -> None:
    set_up(till)
    sale = sell(till)
    ask(till, sale)
    end(till, "unclear", print_paper.UNCLEAR)
    page = till.see(sale)
    assert print_paper.UNCLEAR in page
    assert "Print a copy" in page
    assert [job.state for job in jobs(till)] == ["unclear"]


def test_a_job_that_waits_for_paper_says_so(till: Till, program: locks.Held) -> None:
    sentence = "The printer is out of paper. Put in a new roll and close the cover; what waits is printed then."
    set_up(till, "attention", sentence)
    sale = sell(till)
    ask(till, sale)
    page = till.see(sale)
    assert f"Waits for the printer. {sentence}" in page
    assert "Out of paper" in page


@pytest.mark.parametrize(
    ("state", "sentence", "flag"),
    [
        ("ready", "The printer is ready.", "Printer ready"),
        (
            "ready",
            "The printer is ready, and its roll is nearly at its end. Have a new one at hand.",
            "Paper nearly out",
        ),
        ("attention", "The printer is out of paper. Put in a new roll.", "Out of paper"),
        ("attention", "The printer's cover is open. Close it.", "Printer needs a look"),
        ("lost", "The printer is not connected (nothing is at /dev/x). Check its cable.", "Printer off"),
    ],
)
def test_the_banner_says_how_the_printer_stands(
    till: Till, program: locks.Held, state: Standing, sentence: str, flag: str
) -> None:
    set_up(till, state, sentence)
    assert flag in till.see("/")
    assert sentence in till.see("/printer")


def test_a_program_that_was_killed_is_told_whatever_its_row_says(till: Till) -> None:
    set_up(till)
    assert "Printing is not running" in till.see("/")
    assert "Start it with `stall sync`" in till.see("/printer")


def test_a_test_page_and_the_drawer_are_asked_for_on_the_printers_page(till: Till, program: locks.Held) -> None:
    set_up(till, drawer=True)
    assert till.post("/printer/test", press=till.press("/printer")).location == "/printer"
    assert till.post("/printer/drawer", press=till.press_of("/printer/drawer", "/printer")).location == "/printer"
    assert [(job.kind, job.state) for job in jobs(till)] == [("drawer", "asked"), ("test", "asked")]
    page = till.see("/printer")
    assert "Drawer, waits" in page
    assert "Test page: Waits for the printer." in page


def test_a_shift_that_is_open_has_no_paper(till: Till, program: locks.Held) -> None:
    set_up(till)
    answer = till.post("/z/1/paper", press=till.press("/printer"))
    assert answer.status_code == 409
    assert "That shift is not closed" in text(answer)


def test_looking_changes_nothing(till: Till, program: locks.Held) -> None:
    set_up(till)
    sale = sell(till)
    for _ in range(3):
        till.see(sale)
        till.see("/printer")
    assert jobs(till) == []


def test_a_closed_shift_has_a_button_for_its_report_and_a_copy_afterwards(till: Till, program: locks.Held) -> None:
    assert "On the receipt printer" not in till.see(f"/z/{closing.close(till.box)}")
    set_up(till)
    assert "On the receipt printer" in till.see("/z/1")
    assert till.post("/z/1/paper", press=till.press_of("/z/1/paper", "/z/1")).location == "/printer"
    assert [(job.kind, job.subject, job.state) for job in jobs(till)] == [("z", 1, "asked")]
    assert "Z-report, waits" in till.see("/printer")
