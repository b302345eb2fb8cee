"""The simulated terminal's books: numbering, power failures, day totals."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

import pytest

from stall.errors import Broken
from stall.reader.simulated.ledger import REVERSALS, Ledger


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


def test_what_was_open_becomes_what_the_habit_of_reversing_says(path: Path) -> None:
    for habit, state in REVERSALS.items():
        before = Ledger(path)
        before.reversal = habit
        before.authorise(700, "EUR")
        assert Ledger(path).entries(1)[0].state == state


def test_a_reversal_that_was_cut_off_takes_its_payment_back_where_it_is_kept(path: Path) -> None:
    ledger = Ledger(path)
    for habit, state in (("reverse", "booked"), ("keep", "reversed")):
        ledger.reversal = habit
        entry = ledger.authorise(700, "EUR")
        ledger.settle(entry, "booked")
        ledger.begin_reversal(entry)
        ledger.settle_open()
        found = ledger.find(entry.receipt)
        assert found is not None
        assert found.state == state


def test_receipt_numbers_wrap_to_0_and_begin_anew_where_the_terminal_is_so(path: Path) -> None:
    ledger = Ledger(path)
    ledger.begin_script("a", next_receipt=9999, wrap=0)
    assert [ledger.authorise(1, "EUR").receipt for _ in range(2)] == [9999, 0]
    ledger.close_day(ledger.day(), reset_receipts=True)
    assert ledger.authorise(1, "EUR").receipt == 0


def test_refunds_lower_the_day_and_sales_on_the_terminal_raise_it(path: Path) -> None:
    ledger = Ledger(path)
    ledger.sell_by_itself(500)
    ledger.settle(ledger.authorise(200, "EUR", "refund"), "booked")
    ledger.settle(ledger.authorise(100, "EUR", "refund"), "reversed")
    assert sum(minor for _, _, minor in ledger.day().sums) == 300
    assert [(each.kind, each.origin) for each in ledger.entries(3)] == [("refund", "till")] * 2 + [
        ("payment", "terminal")
    ]


def test_offline_approvals_are_stored_until_they_are_cleared_once(path: Path) -> None:
    ledger = Ledger(path)
    for amount in (100, 200):
        ledger.settle(ledger.authorise(amount, "EUR", offline=True), "booked")
    ledger.settle(ledger.authorise(300, "EUR", offline=True), "reversed")
    assert ledger.clear_offline(1) == 1
    assert ledger.clear_offline(1) == 0
    assert [(each.amount, each.state, each.clearing) for each in ledger.entries(3)] == [
        (300, "reversed", "stored"), (200, "booked", "sent"), (100, "declined", "declined")
    ]  # fmt: skip


def test_what_is_counted_goes_on_in_the_next_process_and_anew_with_another_script(path: Path) -> None:
    first = Ledger(path)
    first.begin_script("a", day_end_required=True)
    assert [first.count("payment"), first.count("payment"), first.count("reset")] == [0, 1, 0]
    second = Ledger(path)
    second.day_end_required = False
    second.begin_script("a", day_end_required=True)
    assert (second.count("payment"), second.day_end_required) == (2, False)
    second.begin_script("b")
    assert second.count("payment") == 0


FIRST_VERSION = """
CREATE TABLE terminal (
    id INTEGER PRIMARY KEY CHECK (id = 1), tid TEXT NOT NULL, receipt INTEGER NOT NULL, trace INTEGER NOT NULL,
    day INTEGER NOT NULL
) STRICT;
CREATE TABLE entry (
    id INTEGER PRIMARY KEY, kind TEXT NOT NULL CHECK (kind IN ('payment', 'reversal')),
    receipt INTEGER NOT NULL, trace INTEGER NOT NULL, amount INTEGER NOT NULL CHECK (amount > 0),
    currency TEXT NOT NULL, card INTEGER NOT NULL, result INTEGER NOT NULL, at TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('open', 'booked', 'reversed')), original_trace INTEGER, day_end INTEGER
) STRICT;
INSERT INTO terminal VALUES (1, '52000017', 3, 3, 2);
INSERT INTO entry VALUES (1, 'payment', 1, 1, 1, 'EUR', 1, 0, '2026-01-01T10:00:00+00:00', 'booked', NULL, 1);
INSERT INTO entry VALUES (2, 'payment', 2, 2, 450, 'EUR', 2, 0, '2026-01-01T11:00:00+00:00', 'booked', NULL, NULL);
INSERT INTO entry VALUES (3, 'payment', 3, 3, 900, 'EUR', 0, 0, '2026-01-01T12:00:00+00:00', 'open', NULL, NULL);
"""


def test_books_of_the_first_version_are_kept(path: Path) -> None:
    path.parent.mkdir()
    with contextlib.closing(sqlite3.connect(path)) as db:
        db.executescript(FIRST_VERSION)
    for ledger in (Ledger(path), Ledger(path)):
        assert (ledger.tid, ledger.reversal, ledger.day_end_required) == ("52000017", "reverse", False)
        assert [(e.amount, e.state, e.origin, e.clearing) for e in ledger.entries()] == [
            (900, "reversed", "till", "online"), (450, "booked", "till", "online"), (1, "booked", "till", "online")
        ]  # fmt: skip
    assert ledger.authorise(100, "EUR", "refund").receipt == 4


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
