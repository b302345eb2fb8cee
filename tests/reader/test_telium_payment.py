"""One payment between a real database and a Concert E+ terminal that the test plays: what is written down before what is said."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from stall.domain.payment import Reason, State
from stall.errors import Refused
from stall.flows import card_attempt
from stall.reader.payment import Payment
from stall.reader.profiles import PROFILES
from stall.reader.simulated.pty_device import PtyDevice
from stall.reader.telium.link import Link
from stall.reader.telium.marks import mark_of
from stall.reader.telium.terminal import Terminal
from stall.reader.transport import connect
from stall.store import attempts, readers
from stall.wire.readers import telium
from tests.fakes import stock
from tests.fakes.stock import Stocked
from tests.flows import selling
from tests.reader.telium_bench import FAST, HASTY, Fast, Peer, Playing, done, not_done


class Till:
    """One attempt on its way to the terminal that the test plays."""

    def __init__(self, stall: Stocked, terminal: Terminal, peer: Peer) -> None:
        self.stall, self.terminal, self.peer = stall, terminal, peer
        with stall.box.db.transaction() as tx:
            readers.report(tx, 1, "Reader", "ready", "Ready")
        self.no = selling.ask(stall, selling.basket(stall))
        self.payment = Payment(stall.box.db, terminal, attempts.get(stall.box.db.read(), self.no))

    def state(self) -> State:
        return selling.now(self.stall, self.no).state

    def states(self) -> list[str]:
        return [each.body["state"] for each in selling.events(self.stall, "attempt")]


@pytest.fixture
def timers() -> Fast:
    return FAST


@pytest.fixture
def till(template: Path, tmp_path: Path, device: PtyDevice, timers: Fast) -> Iterator[Till]:
    stall = stock.copy(template, tmp_path / "box")
    link = Link(connect(f"serial:{tmp_path / 'port'}", usual="9600 8N1"), timers)
    yield Till(stall, Terminal(link, PROFILES["telium"]), Peer(device))
    link.close()
    stall.box.close()


def test_sent_is_written_down_before_the_first_byte_and_the_approval_before_its_ack(till: Till) -> None:
    seen: list[State] = []

    def script() -> None:
        till.peer.expect(telium.ENQ)
        seen.append(till.state())
        till.peer.say(telium.ACK)
        assert mark_of(till.no).encode() in till.peer.hear(37)
        till.peer.say(telium.ACK)
        till.peer.expect(telium.EOT)
        till.peer.say(telium.ENQ)
        till.peer.expect(telium.ACK)
        till.peer.say(done(450))
        till.peer.expect(telium.ACK)
        seen.append(till.state())
        till.peer.say(telium.EOT)

    playing = Playing(script)
    assert till.payment.run().state is State.PAID
    playing.end()
    assert seen == [State.SENT, State.APPROVED]


def test_it_is_paid_only_after_the_ack_was_written_and_the_session_is_over(till: Till) -> None:
    def script() -> None:
        till.peer.take_ask()
        till.peer.say(telium.ENQ)
        till.peer.expect(telium.ACK)
        till.peer.say(done(450))
        till.peer.expect(telium.ACK)
        till.peer.hang_up()

    playing = Playing(script)
    ended = till.payment.run()
    playing.end()
    assert (ended.state, ended.reason) == (State.UNKNOWN, Reason.READER_LOST)
    assert till.states() == ["requested", "sent", "approved", "unknown"]


@pytest.mark.parametrize("frame", [done(451), done(450, currency="CHF"), done(45), not_done(451)])
def test_what_is_not_about_this_payment_is_for_a_person(till: Till, frame: bytes) -> None:
    def script() -> None:
        till.peer.take_ask()
        till.peer.answer(frame)

    playing = Playing(script)
    ended = till.payment.run()
    playing.end()
    assert (ended.state, ended.reason) == (State.UNKNOWN, Reason.CONTRADICTION)
    assert till.states() == ["requested", "sent", "unknown"]


def test_an_approval_the_caps_forbid_is_for_a_person_because_it_stands(
    till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forbid(*_: object) -> None:
        raise Refused("offline-cap", "Too much is at risk already.")

    monkeypatch.setattr(card_attempt, "approve", forbid)

    def script() -> None:
        till.peer.take_ask()
        till.peer.answer(done(450))

    playing = Playing(script)
    ended = till.payment.run()
    playing.end()
    assert (ended.state, ended.reason) == (State.UNKNOWN, Reason.CAPS)


def test_an_approval_that_cannot_be_written_down_is_not_acknowledged_by_the_payment(till: Till) -> None:
    with till.stall.box.db.transaction() as tx:
        tx.conn.execute("DROP TABLE card_facts")

    def script() -> None:
        till.peer.take_ask()
        till.peer.say(telium.ENQ)
        till.peer.expect(telium.ACK)
        till.peer.say(done(450))

    playing = Playing(script)
    with pytest.raises(sqlite3.OperationalError):
        till.payment.run()
    playing.end()
    assert till.state() is State.SENT  # the next start makes it unknown, and a person decides


@pytest.mark.parametrize("timers", [HASTY], ids=["hasty"])
def test_a_terminal_that_does_not_listen_leaves_the_sale_free_at_once(till: Till) -> None:
    playing = Playing(lambda: till.peer.expect((telium.ENQ + telium.EOT) * 3))
    ended = till.payment.run()
    playing.end()
    assert (ended.state, ended.reason) == (State.DECLINED, Reason.REFUSED_BY_TERMINAL)


def test_the_wish_to_cancel_tells_the_till_how(till: Till) -> None:
    till.payment.abort()

    def script() -> None:
        till.peer.take_ask()
        assert till.peer.quiet(0.5)
        assert "red key" in selling.now(till.stall, till.no).display
        till.peer.answer(not_done(450))

    playing = Playing(script)
    assert till.payment.run().state is State.DECLINED
    playing.end()
