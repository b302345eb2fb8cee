"""ZVT blocks on the line: recorded and computed vectors, any chunking, any damage."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stall.errors import LocalWireError
from stall.wire.readers import zvt
from stall.wire.readers import zvt_terminal as terminal

VECTORS = {
    "V1 status enquiry, recorded": "10 02 05 01 03 12 34 56 10 03 E0 43",
    "V2 yes, recorded": "10 02 80 00 00 10 03 F5 1F",
    "V3 completion with version, recorded": (
        "10 02 06 0F 15 F0 F1 F7 30 36 31 30 32 32 61 20 4D 20 49 43 5F 20 53 74 64 00 10 03 E4 51"
    ),
    "V6 registration BA": "10 02 06 00 04 00 00 00 BA 10 03 98 F8",
    "V7 completion": "10 02 06 0F 00 10 03 C6 33",
    "V8 insert card": "10 02 04 FF 01 0A 10 03 F5 7D",
    "V8 waiting for host": "10 02 04 FF 01 04 10 03 E5 E7",
    "V12 10.16, doubled 10": "10 02 06 01 0A 04 00 00 00 00 10 10 16 49 09 78 10 03 FF EF",
    "V13 1.00": "10 02 06 01 0A 04 00 00 00 00 01 00 49 09 78 10 03 BC 26",
    "V14 160.74, checksum 10 02": "10 02 06 01 0A 04 00 00 00 01 60 74 49 09 78 10 03 10 02",
    "V15 253.08, checksum 10 03": "10 02 06 01 0A 04 00 00 00 02 53 08 49 09 78 10 03 10 03",
    "V16 459.74, checksum 10 10": "10 02 06 01 0A 04 00 00 00 04 59 74 49 09 78 10 03 10 10",
    "V18 registration 8E 0978": "10 02 06 00 06 00 00 00 8E 09 78 10 03 CE E6",
    "V19 status enquiry": "10 02 05 01 03 00 00 00 10 03 DF DB",
    "V20 repeat receipt": "10 02 06 20 05 00 00 00 03 03 10 03 DB 15",
    "V21 abort": "10 02 06 B0 00 10 03 43 F3",
    "V21 log-off": "10 02 06 02 00 10 03 B9 CC",
    "V24 end of day": "10 02 06 50 03 00 00 00 10 03 FB 37",
    "V24 diagnosis": "10 02 06 70 00 10 03 D9 F9",
    "V25 terminal aborts": "10 02 06 1E 01 6C 10 03 C9 F2",
    "V25 not possible": "10 02 84 83 00 10 03 91 8E",
    "V25 please wait": "10 02 84 9C 00 10 03 C3 41",
}
WRITTEN = {
    "V1 status enquiry, recorded": zvt.commands.status_enquiry("123456"),
    "V2 yes, recorded": zvt.commands.POSITIVE,
    "V3 completion with version, recorded": terminal.ready("061022a M IC_ Std", 0x00),
    "V6 registration BA": zvt.commands.registration("000000", 0xBA, None),
    "V7 completion": terminal.completion(),
    "V8 insert card": terminal.intermediate(0x0A),
    "V8 waiting for host": terminal.intermediate(0x04),
    "V12 10.16, doubled 10": zvt.commands.authorisation(1016),
    "V13 1.00": zvt.commands.authorisation(100),
    "V14 160.74, checksum 10 02": zvt.commands.authorisation(16074),
    "V15 253.08, checksum 10 03": zvt.commands.authorisation(25308),
    "V16 459.74, checksum 10 10": zvt.commands.authorisation(45974),
    "V18 registration 8E 0978": zvt.commands.registration("000000", 0x8E),
    "V19 status enquiry": zvt.commands.status_enquiry("000000"),
    "V20 repeat receipt": zvt.commands.repeat_receipt("000000"),
    "V21 abort": zvt.commands.abort(),
    "V21 log-off": zvt.commands.log_off(),
    "V24 end of day": zvt.commands.end_of_day("000000"),
    "V24 diagnosis": zvt.commands.diagnosis(),
    "V25 terminal aborts": terminal.abort(0x6C),
    "V25 not possible": zvt.commands.NOT_POSSIBLE,
    "V25 please wait": terminal.refusal(0x9C),
}
"""The same, as the till's commands and the simulator's messages write them."""
BLOCKS = [pytest.param(bytes.fromhex(text), id=name) for name, text in VECTORS.items()]
APPROVAL = zvt.commands.unit(
    0x040F,
    bytes.fromhex(
        "27 00 04 00 00 00 00 12 50 49 09 78 29 29 00 10 06 87 00 22 0B 00 00 22 0C 16 49 23 0D 03 08"
        "22 F0 F2 EE EE 06 04 1F 11 01 01"
    ),
)

apdus = st.binary(min_size=1, max_size=80)


def unstuffed(block: bytes) -> bytes:
    return block[2:-4].replace(b"\x10\x10", b"\x10")


def events_of(data: bytes) -> list[zvt.Event]:
    return zvt.Decoder().feed(data)


def test_the_checksum_is_kermit() -> None:
    assert zvt.crc16(b"123456789") == 0x2189


@pytest.mark.parametrize("name", VECTORS)
def test_a_known_block_is_written_byte_for_byte(name: str) -> None:
    assert zvt.encode_frame(WRITTEN[name]) == bytes.fromhex(VECTORS[name])


@pytest.mark.parametrize("block", BLOCKS)
def test_a_known_block_is_read(block: bytes) -> None:
    assert events_of(block) == [zvt.Apdu(unstuffed(block))]


def test_the_approval_used_below_is_one() -> None:
    message = zvt.parse_apdu(APPROVAL)
    assert isinstance(message, zvt.StatusInformation)
    assert message.approved


@given(apdus)
def test_what_is_written_is_read_back(apdu: bytes) -> None:
    assert events_of(zvt.encode_frame(apdu)) == [zvt.Apdu(apdu)]


@given(st.binary(max_size=600))
def test_garbage_raises_nothing_and_ends_in_a_working_decoder(garbage: bytes) -> None:
    decoder = zvt.Decoder()
    decoder.feed(garbage)
    decoder.quiet()
    assert decoder.feed(zvt.encode_frame(b"\x80\x00\x00")) == [zvt.Apdu(b"\x80\x00\x00")]


def test_no_flipped_bit_makes_an_approval_of_another_amount_or_an_acknowledgement() -> None:
    block = zvt.encode_frame(APPROVAL)
    for bit in range(len(block) * 8):
        damaged = bytearray(block)
        damaged[bit // 8] ^= 1 << bit % 8
        events = events_of(bytes(damaged))
        assert not [each for each in events if isinstance(each, zvt.Apdu | zvt.Ack)], f"bit {bit}"


@pytest.mark.parametrize("block", BLOCKS)
def test_no_flipped_bit_makes_another_command(block: bytes) -> None:
    for bit in range(len(block) * 8):
        damaged = bytearray(block)
        damaged[bit // 8] ^= 1 << bit % 8
        assert not [each for each in events_of(bytes(damaged)) if isinstance(each, zvt.Apdu)], f"bit {bit}"


@given(st.data())
def test_a_decline_never_turns_into_an_approval_by_up_to_three_flipped_bits(data: st.DataObject) -> None:
    block = bytearray(zvt.encode_frame(APPROVAL.replace(b"\x27\x00", b"\x27\x6c", 1)))
    for bit in data.draw(st.sets(st.integers(0, len(block) * 8 - 1), min_size=1, max_size=3)):
        block[bit // 8] ^= 1 << bit % 8
    assert zvt.Apdu(APPROVAL) not in events_of(bytes(block))


def test_an_acknowledgement_and_a_rejection_stand_between_blocks() -> None:
    block = zvt.encode_frame(b"\x80\x00\x00")
    assert events_of(b"\x06" + block + b"\x15") == [zvt.Ack(), zvt.Apdu(b"\x80\x00\x00"), zvt.Nak()]


def test_a_06_behind_noise_is_trusted_only_after_quiet() -> None:
    decoder = zvt.Decoder()
    assert decoder.feed(b"\xff\x06") == [zvt.Noise(0xFF), zvt.Noise(0x06)]
    assert decoder.quiet() == []
    assert decoder.feed(b"\x06") == [zvt.Ack()]


def test_a_block_cut_short_is_reported_once_the_line_is_quiet() -> None:
    decoder = zvt.Decoder()
    assert decoder.feed(zvt.encode_frame(APPROVAL)[:-1]) == []
    assert decoder.in_frame
    assert decoder.quiet() == [zvt.BadFrame("cut short")]
    assert not decoder.in_frame


def test_a_new_block_inside_an_unfinished_one_is_read() -> None:
    whole = zvt.encode_frame(b"\x80\x00\x00")
    kinds = events_of(whole[:4] + whole)
    assert kinds == [zvt.BadFrame("a new block began inside a block"), zvt.Apdu(b"\x80\x00\x00")]


def test_an_endless_block_is_given_up_with_bounded_memory() -> None:
    events = events_of(b"\x10\x02" + b"\x00" * 70_000)
    assert events[0] == zvt.BadFrame("longer than any command")


@pytest.mark.parametrize("apdu", [b"", bytes(65_541)])
def test_a_block_nobody_may_send_is_refused(apdu: bytes) -> None:
    with pytest.raises(LocalWireError, match="zvt-frame-length"):
        zvt.encode_frame(apdu)


@given(st.lists(st.binary(max_size=300), min_size=1, max_size=4), st.integers(1, 7))
def test_a_tcp_stream_split_anywhere_gives_whole_units(bodies: list[bytes], size: int) -> None:
    units = [zvt.commands.unit(0x06D3, body) for body in bodies]
    line, stream = b"".join(units), zvt.ApduStream()
    events = [event for at in range(0, len(line), size) for event in stream.feed(line[at : at + size])]
    assert events == [zvt.Apdu(unit) for unit in units]
