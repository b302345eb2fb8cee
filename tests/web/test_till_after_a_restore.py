"""The till where money came in for a number that was frozen meanwhile: what it says, and how the sale is finished."""

from __future__ import annotations

import pytest

from stall.domain import books
from stall.domain.epoch import Cause
from stall.domain.payment import State
from stall.flows import card_attempt
from stall.flows.day_end import ask_day_end, record_day_end
from stall.flows.new_epoch import new_epoch
from stall.store import epochs, reconciliation, sales, uploads
from stall.web.buyer.live import order_state
from tests.fakes import stock
from tests.fakes.leasing import lease_anew
from tests.fakes.stock import Stocked
from tests.web.till_pages import Till, approve


@pytest.fixture
def till(stocked_box: Stocked) -> Till:
    made = Till(stocked_box)
    made.plug_in_reader()
    return made


@pytest.fixture
def unfinished(till: Till) -> str:
    """A card payment that came through after the box began a new epoch."""
    sale = till.press_tile(stock.PRINTS)
    till.post(f"{sale}/card", ordinal=1)
    till.terminal(card_attempt.send)
    till.write(lambda tx: new_epoch(tx, Cause.PUT_BACK))
    till.sign_in_again()
    assert till.terminal(approve, card_attempt.pay) is State.PAID
    return sale


def test_the_page_says_that_money_was_taken_and_offers_no_second_payment(till: Till, unfinished: str) -> None:
    page = till.see(unfinished)
    assert "Paid, not finished" in page
    assert "Give the money back, or finish the sale after a new lease" in page
    assert "Cancel this sale" not in page
    assert "Cash, exact" not in page
    assert "Money was taken in sale" in till.see("/day")
    found = sales.get(till.box.db.read(), int(unfinished.rsplit("/", 1)[1]))
    assert order_state(till.box, found).state == "checking"  # the buyer is not told to pay again


def test_it_is_finished_with_one_press_after_a_new_lease(till: Till, unfinished: str) -> None:
    lease_anew(till.stocked, (1, 5))
    assert "Finish the sale" in till.see(unfinished)
    assert till.post(f"{unfinished}/cash", ordinal=2, given="0.00").status_code == 303
    assert "Paid €4.50 by card" in till.see(unfinished)
    assert till.count("attempts") == 1
    again = till.post(f"{unfinished}/cash", ordinal=2, given="0.00")
    assert again.status_code == 409
    assert till.count("attempts") == 1


def test_the_books_of_a_day_tie_over_both_its_epochs(till: Till, unfinished: str) -> None:
    lease_anew(till.stocked, (1, 5))
    till.post(f"{unfinished}/cash", ordinal=2, given="0.00")
    job = till.write(lambda tx: ask_day_end(tx, 1))
    till.write(lambda tx: record_day_end(tx, job, 1, total_minor=450, count=1, cur="EUR", tid="52500012"))
    till.write(lambda tx: new_epoch(tx, Cause.MOVED))
    till.sign_in_again()
    own = till.box.secrets.signing
    read = reconciliation.read_books(till.box.db.read(), {own.thumbprint: own.public}, "EUR", cloud=False)
    said = {check.name: check.ok for check in books.checks(read)}
    assert (said["receipts"], said["terminal"], said["open"]) == (True, True, True)
    assert [(row.tender, row.minor) for row in read.receipts] == [("card", 450)]


def exceptions_check(till: Till) -> tuple[bool, int]:
    """Whether there is nothing to look at, and how many new epochs are told beside it."""
    own = till.box.secrets.signing
    read = reconciliation.read_books(till.box.db.read(), {own.thumbprint: own.public}, "EUR", cloud=False)
    return next(check.ok for check in books.checks(read) if check.name == "exceptions"), len(read.begun)


def test_a_new_epoch_is_told_and_contradicts_nothing(till: Till) -> None:
    assert exceptions_check(till) == (True, 0)
    till.write(lambda tx: new_epoch(tx, Cause.PUT_BACK))
    till.sign_in_again()
    assert exceptions_check(till) == (True, 1)
    said = till.see("/day")
    assert "Nothing contradicts what was recorded." in said
    assert "New beginnings of the journal" in said
    assert f"went on in epoch {epochs.running(till.box.db.read()).epoch}" in said
    lease_anew(till.stocked, (1, 5))
    assert "frozen" not in till.see("/day")  # nothing is, once it is leased anew


def test_money_for_a_frozen_number_is_to_be_looked_at_until_its_sale_is_finished(till: Till, unfinished: str) -> None:
    assert exceptions_check(till) == (False, 1)
    till.write(lambda tx: new_epoch(tx, Cause.MOVED))
    till.sign_in_again()
    assert till.see("/day").count("Money was taken in sale") == 1  # the same note, not one for each epoch
    lease_anew(till.stocked, (1, 5))
    till.post(f"{unfinished}/cash", ordinal=2, given="0.00")
    assert exceptions_check(till) == (True, 2)
    assert "Money was taken in sale" not in till.see("/day")


def test_a_frozen_drop_is_not_called_sold_out(till: Till) -> None:
    till.write(lambda tx: new_epoch(tx, Cause.MOVED))
    till.sign_in_again()
    for page in (till.see("/"), till.see("/drops")):
        assert "Needs a new lease" in page
        assert "Sold out" not in page
    lease_anew(till.stocked, (1, 5))
    assert "Needs a new lease" not in till.see("/")


def test_the_day_names_what_is_frozen_and_how_to_lease_anew(till: Till) -> None:
    till.write(lambda tx: new_epoch(tx, Cause.MOVED))
    till.sign_in_again()
    said = till.see("/day")
    assert "frozen: 1-5" in said
    assert f"--box {till.box.secrets.signing.thumbprint}" in said
    assert f"--epoch {epochs.running(till.box.db.read()).epoch}" in said
    assert f"stall accept --data FOLDER {stock.PRINTS}.lease" in said


def test_receipts_of_two_epochs_are_given_no_range_of_entries(till: Till) -> None:
    till.post(f"{till.press_tile(stock.PRINTS)}/cash", ordinal=1, given="4.50")
    assert "1 receipt, journal entry" in till.see("/day")
    till.write(lambda tx: new_epoch(tx, Cause.MOVED))
    till.sign_in_again()
    lease_anew(till.stocked, (2, 5))
    till.post(f"{till.press_tile(stock.PRINTS)}/cash", ordinal=1, given="4.50")
    assert "2 receipts, in 2 epochs of the journal" in till.see("/day")


def test_what_the_cloud_doubts_is_said_in_a_sentence(till: Till) -> None:
    till.write(lambda tx: uploads.save_doubt(tx, 1, uploads.Doubt(3, "quarantined", "edition-sold-twice")))
    till.write(lambda tx: uploads.save_doubt(tx, 1, uploads.Doubt(4, "bad", "receipt-pay-sum")))
    own = till.box.secrets.signing
    read = reconciliation.read_books(till.box.db.read(), {own.thumbprint: own.public}, "EUR", cloud=True)
    assert read.upload is not None
    assert read.upload.doubts == (
        "Record 3: its edition number was sold by another box or copy too. Agree with both buyers who keeps it.",
        "Record 4: the cloud calls it bad (receipt-pay-sum). Ask who keeps the cloud.",
    )
