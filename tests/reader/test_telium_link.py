"""The link layer of Concert E+ against a terminal that loses, damages and repeats what it says, on a real pseudo-terminal."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from stall.errors import Retry
from stall.reader.simulated.pty_device import PtyDevice
from stall.reader.telium.link import MOST_UNHEARD, TERMINAL, Heard, Link, Outcome
from stall.reader.transport import connect
from stall.wire.readers import telium
from tests.reader.telium_bench import FAST, HASTY, PAN, REPORT, Fast, Peer, done

ASK = telium.ask(1250, "EUR")
FRAME = telium.encode_frame(ASK)
ANSWER = done()
LONGEST_S = FAST.session_s


@pytest.fixture
def peer(device: PtyDevice) -> Peer:
    return Peer(device)


@pytest.fixture
def traced() -> list[tuple[str, bytes]]:
    return []


@pytest.fixture
def timers() -> Fast:
    return FAST


@pytest.fixture
def till(device: PtyDevice, tmp_path: Path, traced: list[tuple[str, bytes]], timers: Fast) -> Iterator[Link]:
    transport = connect(f"serial:{tmp_path / 'port'}", usual="9600 8N1")
    link = Link(transport, timers, lambda direction, data: traced.append((direction, data)))
    yield link
    link.close()


def next_frame(till: Link) -> Heard:
    heard = till.hear(5.0)
    assert heard is not None
    return heard


def test_an_ask_is_said_in_order_and_ended(till: Link, peer: Peer) -> None:
    said = till.say(ASK)
    peer.expect(telium.ENQ)
    peer.say(telium.ACK)
    peer.expect(FRAME)
    peer.say(telium.ACK)
    peer.expect(telium.EOT)
    assert said.wait(LONGEST_S) is Outcome.TAKEN
    assert (said.number, till.asked) == (1, 1)


@pytest.mark.parametrize("timers", [HASTY], ids=["hasty"])
def test_where_nobody_listens_the_ask_never_leaves(till: Link, peer: Peer) -> None:
    said = till.say(ASK)
    knocks = (telium.ENQ + telium.EOT) * 3
    assert peer.hear(len(knocks)) == knocks
    assert said.wait(LONGEST_S) is Outcome.NOT_TAKEN
    assert till.asked == 0
    assert peer.quiet(0.2)


def test_a_busy_terminal_is_asked_again_a_little_later(till: Link, peer: Peer) -> None:
    said = till.say(ASK)
    peer.expect(telium.ENQ)
    peer.say(telium.NAK)
    peer.expect(telium.EOT)
    peer.take_ask()
    assert said.wait(LONGEST_S) is Outcome.TAKEN


@pytest.mark.parametrize("naks", [1, 2])
def test_a_frame_answered_with_nak_is_said_again(till: Link, peer: Peer, naks: int) -> None:
    said = till.say(ASK)
    peer.expect(telium.ENQ)
    peer.say(telium.ACK)
    for _ in range(naks):
        peer.expect(FRAME)
        peer.say(telium.NAK)
    peer.expect(FRAME)
    peer.say(telium.ACK)
    peer.expect(telium.EOT)
    assert said.wait(LONGEST_S) is Outcome.TAKEN


def test_a_frame_answered_with_nak_each_time_was_not_taken(till: Link, peer: Peer) -> None:
    said = till.say(ASK)
    peer.expect(telium.ENQ)
    peer.say(telium.ACK)
    for _ in range(3):
        peer.expect(FRAME)
        peer.say(telium.NAK)
    peer.expect(telium.EOT)
    assert said.wait(LONGEST_S) is Outcome.NOT_TAKEN
    assert peer.quiet(0.2)


def test_what_is_given_up_before_it_left_never_leaves(till: Link, peer: Peer) -> None:
    given_up, kept = till.say(ASK), till.say(ASK)
    peer.expect(telium.ENQ)
    assert till.withdraw(given_up)
    peer.expect(telium.EOT)
    assert given_up.wait(0) is Outcome.NOT_TAKEN
    peer.take_ask()
    assert kept.wait(LONGEST_S) is Outcome.TAKEN
    assert not till.withdraw(kept)
    assert till.asked == 1


def test_what_is_given_up_while_the_terminal_speaks_never_leaves(till: Link, peer: Peer) -> None:
    said = till.say(ASK)
    peer.expect(telium.ENQ)
    peer.say(telium.ENQ)
    peer.expect(telium.ACK)
    assert till.withdraw(said)
    peer.say(ANSWER)
    peer.expect(telium.ACK)
    peer.say(telium.EOT)
    assert peer.quiet(0.3)
    assert till.asked == 0


@pytest.mark.parametrize("timers", [HASTY], ids=["hasty"])
def test_a_frame_nobody_answers_is_never_said_again(till: Link, peer: Peer) -> None:
    said = till.say(ASK)
    peer.expect(telium.ENQ)
    peer.say(telium.ACK)
    peer.expect(FRAME)
    peer.expect(telium.EOT)
    assert said.wait(LONGEST_S) is Outcome.UNSURE
    assert peer.quiet(0.5)


def test_a_cable_pulled_with_the_frame_out_leaves_it_unsure(till: Link, peer: Peer) -> None:
    said = till.say(ASK)
    peer.expect(telium.ENQ)
    peer.say(telium.ACK)
    peer.expect(FRAME)
    peer.hang_up()
    assert said.wait(LONGEST_S) is Outcome.UNSURE
    assert not till.alive
    with pytest.raises(Retry, match="reader-lost"):
        till.hear(1.0)
    assert till.say(ASK).wait(0) is Outcome.NOT_TAKEN


def test_an_answers_ack_waits_for_whoever_reads_it(till: Link, peer: Peer) -> None:
    peer.say(telium.ENQ)
    peer.expect(telium.ACK)
    peer.say(ANSWER)
    heard = next_frame(till)
    assert peer.quiet(FAST.hold_s / 4)
    heard.acknowledge()
    peer.expect(telium.ACK)
    peer.say(telium.EOT)
    assert heard.closed(LONGEST_S)


def test_an_answer_nobody_reads_is_acknowledged_before_the_terminal_loses_patience(till: Link, peer: Peer) -> None:
    peer.say(telium.ENQ)
    peer.expect(telium.ACK)
    peer.say(ANSWER)
    peer.expect(telium.ACK)
    peer.say(telium.EOT)
    heard = next_frame(till)
    heard.acknowledge()
    assert heard.closed(LONGEST_S)
    assert peer.quiet(0.1)


def test_a_terminal_that_sends_no_eot_was_heard_once_the_line_is_quiet(till: Link, peer: Peer) -> None:
    peer.say(telium.ENQ)
    peer.expect(telium.ACK)
    peer.say(ANSWER)
    heard = next_frame(till)
    heard.acknowledge()
    assert not heard.closed(FAST.close_s / 4)
    assert heard.closed(LONGEST_S)


def test_a_cable_pulled_before_the_eot_leaves_the_ack_uncertain(till: Link, peer: Peer) -> None:
    peer.say(telium.ENQ)
    peer.expect(telium.ACK)
    peer.say(ANSWER)
    heard = next_frame(till)
    heard.acknowledge()
    peer.expect(telium.ACK)
    peer.hang_up()
    assert not heard.closed(LONGEST_S)


@pytest.mark.parametrize("damaged", [ANSWER[:-1] + b"\x06", ANSWER[:-1], ANSWER[1:], b"\x7f" + ANSWER])
def test_a_damaged_answer_is_asked_for_again(till: Link, peer: Peer, damaged: bytes) -> None:
    peer.say(telium.ENQ)
    peer.expect(telium.ACK)
    peer.say(damaged)
    assert peer.hear(1, FAST.reply_s * 0.8) == telium.NAK  # once the line is quiet, not when patience ends
    peer.say(ANSWER)
    next_frame(till).acknowledge()
    peer.expect(telium.ACK)
    assert till.garbled == 1
    assert till.hear(0) is None


def test_after_two_naks_the_terminal_must_begin_anew(till: Link, peer: Peer) -> None:
    peer.say(telium.ENQ)
    peer.expect(telium.ACK)
    for _ in range(2):
        peer.say(ANSWER[:-1] + b"\x00")
        peer.expect(telium.NAK)
    peer.say(ANSWER[:-1] + b"\x00")
    assert peer.quiet(0.5)
    peer.answer(ANSWER)
    assert next_frame(till).body == ANSWER[1:-2]


def test_an_answer_said_twice_in_one_session_is_one(till: Link, peer: Peer) -> None:
    peer.say(telium.ENQ)
    peer.expect(telium.ACK)
    peer.say(ANSWER)
    heard = next_frame(till)
    heard.acknowledge()
    peer.expect(telium.ACK)
    peer.say(ANSWER)
    peer.expect(telium.ACK)
    peer.say(telium.EOT)
    assert heard.closed(LONGEST_S)
    assert till.hear(0.1) is None
    assert till.repeated == 1


def test_an_answer_said_again_in_a_new_session_is_acknowledged_and_no_second_one(till: Link, peer: Peer) -> None:
    peer.answer(ANSWER)
    heard = next_frame(till)
    assert heard.closed(LONGEST_S)
    peer.answer(ANSWER)
    assert till.hear(0.1) is None
    peer.answer(done(1300))
    assert next_frame(till).body == done(1300)[1:-2]


def test_a_terminal_that_lost_patience_gets_its_ack_when_it_says_it_again(till: Link, peer: Peer) -> None:
    peer.say(telium.ENQ)
    peer.expect(telium.ACK)
    peer.say(ANSWER + telium.EOT)
    heard = next_frame(till)
    heard.acknowledge()
    assert not heard.closed(0.1)
    peer.answer(ANSWER)
    assert heard.closed(LONGEST_S)
    assert till.hear(0) is None


def test_the_same_answer_to_another_ask_is_another_answer(till: Link, peer: Peer) -> None:
    peer.answer(ANSWER)
    first = next_frame(till)
    till.say(ASK)
    peer.take_ask()
    peer.answer(ANSWER)
    second = next_frame(till)
    assert (first.after, second.after) == (0, 1)


def test_when_both_begin_at_once_the_terminal_speaks_first(till: Link, peer: Peer) -> None:
    said = till.say(ASK)
    peer.expect(telium.ENQ)
    peer.say(telium.ENQ)
    peer.expect(telium.ACK)
    peer.say(ANSWER)
    peer.expect(telium.ACK)
    peer.say(telium.EOT)
    peer.take_ask()
    assert said.wait(LONGEST_S) is Outcome.TAKEN
    assert next_frame(till).after == 0


def test_a_terminal_that_speaks_first_lets_nobody_in_between(device: PtyDevice, tmp_path: Path) -> None:
    till = connect(f"serial:{tmp_path / 'port'}", usual="9600 8N1")
    terminal = Link(device, FAST, side=TERMINAL)
    said = terminal.say(ANSWER[1:-2])
    assert till.read(1, 5.0) == telium.ENQ
    till.write(telium.ENQ)
    assert till.read(1, 0.1) == b""
    till.write(telium.ACK)
    assert till.read(len(ANSWER), 5.0)
    till.write(telium.ACK)
    assert said.wait(LONGEST_S) is Outcome.TAKEN
    terminal.close()
    till.close()


def test_a_frame_without_an_enq_is_not_acknowledged(till: Link, peer: Peer) -> None:
    peer.say(ANSWER)
    assert peer.quiet(0.3)
    assert till.hear(0) is None
    peer.answer(ANSWER)


def test_a_terminal_that_answers_without_end_loses_its_line(till: Link, peer: Peer) -> None:
    for minor in range(1, MOST_UNHEARD + 1):
        peer.say(telium.ENQ)
        peer.expect(telium.ACK)
        peer.say(done(minor), telium.EOT)
    peer.say(telium.ENQ)
    peer.expect(telium.ACK)
    peer.say(done(9999))
    deadline = time.monotonic() + LONGEST_S
    while till.alive and time.monotonic() < deadline:
        time.sleep(0.01)
    for _ in range(MOST_UNHEARD):
        next_frame(till)
    with pytest.raises(Retry, match="without end"):
        till.hear(2.0)
    assert not till.alive


def test_a_knock_is_enq_and_eot(till: Link, peer: Peer) -> None:
    said = till.say(None)
    peer.expect(telium.ENQ)
    peer.say(telium.ACK)
    peer.expect(telium.EOT)
    assert said.wait(LONGEST_S) is Outcome.TAKEN
    assert till.asked == 0


@pytest.mark.parametrize("report", [None, REPORT], ids=["short", "long"])
def test_an_answer_may_come_byte_by_byte(till: Link, peer: Peer, report: str | None) -> None:
    frame = done(report=report)
    peer.say(telium.ENQ)
    peer.expect(telium.ACK)
    peer.say(*(bytes([byte]) for byte in frame))
    next_frame(till).acknowledge()
    peer.expect(telium.ACK)


def test_no_card_number_passes_the_link(till: Link, peer: Peer, traced: list[tuple[str, bytes]]) -> None:
    peer.answer(done(report=REPORT))
    heard = next_frame(till)
    shown = b"".join(data for _, data in traced) + heard.body
    assert b"0100000125" in shown
    assert not any(PAN[at : at + 6].encode() in shown for at in range(11))
