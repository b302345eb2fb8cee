"""One ask to a Concert E+ terminal that the test plays, byte by byte, on a real pseudo-terminal."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from stall.errors import LocalWireError, Refused, Retry
from stall.reader.driver import READY
from stall.reader.events import (
    Approval,
    Completed,
    Event,
    Intermediate,
    Lost,
    NotApproved,
    NotStarted,
    Started,
    Unreadable,
)
from stall.reader.profiles import PROFILES
from stall.reader.simulated.pty_device import PtyDevice
from stall.reader.telium.exchange import Asking
from stall.reader.telium.link import Link
from stall.reader.telium.marks import attempt_of, mark_of
from stall.reader.telium.terminal import Terminal
from stall.reader.told import Told
from stall.reader.transport import connect
from stall.wire.readers import telium
from stall.wire.readers import telium_terminal as wire
from tests.reader.telium_bench import FAST, HASTY, REPORT, Fast, Peer, Playing, done, not_done

Make = Callable[..., Terminal]
YES = Told(approved=True, amount_minor=1250, currency="EUR")


@pytest.fixture
def peer(device: PtyDevice) -> Peer:
    return Peer(device)


@pytest.fixture
def make(device: PtyDevice, tmp_path: Path) -> Iterator[Make]:
    made: list[Terminal] = []

    def make(timers: Fast = FAST, profile: str = "telium") -> Terminal:
        transport = connect(f"serial:{tmp_path / 'port'}", usual="9600 8N1")
        made.append(Terminal(Link(transport, timers), PROFILES[profile]))
        return made[-1]

    yield make
    for terminal in made:
        terminal.close()


def run(exchange: Asking, *, accept: bool = True) -> list[Event]:
    """Answer every approval in the same way; give back all events."""
    events = []
    for event in exchange.events():
        events.append(event)
        if isinstance(event, Approval) and accept:
            assert exchange.accept().certain()
    return events


def pay(terminal: Terminal, script: Callable[[], object], minor: int = 1250) -> list[Event]:
    playing = Playing(script)
    events = run(terminal.pay(minor, "EUR"))
    playing.end()
    return events


def test_an_approved_payment_is_started_approved_and_completed(make: Make, peer: Peer) -> None:
    asked: list[wire.Ask] = []

    def script() -> None:
        asked.append(peer.take_ask())
        peer.answer(done())

    assert pay(make(), script) == [Started(), Approval(YES), Completed()]
    (ask,) = asked
    assert (ask.amount_minor, ask.currency, ask.flag, ask.kind) == (1250, "EUR", "0", wire.DEBIT)
    assert (ask.at_once, ask.forced, ask.mode) == (False, False, "1")


def test_a_payment_that_was_not_done_is_not_approved(make: Make, peer: Peer) -> None:
    def script() -> None:
        peer.take_ask()
        peer.answer(not_done())

    _, said, end = pay(make(), script)
    assert isinstance(said, NotApproved)
    assert not said.told.approved
    assert isinstance(end, Completed)


def test_a_terminal_that_never_answers_is_lost(make: Make, peer: Peer) -> None:
    def script() -> None:
        peer.take_ask()

    _, end = pay(make(HASTY), script)
    assert isinstance(end, Lost)
    assert end.reason == "t4"


def test_an_answer_that_just_begins_at_the_last_moment_is_heard_out(make: Make, peer: Peer) -> None:
    def script() -> None:
        peer.take_ask()
        assert peer.quiet(FAST.answer_s * 0.7)
        peer.say(telium.ENQ)
        peer.expect(telium.ACK)
        assert peer.quiet(FAST.reply_s * 0.7)
        peer.say(done())
        peer.expect(telium.ACK)
        peer.say(telium.EOT)

    assert pay(make(), script) == [Started(), Approval(YES), Completed()]


def test_a_terminal_that_does_not_listen_charges_nothing(make: Make, peer: Peer) -> None:
    def script() -> None:
        peer.expect((telium.ENQ + telium.EOT) * 3)

    terminal = make(HASTY)
    (end,) = pay(terminal, script)
    assert isinstance(end, NotStarted)
    with pytest.raises(Retry, match="reader-silent"):
        terminal.status()


def test_an_ask_the_terminal_talked_over_was_not_sent_and_never_leaves_later(make: Make, peer: Peer) -> None:
    over = threading.Event()

    def script() -> None:
        while not over.is_set():
            if telium.ENQ in peer.hear(1, 0.05):
                peer.say(telium.ENQ)  # a wedged terminal: it wants to speak, and says nothing

    terminal, playing = make(HASTY), Playing(script)
    (end,) = run(terminal.pay(1250, "EUR"))
    over.set()
    playing.end()
    assert isinstance(end, NotStarted)
    peer.hear(50, 0.5)  # what it had begun
    assert peer.quiet(0.5)
    assert terminal.link.asked == 0

    def answer_knock() -> None:
        peer.expect(telium.ENQ)
        peer.say(telium.ACK)
        peer.expect(telium.EOT)

    knock = Playing(answer_knock)
    assert terminal.status() == READY
    knock.end()
    assert peer.quiet(0.5)


def test_a_cable_pulled_after_the_ask_is_lost(make: Make, peer: Peer) -> None:
    def script() -> None:
        peer.take_ask()
        peer.hang_up()

    terminal = make()
    _, end = pay(terminal, script)
    assert isinstance(end, Lost)
    assert end.reason == "link"
    assert not terminal.alive
    with pytest.raises(Retry, match="reader-lost"):
        terminal.status()


def test_an_ask_whose_ack_got_lost_is_still_answered(make: Make, peer: Peer) -> None:
    def script() -> None:
        peer.expect(telium.ENQ)
        peer.say(telium.ACK)
        assert len(peer.hear(37)) == 37
        peer.expect(telium.EOT)
        peer.answer(done())

    assert pay(make(HASTY), script) == [Started(), Approval(YES), Completed()]


def test_an_ask_nobody_took_for_certain_is_lost_and_said_once(make: Make, peer: Peer) -> None:
    def script() -> None:
        peer.expect(telium.ENQ)
        peer.say(telium.ACK)
        assert len(peer.hear(37)) == 37
        peer.expect(telium.EOT)
        assert peer.quiet(1.0)

    (end,) = pay(make(HASTY), script)
    assert isinstance(end, Lost)
    assert end.reason == "t3"


@pytest.mark.parametrize(
    "frame",
    [
        done(1251),
        done(125),
        done(currency="CHF"),
        done().replace(b"\x0201", b"\x0202"),
        not_done(1300),
        telium.encode_frame(wire.answer(telium.NOT_VERIFIED, 1250, "EUR", "0")),
        telium.encode_frame(wire.answer("3", 1250, "EUR", "0")),
        telium.encode_frame(b"01x000012501978          "),
        done(1251, report=REPORT),
    ],
)
def test_what_is_neither_our_yes_nor_a_plain_no_is_unreadable(make: Make, peer: Peer, frame: bytes) -> None:
    frame = telium.encode_frame(frame[1:-2])

    def script() -> None:
        peer.take_ask()
        peer.answer(frame)

    started, said, end = pay(make(), script)
    assert isinstance(started, Started)
    assert isinstance(said, Unreadable)
    assert isinstance(end, Completed)


def test_a_no_may_leave_the_amount_out(make: Make, peer: Peer) -> None:
    def script() -> None:
        peer.take_ask()
        peer.answer(not_done(0))

    assert [type(each) for each in pay(make(), script)] == [Started, NotApproved, Completed]


def test_a_long_answer_is_as_good_as_a_short_one(make: Make, peer: Peer) -> None:
    def script() -> None:
        peer.take_ask()
        peer.answer(done(report=REPORT))

    events = pay(make(), script)
    assert events == [Started(), Approval(YES), Completed()]
    assert "4970" not in repr(events)


def test_an_approval_nobody_accepts_stands_and_is_acknowledged(make: Make, peer: Peer) -> None:
    def script() -> None:
        peer.take_ask()
        peer.answer(done())

    playing = Playing(script)
    exchange = make().pay(1250, "EUR")
    for event in exchange.events():
        if isinstance(event, Approval):
            exchange.refuse()
    playing.end()


def test_the_wish_to_cancel_is_answered_with_how(make: Make, peer: Peer) -> None:
    terminal = make()

    def script() -> None:
        peer.take_ask()
        assert peer.quiet(0.4)
        peer.answer(not_done())

    playing, events = Playing(script), list[Event]()
    exchange = terminal.pay(1250, "EUR")
    for event in exchange.events():
        events.append(event)
        if isinstance(event, Started):
            exchange.abort()
    playing.end()
    assert [type(each) for each in events] == [Started, Intermediate, NotApproved, Completed]


def test_an_answer_that_comes_too_late_is_told_when_asked_for(make: Make, peer: Peer) -> None:
    terminal = make(HASTY)

    def script() -> None:
        peer.take_ask()

    pay(terminal, script)
    assert terminal.last_payment() is None
    peer.answer(done(report=REPORT))
    assert terminal.last_payment() == YES
    assert terminal.last_payment() == YES


def test_a_late_answer_is_told_of_the_last_ask_only(make: Make, peer: Peer) -> None:
    terminal, asked = make(HASTY), list[wire.Ask]()
    for _ in range(2):
        pay(terminal, lambda: asked.append(peer.take_ask()))
        assert terminal.last_payment() is None
        peer.answer(done(private=asked[0].private))
    assert terminal.last_payment() is None
    peer.answer(not_done(private=asked[1].private))
    assert terminal.last_payment() == Told(approved=False, amount_minor=1250, currency="EUR")


def test_a_terminal_that_owes_an_answer_may_be_deaf_and_keeps_its_line(make: Make, peer: Peer) -> None:
    terminal = make(HASTY)
    pay(terminal, peer.take_ask)
    deaf = Playing(lambda: peer.expect((telium.ENQ + telium.EOT) * 3))
    assert terminal.status() == READY
    deaf.end()
    peer.answer(not_done())
    assert terminal.last_payment() == Told(approved=False, amount_minor=1250, currency="EUR")
    deaf = Playing(lambda: peer.expect((telium.ENQ + telium.EOT) * 3))
    with pytest.raises(Retry, match="reader-silent"):
        terminal.status()
    deaf.end()


def test_an_answer_begun_before_the_ask_left_is_not_to_it(make: Make, peer: Peer) -> None:
    terminal = make(HASTY)

    def script() -> None:
        peer.expect(telium.ENQ)
        peer.say(telium.ENQ)  # the terminal speaks first: about something earlier
        peer.expect(telium.ACK)
        peer.say(done())
        peer.expect(telium.ACK)
        peer.say(telium.EOT)
        peer.take_ask()
        peer.answer(not_done())

    assert [type(each) for each in pay(terminal, script)] == [Started, NotApproved, Completed]


def test_an_answer_with_the_number_of_an_older_ask_is_not_to_this_one(make: Make, peer: Peer) -> None:
    terminal, asked = make(HASTY), list[wire.Ask]()
    pay(terminal, lambda: asked.append(peer.take_ask()))

    def script() -> None:
        asked.append(peer.take_ask())
        peer.answer(done(private=asked[0].private))
        peer.answer(not_done())

    assert [type(each) for each in pay(terminal, script)] == [Started, NotApproved, Completed]
    assert asked[0].private != asked[1].private
    assert terminal.last_payment() is None


def test_a_terminal_that_says_our_number_again_is_believed(make: Make, peer: Peer) -> None:
    terminal = make()
    for _ in range(2):
        assert pay(terminal, lambda: peer.answer(done(private=peer.take_ask().private))) == [
            Started(), Approval(YES), Completed(),
        ]  # fmt: skip


def test_after_a_restart_an_answer_with_the_mark_of_an_earlier_attempt_is_not_to_this_one(
    make: Make, peer: Peer
) -> None:
    terminal = make(HASTY)  # a new connection: it remembers no ask

    def script() -> None:
        assert peer.take_ask().private == mark_of(8)
        peer.answer(done(private=mark_of(7)))
        peer.answer(done(private=mark_of(8)))

    playing, got = Playing(script), list[Event]()
    exchange = terminal.pay(1250, "EUR", 8)
    for event in exchange.events():
        got.append(event)
        if isinstance(event, Approval):
            assert exchange.accept().certain()
    playing.end()
    assert got == [Started(), Approval(YES), Completed()]
    assert exchange.echoed


def test_a_terminal_that_says_marks_again_is_not_believed_with_another_number(make: Make, peer: Peer) -> None:
    terminal = make(HASTY)
    pay(terminal, lambda: peer.answer(done(private=peer.take_ask().private)))

    def script() -> None:
        peer.take_ask()
        peer.answer(done(private="0000000042"))

    _, end = pay(terminal, script)
    assert isinstance(end, Lost)
    assert terminal.last_payment() is None


@pytest.mark.parametrize("answer", [done(), not_done(), done(private=" " * 10)], ids=["yes", "no", "blank"])
def test_while_an_earlier_answer_may_still_come_one_without_our_mark_is_for_a_person(
    make: Make, peer: Peer, answer: bytes
) -> None:
    def script() -> None:
        peer.take_ask()
        peer.answer(answer)

    playing = Playing(script)
    events = run(make().pay(1250, "EUR", 8, frozenset({7})))
    playing.end()
    assert [type(each) for each in events] == [Started, Unreadable, Completed]


def test_while_an_earlier_answer_may_still_come_one_with_our_mark_is_believed(make: Make, peer: Peer) -> None:
    playing = Playing(lambda: peer.answer(done(private=peer.take_ask().private)))
    assert run(make().pay(1250, "EUR", 8, frozenset({7}))) == [Started(), Approval(YES), Completed()]
    playing.end()


def test_an_earlier_ask_that_was_answered_meanwhile_leaves_no_doubt(make: Make, peer: Peer) -> None:
    terminal = make(HASTY)
    playing = Playing(peer.take_ask)
    run(terminal.pay(1250, "EUR", 7))
    playing.end()
    peer.answer(not_done())

    def script() -> None:
        peer.take_ask()
        peer.answer(done())

    playing = Playing(script)
    assert run(terminal.pay(1250, "EUR", 8, frozenset({7}))) == [Started(), Approval(YES), Completed()]
    playing.end()


def test_a_mark_leads_back_to_its_attempt_and_is_no_small_number() -> None:
    assert [attempt_of(mark_of(no)) for no in (1, 2, 99_999, 10**10 - 1)] == [1, 2, 99_999, 10**10 - 1]
    assert len({mark_of(no) for no in range(1, 5000)}) == 4999
    assert not any((attempt_of(f"{own:010d}") or 0) < 5000 for own in range(1, 5000))
    assert [attempt_of(each) for each in ("          ", "0000000000", "ABC", "²")] == [None] * 4


def test_where_asks_bear_no_number_every_answer_is_to_the_last(make: Make, peer: Peer) -> None:
    terminal = make(profile="telium-plain")
    for _ in range(2):
        events = pay(terminal, lambda: peer.answer(done(private=peer.take_ask().private)))
        assert events == [Started(), Approval(YES), Completed()]
    assert terminal.profile.name == "telium-plain"


def test_a_refund_is_asked_for_only_where_the_profile_says_so(make: Make, peer: Peer) -> None:
    with pytest.raises(Refused, match="reader-refused"):
        make().refund(1250, "EUR")
    assert peer.quiet(0.1)


def test_a_refund_is_type_2_where_somebody_tried_it(make: Make, peer: Peer) -> None:
    terminal, kinds = make(profile="telium-refunds"), list[str]()

    def script() -> None:
        kinds.append(peer.take_ask().kind)
        peer.answer(done())

    playing = Playing(script)
    assert terminal.can_refund
    assert run(terminal.refund(1250, "EUR")) == [Started(), Approval(YES), Completed()]
    playing.end()
    assert kinds == [wire.REFUND]


def test_what_it_has_no_words_for_is_refused_before_a_byte_leaves(make: Make, peer: Peer) -> None:
    terminal = make()
    with pytest.raises(LocalWireError, match="telium-amount"):
        terminal.pay(telium.MAX_MINOR + 1, "EUR")
    with pytest.raises(LocalWireError, match="telium-currency"):
        terminal.pay(1250, "JPY")
    assert peer.quiet(0.1)


def test_what_is_done_on_its_own_keys_is_said_so(make: Make) -> None:
    terminal = make()
    for refused in (terminal.end_of_day, terminal.diagnose, lambda: terminal.reverse(1, 1250, "EUR")):
        with pytest.raises(Refused, match="reader-refused"):
            refused()
    assert terminal.totals() is None
    assert {terminal.can_reverse, terminal.can_close_day, terminal.can_refund, terminal.refusable} == {False}


def test_a_knock_tells_that_it_is_ready(make: Make, peer: Peer) -> None:
    terminal = make()

    def script() -> None:
        peer.expect(telium.ENQ)
        peer.say(telium.ACK)
        peer.expect(telium.EOT)

    playing = Playing(script)
    assert terminal.status() == READY
    playing.end()
    assert "ready" in terminal.status_words(READY)
    assert "not listen" in terminal.status_words(1)


def test_one_payment_at_a_time(make: Make, peer: Peer) -> None:
    terminal = make()
    terminal.pay(1250, "EUR")
    with pytest.raises(Refused, match="reader-busy"):
        terminal.pay(1250, "EUR")
