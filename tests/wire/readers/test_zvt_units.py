"""ZVT command units: what the till sends, what it understands, what a trace may hold."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stall.errors import LocalWireError, WireError
from stall.wire.readers import zvt
from stall.wire.readers import zvt_terminal as terminal
from stall.wire.readers.zvt_codes import (
    INTERMEDIATES,
    LAST_HOST_CODE,
    RESULTS,
    STATUSES,
    intermediate_words,
    readiness_words,
    result_words,
    status_words,
    step_words,
)

COMMANDS = {
    "05 01 03 12 34 56": zvt.commands.status_enquiry("123456"),
    "06 00 04 00 00 00 BA": zvt.commands.registration("000000", 0xBA, None),
    "06 00 06 00 00 00 8E 09 78": zvt.commands.registration("000000", 0x8E),
    "06 00 06 00 00 00 18 09 78": zvt.commands.registration("000000"),
    "06 01 0A 04 00 00 00 00 10 16 49 09 78": zvt.commands.authorisation(1016),
    "06 01 0A 04 00 00 00 04 59 74 49 07 56": zvt.commands.authorisation(45974, "CHF"),
    "06 20 05 00 00 00 03 03": zvt.commands.repeat_receipt("000000"),
    "06 30 06 00 00 00 87 00 22": zvt.commands.reversal("000000", 22),
    "06 B0 00": zvt.commands.abort(),
    "06 02 00": zvt.commands.log_off(),
    "06 50 03 00 00 00": zvt.commands.end_of_day("000000"),
    "06 70 00": zvt.commands.diagnosis(),
    "06 18 00": zvt.commands.reset(),
    "05 01 00": zvt.commands.status_enquiry(None),
    "05 01 05 00 00 00 03 02": zvt.commands.status_enquiry("000000", service=2),
    "06 00 08 00 00 00 18 09 78 06 00": zvt.commands.registration("000000", tlv=True),
    "06 00 0A 00 00 00 18 09 78 03 01 06 00": zvt.commands.registration("000000", service=1, tlv=True),
    "06 01 0E 04 00 00 00 00 12 50 49 09 78 01 3C 02 0A": zvt.commands.authorisation(1250, answer_s=60, repeats=10),
    "06 01 0C 04 00 00 00 00 12 50 49 09 78 06 00": zvt.commands.authorisation(1250, tlv=True),
    "06 30 10 00 00 00 87 00 22 04 00 00 00 00 12 50 49 09 78": zvt.commands.reversal("000000", 22, 1250, "EUR"),
    "06 31 0D 12 34 56 04 00 00 00 00 12 50 49 09 78": zvt.commands.refund("123456", 1250),
    "06 10 03 12 34 56": zvt.commands.turnover_totals("123456"),
    "06 51 03 12 34 56": zvt.commands.send_offline("123456"),
}


@pytest.mark.parametrize(("text", "command"), COMMANDS.items(), ids=COMMANDS.keys())
def test_a_command_is_built_byte_for_byte(text: str, command: bytes) -> None:
    assert command == bytes.fromhex(text)


@pytest.mark.parametrize("amount", [0, -1, 1_000_000_000_000])
def test_an_amount_no_card_can_be_charged_is_refused(amount: int) -> None:
    with pytest.raises(LocalWireError, match="zvt-amount"):
        zvt.commands.authorisation(amount)


def test_a_currency_no_terminal_knows_is_refused() -> None:
    with pytest.raises(LocalWireError, match="zvt-currency"):
        zvt.commands.authorisation(100, "XAU")


@pytest.mark.parametrize("password", ["", "12345", "1234567", "12345a", "\uff11\uff12\uff13\uff14\uff15\uff16"])
def test_a_password_that_is_not_six_digits_is_refused(password: str) -> None:
    with pytest.raises(LocalWireError, match="zvt-password"):
        zvt.commands.end_of_day(password)


@given(st.integers(1, 999_999_999_999))
def test_the_terminal_reads_the_amount_the_till_wrote(amount: int) -> None:
    request = terminal.parse_request(zvt.commands.authorisation(amount))
    assert (request.amount_minor, request.currency) == (amount, "EUR")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("80 00 00", zvt.Positive()),
        ("84 00 00", zvt.Positive()),
        ("84 9C 00", zvt.Busy()),
        ("84 83 00", zvt.Negative(0x83)),
        ("84 1E 01 7D", zvt.Negative(0x1E, 0x7D)),
        ("80 00 02 01 02", zvt.Positive()),
        ("04 FF 01 0A", zvt.Intermediate(0x0A, None, None)),
        ("04 FF 02 0A 03", zvt.Intermediate(0x0A, 3, None)),
        ("04 FF 0A FF 01 06 06 24 04 07 02 4F 4B", zvt.Intermediate(0xFF, 1, "OK")),
        ("04 FF 09 FF 06 06 24 04 07 02 4F 4B", zvt.Intermediate(0xFF, None, "OK")),
        ("06 0F 00", zvt.Completion(None, None, None, None)),
        ("06 0F 01 DC", zvt.Completion(0xDC, None, None, None)),
        ("06 0F 01 06", zvt.Completion(0x06, None, None, None)),
        ("06 0F 02 27 00", zvt.Completion(None, None, None, None)),
        ("06 0F 09 06 07 1F 44 04 29 00 10 06", zvt.Completion(None, None, "29001006", None)),
        ("06 0F 09 19 00 06 05 27 03 14 01 FE", zvt.Completion(0, None, None, None, "utf-8")),
        ("06 0F 07 19 00 06 03 14 01 0F", zvt.Completion(0, None, None, None, "iso8859-15")),
        ("06 0F 07 19 00 06 03 14 01 0C", zvt.Completion(0, None, None, None)),
        ("04 FF 02 0A 06", zvt.Intermediate(0x0A, 6, None)),
        ("04 FF 04 0A 06 06 00", zvt.Intermediate(0x0A, 6, None)),
        ("04 FF 03 0A 06 00", zvt.Intermediate(0x0A, None, None)),
        ("04 FF 09 0A 06 06 05 24 03 07 01 61", zvt.Intermediate(0x0A, 6, "a")),
        ("04 FF 02 0A 1F", zvt.Intermediate(0x0A, None, None)),
        ("04 FF 0C FF 06 09 14 01 FE 24 04 07 02 C3 A4", zvt.Intermediate(0xFF, None, "ä")),
        ("06 0F 0A 19 00 29 29 00 10 06 49 09 78", zvt.Completion(0, None, "29001006", "EUR")),
        ("06 0F 05 F0 F0 F1 41 9C", zvt.Completion(0x9C, "A", None, None)),
        ("06 1E 01 6C", zvt.Abort(0x6C)),
        ("06 1E 00", zvt.Abort(0xFF)),
        ("06 D1 03 00 4F 4B", zvt.PrintLine(0, "OK")),
        ("06 D3 01 00", zvt.PrintText()),
        ("04 01 08 AA 26 11 21 0C 12 30 59", zvt.SetClock("261121", "123059")),
        ("06 D8 00", zvt.Unknown(0x06D8)),
    ],
)
def test_a_unit_from_the_terminal_is_understood(text: str, message: zvt.Message) -> None:
    assert zvt.parse_apdu(bytes.fromhex(text)) == message


def test_a_recorded_completion_tells_version_and_status() -> None:
    recorded = bytes.fromhex("06 0F 15 F0 F1 F7 30 36 31 30 32 32 61 20 4D 20 49 43 5F 20 53 74 64 00")
    assert zvt.parse_apdu(recorded) == zvt.Completion(0, "061022a M IC_ Std", None, None)


def test_a_long_unit_has_its_length_low_byte_first() -> None:
    unit = bytes.fromhex("06 D3 FF 61 04") + bytes(0x0461)
    assert zvt.parse_apdu(unit) == zvt.PrintText()
    assert zvt.commands.unit(0x06D3, bytes(0x0461)) == unit


@pytest.mark.parametrize("text", ["", "06", "06 0F", "06 0F 01", "06 0F 00 00", "04 0F FF 01", "04 0F FF 02 00 27"])
def test_a_unit_that_lies_about_its_length_is_an_error(text: str) -> None:
    with pytest.raises(WireError, match="zvt-length"):
        zvt.parse_apdu(bytes.fromhex(text))


@given(st.binary(max_size=300), st.sampled_from([0x040F, 0x04FF, 0x060F, 0x061E, 0x06D1, 0x06D3, 0x0401, 0x0601]))
def test_garbage_inside_a_unit_raises_nothing(body: bytes, command: int) -> None:
    unit = zvt.commands.unit(command, body)
    zvt.parse_apdu(unit)
    assert len(zvt.redact(unit)) == len(unit)


@given(st.binary(max_size=40))
def test_garbage_instead_of_a_unit_raises_only_our_error(data: bytes) -> None:
    with contextlib.suppress(WireError):
        zvt.parse_apdu(data)
    assert len(zvt.redact(data)) == len(data)


def test_passwords_do_not_reach_a_trace() -> None:
    for command in (
        zvt.commands.registration("123456"),
        zvt.commands.registration("123456", service=1, tlv=True),
        zvt.commands.end_of_day("123456"),
        zvt.commands.status_enquiry("123456", service=2),
        zvt.commands.reversal("123456", 22, 1250, "EUR"),
        zvt.commands.refund("123456", 1250),
        zvt.commands.repeat_receipt("123456"),
        zvt.commands.turnover_totals("123456"),
        zvt.commands.send_offline("123456"),
    ):
        assert zvt.redact(command) == command[:3] + bytes(len(command) - 3)


def test_a_trace_of_a_payment_keeps_its_amount_and_times() -> None:
    command = zvt.commands.authorisation(1250, answer_s=60, repeats=10)
    assert zvt.redact(command) == command


def test_a_card_number_on_a_printed_slip_reaches_no_trace() -> None:
    slip = zvt.commands.unit(0x06D3, bytes.fromhex("06 17 25 15 07 13") + b"4111 1111 1111 1111")
    assert zvt.parse_apdu(slip) == zvt.PrintText()
    assert zvt.redact(slip) == slip[:3] + bytes(len(slip) - 3)


def test_a_card_number_on_a_print_line_reaches_neither_text_nor_trace() -> None:
    line = zvt.commands.unit(0x06D1, b"\x00PAN 4111 1111 1111 1111 X")
    message = zvt.parse_apdu(line)
    assert isinstance(message, zvt.PrintLine)
    assert "1111" not in message.text
    assert b"1111" not in zvt.redact(line)


def test_a_trace_of_a_completion_keeps_its_status_and_blanks_what_is_unknown() -> None:
    for known in ("06 0F 01 DC", "06 0F 0A 19 00 29 29 00 10 06 49 09 78", "06 0F 05 F0 F0 F1 41 9C"):
        assert zvt.redact(bytes.fromhex(known)) == bytes.fromhex(known)
    for head in ("19 00 22 F0 F8", "22 F0 F8", "F0 F0 F1 41 9C 22 F0 F8", "9C 22 F0 F8"):
        odd = zvt.commands.unit(0x060F, bytes.fromhex(head + "41 11 11 11 11 11 12 34"))
        assert zvt.redact(odd) == odd[:-8] + bytes(8)


def test_every_code_has_words_for_both_sides() -> None:
    for code in range(256):
        words = result_words(code)
        assert words.operator.endswith(".")
        assert words.buyer.endswith(".")
        for step in (step_words(code), step_words(code, "Bitte warten.")):
            assert step.operator.endswith(".")
            assert step.buyer.endswith(".")
        assert intermediate_words(code) == step_words(code).operator
        assert status_words(code) == readiness_words(code).operator
        assert readiness_words(code).operator.endswith(".")
        assert readiness_words(code).buyer.endswith(".")


RESULTS_TO_NAME = (
    "00 37 64 65 66 6A 6B 6C 6F 77 78 7A 7D 83 9A 9B 9C A3 B4 B5 B7 C2 C3 C8 CC DC F0 FA FF"  # the terminal's own
    " 02 05 0C 0E 1E 21 33 36 3A 3D 3E 41 4B 5B 60"  # the bank's
)
STEPS_TO_NAME = "00 01 02 04 05 06 0A 0B 0E 17 15 1C 1D 2B C8 C9 D2 D3 F1 F2 F3 FF"
STATUSES_TO_NAME = "00 51 62 9C B1 B2 C2 CC DC E1 DF F0"


def test_every_code_a_terminal_may_send_has_words_of_its_own() -> None:
    assert set(bytes.fromhex(RESULTS_TO_NAME)) <= set(RESULTS)
    assert set(bytes.fromhex(STEPS_TO_NAME)) <= set(INTERMEDIATES)
    assert set(bytes.fromhex(STATUSES_TO_NAME)) <= set(STATUSES)


def test_a_code_of_the_bank_is_a_decline_or_a_wrong_pin_and_never_praise() -> None:
    for code in range(1, LAST_HOST_CODE + 1):
        words = result_words(code)
        assert words.operator.startswith(("Declined", "Wrong PIN")), code
        assert "aid" not in words.buyer, code


def test_a_buyer_is_told_of_no_outcome_while_the_payment_runs() -> None:
    for code in range(0x100):
        buyer = step_words(code).buyer.lower()
        assert not [word for word in ("paid", "approved", "charged", "cash", "another card") if word in buyer], code


def test_a_step_with_the_card_to_be_removed_says_so() -> None:
    assert intermediate_words(0x44) == "Asking the bank. Please take the card out."
    assert step_words(0x44).buyer == "Please wait. Please take your card."
    assert intermediate_words(0x4B) == "Please take the card out."
    assert intermediate_words(0x69) == "The buyer chooses the currency."


def test_the_terminals_own_text_is_shown_where_the_code_says_so() -> None:
    assert intermediate_words(0xFF, "Bitte warten") == "Bitte warten"
    assert step_words(0xFF, "Bitte warten").buyer == "Please look at the terminal."


def test_the_bank_codes_nobody_named_bear_their_decimal_number() -> None:
    assert "57" in result_words(57).operator
