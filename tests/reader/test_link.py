"""The link layer against a terminal that loses, damages and repeats blocks, on a real pseudo-terminal."""

from __future__ import annotations

import contextlib
import socket
import time
from typing import Protocol

import pytest

from stall.errors import Retry
from stall.reader.simulated.pty_device import PtyDevice
from stall.reader.transport import connect
from stall.reader.zvt.link import MOST_UNHEARD, Link
from stall.wire.readers import zvt

YES = b"\x80\x00\x00"
YES_BLOCK = zvt.encode_frame(YES)
STEP = bytes.fromhex("04 FF 01 0A")
STEP_BLOCK = zvt.encode_frame(STEP)
APPROVAL = bytes.fromhex("04 0F 09 27 00 04 00 00 00 00 12 50")
APPROVAL_BLOCK = zvt.encode_frame(APPROVAL)
PAY = zvt.commands.authorisation(1250)
PAY_BLOCK = zvt.encode_frame(PAY)


class Wire(Protocol):
    def hear(self, n: int, timeout_s: float = 2.0) -> bytes: ...
    def say(self, data: bytes) -> None: ...


def next_unit(link: Link) -> bytes | None:
    received = link.receive(2.0)
    return received.data if received else None


def test_a_block_is_acknowledged_before_anybody_asks_for_it(link: Link, wire: Wire) -> None:
    wire.say(STEP_BLOCK)
    assert wire.hear(1) == zvt.ACK
    assert next_unit(link) == STEP


def test_a_terminal_that_sends_without_end_loses_its_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        link = Link(connect(f"tcp:127.0.0.1:{server.getsockname()[1]}"))
        with server.accept()[0] as terminal:
            with contextlib.suppress(OSError):
                for _ in range(200):
                    terminal.sendall(YES * 1000)
            deadline = time.monotonic() + 20
            while link.alive and time.monotonic() < deadline:  # nobody receives meanwhile
                time.sleep(0.01)
            for _ in range(MOST_UNHEARD):
                assert next_unit(link) == YES
            with pytest.raises(Retry, match="without end"):
                link.receive(2.0)
        assert not link.alive
        link.close()


def test_a_unit_of_the_greatest_length_passes_and_none_is_longer() -> None:
    greatest = bytes.fromhex("04 FF FF FF FF") + bytes(65_535)
    stream, most = zvt.ApduStream(), 0
    for at in range(0, 3 * len(greatest), 4096):
        units = stream.feed((greatest * 3)[at : at + 4096])
        assert all(unit == zvt.Apdu(greatest) for unit in units)
        most = max(most, len(stream._buffer))
    assert most <= 65_540
    assert stream._buffer == b""


def test_a_damaged_block_is_asked_for_again(link: Link, wire: Wire) -> None:
    wire.say(STEP_BLOCK[:-1] + b"\x00")
    assert wire.hear(1) == zvt.NAK
    wire.say(STEP_BLOCK)
    assert wire.hear(1) == zvt.ACK
    assert next_unit(link) == STEP
    assert link.bad_frames == 1


def test_a_block_cut_short_is_asked_for_again_after_t1(link: Link, wire: Wire) -> None:
    wire.say(STEP_BLOCK[:5])
    assert wire.hear(1) == zvt.NAK
    assert link.receive(0) is None


def test_an_unacknowledged_block_is_sent_three_times_and_then_has_failed(link: Link, wire: Wire) -> None:
    sent = link.send(PAY)
    assert wire.hear(3 * len(PAY_BLOCK)) == PAY_BLOCK * 3
    assert not sent.acked(2.0)
    assert sent.failed
    assert wire.hear(1, 0.3) == b""


def test_a_rejected_block_is_sent_again_at_once(link: Link, wire: Wire) -> None:
    sent = link.send(PAY)
    assert wire.hear(len(PAY_BLOCK)) == PAY_BLOCK
    wire.say(zvt.NAK)
    assert wire.hear(len(PAY_BLOCK)) == PAY_BLOCK
    wire.say(zvt.ACK)
    assert sent.acked(2.0)


def test_a_repeated_block_is_acknowledged_twice_and_heard_once(link: Link, wire: Wire) -> None:
    wire.say(APPROVAL_BLOCK)
    assert wire.hear(1) == zvt.ACK
    wire.say(APPROVAL_BLOCK)
    assert wire.hear(1) == zvt.ACK
    assert next_unit(link) == APPROVAL
    assert link.receive(0.05) is None
    assert link.duplicates == 1


def test_the_same_step_again_after_our_answer_was_acknowledged_is_a_new_one(link: Link, wire: Wire) -> None:
    for _ in range(2):
        wire.say(STEP_BLOCK)
        assert wire.hear(1) == zvt.ACK
        assert next_unit(link) == STEP
        sent = link.send(YES)
        assert wire.hear(len(YES_BLOCK)) == YES_BLOCK
        wire.say(zvt.ACK)
        assert sent.acked(2.0)
    assert link.duplicates == 0


def test_a_later_block_of_the_transaction_proves_that_our_answer_arrived(link: Link, wire: Wire) -> None:
    wire.say(APPROVAL_BLOCK)
    assert next_unit(link) == APPROVAL
    sent = link.send(YES)
    wire.say(zvt.encode_frame(b"\x06\x0f\x00"))
    assert sent.acked(2.0)


@pytest.mark.parametrize("proof", ["06 1E 01 6C", "04 FF 01 05"], ids=["abort", "automatic reversal"])
def test_a_terminal_that_gives_up_proves_nothing(link: Link, wire: Wire, proof: str) -> None:
    wire.say(APPROVAL_BLOCK)
    assert next_unit(link) == APPROVAL
    sent = link.send(YES)
    wire.say(zvt.encode_frame(bytes.fromhex(proof)))
    assert next_unit(link) == bytes.fromhex(proof)
    assert not sent.acked(2.0)


def test_the_approval_said_again_proves_nothing(link: Link, wire: Wire) -> None:
    wire.say(APPROVAL_BLOCK)
    assert next_unit(link) == APPROVAL
    sent = link.send(YES)
    wire.say(APPROVAL_BLOCK)
    assert not sent.acked(2.0)


def test_the_same_command_again_after_a_while_is_a_new_one_and_proves_nothing(link: Link, wire: Wire) -> None:
    wire.say(APPROVAL_BLOCK)
    assert next_unit(link) == APPROVAL
    sent = link.send(YES)
    time.sleep(1.5 * link.timers.t2_s)
    wire.say(APPROVAL_BLOCK)
    assert next_unit(link) == APPROVAL
    assert not sent.acked(2.0)


def test_a_late_acknowledgement_is_not_credited_to_the_next_block(link: Link, wire: Wire) -> None:
    first = link.send(YES)
    assert wire.hear(2 * len(YES_BLOCK)) == YES_BLOCK * 2  # T2 was over once: two ACKs are owed
    wire.say(zvt.ACK)
    assert first.acked(2.0)
    second = link.send(b"\x84\x66\x00")
    wire.say(zvt.ACK)
    assert not second.acked(0.03)


def test_a_second_block_waits_for_the_acknowledgement_of_the_first(link: Link, wire: Wire) -> None:
    link.send(YES)
    second = link.send(zvt.commands.abort())
    assert wire.hear(len(YES_BLOCK)) == YES_BLOCK
    wire.say(zvt.ACK)
    block = zvt.encode_frame(zvt.commands.abort())
    assert wire.hear(len(block)) == block
    wire.say(zvt.ACK)
    assert second.acked(2.0)


def test_a_repeat_is_none_the_less_one_while_a_command_of_ours_waits_behind_our_answer(link: Link, wire: Wire) -> None:
    wire.say(STEP_BLOCK)
    assert next_unit(link) == STEP
    link.send(YES)
    link.send(zvt.commands.abort())
    wire.say(STEP_BLOCK)
    assert link.receive(0.05) is None
    assert link.duplicates == 1


def test_the_repeat_of_a_block_acknowledged_late_is_a_repeat(
    link: Link, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = link._write

    def late(data: bytes) -> None:
        time.sleep(1.3 * link.timers.t2_s if data == zvt.ACK else 0)
        write(data)

    monkeypatch.setattr(link, "_write", late)
    wire.say(STEP_BLOCK)
    time.sleep(link.timers.t2_s)
    wire.say(STEP_BLOCK)
    assert next_unit(link) == STEP
    assert link.receive(4 * link.timers.t2_s) is None
    assert link.duplicates == 1


def test_noise_is_counted_and_harms_nothing(link: Link, wire: Wire) -> None:
    wire.say(b"\xff\x00\xaa")
    wire.say(STEP_BLOCK)
    assert wire.hear(1) == zvt.ACK
    assert next_unit(link) == STEP
    assert link.noise == 3


def test_a_pulled_cable_is_told_to_everybody_who_waits(link: Link, device: PtyDevice) -> None:
    sent = link.send(PAY)
    device.close()
    for _ in range(2):
        with pytest.raises(Retry, match="reader-lost"):
            link.receive(2.0)
    assert not link.alive
    assert not sent.acked(2.0)
    assert not link.send(PAY).acked(0)


def test_what_arrived_before_the_cable_was_pulled_is_still_heard(link: Link, wire: Wire, device: PtyDevice) -> None:
    wire.say(STEP_BLOCK)
    assert wire.hear(1) == zvt.ACK
    device.close()
    assert next_unit(link) == STEP
    with pytest.raises(Retry, match="reader-lost"):
        link.receive(2.0)


def test_a_closed_link_lets_go_of_its_thread(link: Link) -> None:
    link.close()
    begun = time.monotonic()
    with pytest.raises(Retry, match="reader-lost"):
        link.receive(5.0)
    assert time.monotonic() < begun + 4
