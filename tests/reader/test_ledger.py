"""The simulated terminal's books: numbering, power failures, day totals."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from stall.errors import Broken
from stall.reader.simulated.ledger import Ledger


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "terminal" / "ledger.sqlite"


def test_new_books_have_a_last_receipt_and_an_empty_day(path: Path) -> None:
    ledger = Ledger(path)
    last = ledger.last()
    assert last is not None
    assert (last.receipt, last.amount, last.day_end) == (1, 1, 1)
    assert ledger.day().sums == ()
    assert len(ledger.tid) == 8
    assert Ledger(path).tid == ledger.tid


def test_what_was_open_at_a_power_failure_is_reversed_and_keeps_its_number(path: Path) -> None:
    before = Ledger(path)
    before.settle(before.authorise(500, "EUR"), "booked")
    before.authorise(700, "EUR")
    after = Ledger(path)
    assert [(each.receipt, each.state) for each in after.entries()] == [(3, "reversed"), (2, "booked"), (1, "booked")]
    assert after.authorise(900, "EUR").receipt == 4


def test_a_payment_is_settled_once(path: Path) -> None:
    ledger = Ledger(path)
    entry = ledger.authorise(500, "EUR")
    ledger.settle(entry, "reversed")
    ledger.settle(entry, "booked")
    assert ledger.day().sums == ()


def test_receipt_numbers_wrap_from_9999_to_1(path: Path) -> None:
    ledger = Ledger(path)
    with sqlite3.connect(path) as db:
        db.execute("UPDATE terminal SET receipt = 9998, trace = 999999")
    db.close()
    assert [ledger.authorise(1, "EUR").receipt for _ in range(2)] == [9999, 1]
    assert ledger.entries(1)[0].trace == 2


def test_a_day_counts_what_stands_and_starts_empty_again(path: Path) -> None:
    ledger = Ledger(path)
    for amount in (100, 200, 300):
        ledger.settle(ledger.authorise(amount, "EUR"), "booked")
    ledger.settle(ledger.authorise(1000, "EUR"), "reversed")
    original = ledger.find(3)
    assert original is not None
    ledger.finish_reversal(original, ledger.begin_reversal(original))
    day = ledger.day()
    assert (sum(count for _, count, _ in day.sums), sum(minor for _, _, minor in day.sums)) == (2, 400)
    assert (day.first, day.last) == (2, 6)
    ledger.close_day(day)
    assert ledger.day().sums == ()
    assert ledger.day().number == day.number + 1
    assert ledger.find(2) is None


def test_a_payment_taken_back_is_told_as_a_reversal(path: Path) -> None:
    ledger = Ledger(path)
    ledger.settle(ledger.authorise(500, "EUR"), "reversed")
    last = ledger.last()
    assert last is not None
    assert last.booking(ledger.tid).original_trace == last.trace


def test_books_that_cannot_be_kept_are_said_to_be_broken(tmp_path: Path) -> None:
    (tmp_path / "ledger.sqlite").write_bytes(b"this is no database, only text that is long enough to be looked at" * 20)
    with pytest.raises(Broken, match="simulator-ledger"):
        Ledger(tmp_path / "ledger.sqlite")


def test_commands_to_move_money_are_kept_in_order_and_outlive_the_process(path: Path) -> None:
    Ledger(path).hear(0x0601, 450, None)
    Ledger(path).hear(0x0630, None, 7)
    assert [(each.command, each.amount, each.receipt) for each in Ledger(path).heard()] == [
        (0x0601, 450, None),
        (0x0630, None, 7),
    ]


def test_books_that_kept_no_commands_begin_to(path: Path) -> None:
    ledger = Ledger(path)
    ledger.settle(ledger.authorise(500, "EUR"), "booked")
    with sqlite3.connect(path) as db:
        db.execute("DROP TABLE heard")
        db.execute("PRAGMA user_version = 1")
    db.close()
    again = Ledger(path)
    again.hear(0x0601, 450, None)
    assert (len(again.heard()), again.entries(1)[0].amount) == (1, 500)
