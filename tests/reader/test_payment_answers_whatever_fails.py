"""One payment between a real database and a scripted terminal, when something on our side goes wrong."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from stall.domain.payment import Reason, State
from stall.errors import Retry
from stall.reader.payment import Payment
from stall.reader.simulated.pty_device import PtyDevice
from stall.reader.zvt.link import Link
from stall.reader.zvt.timers import Timers
from stall.store import attempts, readers
from stall.wire.readers import zvt
from stall.wire.readers import zvt_terminal as wire
from tests.fakes import stock
from tests.fakes.clock import FakeClock
from tests.fakes.stock import Stocked
from tests.flows import selling
from tests.reader import names as t

CARD = wire.Card("VISA", 0x0A, "4281", "Visa")
APPROVAL = wire.status_information(wire.Booking(450, "EUR", "52000001", 7, 7, "120000", "1121", "000007", CARD))
YES, REFUSE = bytes.fromhex("80 00 00"), bytes.fromhex("84 66 00")
COMPLETION, STOPPED = bytes.fromhex("06 0F 00"), bytes.fromhex("06 1E 01 6C")
INSERT_CARD = bytes.fromhex("04 FF 01 0A")
SLOW = Timers(1 / 10)


class Till:
    """The terminal's end, played by the test, and one attempt on its way there."""

    def __init__(self, stall: Stocked, terminal: t.Terminal, device: PtyDevice) -> None:
        self.stall, self.terminal, self.peer = stall, terminal, Link(device, SLOW)
        with stall.box.db.transaction() as tx:
            readers.report(tx, 1, "Reader", "ready", "Ready")
        self.attempt = attempts.get(stall.box.db.read(), selling.ask(stall, selling.basket(stall)))
        self.payment = Payment(stall.box.db, terminal, self.attempt)

    def expect(self, apdu: bytes) -> None:
        received = self.peer.receive(3.0)
        assert received is not None, f"nothing came instead of {apdu.hex(' ')}"
        assert received.data.hex(" ") == apdu.hex(" ")

    def begin(self) -> None:
        self.expect(zvt.commands.authorisation(450))
        self.say(YES)

    def say(self, apdu: bytes) -> None:
        assert self.peer.send(apdu).acked(3.0)

    def play(self, script: Callable[[], None]) -> threading.Thread:
        playing = threading.Thread(target=script)
        playing.start()
        return playing


@pytest.fixture(scope="session")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("stocked") / "box"
    stock.stock(folder, FakeClock())
    return folder


@pytest.fixture
def till(
    shelf: Path, tmp_path: Path, device: PtyDevice, make_terminal: Callable[[Timers], t.Terminal]
) -> Iterator[Till]:
    stall = stock.copy(shelf, tmp_path / "box")
    made = Till(stall, make_terminal(SLOW), device)
    yield made
    made.peer.close()
    stall.box.close()


def test_a_fault_while_the_approval_is_written_down_refuses_it_before_the_port_is_let_go(till: Till) -> None:
    with till.stall.box.db.transaction() as tx:
        tx.conn.execute("DROP TABLE card_facts")

    def script() -> None:
        till.begin()
        till.say(APPROVAL)

    playing = till.play(script)
    with pytest.raises(sqlite3.OperationalError):
        till.payment.run()
    till.terminal.close()
    playing.join()
    till.expect(REFUSE)
    assert selling.now(till.stall, till.attempt.no).state is State.SENT  # the next start asks the terminal


def test_words_that_cannot_be_shown_do_not_break_off_a_payment(till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(*_: object) -> None:
        raise Retry("database-busy", "Another program holds the database.")

    monkeypatch.setattr(attempts, "show", busy)

    def script() -> None:
        till.begin()
        till.say(INSERT_CARD)
        till.expect(YES)
        till.say(APPROVAL)
        till.expect(YES)
        till.say(COMPLETION)

    playing = till.play(script)
    assert till.payment.run().state is State.PAID
    playing.join()


def test_what_the_terminal_cannot_be_asked_for_ends_declined_and_nothing_is_sent(till: Till) -> None:
    with till.stall.box.db.transaction() as tx:
        tx.conn.execute("UPDATE attempts SET cur = 'JPY'")
    ended = till.payment.run()
    assert (ended.state, ended.reason) == (State.DECLINED, Reason.REFUSED_BY_TERMINAL)
    assert till.peer.receive(0.1) is None


def test_a_cancel_before_the_terminal_took_the_command_is_passed_on_after_it_did(till: Till) -> None:
    till.payment.abort()  # the wish comes between `sent` and the first byte

    def script() -> None:
        till.expect(zvt.commands.authorisation(450))
        assert till.peer.receive(0.1) is None  # a no to the abort must not look like a no to the payment
        till.say(YES)
        till.expect(zvt.commands.abort())
        till.say(YES)
        till.say(STOPPED)

    playing = till.play(script)
    ended = till.payment.run()
    playing.join()
    assert (ended.state, ended.reason) == (State.DECLINED, Reason.CANCELLED)


def test_what_cannot_be_read_after_the_payment_was_paid_is_on_the_report(till: Till) -> None:
    def script() -> None:
        till.begin()
        till.say(APPROVAL)
        till.expect(YES)
        till.say(bytes.fromhex("04 0F 02 27 00"))  # approved, it seems, but of how much?
        till.expect(REFUSE)
        till.say(COMPLETION)

    playing = till.play(script)
    assert till.payment.run().state is State.PAID
    playing.join()
    assert len(selling.events(till.stall, "exception")) == 1


@pytest.mark.parametrize(("heard", "state"), [(False, State.UNKNOWN), (True, State.DECLINED)])
def test_a_terminal_that_is_done_and_never_said_with_what_result_is_asked(
    till: Till, *, heard: bool, state: State
) -> None:
    def script() -> None:
        till.begin()
        if heard:
            till.say(wire.declined(0x05, "52000001"))
            till.expect(YES)
        till.say(COMPLETION)

    playing = till.play(script)
    assert till.payment.run().state is state
    playing.join()
