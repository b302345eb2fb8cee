"""The owner slip of a sale at the till: asked for, waited for, copied where the paper is not whole, and forgotten."""

from __future__ import annotations

import re

import pytest

from stall.flows import name_owner, print_paper
from stall.store import locks, owner_slips, print_jobs
from stall.store.db import Tx
from stall.store.print_jobs import Job, Standing
from stall.wire import ownercode
from tests.fakes.stock import Stocked
from tests.web import test_till_closes_the_day
from tests.web.test_till_prints import sell
from tests.web.till_pages import Till, text

CODE = bytes(range(16))
DID = ownercode.key_of(CODE).did
NO_PAPER = "The printer is out of paper. Put in a new roll and close the cover; what waits is printed then."


@pytest.fixture
def till(stocked_box: Stocked) -> Till:
    return Till(stocked_box)


@pytest.fixture
def sale(till: Till, program: locks.Held) -> str:
    set_up(till)
    return sell(till)


def set_up(till: Till, state: Standing = "ready", sentence: str = "The printer is ready.") -> None:
    till.write(lambda tx: print_paper.report(tx, state, sentence, auto=False, drawer=False))


def ask(till: Till, sale: str) -> None:
    assert till.post(f"{sale}/owner/print", press=till.press(sale)).location == sale


def code_on(page: str) -> str | None:
    """The owner code on a page: seven groups of four; a claim code has six, and two signs."""
    found = re.search(r"\b((?:[0-9A-Z]{4} ){6}[0-9A-Z]{4})\b", page)
    return None if found is None else found[1]


def newest(till: Till) -> Job:
    return print_jobs.newest(till.box.db.read(), 1)[0]


def began(till: Till, state: str | None, answer: str = "") -> None:
    """What the printing program does with the slip that waits: draws, keeps, signs, and ends as `state` if at all."""
    job = newest(till)
    owner_slips.keep(till.box.folder, DID, CODE)

    def work(tx: Tx) -> None:
        assert print_paper.begin_owner_slip(tx, job, DID, kept=False)
        if state is not None:
            print_paper.end(tx, job.no, state, answer)

    till.write(work)
    if state == print_jobs.DONE:
        owner_slips.erase(till.box.folder, DID)


def test_a_slip_is_asked_for_with_one_press_and_once(till: Till, sale: str) -> None:
    assert "Owner code on this screen" in till.see(sale)
    press = till.press(sale)
    for _ in range(2):
        assert till.post(f"{sale}/owner/print", press=press).location == sale
    assert [(job.kind, job.subject) for job in print_jobs.newest(till.box.db.read(), 9)] == [("owner", 1)]
    page = till.see(sale)
    assert "The owner slip waits for the printer." in page
    assert "Print the owner code" not in page
    assert "Owner slip, waits" in till.see("/printer")


def test_without_a_printer_no_slip_is_offered(till: Till) -> None:
    sale = sell(till)
    assert "Print the owner code" not in till.see(sale)
    press = till.press(sale)
    refused = till.post(f"{sale}/owner/print", press=press)
    assert refused.status_code == 409
    assert "No printer is set up on this box." in text(refused)
    shown = text(till.post(f"{sale}/owner", press=press))
    assert "Print it on a slip" not in shown
    still_shown = till.post(f"{sale}/owner/print", press=press)
    assert (still_shown.status_code, code_on(text(still_shown))) == (409, code_on(shown))
    assert owner_slips.erase_others(till.box.folder) == 0


def test_a_slip_that_came_out_is_said_and_offered_no_more(till: Till, sale: str) -> None:
    ask(till, sale)
    began(till, print_jobs.DONE)
    page = till.see(sale)
    assert "The owner slip is printed." in page
    assert "Print the owner code" not in page
    assert "Show" not in page
    refused = till.post(f"{sale}/owner/print", press=till.press("/"))
    assert refused.status_code == 409
    assert "not printed twice" in text(refused)


def test_while_paper_is_out_the_code_can_be_shown_instead(till: Till, sale: str) -> None:
    set_up(till, "attention", NO_PAPER)
    ask(till, sale)
    page = till.see(sale)
    assert f"The owner slip waits for the printer. {NO_PAPER}" in page
    assert "Show an owner code here" in page
    code = code_on(text(till.post(f"{sale}/owner", press=till.press(sale))))
    assert code is not None
    assert name_owner.owner_of(till.box.db.read(), 1) == ownercode.key_of(ownercode.decode(code)).did
    assert newest(till).state == "failed"
    assert name_owner.SHOWN_INSTEAD in till.see(sale)


def test_a_slip_nobody_wants_any_more_draws_no_code(till: Till, sale: str) -> None:
    set_up(till, "attention", NO_PAPER)
    ask(till, sale)
    assert "Do not print it" in till.see(sale)
    assert till.post(f"{sale}/owner/done").location == sale
    assert newest(till).state == "failed"
    assert name_owner.owner_of(till.box.db.read(), 1) is None
    page = till.see(sale)
    assert "Nobody wanted the owner slip" in page
    assert "Print the owner code" in page


def test_the_code_of_a_slip_that_is_not_whole_is_shown_until_the_buyer_has_it(till: Till, sale: str) -> None:
    ask(till, sale)
    began(till, print_jobs.UNCLEAR, print_paper.OWNER_UNCLEAR)
    page = till.see(sale)
    assert print_paper.OWNER_UNCLEAR in page
    assert "Print the owner code" not in page
    for _ in range(2):
        shown = text(till.post(f"{sale}/owner/kept"))
        assert code_on(shown) == " ".join(ownercode.encode(CODE)[n : n + 4] for n in range(0, 28, 4))
    assert till.post(f"{sale}/owner/done").location == sale
    assert owner_slips.find(till.box.folder, DID) is None
    assert "Its code is kept no longer." in till.see(sale)
    gone = till.post(f"{sale}/owner/kept")
    assert (gone.status_code, code_on(text(gone))) == (409, None)


def test_the_code_on_the_screen_can_be_printed_as_long_as_it_is_shown(till: Till, sale: str) -> None:
    press = till.press(sale)
    page = text(till.post(f"{sale}/owner", press=press))
    code = code_on(page)
    assert code is not None
    assert "Print it on a slip" in page
    assert till.post(f"{sale}/owner/print", press=press).location == sale
    did = ownercode.key_of(ownercode.decode(code)).did
    assert owner_slips.find(till.box.folder, did) == ownercode.decode(code)
    assert newest(till).state == "asked"


def test_a_page_of_long_ago_shows_and_prints_no_code(till: Till, sale: str) -> None:
    press = till.press(sale)
    page = till.post(f"{sale}/owner", press=press).get_data(as_text=True)
    assert f'http-equiv="refresh" content="600;url={sale}"' in page
    till.stocked.clock.advance(name_owner.SHOWN_MS + 1)
    till.sign_in_again()  # the screen locked meanwhile
    for path in (f"{sale}/owner", f"{sale}/owner/print"):
        late = till.post(path, press=press)
        assert (late.status_code, code_on(text(late))) == (409, None)
        assert "kept nowhere" in text(late)
    assert print_jobs.newest(till.box.db.read(), 9) == []


def test_closing_the_shift_forgets_what_is_kept(till: Till, sale: str) -> None:
    ask(till, sale)
    began(till, print_jobs.UNCLEAR, print_paper.OWNER_UNCLEAR)
    assert test_till_closes_the_day.press(till, "/shift/close", "/shift/close").status_code == 303
    assert owner_slips.find(till.box.folder, DID) is None
    assert "Its code is kept no longer." in till.see(sale)


def printed(till: Till) -> Job:
    """What the printing program does with a slip of a code that was kept for it: prints it whole, and erases the code."""
    job = newest(till)
    did = name_owner.owner_of(till.box.db.read(), 1) or ""
    till.write(lambda tx: print_paper.begin_owner_slip(tx, job, did, kept=True))
    owner_slips.erase(till.box.folder, did)
    till.write(lambda tx: print_paper.end(tx, job.no, print_jobs.DONE, ""))
    return job


def test_a_code_whose_slip_is_out_is_not_kept_again_by_another_press_of_its_page(till: Till, sale: str) -> None:
    press = till.press(sale)
    till.post(f"{sale}/owner", press=press)
    assert till.post(f"{sale}/owner/print", press=press).location == sale
    printed(till)
    assert till.post(f"{sale}/owner/print", press=press).location == sale
    assert owner_slips.erase_others(till.box.folder) == 0
    assert "Show" not in till.see(sale)


def test_a_code_that_was_forgotten_is_not_kept_again_by_a_refused_press(till: Till, sale: str) -> None:
    press = till.press(sale)
    till.post(f"{sale}/owner", press=press)
    till.post(f"{sale}/owner/print", press=press)
    job = newest(till)
    did = name_owner.owner_of(till.box.db.read(), 1) or ""
    till.write(lambda tx: print_paper.begin_owner_slip(tx, job, did, kept=True))
    till.write(lambda tx: print_paper.end(tx, job.no, print_jobs.UNCLEAR, "The printer stopped."))
    assert till.post(f"{sale}/owner/done").location == sale
    till.post(f"{sale}/owner/print", press=press)
    assert owner_slips.erase_others(till.box.folder) == 0
