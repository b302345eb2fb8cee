"""`stall report reconcile` ties receipts, payments, terminal and cloud, and fails while one does not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from stall import app
from stall.domain.payment import Reason
from stall.flows import card_attempt
from stall.flows.day_end import ask_day_end, record_day_end
from stall.flows.fill_basket import Wish, fill_basket
from stall.flows.take_card import ask_card
from stall.store import readers
from stall.store.box import Box
from tests.commands.conftest import Run
from tests.fakes import stock


@pytest.fixture
def box(data: Path) -> Iterator[Box]:
    opened = app.open_box(data)
    yield opened
    opened.close()


def pay_by_card(box: Box, minor: int) -> int:
    """A card sale the terminal approved."""
    facts = card_attempt.TerminalFacts(minor, "52500012", 42, 7, "A1", "girocard", "1234", offline=False)
    with box.db.transaction() as tx:
        readers.report(tx, 1, "Card reader", "ready", "Ready")
        sale = fill_basket(tx, [Wish(stock.PRINTS)], origin="till", vat_bp=1900)
        attempt = ask_card(tx, sale, 1, 1)
        card_attempt.send(tx, attempt)
        card_attempt.approve(tx, attempt, facts)
        card_attempt.pay(tx, attempt)
    return sale


def close_day(box: Box, total_minor: int, count: int) -> None:
    with box.db.transaction() as tx:
        record_day_end(tx, ask_day_end(tx, 1), 1, total_minor=total_minor, count=count, cur="EUR", tid="52500012")


def test_an_untouched_box_ties(run: Run) -> None:
    ran = run("report", "reconcile")
    assert ran.code == 0
    assert "GAP" not in ran.out


def test_a_day_of_card_and_cash_ties_once_the_terminal_closed(run: Run, box: Box) -> None:
    run("sell", stock.PRINTS, "--cash")
    run("sell", stock.ZINE, "--cash", "--qty", "3")
    pay_by_card(box, 450)
    assert run("report", "reconcile").code == 1
    close_day(box, 450, 1)
    ran = run("report", "reconcile", "--json")
    assert ran.code == 0
    sums = {row["tender"]: (row["count"], row["minor"]) for row in ran.json["receipts"]}
    assert sums == {"card": (1, 450), "cash": (2, 1350)}
    assert [(c["name"], c["ok"]) for c in ran.json["checks"]] == [
        ("receipts", True), ("terminal", True), ("open", True), ("exceptions", True)]  # fmt: skip


def test_each_end_of_day_is_compared_with_its_own_payments(run: Run, box: Box) -> None:
    pay_by_card(box, 450)
    close_day(box, 450, 1)
    pay_by_card(box, 450)
    close_day(box, 900, 2)  # the terminal says one payment more than there was
    found = run("report", "reconcile", "--json")
    assert found.code == 1
    assert [(end["theirs_minor"], end["ours_minor"]) for end in found.json["day_ends"]] == [(450, 450), (900, 450)]


def test_a_row_changed_behind_the_journal_shows(run: Run, box: Box) -> None:
    run("sell", stock.PRINTS, "--cash")
    with box.db.transaction() as tx:
        tx.conn.execute("UPDATE attempts SET amount_minor = 400")
    ran = run("report", "reconcile")
    assert ran.code == 1
    assert "cash differs by €0.50" in ran.out


def test_a_receipt_changed_in_the_journal_is_refused(run: Run, box: Box) -> None:
    run("sell", stock.PRINTS, "--cash")
    with box.db.transaction() as tx:
        no, data = tx.conn.execute("SELECT id, bytes FROM events ORDER BY id DESC LIMIT 1").fetchone()
        at = data.index(b'"receipt":"') + 300
        forged = data[:at] + (b"A" if data[at : at + 1] != b"A" else b"B") + data[at + 1 :]
        tx.conn.execute("UPDATE events SET bytes = ? WHERE id = ?", (forged, no))
    ran = run("report", "reconcile")
    assert (ran.code, ran.out) == (1, "")
    assert "[token-" in ran.err


def test_an_unclear_payment_and_a_contradiction_are_named(run: Run, box: Box) -> None:
    sale = pay_by_card(box, 450)
    close_day(box, 450, 1)
    with box.db.transaction() as tx:
        card_attempt.note_contradiction(tx, 1, "The terminal now says this payment was taken back.")
        other = fill_basket(tx, [Wish(stock.ZINE)], origin="till", vat_bp=1900)
        ask_card(tx, other, 1, 1)
    ran = run("report", "reconcile")
    assert ran.code == 1
    assert f"(sale {other})" in ran.out
    assert "now says this payment was taken back" in ran.out
    assert other != sale


def decide(box: Box, words: str) -> int:
    """A card payment nobody heard the end of, which a person calls declined; give the attempt."""
    with box.db.transaction() as tx:
        readers.report(tx, 1, "Card reader", "ready", "Ready")
        attempt = ask_card(tx, fill_basket(tx, [Wish(stock.PRINTS)], origin="till", vat_bp=1900), 1, 1)
        card_attempt.send(tx, attempt)
        card_attempt.doubt(tx, attempt, Reason.READER_LOST)
        card_attempt.decide(tx, attempt, "declined", "maker", words)
    return attempt


def test_the_report_says_what_a_person_decided_and_why(run: Run, box: Box) -> None:
    decide(box, "no slip came  out, says Ada")
    assert "€4.50: declined, decided by maker: no slip came out, says Ada" in run("report", "reconcile").out
    (told,) = run("report", "reconcile", "--json").json["decided"]
    assert (told["outcome"], told["minor"], told["words"]) == ("declined", 450, "no slip came out, says Ada")


def test_the_reason_can_be_erased_and_the_journal_still_holds(run: Run, box: Box) -> None:
    decide(box, "no slip came out, says Ada")
    with box.db.transaction() as tx:
        tx.conn.execute("DELETE FROM decisions")
    assert run("journal", "verify").code == 0
    assert "decided by maker: the words were erased" in run("report", "reconcile").out


def test_words_that_are_not_those_the_journal_vouches_for_are_not_shown(run: Run, box: Box) -> None:
    first, second = decide(box, "no slip came out"), decide(box, "another reason")
    with box.db.transaction() as tx:
        salt, sealed = tx.conn.execute("SELECT salt, sealed FROM decisions WHERE attempt = ?", (second,)).fetchone()
        tx.conn.execute("UPDATE decisions SET salt = ?, sealed = ? WHERE attempt = ?", (salt, sealed, first))
    assert "another reason" not in run("report", "reconcile").out.splitlines()[-2]
