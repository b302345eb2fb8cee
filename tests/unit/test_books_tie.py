"""The end of the day: what ties is said to tie, and every gap is named with its amount and what to do."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from stall.domain.books import Books, DayEnd, Exceptional, OpenPayment, TenderSum, Upload, checks

GOOD = Books(
    cur="EUR",
    epoch="e",
    size=30,
    receipts=(TenderSum("card", "EUR", 2, 900, 5, 9), TenderSum("cash", "EUR", 1, 450, 7, 7)),
    paid=(("card", "EUR", 900), ("cash", "EUR", 450)),
    part_paid=0,
    day_ends=(DayEnd(0, "52500012", "EUR", 900, 2, 900, 2),),
    since_minor=0,
    since_count=0,
    open_payments=(),
    exceptions=(),
    upload=Upload(30, 30, None, ()),
)


def test_a_good_day_ties_everywhere() -> None:
    assert [(check.name, check.ok) for check in checks(GOOD)] == [
        (name, True) for name in ("receipts", "terminal", "open", "exceptions", "cloud")
    ]


def test_without_a_cloud_there_is_nothing_to_send() -> None:
    assert [check.name for check in checks(dataclasses.replace(GOOD, upload=None))][-1] == "exceptions"


@pytest.mark.parametrize(
    ("name", "change", "said"),
    [
        ("receipts", {"paid": (("card", "EUR", 900),)}, "cash differs by €4.50"),
        ("receipts", {"paid": (("card", "EUR", 901), ("cash", "EUR", 450))}, "card differs by -€0.01"),
        ("receipts", {"part_paid": 1}, "1 sale without a receipt"),
        ("terminal", {"day_ends": (DayEnd(0, None, "EUR", 899, 2, 900, 2),)}, "took €8.99, our card payments are €9.00"),
        ("terminal", {"day_ends": (DayEnd(0, None, "HUF", 899, 2, 900, 2),)}, "took 899 in the smallest unit of HUF"),
        ("terminal", {"day_ends": (DayEnd(0, None, "EUR", 900, 3, 900, 2),)}, "counts 3 payments, we count 2"),
        ("terminal", {"since_count": 2, "since_minor": 900}, "2 card payments (€9.00) came after"),
        ("open", {"open_payments": (OpenPayment(3, 8, "unknown", 450, "EUR"),)}, "€4.50 are unfinished or unclear (sale 8)"),
        ("exceptions", {"exceptions": (Exceptional(0, 3, "x"),)}, "1 note to look at"),
        ("cloud", {"upload": Upload(28, 28, "No network.", ())}, "2 records saved on this box, not sent yet"),
        ("cloud", {"upload": Upload(30, 30, None, ("record 4",))}, "doubts 1 record"),
        ("cloud", {"upload": Upload(30, 12, None, ())}, "not countersigned it yet"),
    ],
)  # fmt: skip
def test_a_gap_fails_its_own_check_alone_and_is_named(name: str, change: dict[str, Any], said: str) -> None:
    found = {check.name: check for check in checks(dataclasses.replace(GOOD, **change))}
    assert [check.name for check in found.values() if not check.ok] == [name]
    assert said in found[name].sentence


def test_two_gaps_that_cancel_out_are_still_two_gaps() -> None:
    ends = (DayEnd(0, None, "EUR", 450, 1, 900, 2), DayEnd(1, None, "EUR", 900, 2, 450, 1))
    terminal = checks(dataclasses.replace(GOOD, day_ends=ends))[1]
    assert not terminal.ok
    assert terminal.sentence.count("The terminal took") == 2


@pytest.mark.parametrize(("theirs", "ties"), [(2, True), (4, True), (3, False), (None, True)])
def test_a_payment_taken_back_may_be_counted_with_its_taking_back_or_not_at_all(
    theirs: int | None, *, ties: bool
) -> None:
    end = DayEnd(0, None, "EUR", 900, theirs, 900, 2, taken_back=1)
    assert checks(dataclasses.replace(GOOD, day_ends=(end,)))[1].ok is ties
