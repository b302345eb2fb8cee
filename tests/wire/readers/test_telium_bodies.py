"""What Concert E+ frames mean: asks and answers."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stall.errors import LocalWireError, WireError
from stall.wire.readers import telium
from stall.wire.readers import telium_terminal as terminal
from stall.wire.readers.zvt_status import CURRENCIES

#: The fields of an answer as pyTeliumManager's read-me shows them (a payment of 12.50 EUR), without its report.
PUBLISHED = bytes.fromhex("30 31 30 30 30 30 30 31 32 35 30 31 39 37 38 30 30 30 30 30 30 30 30 30 30")

marks = st.integers(0, 10**10 - 1).map(lambda n: f"{n:010d}")


def test_we_ask_for_the_short_answer_after_the_end_and_force_nothing() -> None:
    assert telium.ask(1250, "EUR") == b"0100001250010978          A010B010"
    assert telium.ask(1250, "EUR", "0000000042", forced=True) == b"01000012500109780000000042A010B011"
    assert telium.ask(1250, "EUR", refund=True) == b"0100001250012978          A010B010"


@given(st.integers(1, telium.MAX_MINOR), st.sampled_from(sorted(CURRENCIES)), marks, st.booleans())
def test_what_is_asked_is_read_back(minor: int, currency: str, mark: str, forced: bool) -> None:
    asked = terminal.parse_ask(telium.ask(minor, currency, mark, forced=forced))
    assert asked == terminal.Ask("01", minor, "0", "1", terminal.DEBIT, currency, mark, at_once=False, forced=forced)


@pytest.mark.parametrize("minor", [0, -1, telium.MAX_MINOR + 1])
def test_an_amount_the_protocol_has_no_room_for_is_refused(minor: int) -> None:
    with pytest.raises(LocalWireError, match="telium-amount"):
        telium.ask(minor, "EUR")


def test_a_currency_nobody_listed_is_refused() -> None:
    with pytest.raises(LocalWireError, match="telium-currency"):
        telium.ask(1250, "JPY")


@pytest.mark.parametrize("private", ["12345678901", "é", "\x02"])
def test_a_mark_that_is_none_is_refused(private: str) -> None:
    with pytest.raises(LocalWireError, match="telium-private"):
        telium.ask(1250, "EUR", private)


def test_an_answer_of_the_field_is_read() -> None:
    assert telium.parse_answer(PUBLISHED) == telium.Answer("01", telium.DONE, 1250, "1", "EUR", "0000000000")


def test_an_unknown_currency_is_its_number() -> None:
    assert telium.parse_answer(PUBLISHED.replace(b"978", b"392")).currency == "392"


@given(st.sampled_from("0123456789"), st.integers(0, telium.MAX_MINOR), st.sampled_from(sorted(CURRENCIES)), marks)
def test_what_is_answered_is_read_back(status: str, minor: int, currency: str, mark: str) -> None:
    answer = telium.parse_answer(terminal.answer(status, minor, currency, mark))
    assert answer == telium.Answer("01", status, minor, "1", currency, mark)


@given(st.binary(max_size=90))
def test_nothing_but_a_wire_error_leaves_the_parsers(data: bytes) -> None:
    for parse in (telium.parse_answer, terminal.parse_ask):
        with contextlib.suppress(WireError):
            parse(data)


@pytest.mark.parametrize("at", [0, 2, 5, 12])
@pytest.mark.parametrize("letter", [b"x", b" ", b"\xb2"])
def test_an_answer_with_anything_but_digits_in_its_numbers_is_no_answer(at: int, letter: bytes) -> None:
    with pytest.raises(WireError, match="telium-answer"):
        telium.parse_answer(PUBLISHED[:at] + letter + PUBLISHED[at + 1 :])


def test_a_body_of_another_length_is_no_answer_and_no_ask() -> None:
    with pytest.raises(WireError, match="telium-length"):
        telium.parse_answer(PUBLISHED + b"0")
    with pytest.raises(WireError, match="telium-length"):
        terminal.parse_ask(PUBLISHED)


@pytest.mark.parametrize(("at", "text"), [(2, b"x"), (13, b"x"), (26, b"A012"), (30, b"B110")])
def test_an_ask_with_anything_else_in_its_places_is_none(at: int, text: bytes) -> None:
    body = telium.ask(1250, "EUR")
    with pytest.raises(WireError, match="telium-ask"):
        terminal.parse_ask(body[:at] + text + body[at + len(text) :])


def test_every_status_has_words_and_only_one_says_paid() -> None:
    said = {status: telium.status_words(status) for status in "0123456789"}
    assert all(each.operator and each.buyer for each in said.values())
    assert [status for status, words in said.items() if "paid" in words.buyer.lower()] == [telium.DONE]
    assert "4" in said["4"].operator
