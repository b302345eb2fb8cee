"""Frames of real terminals: the till reads them, and the simulator's side writes them again byte for byte."""

from __future__ import annotations

import pytest

from stall.wire.readers import zvt
from stall.wire.readers import zvt_fields as fields
from stall.wire.readers import zvt_terminal as terminal
from tests.wire.readers import recorded

TID, OTHER_TID = "29001006", "52523535"
NUMBER_OF_19 = bytes.fromhex("EE EE EE EE EE EE EE E4 28 1F")
MASTERCARD = terminal.Card("MasterCard", 0x06, "", "Mastercard", bytes.fromhex("55 98 83 EE EE EE 80 74"))
VISA = terminal.Card("VISA", 0x0A, "", "Visa", bytes.fromhex("47 48 43 EE EE EE 77 43"))
AS_TEXT = b"AS-TID = 13F00013\rAS-Proc-Code = 20 903 00\rCapt.-Ref.= 0000\rAID59: 809258"


def told(name: str) -> bytes:
    return bytes.fromhex(recorded.FROM_TERMINAL[name])


def asked(name: str) -> bytes:
    return bytes.fromhex(recorded.FROM_TILL[name])


def without(apdu: bytes, *tags: int) -> bytes:
    """The unit without the BMPs the simulator never sends."""
    command, body = zvt.split_apdu(apdu)
    kept, at = b"", 0
    for each in fields.walk(body).fields:
        end = each.start + len(each.value)
        kept, at = kept + (b"" if each.tag in tags else body[at:end]), end
    return zvt.commands.unit(command, kept + body[at:])


def said(apdu: bytes) -> dict[int, bytes]:
    walked = fields.walk(zvt.split_apdu(apdu)[1])
    assert walked.stopped_at is None
    return {each.tag: each.value for each in walked.fields}


def payment(name: str) -> zvt.StatusInformation:
    message = zvt.parse_apdu(told(name))
    assert isinstance(message, zvt.StatusInformation)
    return message


BUILT_BLOCKS = {
    "version 2.14.15": terminal.ready("2.14.15", 0x00),
    "registration BA": zvt.commands.registration("123456", 0xBA),
    "authorisation 110.00": zvt.commands.authorisation(11000),
    "diagnosis": zvt.commands.diagnosis(),
    "print line": terminal.print_line(b"Gesamt      0       0,00"),
    "yes": zvt.commands.POSITIVE,
    "please wait": terminal.refusal(0x9C),
    "reset": zvt.commands.reset(),
    "status enquiry": zvt.commands.status_enquiry("123456"),
    "status enquiry with service byte": zvt.commands.status_enquiry("123456", service=0x04),
}


@pytest.mark.parametrize("name", recorded.BLOCKS)
def test_a_recorded_block_is_read_and_written_again(name: str) -> None:
    block = bytes.fromhex(recorded.BLOCKS[name])
    assert zvt.Decoder().feed(block) == [zvt.Apdu(BUILT_BLOCKS[name])]
    assert zvt.encode_frame(BUILT_BLOCKS[name]) == block


BUILT_UNITS = {
    "step 17": terminal.intermediate(0x17),
    "step 0E": terminal.intermediate(0x0E),
    "step with minutes and text": terminal.intermediate(0x0A, 1, b"Karte vorhalten\neinstecken/durchziehen"),
    "step with minutes and a container": terminal.intermediate(0x0A, 1, b"Bitte Karte einstecken"),
    "completion": terminal.completion(),
    "registered": terminal.registered(TID, "EUR"),
    "registered, status 10": terminal.registered(OTHER_TID, "EUR", status=0x10),
    "registered, charset FF": terminal.registered("52001233", "EUR", charset=0xFF),
    "status DC": terminal.ready("", 0xDC),
    "declined": terminal.declined(0x6C, TID),
    "cancelled": terminal.abort(0x6C),
    "abort with a receipt number": terminal.abort(0xB8, bytes.fromhex("87 FF FF")),
    "print line": terminal.print_line(b" " * 9 + b"Kassenschnitt"),
}


@pytest.mark.parametrize("name", BUILT_UNITS)
def test_the_simulators_side_writes_what_a_real_terminal_sent(name: str) -> None:
    assert BUILT_UNITS[name] == told(name)


def test_a_decline_with_its_text_is_rebuilt_but_for_the_card_type() -> None:
    assert terminal.declined(0x05, TID, b"Karte abgelehnt") == without(told("declined with a text"), 0x8A)


def rebuilt(name: str, card: terminal.Card, text: bytes) -> bytes:
    """The payment as our own till understood it, told again by the simulator's side."""
    info = payment(name)
    tree = fields.walk(zvt.split_apdu(told(name))[1]).first(fields.CONTAINER)
    assert (info.amount_minor, info.receipt_no, info.trace) != (None, None, None)
    booking = terminal.Booking(
        info.amount_minor or 0, info.currency, info.tid or "", info.receipt_no or 0, info.trace or 0,
        info.time or "", info.date or "", info.auth_code or "", card,
        online=info.online, text=text, tlv=tree or b"",
    )  # fmt: skip
    return terminal.status_information(booking)


@pytest.mark.parametrize(
    ("name", "card", "text"),
    [
        ("0.01 debit", terminal.Card("Debit Mastercard", 0x2E, "5726", "Mastercard"), b"GEN.NR.:291675"),
        (
            "18.80 with a long card number",
            terminal.Card("MAESTRO", 0x2E, "4281", "other", NUMBER_OF_19),
            b"GEN.NR.:958520",
        ),
    ],
)
def test_an_approval_is_rebuilt_byte_for_byte_but_for_three_fields(name: str, card: terminal.Card, text: bytes) -> None:
    assert rebuilt(name, card, text) == without(told(name), 0x17, 0x2A, 0x88)


@pytest.mark.parametrize(
    ("name", "card", "text", "not_sent"),
    [
        ("25.00 contactless", MASTERCARD, b"", {0x0E, 0x8C, 0x2A}),
        ("0.01 with a text", VISA, AS_TEXT, {0x0E, 0x8C, 0x2A}),
        ("10.00 online, contactless", VISA, AS_TEXT, {0x0E, 0x8C, 0x2A}),
        (
            "25.00 girocard",
            terminal.Card("girocard", 0x05, "", "girocard", bytes.fromhex("EE EE EE EE EE EE EE E8 00 4F")),
            b"",
            {0x0E, 0x17, 0x8C, 0x2A},
        ),
    ],
)
def test_an_approval_in_another_order_is_rebuilt_field_by_field(
    name: str, card: terminal.Card, text: bytes, not_sent: set[int]
) -> None:
    real, ours = said(told(name)), said(rebuilt(name, card, text))
    assert {tag: value for tag, value in real.items() if tag not in not_sent} == ours


def test_the_simulators_own_container_says_it_as_a_real_terminal_does() -> None:
    booking = terminal.Booking(1000, "EUR", "42003036", 2, 733, "123005", "0629", "889150", VISA)
    ours = fields.nodes(said(terminal.status_information(booking))[fields.CONTAINER])
    real = fields.nodes(said(told("10.00 online, contactless"))[fields.CONTAINER])
    for path in ((0x2F, 0x1F11), (0x2F, 0x1F12)):
        assert fields.find(ours, *path) == fields.find(real, *path) is not None


def test_the_totals_of_a_day_are_rebuilt_byte_for_byte_but_for_terminal_and_currency() -> None:
    ours = terminal.day_end(TID, "EUR", "105937", "0331", 68, 71, [("girocard", 4, 2600)])
    assert without(ours, 0x29, 0x49) == told("day of 26.00")


def test_the_totals_of_another_terminal_are_rebuilt_field_by_field() -> None:
    ours = said(terminal.day_end(TID, "EUR", "081706", "0406", 233, 234, [("Mastercard", 2, 958)]))
    real = said(told("day of 9.58"))
    assert {tag: ours[tag] for tag in (0x27, 0x04, 0x0C, 0x0D, 0x60)} == {
        tag: value for tag, value in real.items() if tag != 0x0B
    }


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("25.00 contactless", (2500, "EUR", OTHER_TID, 231, 975, "750071", "8074", "MasterCard", "online")),
        ("25.00 girocard", (2500, "EUR", OTHER_TID, 249, 1012, "018372", "8004", "girocard", "online")),
        ("18.80 with a long card number", (1880, "EUR", TID, 153, 153, "958520", "4281", "MAESTRO", "unknown")),
        ("0.01 debit", (1, "EUR", TID, 22, 22, "291675", "5726", "Debit Mastercard", "unknown")),
        ("10.00 online, contactless", (1000, "EUR", "42003036", 2, 733, "889150", "7743", "VISA", "online")),
        ("0.01 with a text", (1, "EUR", "42003036", 2, 732, "889150", "7743", "VISA", "online")),
        ("40.00 by stripe", (4000, "EUR", "60099914", 175, 613995, None, "6666", None, "offline")),
    ],
)
def test_the_till_reads_a_recorded_approval(name: str, expected: tuple[object, ...]) -> None:
    info = payment(name)
    assert info.approved
    assert info.complete
    assert expected == (
        info.amount_minor, info.currency, info.tid, info.receipt_no, info.trace, info.auth_code, info.last4,
        info.card_name, info.online,
    )  # fmt: skip


@pytest.mark.parametrize(
    "name", ["no amount, a card was only read", "track of a card that was read", "declined", "declined with a text"]
)
def test_a_recorded_status_that_charged_nobody_is_no_approval(name: str) -> None:
    assert not payment(name).approved


def test_the_till_reads_recorded_totals() -> None:
    day = payment("day of 9.58").totals
    assert day is not None
    assert (day.first_receipt, day.last_receipt, day.count, day.minor) == (233, 234, 2, 958)
    assert day.schemes[2] == zvt.SchemeTotal("Mastercard", 2, 958)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("completion", zvt.Completion(None, None, None, None)),
        ("registered, status 10", zvt.Completion(0x10, None, OTHER_TID, "EUR")),
        ("registered, charset FF", zvt.Completion(0x00, None, "52001233", "EUR", "cp437")),
        ("status DC", zvt.Completion(0xDC, None, None, None)),
        (
            "version and container",
            zvt.Completion(0x00, "GER-APP-v2.0.9;cS02.01.01-10.10-2-2;CC26", OTHER_TID, None),
        ),
        ("version, box", zvt.Completion(0x00, "GER-APP-v2.0.9;cR02.01.01-00.09-2-2;CC26", "52500245", None)),
        ("step with minutes and text", zvt.Intermediate(0x0A, 1, "Karte vorhalten einstecken/durchziehen")),
        ("abort with a receipt number", zvt.Abort(0xB8)),
        ("abort with the maker's text", zvt.Abort(0x6C, "ff00001441", "Abbruch durch externes Kommando!")),
        ("print line", zvt.PrintLine(0x00, "Kassenschnitt")),
    ],
)
def test_the_till_reads_what_else_was_recorded(name: str, message: zvt.Message) -> None:
    assert zvt.parse_apdu(told(name)) == message


def test_data_nobody_knows_ends_a_transaction_all_the_same() -> None:
    assert isinstance(zvt.parse_apdu(told("completion nobody knows")), zvt.Completion)


def test_the_simulators_side_reads_what_real_tills_sent() -> None:
    registration = terminal.parse_request(asked("registration DE"))
    assert (registration.password, registration.config, registration.currency) == ("123456", 0xDE, "EUR")
    assert zvt.commands.registration("123456", 0xDE) == asked("registration DE")
    assert zvt.commands.end_of_day("123456") == asked("end of day")
    contained = terminal.parse_request(asked("registration with a container"))
    assert (contained.config, contained.currency, contained.permits_tlv, contained.service) == (0x8E, "EUR", True, None)
    rich = terminal.parse_request(asked("registration with service byte and container"))
    assert (rich.config, rich.currency, rich.permits_tlv, rich.service) == (0xFE, "EUR", True, 0x00)
    payment = terminal.parse_request(asked("authorisation with repeats"))
    assert (payment.amount_minor, payment.currency, payment.repeats, payment.answer_s) == (1000, "EUR", 1, None)


@pytest.mark.parametrize("name", recorded.FROM_TERMINAL)
def test_a_trace_of_a_recorded_unit_keeps_its_length_and_reads_the_same_where_it_is_kept(name: str) -> None:
    trace = zvt.redact(told(name))
    assert len(trace) == len(told(name))
    assert zvt.redact(trace) == trace
    before, after = zvt.parse_apdu(told(name)), zvt.parse_apdu(trace)
    assert type(before) is type(after)
    if isinstance(before, zvt.StatusInformation) and isinstance(after, zvt.StatusInformation):
        assert (before.result, before.amount_minor, before.tid) == (after.result, after.amount_minor, after.tid)
        assert after.last4 in (None, "0000")


@pytest.mark.parametrize("name", recorded.FROM_TILL)
def test_no_password_of_a_recorded_till_reaches_a_trace(name: str) -> None:
    assert b"\x12\x34\x56" not in zvt.redact(asked(name))
