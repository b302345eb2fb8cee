"""`04 0F`: facts of a payment are read, card data are not, and doubt is never an approval."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stall.wire.readers import zvt
from stall.wire.readers import zvt_fields as fields
from stall.wire.readers import zvt_terminal as terminal

# The Status-Information of a real terminal, field by field; the issuer's cryptograms in 46 and 47 are stand-ins.
EMV = b"A0000000041010 0123456789ABCDEF"
TLV = (
    bytes.fromhex("24 10 07 0E") + b"GEN.NR.:291675" + bytes.fromhex("43 07 A0 00 00 00 04 10 10")
    + b"\x46\x1f" + EMV + b"\x47\x1f" + EMV + bytes.fromhex("1F 10 01 00 1F 12 01 02")
)  # fmt: skip
REAL = (
    bytes.fromhex("04 0F DB 27 00 04 00 00 00 00 00 01 0B 00 00 22 0C 16 49 23 0D 03 08 17 00 01 19 70")
    + bytes.fromhex("22 F0 F8 EE EE EE EE EE EE 57 26 29 29 00 10 06 2A") + b"100764992      "
    + b"\x3b291675\x00\x00" + b"\x3c\xf0\xf1\xf4GEN.NR.:291675" + bytes.fromhex("49 09 78 87 00 22 88 00 00 22 8A 2E")
    + b"\x8b\xf1\xf7Debit Mastercard\x00" + b"\x06\x65" + TLV
)  # fmt: skip
CARD = terminal.Card("VISA", 0x0A, "4281", "Visa")


def status(body: bytes) -> zvt.StatusInformation:
    message = zvt.parse_apdu(zvt.commands.unit(0x040F, body))
    assert isinstance(message, zvt.StatusInformation)
    return message


def test_the_222_bytes_of_a_real_terminal_are_read_to_the_last() -> None:
    assert len(REAL) == 222
    message = zvt.parse_apdu(REAL)
    assert message == zvt.StatusInformation(
        result=0, amount_minor=1, currency="EUR", tid="29001006", receipt_no=22, trace=22, auth_code="291675",
        card_type=0x2E, card_name="Debit Mastercard", last4="5726", time="164923", date="0308", original_trace=None,
        payment_type=0x70, host_code=None, online="unknown", text="GEN.NR.:291675", totals=None, complete=True,
    )  # fmt: skip
    assert message.approved


def test_the_declined_pair_of_the_same_terminal_is_no_approval() -> None:
    declined = zvt.parse_apdu(bytes.fromhex("04 0F 07 27 6C 29 29 00 10 06"))
    assert isinstance(declined, zvt.StatusInformation)
    assert (declined.result, declined.tid, declined.approved) == (0x6C, "29001006", False)
    assert zvt.parse_apdu(bytes.fromhex("06 1E 01 6C")) == zvt.Abort(0x6C)


def test_the_order_of_the_fields_is_free() -> None:
    turned = status(bytes.fromhex("49 09 78 29 29 00 10 06 04 00 00 00 00 12 50 27 00"))
    assert (turned.result, turned.amount_minor, turned.currency, turned.approved) == (0, 1250, "EUR", True)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("27 00 FE 04 00 00 00 00 12 50", "unknown field before the amount"),
        ("FE 27 00 04 00 00 00 00 12 50", "unknown field before everything"),
        ("04 00 00 00 00 12 50 FE 27 00", "unknown field before the result"),
        ("27 00", "no amount"),
        ("04 00 00 00 00 12 50", "no result"),
        ("27 00 04 00 00 00 00 12", "amount cut short"),
        ("27 00 04 00 00 00 00 12 5A", "amount that is not decimal"),
        ("27 00 27 6C 04 00 00 00 00 12 50", "two results"),
        ("27 00 04 00 00 00 00 12 50 04 00 00 00 00 99 99", "two amounts"),
        ("27 00 04 00 00 00 00 12 50 37 00 00 21", "a reversal"),
        ("27 6C 04 00 00 00 00 12 50", "declined"),
        ("", "nothing at all"),
    ],
)
def test_doubt_is_never_an_approval(body: str, reason: str) -> None:
    assert not status(bytes.fromhex(body)).approved, reason


def test_what_is_said_twice_differently_is_not_said() -> None:
    info = status(bytes.fromhex("27 00 27 6C 04 00 00 00 00 12 50 04 00 00 00 00 99 99"))
    assert (info.result, info.amount_minor, info.complete) == (None, None, False)


def test_an_unknown_field_behind_result_and_amount_does_no_harm() -> None:
    info = status(bytes.fromhex("27 00 04 00 00 00 00 12 50 FE 01 02"))
    assert info.complete
    assert info.approved


@pytest.mark.parametrize(
    ("body", "online"),
    [
        ("19 40", "offline"),
        ("19 50", "offline"),
        ("19 60", "online"),
        ("19 70", "unknown"),
        ("", "unknown"),
        ("19 40 06 06 2F 04 1F 11 01 01", "online"),
        ("19 60 06 06 2F 04 1F 11 01 00", "offline"),
        ("19 70 06 04 1F 11 01 00", "offline"),
    ],
)
def test_offline_approvals_are_seen(body: str, online: str) -> None:
    assert status(bytes.fromhex(body)).online == online


@pytest.mark.parametrize(
    ("field", "last4"),
    [
        ("22 F0 F8 EE EE EE EE EE EE 57 26", "5726"),
        ("22 F0 F8 55 98 83 EE EE EE 80 74", "8074"),
        ("22 F1 F0 EE EE EE EE EE EE EE E4 28 1F", "4281"),
        ("22 F0 F8 41 11 11 11 11 11 12 34", "1234"),
        ("22 F0 F8 EE EE EE EE EE EE EE EE", None),
        ("22 F0 F8 EE EE EE EE EE EE E7 26", "726"),
        ("22 F1 F1 EE EE EE 12 34 D2 00 21 22 01 00", "1234"),
        ("22 F1 F1 EE EE EE EE EE D2 00 21 22 01 00", None),
    ],
)
def test_four_trailing_digits_are_all_that_is_kept_of_a_card_number(field: str, last4: str | None) -> None:
    assert status(bytes.fromhex(field)).last4 == last4


@given(st.text("0123456789", min_size=16, max_size=16), st.sampled_from([0x22, 0x23, 0x2D]))
def test_an_unmasked_card_number_survives_neither_parsing_nor_tracing(pan: str, tag: int) -> None:
    body = bytes([tag]) + b"\xf0\xf8" + bytes.fromhex(pan) + bytes.fromhex("27 00 04 00 00 00 00 00 01")
    body += b"\x3c\xf0\xf1\xf6" + pan.encode() + bytes.fromhex("06 12 5A 10") + pan.encode() + b"\x0e\x12\x28"
    unit = zvt.commands.unit(0x040F, body)
    assert pan not in repr(zvt.parse_apdu(unit))
    trace = zvt.redact(unit)
    assert bytes.fromhex(pan) not in trace or pan == "0" * 16
    assert pan.encode() not in trace
    assert b"\x0e\x12\x28" not in trace


def test_a_trace_keeps_what_a_dispute_needs() -> None:
    kept = zvt.parse_apdu(zvt.redact(REAL))
    assert isinstance(kept, zvt.StatusInformation)
    assert (kept.result, kept.amount_minor, kept.receipt_no, kept.trace, kept.tid) == (0, 1, 22, 22, "29001006")
    assert EMV not in zvt.redact(REAL)


def test_a_long_trace_number_and_a_long_card_type_come_from_the_container() -> None:
    info = status(bytes.fromhex("0B 00 00 00 8A FF 06 0B 1F 2B 04 00 12 34 56 41 02 01 2C"))
    assert (info.trace, info.card_type) == (123456, 0x012C)


def test_a_code_of_the_host_is_kept_beside_a_success() -> None:
    info = status(bytes.fromhex("27 00 04 00 00 00 00 12 50 A0 A5"))
    assert (info.host_code, info.result, info.approved) == (0xA5, 0, True)


def test_a_second_container_object_is_looked_into_when_the_first_says_nothing() -> None:
    info = status(bytes.fromhex("06 0F 2F 04 1F 12 01 02 2F 04 1F 11 01 00 14 01 FF"))
    assert info.online == "offline"


def test_texts_are_read_in_the_character_set_their_container_names() -> None:
    info = status(bytes.fromhex("3C F0 F0 F2 C3 A4 06 03 14 01 FE"))
    assert info.text == "\u00e4"


def test_every_field_is_read_to_its_end_and_the_next_one_behind_it() -> None:
    for tag, rule in fields.LENGTHS.items():
        value = bytes(range(1, 1 + rule)) if rule > 0 else b"\x14\x01\xff"
        size = {fields.LL: b"\xf0\xf3", fields.LLL: b"\xf0\xf0\xf3", fields.TLV: b"\x03"}.get(rule, b"")
        walked = fields.walk(bytes([tag]) + size + value + b"\x27\x6c")
        assert walked.stopped_at is None
        assert [(each.tag, each.value) for each in walked.fields] == [(tag, value), (0x27, b"\x6c")]


def test_the_length_of_every_field_is_the_one_of_the_paper() -> None:
    table = (
        "01:1 02:1 03:1 04:6 05:1 06:TLV 0B:3 0C:3 0D:2 0E:2 17:2 19:1 22:LL 23:LL 24:LLL 27:1 29:4 2A:15 2D:LL 2E:LLL"
        " 37:3 3A:2 3B:8 3C:LLL 3D:3 49:2 60:LLL 87:2 88:3 8A:1 8B:LL 8C:1 92:LLL 9A:LLL A0:1 A7:LL AA:3 AF:LLL BA:5"
        " D0:1 D1:LL D2:1 D3:1 E0:1 E1:LL E2:LL E3:LL E4:LL E5:LL E6:LL E7:LL E8:LL E9:1 EA:1 EB:8 F0:1 F1:LL F2:LL"
        " F3:LL F4:LL F5:LL F6:LL F7:LL F8:LL F9:1 FA:1 FB:1 FC:1 FD:1"
    )
    names = {"LL": fields.LL, "LLL": fields.LLL, "TLV": fields.TLV}
    rows = (row.split(":") for row in table.split())
    assert {int(tag, 16): names.get(rule) or int(rule) for tag, rule in rows} == fields.LENGTHS


@pytest.mark.parametrize(("code", "name"), [("09 78", "EUR"), ("07 56", "CHF"), ("03 56", "356")])
def test_a_currency_is_named_or_numbered(code: str, name: str) -> None:
    assert status(bytes.fromhex(f"49 {code}")).currency == name


@given(
    amount=st.integers(1, 999_999_999_999),
    receipt=st.integers(1, 9999),
    trace=st.integers(1, 999_999),
    original=st.none() | st.integers(1, 999_999),
)
def test_a_payment_told_is_the_payment_heard(amount: int, receipt: int, trace: int, original: int | None) -> None:
    booking = terminal.Booking(amount, "EUR", "52000001", receipt, trace, "235959", "1231", "123456", CARD, original)
    info = zvt.parse_apdu(terminal.status_information(booking))
    assert isinstance(info, zvt.StatusInformation)
    assert (info.amount_minor, info.receipt_no, info.trace, info.original_trace) == (amount, receipt, trace, original)
    assert (info.last4, info.card_name, info.online, info.complete) == ("4281", "VISA", "online", True)
    assert info.approved is (original is None)


@given(
    st.lists(
        st.tuples(st.sampled_from(["girocard", "Mastercard", "Visa"]), st.integers(0, 500), st.integers(0, 10_000_000)),
        max_size=3,
    )
)
def test_the_totals_of_a_day_add_up_on_both_sides(sums: list[tuple[str, int, int]]) -> None:
    info = zvt.parse_apdu(terminal.day_end("52000001", "EUR", "200000", "1121", 2, 9, sums))
    assert isinstance(info, zvt.StatusInformation)
    assert info.totals is not None
    assert info.amount_minor == info.totals.minor == sum(minor for _, _, minor in sums)
    assert info.totals.count == sum(count for _, count, _ in sums)
    assert (info.totals.first_receipt, info.totals.last_receipt) == (2, 9)
