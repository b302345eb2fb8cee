"""A card at the till: one request a press, the terminal's state in words, and nothing charged twice."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable

import pytest

from stall.domain.payment import Reason, State
from stall.flows import card_attempt
from stall.store import attempts, readers
from stall.store.db import Tx
from tests.fakes import stock
from tests.fakes.stock import Stocked
from tests.web.till_pages import Till, approve, text


def doubt(tx: Tx, no: int) -> object:
    return card_attempt.doubt(tx, no, Reason.READER_LOST)


@pytest.fixture
def till(stocked_box: Stocked) -> Till:
    made = Till(stocked_box)
    made.plug_in_reader()
    return made


@pytest.fixture
def asked(till: Till) -> str:
    """A sale whose card the reader was asked for: two presses, tile and Card."""
    sale = till.press_tile(stock.PRINTS)
    assert till.post(f"{sale}/card", ordinal=1).location == sale
    return sale


def state(till: Till, sale: str) -> dict[str, str]:
    answer = till.client.get(f"{sale}/state")
    assert isinstance(answer.json, dict)
    return answer.json


def test_two_presses_ask_the_reader_once_however_often_card_is_pressed(till: Till, asked: str) -> None:
    till.post(f"{asked}/card", ordinal=1)
    assert till.count("attempts") == 1
    assert till.newest_attempt().amount_minor == 450
    assert "Calling the card reader" in till.see(asked)


def test_the_words_follow_the_terminal_without_a_new_page_until_it_ends(till: Till, asked: str) -> None:
    versions, titles = [state(till, asked)["version"]], [state(till, asked)["title"]]
    for step in (card_attempt.send, approve):
        till.terminal(step)
        versions.append(state(till, asked)["version"])
        titles.append(state(till, asked)["title"])
    assert titles == ["Calling the card reader", "Waiting for the card", "Approved"]
    assert len(set(versions)) == 1
    till.terminal(card_attempt.pay)
    assert state(till, asked)["stage"] == "paid"
    assert state(till, asked)["version"] not in versions
    assert "Paid €4.50 by card" in till.see(asked)


def test_what_the_terminal_says_meanwhile_is_shown(till: Till, asked: str) -> None:
    till.terminal(card_attempt.send)
    till.write(lambda tx: tx.conn.execute("UPDATE attempts SET display = 'PIN entry'"))
    assert state(till, asked)["title"] == "PIN entry"


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        (Reason.DECLINED, "Declined, ask for another card"),
        (Reason.CANCELLED, "Cancelled"),
        (Reason.NOT_FOUND, "No payment"),
    ],
)
def test_a_card_that_paid_nothing_leaves_every_way_to_pay_open(
    till: Till, asked: str, reason: Reason, words: str
) -> None:
    till.terminal(card_attempt.send, lambda tx, no: card_attempt.decline(tx, no, reason))
    page = till.see(asked)
    assert words in page
    assert "No money was taken" in page
    assert till.post(f"{asked}/cash", ordinal=2, given="4.50").status_code == 303
    assert "Paid €4.50" in till.see(asked)


def test_stopping_before_the_terminal_has_it_is_certain(till: Till, asked: str) -> None:
    attempt = till.newest_attempt().no
    assert till.post(f"{asked}/cancel-card", attempt=attempt).status_code == 303
    assert till.newest_attempt().state is State.NOT_SENT
    assert "Nothing was sent to the terminal" in till.see(asked)


def test_stopping_later_asks_the_terminal_and_says_so(till: Till, asked: str) -> None:
    till.terminal(card_attempt.send)
    till.post(f"{asked}/cancel-card", attempt=till.newest_attempt().no)
    assert till.newest_attempt().state is State.SENT
    page = till.see(asked)
    assert "The terminal was asked to stop" in page
    assert "Stop the card payment" not in page


def test_a_stop_button_of_another_sale_stops_nothing(till: Till, asked: str) -> None:
    attempt = till.newest_attempt().no
    other = till.press_tile(stock.ZINE)
    assert till.post(f"{other}/cancel-card", attempt=attempt).status_code == 400
    assert till.post(f"{asked}/cancel-card", attempt=attempt + 1).status_code == 400
    assert till.newest_attempt().state is State.REQUESTED


def test_while_a_card_is_asked_for_cash_is_refused_and_so_is_cancelling(till: Till, asked: str) -> None:
    assert "is running" in text(till.post(f"{asked}/cash", ordinal=2, given="4.50"))
    assert "is running" in text(till.post(f"{asked}/drop"))
    assert till.count("attempts") == 1


def test_a_busy_reader_takes_no_other_sale_but_cash_goes_on(till: Till, asked: str) -> None:
    other = till.press_tile(stock.ZINE)
    assert "busy with another payment" in text(till.post(f"{other}/card", ordinal=1))
    assert till.post(f"{other}/cash", ordinal=1, given="3").status_code == 303


def test_without_a_reader_the_till_says_what_to_do(stocked_box: Stocked) -> None:
    till = Till(stocked_box)
    sale = till.press_tile(stock.PRINTS)
    assert "No card reader is set up" in text(till.post(f"{sale}/card", ordinal=1))


@pytest.fixture
def unclear(till: Till, asked: str) -> str:
    till.terminal(card_attempt.send, lambda tx, no: card_attempt.doubt(tx, no, Reason.READER_LOST))
    return asked


def test_an_unclear_payment_tells_not_to_charge_and_takes_no_other(till: Till, unclear: str) -> None:
    page = till.see(unclear)
    assert "Unknown: do not charge again, checking" in page
    assert "Cash" not in page
    for way, fields in (("cash", {"given": "4.50"}), ("card", {}), ("comp", {"pin": stock.PIN})):
        assert till.post(f"{unclear}/{way}", ordinal=2, **fields).status_code == 409
    assert till.count("attempts") == 1


def test_of_a_terminal_that_cannot_be_asked_nobody_is_told_that_it_is(till: Till, unclear: str) -> None:
    assert "The box asks it again by itself" in till.see(unclear)
    till.write(lambda tx: readers.note_abilities(tx, 1, {readers.NOT_ASKED}))
    page = till.see(unclear)
    assert "Unknown: do not charge again, decide here" in page
    assert "cannot be asked. Look at its slip, then decide here" in page
    assert "by itself" not in page
    assert state(till, unclear)["title"] == "Unknown: do not charge again, decide here"


def test_a_person_decides_with_pin_and_where_it_was_seen(till: Till, unclear: str) -> None:
    attempt = till.newest_attempt().no
    wrong = till.post(f"{unclear}/decide", attempt=attempt, outcome="paid", reason="slip 0042", pin="9")
    assert "That PIN is not right" in text(wrong)
    assert 'value="slip 0042"' in wrong.text
    silent = till.post(f"{unclear}/decide", attempt=attempt, outcome="paid", reason=" ", pin=stock.PIN)
    assert "where you saw it" in text(silent)
    neither = till.post(f"{unclear}/decide", attempt=attempt, reason="slip 0042", pin=stock.PIN)
    assert "one of the two buttons" in text(neither)
    assert till.newest_attempt().state is State.UNKNOWN
    till.post(f"{unclear}/decide", attempt=attempt, outcome="paid", reason="slip 0042", pin=stock.PIN)
    assert till.newest_attempt().decided_by == "1"
    assert "Paid €4.50 by card" in till.see(unclear)


def test_a_decision_that_nothing_was_paid_opens_the_sale_again(till: Till, unclear: str) -> None:
    till.post(
        f"{unclear}/decide",
        attempt=till.newest_attempt().no,
        outcome="declined",
        reason="no slip at the terminal",
        pin=stock.PIN,
    )
    assert "You decided that no money was taken" in till.see(unclear)
    assert till.post(f"{unclear}/cash", ordinal=2, given="4.50").status_code == 303


def test_a_reason_pasted_in_pieces_is_taken_whole(till: Till, unclear: str) -> None:
    pasted = "re\N{COMBINING ACUTE ACCENT}c\N{COMBINING CEDILLA}u 0042"  # as macOS writes file names
    answer = till.post(
        f"{unclear}/decide", attempt=till.newest_attempt().no, outcome="paid", reason=pasted, pin=stock.PIN
    )
    assert answer.status_code == 303, text(answer)
    assert "Paid €4.50 by card" in till.see(unclear)


def test_a_decision_after_the_terminal_answered_changes_nothing(till: Till, unclear: str) -> None:
    attempt = till.newest_attempt().no
    till.terminal(lambda tx, no: card_attempt.pay_after_query(tx, no, card_attempt.TerminalFacts(
        450, "52500012", 42, 7, "A1", None, None, offline=False)))  # fmt: skip
    answer = till.post(f"{unclear}/decide", attempt=attempt, outcome="declined", reason="no slip", pin=stock.PIN)
    assert answer.status_code == 303
    assert till.newest_attempt().state is State.PAID


def test_a_page_of_a_running_payment_refreshes_without_script_at_its_own_address(till: Till, asked: str) -> None:
    page = till.client.get(asked).text
    assert f'<noscript><meta http-equiv="refresh" content="2;url={asked}"></noscript>' in page


def test_a_payment_that_ends_while_the_till_looks_is_never_shown_as_to_be_chosen_again(
    till: Till, asked: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    till.terminal(card_attempt.send, approve)
    read = attempts.of_sale
    paid = threading.Thread(target=till.terminal, args=(card_attempt.pay,))

    def read_later(conn: sqlite3.Connection, sale: int) -> list[attempts.Attempt]:
        if threading.current_thread() is not paid and not paid.ident:
            paid.start()
            paid.join()
        return read(conn, sale)

    monkeypatch.setattr(attempts, "of_sale", read_later)
    assert state(till, asked)["stage"] == "card"
    assert state(till, asked)["stage"] == "paid"


def test_what_the_terminal_said_of_a_declined_card_is_told_for_the_buyer_who_asks(till: Till, asked: str) -> None:
    till.terminal(
        card_attempt.send,
        lambda tx, no: card_attempt.decline(tx, no, Reason.DECLINED, "Declined: the card has expired."),
    )
    assert "It said: Declined: the card has expired." in till.see(asked)


def test_a_reader_whose_program_was_killed_is_not_called_ready_and_asked_for_nothing(till: Till) -> None:
    sale = till.press_tile(stock.PRINTS)
    till.kill_readers_program()
    assert "Card reader's program is not running" in till.see(sale)
    refused = till.post(f"{sale}/card", ordinal=1)
    assert refused.status_code == 409
    assert "program is not running, so the terminal was asked for nothing" in text(refused)
    assert till.count("attempts") == 0
    till.post(f"{sale}/cash", ordinal=1, given="4.50")
    assert "Paid" in till.see(sale)


@pytest.mark.parametrize("path", ["", "/state"])
def test_a_request_whose_readers_program_was_killed_ends_when_the_till_looks(till: Till, asked: str, path: str) -> None:
    till.kill_readers_program()
    till.client.get(f"{asked}{path}")
    assert (till.newest_attempt().state, till.newest_attempt().reason) == (State.NOT_SENT, Reason.READER_LOST)
    assert "The card reader cannot be reached. No money was taken" in till.see(asked)
    assert till.post(f"{asked}/card", ordinal=1).status_code == 303  # the first press again


def test_a_request_nobody_took_up_in_time_ends_when_the_till_looks(till: Till, asked: str) -> None:
    till.stocked.clock.advance(card_attempt.FRESH_MS)
    till.see(asked)
    assert till.newest_attempt().state is State.REQUESTED
    till.stocked.clock.advance(1)
    assert "did not take the payment in time" in till.see(asked)
    assert till.newest_attempt().state is State.NOT_SENT


@pytest.mark.parametrize("steps", [(card_attempt.send,), (card_attempt.send, doubt)])
def test_a_payment_at_a_terminal_whose_program_was_killed_is_not_charged_again(
    till: Till, asked: str, steps: tuple[Callable[[Tx, int], object], ...]
) -> None:
    before = till.terminal(*steps)
    till.kill_readers_program()
    page = till.see(asked)
    assert "The reader's program is not running: start it" in page
    assert "do not charge again" in page
    assert "start it" in state(till, asked)["sentence"]
    assert till.newest_attempt().state is before
