"""Concert E+ frames on the line: known vectors, any chunking, any damage, and no card number behind the parser."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stall.wire.readers import telium
from stall.wire.readers import telium_terminal as terminal

#: T1 and T5 come out of pyTeliumManager 2.4.2's encoder; the others are the same rule, with an LRC that looks like a signal.
VECTORS = {
    "T1 asks 12.50 EUR": ("0100001250110978          A010B010", 0x01),
    "T2 asks 0.50 EUR, LRC 02": ("0100000050010978          A011B010", 0x02),
    "T3 asks 12.50 EUR forced, LRC 00": ("0100001250110978          A010B011", 0x00),
    "T4 answers done": ("0100000125019780000000042", 0x35),
    "T5 answers not done": ("0170000125019780000000000", 0x34),
}
PAN = "4970101234567890"
REPORT = (PAN + "  " + "0" * 37).ljust(terminal.REPORT)
LONG = terminal.answer("0", 1250, "EUR", "0000000042", REPORT)
SHORT = terminal.answer("0", 1250, "EUR", "0000000042")
EVERY = (*telium.ASKS, *telium.ANSWERS)

texts = st.sampled_from(telium.ANSWERS).flatmap(lambda n: st.binary(min_size=n, max_size=n))
printable = st.sampled_from(telium.ANSWERS).flatmap(
    lambda n: st.lists(st.integers(0x20, 0x7E), min_size=n, max_size=n).map(bytes)
)
SIGNALS = [telium.ENQ, telium.ACK, telium.NAK, telium.EOT]
lines = st.lists(
    st.one_of(printable.map(telium.encode_frame), texts.map(telium.encode_frame), st.sampled_from(SIGNALS), st.binary())
)


def frame_of(name: str) -> bytes:
    body, check = VECTORS[name]
    return b"\x02" + body.encode("ascii") + b"\x03" + bytes([check])


def till(data: bytes) -> list[telium.Event]:
    return telium.Decoder(telium.ANSWERS).feed(data)


@pytest.mark.parametrize("name", VECTORS)
def test_a_known_frame_is_written_byte_for_byte(name: str) -> None:
    assert telium.encode_frame(VECTORS[name][0].encode("ascii")) == frame_of(name)


@pytest.mark.parametrize("name", VECTORS)
def test_a_known_frame_is_read(name: str) -> None:
    body = VECTORS[name][0].encode("ascii")
    lengths = telium.ASKS if "asks" in name else telium.ANSWERS
    assert telium.Decoder(lengths).feed(frame_of(name)) == [telium.Frame(body)]


@pytest.mark.parametrize("signal", [0x02, 0x03, 0x04, 0x05, 0x06, 0x15, 0x00])
def test_an_lrc_that_looks_like_a_signal_ends_its_frame(signal: int) -> None:
    plain = terminal.answer("0", 1250, "EUR", "0000000000")
    differs = telium.lrc(plain) ^ signal
    pair = next(bytes([one, one ^ differs]) for one in range(0x20, 0x7F) if 0x20 <= one ^ differs <= 0x7E)
    body = plain[:-2] + pair
    frame = telium.encode_frame(body)
    assert frame[-1] == signal
    assert till(frame + telium.EOT) == [telium.Frame(body), telium.Eot()]


def test_a_frame_as_it_is_read_holds_no_report() -> None:
    (frame,) = till(telium.encode_frame(LONG))
    assert isinstance(frame, telium.Frame)
    assert len(frame.body) == len(LONG)
    assert b"4970" not in frame.body
    assert PAN not in repr(frame)
    assert telium.parse_answer(frame.body) == telium.parse_answer(SHORT)


@given(st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=55, max_size=55))
def test_whatever_a_report_holds_is_gone(report: str) -> None:
    long = terminal.answer("0", 1250, "EUR", "0000000042", report)
    assert telium.parse_answer(long) == telium.parse_answer(SHORT)
    assert till(telium.encode_frame(long)) == till(
        telium.encode_frame(terminal.answer("0", 1250, "EUR", "0000000042", "x" * 55))
    )


def test_a_trace_shows_what_a_frame_says_and_no_report() -> None:
    traced = telium.redact(telium.encode_frame(LONG))
    assert b"4970" not in traced
    assert traced[1:13] == LONG[:12]
    assert traced[-15:-2] == LONG[-13:]
    assert telium.redact(telium.encode_frame(SHORT)) == telium.encode_frame(SHORT)
    assert telium.redact(telium.ENQ) == telium.ENQ


@given(st.integers(0, 82), st.integers(0, 30))
def test_a_trace_of_a_piece_shows_no_card_number(cut: int, more: int) -> None:
    data = telium.encode_frame(LONG)[:cut] + b"0" * more
    if len(data) - 3 not in (*telium.ASKS, telium.ANSWERS[0]):
        assert PAN.encode() not in telium.redact(data)
        assert set(telium.redact(data)[13:]) <= set(b"*" + data[-15:])


@given(lines, st.lists(st.integers(1, 40), min_size=1))
def test_any_chunking_gives_the_same_events(parts: list[bytes], sizes: list[int]) -> None:
    line = b"".join(parts)
    for lengths in (telium.ASKS, telium.ANSWERS):
        decoder, events, at, turn = telium.Decoder(lengths), list[telium.Event](), 0, 0
        while at < len(line):
            events += decoder.feed(line[at : at + sizes[turn % len(sizes)]])
            at, turn = at + sizes[turn % len(sizes)], turn + 1
        assert events == telium.Decoder(lengths).feed(line)


@given(st.binary(max_size=400))
def test_garbage_raises_nothing_and_ends_in_a_working_decoder(garbage: bytes) -> None:
    for lengths, body in ((telium.ANSWERS, SHORT), (telium.ASKS, telium.ask(50, "EUR"))):
        decoder = telium.Decoder(lengths)
        decoder.feed(garbage)
        decoder.quiet()
        assert decoder.feed(telium.ENQ + telium.encode_frame(body)) == [telium.Enq(), telium.Frame(body)]


@pytest.mark.parametrize("body", [SHORT, LONG], ids=["short", "long"])
def test_no_flipped_bit_makes_an_answer_or_an_acknowledgement(body: bytes) -> None:
    frame = telium.encode_frame(body)
    for bit in range(len(frame) * 8):
        damaged = bytearray(frame)
        damaged[bit // 8] ^= 1 << bit % 8
        looks_like = [telium.Ack()] if damaged[0] == telium.ACK[0] else []  # where a frame is due, an ACK means nothing
        assert till(bytes(damaged)) == looks_like, f"bit {bit}"


@given(st.data())
def test_a_no_never_turns_into_our_yes_by_two_flipped_bits(data: st.DataObject) -> None:
    said = terminal.answer("7", 1250, "EUR", "0000000042")
    frame = bytearray(telium.encode_frame(said))
    for bit in data.draw(st.sets(st.integers(0, len(frame) * 8 - 1), min_size=1, max_size=2)):
        frame[bit // 8] ^= 1 << bit % 8
    assert telium.Frame(SHORT) not in till(bytes(frame))


def test_nothing_is_believed_behind_noise_until_the_line_was_quiet() -> None:
    decoder = telium.Decoder(telium.ANSWERS)
    assert decoder.feed(b"\x7f" + telium.ACK + telium.encode_frame(SHORT)) == []
    assert decoder.waiting
    assert decoder.quiet() == [telium.Garbled("noise")]
    assert decoder.feed(telium.ACK) == [telium.Ack()]


@pytest.mark.parametrize(
    ("frame", "reason"),
    [
        (telium.encode_frame(SHORT)[:-1], "cut short"),
        (telium.encode_frame(SHORT)[:-1] + b"\x7f", "wrong checksum"),
        (telium.encode_frame(SHORT[:-1] + b"\x07"), "not text"),
        (b"\x02" + b"0" * 82, "no end where the length says"),
    ],
)
def test_a_frame_of_no_use_is_told_once_the_line_is_quiet(frame: bytes, reason: str) -> None:
    decoder = telium.Decoder(telium.ANSWERS)
    assert decoder.feed(frame) == []
    assert decoder.quiet() == [telium.Garbled(reason)]
    assert decoder.quiet() == []
