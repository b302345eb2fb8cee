"""Damage on the line and tricks in the data: nothing but a whole, plain approval is ever one."""

from __future__ import annotations

import contextlib
import itertools

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from stall.errors import WireError
from stall.wire.readers import zvt
from stall.wire.readers import zvt_terminal as terminal

YES = b"\x80\x00\x00"
CARD = terminal.Card("VISA", 0x0A, "4281", "Visa")

bookings = st.builds(
    terminal.Booking,
    amount_minor=st.integers(1, 999_999_999_999),
    currency=st.sampled_from(["EUR", "CHF", None]),
    tid=st.just("52000001"),
    receipt_no=st.integers(1, 9999),
    trace=st.integers(1, 99_999_999),
    time=st.just("235959"),
    date=st.just("1231"),
    auth_code=st.just("123456"),
    card=st.just(CARD),
    online=st.sampled_from(["online", "offline", "unknown"]),
)
approvals = bookings.map(terminal.status_information)
declines = st.tuples(approvals, st.integers(1, 255)).map(
    lambda told: told[0].replace(b"\x27\x00", bytes([0x27, told[1]]), 1)
)
units = st.one_of(approvals, declines, st.integers(0, 255).map(terminal.abort), st.binary(min_size=1, max_size=60))


def is_approval(event: zvt.Event) -> bool:
    if not isinstance(event, zvt.Apdu):
        return False
    with contextlib.suppress(WireError):
        message = zvt.parse_apdu(event.data)
        return isinstance(message, zvt.StatusInformation) and message.approved
    return False


def flipped(data: bytes, bit: int) -> bytes:
    damaged = bytearray(data)
    damaged[bit // 8 % len(data)] ^= 1 << bit % 8
    return bytes(damaged)


@given(approvals)
def test_what_is_damaged_below_was_an_approval(apdu: bytes) -> None:
    assert [is_approval(event) for event in zvt.Decoder().feed(zvt.encode_frame(apdu))] == [True]


@given(units, st.integers(0, 1 << 16))
def test_one_flipped_bit_in_any_block_yields_no_unit_at_all_and_is_noticed(apdu: bytes, bit: int) -> None:
    decoder = zvt.Decoder()
    events = decoder.feed(flipped(zvt.encode_frame(apdu), bit))
    assert not [each for each in events if isinstance(each, zvt.Apdu)]
    events += decoder.quiet()
    assert [each for each in events if isinstance(each, zvt.BadFrame | zvt.Noise)]


@given(units, st.integers(0, 1 << 16), approvals)
def test_after_a_damaged_block_and_quiet_the_repeated_one_is_read(apdu: bytes, bit: int, again: bytes) -> None:
    decoder = zvt.Decoder()
    decoder.feed(flipped(zvt.encode_frame(apdu), bit))
    decoder.quiet()
    assert decoder.feed(zvt.encode_frame(again)) == [zvt.Apdu(again)]


def test_every_single_bit_of_a_decline_fails_to_make_it_an_approval() -> None:
    declined = zvt.encode_frame(terminal.declined(0x6C, "29001006", b"Karte abgelehnt"))
    for bit in range(len(declined) * 8):
        assert not any(map(is_approval, zvt.Decoder().feed(flipped(declined, bit)))), f"bit {bit}"


@given(approvals, st.data())
def test_bytes_lost_on_the_line_leave_no_approval(apdu: bytes, data: st.DataObject) -> None:
    block = zvt.encode_frame(apdu)
    start = data.draw(st.integers(0, len(block) - 1))
    end = data.draw(st.integers(start + 1, min(len(block), start + 12)))
    assert not any(map(is_approval, zvt.Decoder().feed(block[:start] + block[end:])))


@given(st.lists(st.one_of(units.map(zvt.encode_frame), st.sampled_from([b"\x06", b"\x15", b"\x10\x02", b"\x10\x03"]),
                          st.binary(max_size=12)), max_size=6), st.data())  # fmt: skip
def test_any_chunking_of_blocks_answers_and_noise_gives_the_same_events(
    parts: list[bytes], data: st.DataObject
) -> None:
    line = b"".join(parts)
    cuts = sorted(data.draw(st.sets(st.integers(0, len(line)), max_size=10)))
    whole, cut = zvt.Decoder(), zvt.Decoder()
    pieces = [line[start:end] for start, end in itertools.pairwise([0, *cuts, len(line)])]
    assert [event for piece in pieces for event in cut.feed(piece)] == whole.feed(line)
    assert (cut.in_frame, cut.quiet()) == (whole.in_frame, whole.quiet())


@given(st.lists(st.binary(max_size=40), max_size=5), st.data())
def test_any_chunking_of_a_tcp_stream_gives_the_same_events(parts: list[bytes], data: st.DataObject) -> None:
    line = b"".join(parts)
    cuts = sorted(data.draw(st.sets(st.integers(0, len(line)), max_size=10)))
    whole, cut = zvt.ApduStream(), zvt.ApduStream()
    pieces = [line[start:end] for start, end in itertools.pairwise([0, *cuts, len(line)])]
    assert [event for piece in pieces for event in cut.feed(piece)] == whole.feed(line)


@given(st.binary(max_size=60))
@example(b"\x04\x0f\xff\xff\xff")
@example(b"\x04\x0f\x03\x06\x82\xff")
@example(b"\x04\x0f\x04\x06\x02\x1f\xff")
@example(b"\x06\x0f\x03\xf0\xf0\xf9")
def test_garbage_raises_nothing_but_our_error(data: bytes) -> None:
    for read in (zvt.parse_apdu, terminal.parse_request, zvt.split_apdu):
        with contextlib.suppress(WireError):
            read(data)
    assert len(zvt.redact(data)) == len(data)


@given(approvals, st.data())
def test_an_approval_cut_short_is_an_error_and_none_with_its_length_mended_before_the_amount(
    apdu: bytes, data: st.DataObject
) -> None:
    size = data.draw(st.integers(0, len(apdu) - 1))
    with pytest.raises(WireError, match="zvt-length"):
        zvt.parse_apdu(apdu[:size])
    _, body = zvt.split_apdu(apdu)
    until_amount = 2 + 7
    mended = zvt.commands.unit(0x040F, body[: min(size, until_amount - 1)])
    assert not is_approval(zvt.Apdu(mended))


FIELDS = {
    "approved": "27 00", "declined": "27 6C", "ours": "04 00 00 00 00 12 50", "other": "04 00 00 00 99 99 99",
    "hex": "04 00 00 00 00 12 5A", "euro": "49 09 78", "franc": "49 07 56", "odd": "49 0A 78", "back": "37 00 00 21",
    "back?": "37 FF FF FF", "unknown": "FE", "trace": "0B 00 00 22", "receipt": "87 00 22", "kind": "19 70",
    "hidden": "06 09 27 00 04 00 00 00 00 12 50", "text": "3C F0 F0 F9 27 00 04 00 00 00 00 12 50",
    "hidden decline": "06 02 27 6C", "track": "23 F0 F2 27 00", "long": "06 82 00 02 27 00",
}  # fmt: skip
"""Fields in any number and order; some hold the bytes of an approval where they mean nothing."""


@given(st.lists(st.sampled_from(sorted(FIELDS)), max_size=7), st.integers(0, 6))
@example(["approved", "ours", "euro"], 1)
@example(["approved", "ours", "unknown", "declined"], 0)
@example(["approved", "ours", "back?"], 0)
def test_no_order_repeat_or_cut_of_fields_approves_without_a_plain_result_and_amount(
    names: list[str], cut: int
) -> None:
    raw = [bytes.fromhex(FIELDS[name]) for name in names]
    body = b"".join(raw)[: max(0, sum(map(len, raw)) - cut)]
    info = zvt.parse_apdu(zvt.commands.unit(0x040F, body))
    assert isinstance(info, zvt.StatusInformation)
    if not info.approved:
        return
    whole, size = [], 0
    for name, part in zip(names, raw, strict=True):
        size += len(part)
        if name == "unknown" or size > len(body):
            break
        whole.append(name)
    assert "approved" in whole
    assert not {"declined", "back", "back?", "hex", "odd"} & set(whole)
    assert len({"ours", "other"} & set(whole)) == 1
    assert not {"euro", "franc"} <= set(whole)
    assert info.amount_minor == (1250 if "ours" in whole else 999_999)
    assert info.currency == ("EUR" if "euro" in whole else "CHF" if "franc" in whole else None)


@given(st.permutations(["approved", "ours", "euro", "trace", "receipt", "kind", "hidden", "text", "track"]))
def test_any_order_of_a_plain_approvals_fields_is_one(names: list[str]) -> None:
    info = zvt.parse_apdu(zvt.commands.unit(0x040F, b"".join(bytes.fromhex(FIELDS[name]) for name in names)))
    assert isinstance(info, zvt.StatusInformation)
    assert (info.approved, info.amount_minor, info.currency, info.receipt_no) == (True, 1250, "EUR", 22)


@pytest.mark.parametrize(
    "body",
    [
        "27 00 04 00 00 00 00 12 50 49 09",
        "27 00 04 00 00 00 00 12 50 49 0A 78",
        "27 00 04 00 00 00 00 12 50 49 09 78 49 07 56",
        "27 00 04 00 00 00 00 12 50 37 FF FF FF",
        "27 00 04 00 00 00 00 12 50 37 00",
        "27 00 04 00 00 00 00 12 50 27",
        "27 00 04 00 00 00 00 12 50 04 00",
    ],
)
def test_a_deciding_field_that_is_there_but_not_legible_is_no_approval(body: str) -> None:
    info = zvt.parse_apdu(zvt.commands.unit(0x040F, bytes.fromhex(body)))
    assert isinstance(info, zvt.StatusInformation)
    assert not info.complete
    assert not info.approved


# What other people's receivers got wrong: the checksum's two bytes are raw, whatever they are.
BY_CHECKSUM = {
    "02 02": 20194, "02 03": 187265, "02 06": 96318, "02 10": 73894, "03 02": 85712, "03 03": 49396,
    "03 06": 186730, "03 10": 184255, "06 02": 2313, "06 03": 73429, "06 06": 9221, "06 10": 49302,
    "10 02": 16074, "10 03": 25308, "10 06": 5857, "10 10": 45974,
}  # fmt: skip
"""The amount whose authorisation has this checksum."""


@pytest.mark.parametrize(("checksum", "amount"), BY_CHECKSUM.items(), ids=BY_CHECKSUM.keys())
def test_a_checksum_of_control_bytes_is_neither_doubled_nor_understood(checksum: str, amount: int) -> None:
    apdu = zvt.commands.authorisation(amount)
    block = zvt.encode_frame(apdu)
    assert block[-2:] == bytes.fromhex(checksum)
    for following, event in ((b"\x06", zvt.Ack()), (b"\x15", zvt.Nak()), (zvt.encode_frame(YES), zvt.Apdu(YES))):
        assert zvt.Decoder().feed(block + following) == [zvt.Apdu(apdu), event]


@given(st.lists(st.sampled_from([0x02, 0x03, 0x06, 0x10, 0x15]), min_size=1, max_size=12).map(bytes))
def test_a_block_ends_with_its_checksum_and_not_a_byte_earlier(body: bytes) -> None:
    """A receiver that takes a third-last 03 for the end, or 10 03 behind a doubled 10, ends too early."""
    decoder = zvt.Decoder()
    block = zvt.encode_frame(body)
    early = [event for at in range(len(block) - 1) for event in decoder.feed(block[at : at + 1])]
    assert early == []
    assert decoder.in_frame
    assert decoder.feed(block[-1:]) == [zvt.Apdu(body)]
