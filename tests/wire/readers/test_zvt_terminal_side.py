"""The simulator's side: it reads every command of the till, and can say whatever real terminals say."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from stall.errors import LocalWireError
from stall.wire.readers import zvt
from stall.wire.readers import zvt_terminal as terminal
from stall.wire.readers.zvt_status import CURRENCIES, Online

CARD = terminal.Card("VISA", 0x0A, "4281", "Visa")
BOOKED = terminal.Booking(1250, "EUR", "52000001", 7, 7, "120000", "1121", "000007", CARD)

passwords = st.text("0123456789", min_size=6, max_size=6)
amounts = st.integers(1, zvt.commands.MAX_AMOUNT)
currencies = st.sampled_from(sorted(CURRENCIES))
bytes_or_none = st.none() | st.integers(0, 255)


def heard(apdu: bytes) -> zvt.StatusInformation:
    message = zvt.parse_apdu(apdu)
    assert isinstance(message, zvt.StatusInformation)
    return message


def over_the_line(apdu: bytes) -> terminal.Request:
    (event,) = zvt.Decoder().feed(zvt.encode_frame(apdu))
    assert isinstance(event, zvt.Apdu)
    return terminal.parse_request(event.data)


@given(passwords, st.integers(0, 255), currencies, bytes_or_none, st.booleans())
def test_a_registration_is_read_as_it_was_written(
    password: str, config: int, currency: str, service: int | None, tlv: bool
) -> None:
    asked = over_the_line(zvt.commands.registration(password, config, currency, service=service, tlv=tlv))
    assert (asked.command, asked.password, asked.config) == (terminal.REGISTRATION, password, config)
    assert (asked.currency, asked.service, asked.permits_tlv) == (currency, service, tlv)


@given(passwords, st.integers(0, 255))
def test_a_registration_without_a_currency_names_none(password: str, config: int) -> None:
    asked = over_the_line(zvt.commands.registration(password, config, None))
    assert (asked.config, asked.currency, asked.service, asked.permits_tlv) == (config, None, None, False)


@given(amounts, currencies, bytes_or_none, bytes_or_none, st.booleans())
def test_an_authorisation_is_read_as_it_was_written(
    amount: int, currency: str, answer_s: int | None, repeats: int | None, tlv: bool
) -> None:
    command = zvt.commands.authorisation(amount, currency, answer_s=answer_s, repeats=repeats, tlv=tlv)
    asked = over_the_line(command)
    assert (asked.command, asked.password, asked.amount_minor) == (terminal.AUTHORISATION, None, amount)
    assert (asked.currency, asked.answer_s, asked.repeats, asked.permits_tlv) == (currency, answer_s, repeats, tlv)


@given(passwords, st.integers(0, 9999), st.none() | amounts, st.none() | currencies)
def test_a_reversal_is_read_as_it_was_written(
    password: str, receipt: int, amount: int | None, currency: str | None
) -> None:
    asked = over_the_line(zvt.commands.reversal(password, receipt, amount, currency))
    assert (asked.command, asked.password, asked.receipt_no) == (terminal.REVERSAL, password, receipt)
    assert (asked.amount_minor, asked.currency) == (amount, currency)


@given(passwords, amounts, currencies)
def test_a_refund_is_read_as_it_was_written(password: str, amount: int, currency: str) -> None:
    asked = over_the_line(zvt.commands.refund(password, amount, currency))
    assert (asked.command, asked.password) == (terminal.REFUND, password)
    assert (asked.amount_minor, asked.currency, asked.receipt_no) == (amount, currency, None)


@given(passwords)
def test_commands_with_nothing_but_a_password_are_read_as_they_were_written(password: str) -> None:
    for written, command in (
        (zvt.commands.turnover_totals(password), terminal.TURNOVER_TOTALS),
        (zvt.commands.end_of_day(password), terminal.END_OF_DAY),
        (zvt.commands.send_offline(password), terminal.SEND_OFFLINE),
        (zvt.commands.status_enquiry(password), terminal.STATUS_ENQUIRY),
    ):
        asked = over_the_line(written)
        assert (asked.command, asked.password, asked.data) == (command, password, b"")
    repeat = over_the_line(zvt.commands.repeat_receipt(password))
    assert (repeat.command, repeat.password, repeat.service) == (terminal.REPEAT_RECEIPT, password, 0x03)
    enquiry = over_the_line(zvt.commands.status_enquiry(password, service=0x06))
    assert (enquiry.password, enquiry.service) == (password, 0x06)


@pytest.mark.parametrize(
    ("written", "command"),
    [
        (zvt.commands.abort(), terminal.ABORT),
        (zvt.commands.log_off(), terminal.LOG_OFF),
        (zvt.commands.diagnosis(), terminal.DIAGNOSIS),
        (zvt.commands.reset(), terminal.RESET),
        (zvt.commands.status_enquiry(None), terminal.STATUS_ENQUIRY),
    ],
)
def test_commands_without_data_are_read_as_they_were_written(written: bytes, command: int) -> None:
    asked = over_the_line(written)
    assert (asked.command, asked.password, asked.data, asked.is_answer) == (command, None, b"", False)


@pytest.mark.parametrize("answer", [zvt.commands.POSITIVE, zvt.commands.REFUSE, terminal.refusal(0x9C)])
def test_an_answer_is_known_as_one(answer: bytes) -> None:
    assert terminal.parse_request(answer).is_answer


@pytest.mark.parametrize(
    ("online", "payment_type", "flag"),
    [("online", 0x60, b"\x1f\x11\x01\x01"), ("offline", 0x40, b"\x1f\x11\x01\x00"), ("unknown", 0x70, b"")],
)
def test_the_online_flag_is_chosen(online: Online, payment_type: int, flag: bytes) -> None:
    message = terminal.status_information(replace(BOOKED, online=online))
    assert (heard(message).online, heard(message).payment_type) == (online, payment_type)
    assert flag in message
    assert (b"\x1f\x11" in message) == bool(flag)


def test_the_flag_wins_over_a_payment_type_that_says_nothing_of_it() -> None:
    assert heard(terminal.status_information(replace(BOOKED, online="offline", payment_type=0x70))).online == "offline"
    assert heard(terminal.status_information(replace(BOOKED, payment_type=0x40, tlv=b""))).online == "offline"


def test_a_card_that_is_not_masked_is_sent_and_only_four_digits_are_heard() -> None:
    number = bytes.fromhex("41 11 11 11 11 11 42 81")
    message = terminal.status_information(replace(BOOKED, card=replace(CARD, number=number)))
    assert number in message
    assert heard(message).last4 == "4281"
    assert number not in zvt.redact(message)
    assert "41111111" not in repr(heard(message))


@pytest.mark.parametrize("charset", ["cp437", "latin-1", "utf-8"])
def test_names_and_texts_are_read_in_the_terminals_character_set(charset: str) -> None:
    card = replace(CARD, raw_name="Börse".encode(charset))
    message = zvt.parse_apdu(
        terminal.status_information(replace(BOOKED, card=card, text="Bitte schön".encode(charset))), charset
    )
    assert isinstance(message, zvt.StatusInformation)
    assert (message.card_name, message.text) == ("Börse", "Bitte schön")
    step = zvt.parse_apdu(terminal.intermediate(0xFF, None, "Größe".encode(charset)), charset)
    assert step == zvt.Intermediate(0xFF, None, "Größe")
    assert zvt.parse_apdu(terminal.print_line("für".encode(charset)), charset) == zvt.PrintLine(0, "für")


@given(st.integers(1, 99_999_999))
def test_a_long_trace_number_is_heard(trace: int) -> None:
    message = terminal.status_information(replace(BOOKED, trace=trace))
    assert heard(message).trace == trace
    assert (b"\x0b\x00\x00\x00" in message and b"\x1f\x2b\x04" in message) == (trace > 999_999)


@pytest.mark.parametrize(("currency", "name"), [(None, None), ("CHF", "CHF"), ("EUR", "EUR")])
def test_a_currency_may_be_another_or_missing(currency: str | None, name: str | None) -> None:
    info = heard(terminal.status_information(replace(BOOKED, amount_minor=999, currency=currency)))
    assert (info.amount_minor, info.currency, info.approved) == (999, name, True)


def test_data_nobody_knows_behind_a_message_changes_nothing() -> None:
    odd = bytes.fromhex("FE 01 02 03")
    assert heard(terminal.status_information(BOOKED, odd)) == heard(terminal.status_information(BOOKED))
    assert zvt.parse_apdu(terminal.completion(b"\x00" + odd)) == zvt.Completion(0, None, None, None)
    assert zvt.parse_apdu(terminal.ready("1", 0xF0, odd)) == zvt.Completion(0xF0, "1", None, None)
    assert zvt.parse_apdu(terminal.abort(0x6C, odd)) == zvt.Abort(0x6C)
    assert zvt.parse_apdu(terminal.refusal(0x83, odd)) == zvt.Negative(0x83, 0xFE)


def test_a_refusal_may_bear_its_reason_as_data() -> None:
    refusal = terminal.refusal(0x1E, b"\x7d")
    assert refusal == bytes.fromhex("84 1E 01 7D")
    message = zvt.parse_apdu(refusal)
    assert isinstance(message, zvt.Negative)
    assert message.reason == zvt.codes.COMMUNICATION_ERROR
    assert zvt.Negative(0x83, 0x7D).reason == 0x83


@given(st.integers(0, 255), st.none() | st.integers(0, 99), st.text("abc xyz", max_size=30).map(str.strip))
@example(0x0A, 6, "a")
@example(0x0A, 6, "")
def test_a_step_is_heard_with_its_minutes_and_text(code: int, minutes: int | None, text: str) -> None:
    step = terminal.intermediate(code, minutes, text.encode())
    assert zvt.parse_apdu(step) == zvt.Intermediate(code, minutes, text or None)


def test_a_clock_is_told_and_heard() -> None:
    assert zvt.parse_apdu(terminal.set_clock("261121", "123059")) == zvt.SetClock("261121", "123059")


@pytest.mark.parametrize(
    ("status", "words"), [(0xF0, "The terminal wants its day closed."), (0x9C, "The terminal is busy.")]
)
def test_a_terminal_that_is_not_ready_says_why(status: int, words: str) -> None:
    message = zvt.parse_apdu(terminal.ready("1", status))
    assert isinstance(message, zvt.Completion)
    assert zvt.codes.status_words(message.status or 0) == words


def test_a_number_that_does_not_fit_is_refused() -> None:
    with pytest.raises(LocalWireError, match="zvt-number"):
        zvt.commands.authorisation(100, answer_s=256)
    with pytest.raises(LocalWireError, match="zvt-currency"):
        zvt.commands.registration("000000", 0x18, None, tlv=True)
