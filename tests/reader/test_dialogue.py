"""A transaction as the worker hears it: who answers what, and when nothing is answered at all."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from stall.errors import Refused, Retry
from stall.reader.simulated.pty_device import PtyDevice
from stall.reader.zvt.link import Link
from stall.reader.zvt.timers import Timers
from stall.wire.readers import zvt
from stall.wire.readers import zvt_codes as codes
from stall.wire.readers import zvt_terminal as wire
from tests.reader import names as t

CARD = wire.Card("VISA", 0x0A, "4281", "Visa")
APPROVAL = wire.status_information(wire.Booking(1250, "EUR", "52000001", 7, 7, "120000", "1121", "000007", CARD))
OTHER_APPROVAL = wire.status_information(wire.Booking(1250, "EUR", "52000001", 8, 8, "120001", "1121", "000008", CARD))
REVERSAL = wire.status_information(wire.Booking(1250, "EUR", "52000001", 9, 9, "120002", "1121", "000009", CARD, 7))
YES, REFUSE = bytes.fromhex("80 00 00"), bytes.fromhex("84 66 00")
COMPLETION, ABORT = bytes.fromhex("06 0F 00"), bytes.fromhex("06 1E 01 6C")
SLOW = Timers(1 / 10)
PATIENCE_S = 20.0
"""How long to wait for what must come; a busy machine is no failure."""


class ShortT4(Timers):
    @property
    def t4_s(self) -> float:
        return 0.5


class ShortWhole(Timers):
    @property
    def whole_s(self) -> float:
        return 1.0


class ShortMinutes(Timers):
    @property
    def minute_s(self) -> float:
        return 0.05  # 99 of them would be five seconds


class NoHurry(Timers):
    """With these a refusal that is heard came at once: the time to decide ends long after the test gave up."""

    @property
    def decide_s(self) -> float:
        return 10 * PATIENCE_S


class Script:
    """The terminal's end with a real link layer; the test says what the terminal says."""

    def __init__(self, device: PtyDevice, timers: Timers) -> None:
        self.link = Link(device, timers)

    def expect(self, apdu: bytes) -> None:
        received = self.link.receive(PATIENCE_S)
        assert received is not None, f"nothing came instead of {apdu.hex(' ')}"
        assert received.data.hex(" ") == apdu.hex(" ")

    def say(self, apdu: bytes) -> None:
        assert self.link.send(apdu).acked(PATIENCE_S)

    def hears_nothing(self) -> bool:
        return self.link.receive(0.1) is None


@contextmanager
def meanwhile(play: Callable[[], None]) -> Iterator[None]:
    """Let the terminal play its part beside what the till does, and wait for the part's end.

    A block is told only once its acknowledgement was read: a line closed before that has lost it.
    """
    with ThreadPoolExecutor(1) as beside:
        part = beside.submit(play)
        yield
        part.result()


@pytest.fixture
def script(device: PtyDevice) -> Iterator[Script]:
    script = Script(device, SLOW)
    yield script
    script.link.close()


@pytest.fixture
def terminal(make_terminal: Callable[[Timers], t.Terminal]) -> t.Terminal:
    return make_terminal(SLOW)


def begin(script: Script, dialogue: t.Dialogue) -> Generator[t.Event, None, None]:
    """The dialogue's events after `80 00`."""
    script.expect(zvt.commands.authorisation(1250))
    script.say(YES)
    events = dialogue.events()
    assert next(events) == t.Started()
    return events


def test_an_approval_waits_for_the_caller_and_the_yes_goes_out_once(script: Script, terminal: t.Terminal) -> None:
    dialogue = terminal.pay(1250)
    events = begin(script, dialogue)
    script.say(APPROVAL)
    approval = next(events)
    assert isinstance(approval, t.Approval)
    assert (approval.told.amount_minor, approval.told.receipt_no) == (1250, 7)
    assert script.hears_nothing()
    acknowledgement = dialogue.accept()
    script.expect(YES)
    assert acknowledgement.certain()
    script.say(COMPLETION)
    assert isinstance(next(events), t.Completed)
    assert next(events, None) is None
    script.expect(YES)
    assert script.hears_nothing()
    assert not dialogue.refused


def test_a_refused_approval_is_told_so_and_the_reversal_is_heard(script: Script, terminal: t.Terminal) -> None:
    dialogue = terminal.pay(1250)
    events = begin(script, dialogue)
    script.say(APPROVAL)
    next(events)
    dialogue.refuse()
    script.expect(REFUSE)
    script.say(REVERSAL)
    assert isinstance(next(events), t.Reversed)
    script.expect(YES)
    script.say(ABORT)
    assert next(events) == t.Aborted(0x6C, "Cancelled, or nobody presented a card in time.", cancelled=True)
    assert dialogue.refused


def test_after_four_seconds_the_terminal_is_told_no_and_a_late_yes_is_never_sent(
    script: Script, terminal: t.Terminal
) -> None:
    dialogue = terminal.pay(1250)
    events = begin(script, dialogue)
    script.say(APPROVAL)
    next(events)
    script.expect(REFUSE)
    with pytest.raises(Refused, match="reader-answer-late"):
        dialogue.accept()
    assert script.hears_nothing()
    assert dialogue.refused


def test_an_approval_the_caller_passes_over_is_refused(
    script: Script, make_terminal: Callable[[Timers], t.Terminal]
) -> None:
    def play() -> None:
        script.expect(REFUSE)
        script.say(ABORT)

    events = begin(script, make_terminal(NoHurry(1 / 10)).pay(1250))
    script.say(APPROVAL)
    next(events)
    with meanwhile(play):
        assert isinstance(next(events), t.Aborted)


def test_an_approval_in_hand_when_the_caller_breaks_off_is_refused(
    script: Script, make_terminal: Callable[[Timers], t.Terminal]
) -> None:
    events = begin(script, make_terminal(NoHurry(1 / 10)).pay(1250))
    script.say(APPROVAL)
    next(events)
    events.close()
    script.expect(REFUSE)


def test_a_repeated_approval_gets_the_same_answer_and_no_second_event(script: Script, terminal: t.Terminal) -> None:
    def play() -> None:
        script.say(APPROVAL)
        script.expect(YES)
        script.say(COMPLETION)
        script.expect(YES)

    dialogue = terminal.pay(1250)
    events = begin(script, dialogue)
    script.say(APPROVAL)
    next(events)
    dialogue.accept()
    script.expect(YES)
    with meanwhile(play):
        assert isinstance(next(events), t.Completed)


def test_no_approval_is_offered_after_a_refusal(script: Script, terminal: t.Terminal) -> None:
    dialogue = terminal.pay(1250)
    events = begin(script, dialogue)
    script.say(APPROVAL)
    next(events)
    dialogue.refuse()
    script.expect(REFUSE)
    script.say(OTHER_APPROVAL)
    assert isinstance(next(events), t.Unreadable)
    script.expect(REFUSE)


def test_an_approval_that_cannot_be_read_is_refused_by_itself(script: Script, terminal: t.Terminal) -> None:
    dialogue = terminal.pay(1250)
    events = begin(script, dialogue)
    script.say(bytes.fromhex("04 0F 0A 27 00 FE 04 00 00 00 00 12 50"))
    event = next(events)
    assert isinstance(event, t.Unreadable)
    assert not event.told.approved
    script.expect(REFUSE)


def test_a_wrong_pin_is_a_note_and_the_approval_after_it_counts(script: Script, terminal: t.Terminal) -> None:
    dialogue = terminal.pay(1250)
    events = begin(script, dialogue)
    script.say(wire.intermediate(0x15))
    assert next(events) == t.Intermediate(0x15, "Wrong PIN.")
    script.expect(YES)
    script.say(wire.declined(0x37, "52000001"))
    event = next(events)
    assert isinstance(event, t.NotApproved)
    assert event.words == "Wrong PIN."
    script.expect(YES)
    script.say(APPROVAL)
    assert isinstance(next(events), t.Approval)


@pytest.mark.parametrize(("answer", "code"), [("84 83 00", 0x83), ("84 9C 00", 0x9C), ("84 6F 01 00", 0x6F)])
def test_a_refused_command_charged_nothing_and_is_not_sent_again(
    script: Script, terminal: t.Terminal, answer: str, code: int
) -> None:
    dialogue = terminal.pay(1250)
    script.expect(zvt.commands.authorisation(1250))
    script.say(bytes.fromhex(answer))
    (event,) = dialogue.events()
    assert isinstance(event, t.NotStarted)
    assert event.code == code
    assert script.hears_nothing()


def test_a_terminal_that_only_acknowledges_is_lost_after_t3(script: Script, terminal: t.Terminal) -> None:
    (event,) = terminal.pay(1250).events()
    assert isinstance(event, t.Lost)
    assert event.reason == "t3"


def test_a_terminal_that_does_not_even_acknowledge_is_a_failed_transmission(
    device: PtyDevice, make_terminal: Callable[[Timers], t.Terminal]
) -> None:
    (event,) = make_terminal(Timers(1 / 50)).pay(1250).events()
    assert isinstance(event, t.Lost)
    assert event.reason == "transmission"
    block = zvt.encode_frame(zvt.commands.authorisation(1250))
    assert device.read(4096, 0.1) == block * 3


def test_silence_after_the_start_ends_with_t4_and_each_step_starts_it_anew(
    device: PtyDevice, make_terminal: Callable[[Timers], t.Terminal]
) -> None:
    script = Script(device, SLOW)
    events = begin(script, make_terminal(ShortT4(1 / 10)).pay(1250))
    begun = time.monotonic()
    for _ in range(3):
        time.sleep(0.3)
        script.say(wire.intermediate(0x0A))
        assert isinstance(next(events), t.Intermediate)
    event = next(events)
    assert isinstance(event, t.Lost)
    assert event.reason == "t4"
    assert time.monotonic() - begun >= 0.9 + ShortT4().t4_s - 0.01
    script.link.close()


def test_a_terminal_that_says_steps_for_ever_is_given_up(
    device: PtyDevice, make_terminal: Callable[[Timers], t.Terminal]
) -> None:
    script = Script(device, SLOW)
    events = begin(script, make_terminal(ShortWhole(1 / 10)).pay(1250))
    begun, told = time.monotonic(), list[t.Event]()
    over = threading.Event()

    def play() -> None:
        for step in range(200):
            if over.wait(0.1):
                return
            script.link.send(wire.intermediate(0x0A + step % 2))

    with meanwhile(play):
        told += events
        over.set()
    assert isinstance(told[-1], t.Lost)
    assert told[-1].reason == "t4"
    assert len(told) > 1
    assert ShortWhole().whole_s <= time.monotonic() - begun < 5 * ShortWhole().whole_s
    script.link.close()


def test_a_step_that_asks_for_99_minutes_gets_15(
    device: PtyDevice, make_terminal: Callable[[Timers], t.Terminal]
) -> None:
    script = Script(device, SLOW)
    events = begin(script, make_terminal(ShortMinutes(1 / 10)).pay(1250))
    begun = time.monotonic()
    script.say(bytes.fromhex("04 FF 02 04 99"))
    assert isinstance(next(events), t.Intermediate)
    event = next(events)
    assert isinstance(event, t.Lost)
    assert 0.7 < time.monotonic() - begun < 3
    script.link.close()


def test_a_pulled_cable_ends_the_transaction_as_lost(script: Script, terminal: t.Terminal) -> None:
    dialogue = terminal.pay(1250)
    events = begin(script, dialogue)
    script.link.close()
    event = next(events)
    assert isinstance(event, t.Lost)
    assert event.reason == "link"
    assert not terminal.alive


def test_the_operator_can_ask_the_terminal_to_stop(script: Script, terminal: t.Terminal) -> None:
    dialogue = terminal.pay(1250)
    events = begin(script, dialogue)
    threading.Thread(target=dialogue.abort).start()
    script.expect(zvt.commands.abort())
    script.say(YES)
    script.say(ABORT)
    assert isinstance(next(events), t.Aborted)
    dialogue.abort()
    script.expect(YES)
    assert script.hears_nothing()


def test_an_approval_that_crosses_the_stop_is_still_heard(script: Script, terminal: t.Terminal) -> None:
    dialogue = terminal.pay(1250)
    events = begin(script, dialogue)
    dialogue.abort()
    script.expect(zvt.commands.abort())
    script.say(bytes.fromhex("84 83 00"))
    script.say(APPROVAL)
    assert isinstance(next(events), t.Approval)
    dialogue.accept()
    script.expect(YES)


def test_an_approval_of_an_earlier_transaction_gets_no_yes(script: Script, terminal: t.Terminal) -> None:
    dialogue = terminal.pay(1250)
    script.expect(zvt.commands.authorisation(1250))
    script.say(OTHER_APPROVAL)
    script.say(bytes.fromhex("84 9C 00"))
    (event,) = dialogue.events()
    assert isinstance(event, t.NotStarted)
    assert script.hears_nothing()


def test_unknown_commands_are_not_possible_and_print_lines_are_taken(script: Script, terminal: t.Terminal) -> None:
    dialogue = terminal.pay(1250)
    events = begin(script, dialogue)
    heard: list[t.Event] = []
    listener = threading.Thread(target=lambda: heard.extend(events))
    listener.start()
    script.say(bytes.fromhex("06 D8 00"))
    script.expect(bytes.fromhex("84 83 00"))
    for taken in ("06 D1 03 00 4F 4B", "06 D3 01 00", "04 01 00"):
        script.say(bytes.fromhex(taken))
        script.expect(YES)
    script.say(COMPLETION)
    script.expect(YES)
    listener.join(3.0)
    assert [type(each) for each in heard] == [t.Completed]


def test_one_transaction_at_a_time(script: Script, terminal: t.Terminal) -> None:
    events = begin(script, terminal.pay(1250))
    with pytest.raises(Refused, match="reader-busy"):
        terminal.pay(300)
    assert script.hears_nothing()
    events.close()


def test_a_question_is_asked_again_when_the_terminal_is_busy(script: Script, terminal: t.Terminal) -> None:
    def play() -> None:
        script.expect(zvt.commands.registration("000000", tlv=True))
        script.say(bytes.fromhex("84 9C 00"))
        script.expect(zvt.commands.registration("000000", tlv=True))
        script.say(YES)
        script.say(wire.registered("52000001", "EUR"))

    with meanwhile(play):
        terminal.register()


def test_a_refused_registration_says_why(script: Script, terminal: t.Terminal) -> None:
    def play() -> None:
        script.expect(zvt.commands.registration("000000", tlv=True))
        script.say(bytes.fromhex("84 6F 00"))
        script.expect(zvt.commands.registration("000000"))  # perhaps it was the containers it did not like
        script.say(bytes.fromhex("84 6F 00"))

    with meanwhile(play), pytest.raises(Refused, match="Wrong currency"):
        terminal.register()


def test_a_terminal_that_tells_no_receipt_gives_none(script: Script, terminal: t.Terminal) -> None:
    def play() -> None:
        script.expect(zvt.commands.repeat_receipt("000000"))
        script.say(YES)
        script.say(COMPLETION)

    with meanwhile(play):
        assert terminal.last_payment() is None


def test_a_silent_terminal_is_asked_later(script: Script, terminal: t.Terminal) -> None:
    with pytest.raises(Retry, match="reader-silent"):
        terminal.status()


def test_an_approval_of_a_payment_nobody_journals_any_more_is_refused_whatever_is_asked(
    script: Script, terminal: t.Terminal
) -> None:
    """A late `80 00` of the payment reads like the answer to the question: what follows is the payment's own."""

    def play(command: bytes) -> None:
        script.expect(command)
        script.say(YES)
        script.say(APPROVAL)
        script.expect(REFUSE)
        script.say(ABORT)
        script.expect(YES)

    with meanwhile(lambda: play(zvt.commands.status_enquiry("000000"))):
        assert terminal.status() == codes.PLEASE_WAIT

    def register() -> None:
        play(zvt.commands.registration("000000", tlv=True))
        script.expect(zvt.commands.registration("000000", tlv=True))
        script.say(YES)
        script.say(wire.registered("52000001", "EUR"))

    with meanwhile(register):
        terminal.register()
