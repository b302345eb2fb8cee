"""The simulated terminal end to end: real blocks on a real pseudo-terminal, its own books, its own process."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import pytest

from stall.errors import Broken, Refused, Retry
from stall.reader.connect import open_terminal
from stall.reader.driver import Driver
from stall.reader.simulated.controls import Controls
from stall.reader.simulated.ledger import Ledger
from stall.reader.simulated.payment import Habits
from stall.reader.simulated.simulator import SimulatedTerminal, simulate
from stall.reader.transport import connect
from stall.reader.zvt.link import Link
from stall.reader.zvt.timers import Timers
from stall.settings import Reader
from tests.reader import names as t

T = TypeVar("T")
SCALE = 1 / 10
PATIENCE_S = 60.0
"""How long to wait for what must come; a busy machine is no failure."""
HABITS = Habits(card_after_s=0.1, silent_s=5.0, vanish_s=0.3, answer_s=1.5, step_s=0.01)


class Bench:
    """A simulated terminal in a thread, and the till's end of its cable."""

    def __init__(
        self, folder: Path, habits: Habits = HABITS, password: str = "000000", timers: Timers | None = None
    ) -> None:
        self.port, self.habits, self.timers = folder / "port", habits, timers or Timers(SCALE)
        self.ledger, self.controls = Ledger(folder / "ledger.sqlite"), Controls()
        self.stop = threading.Event()
        simulated = SimulatedTerminal(self.ledger, self.controls, self.port, password, self.timers, habits)
        self.thread = threading.Thread(target=simulated.run, args=(self.stop,))
        self.thread.start()
        assert simulated.ready.wait(PATIENCE_S)
        self.tills: list[t.Terminal] = []

    def plug(self) -> t.Terminal:
        """The till connects and registers, again and again until the terminal is there."""
        return eventually(self._plug)

    def _plug(self) -> t.Terminal:
        link = Link(connect(f"serial:{self.port}"), self.timers)
        till = t.Terminal(link, t.PROFILES["simulated"], "000000")
        self.tills.append(till)
        till.register()
        return till

    def end(self) -> None:
        self.stop.set()
        self.thread.join(PATIENCE_S)
        for till in self.tills:
            till.close()


def eventually(attempt: Callable[[], T]) -> T:
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            return attempt()
        except Retry as error:
            if time.monotonic() > deadline:
                raise
            time.sleep(error.after_s * SCALE)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path)
    yield bench
    bench.end()


class ShortT4(Timers):
    """Everything as slow as at a stall, but a terminal that falls silent is given up after two seconds."""

    @property
    def t4_s(self) -> float:
        return 2.0


@contextlib.contextmanager
def patient(folder: Path, card_wait_s: float = 60.0) -> Iterator[Bench]:
    """A terminal that waits for a card for longer than its till waits for a silent terminal."""
    bench = Bench(folder, replace(HABITS, card_wait_s=card_wait_s, remind_s=0.2), timers=ShortT4())
    try:
        yield bench
    finally:
        bench.end()


def run(dialogue: t.Dialogue, *, accept: bool = True) -> list[t.Event]:
    """Answer every approval in the same way; give back all events."""
    events: list[t.Event] = []
    for event in dialogue.events():
        events.append(event)
        if isinstance(event, t.Approval):
            assert not accept or dialogue.accept().certain()
            if not accept:
                dialogue.refuse()
    return events


def kinds(events: list[t.Event]) -> list[str]:
    return [type(each).__name__ for each in events if not isinstance(each, t.Intermediate)]


def states(bench: Bench) -> list[tuple[int, str]]:
    return [(each.amount, each.state) for each in bench.ledger.entries() if each.day_end is None]


def test_an_approved_payment_is_booked_once_answered(bench: Bench) -> None:
    events = run(bench.plug().pay(1250))
    assert kinds(events) == ["Started", "Approval", "Completed"]
    assert states(bench) == [(1250, "booked")]
    words = [each.words for each in events if isinstance(each, t.Intermediate)]
    assert words == ["Waiting for the card.", "Asking the bank.", "Approved."]


def test_a_refused_approval_is_reversed_and_said_so(bench: Bench) -> None:
    till = bench.plug()
    assert kinds(run(till.pay(1250), accept=False)) == ["Started", "Approval", "Aborted"]
    assert states(bench) == [(1250, "reversed")]
    last = till.last_payment()
    assert last is not None
    assert last.taken_back


def test_an_approval_nobody_answers_is_reversed(bench: Bench) -> None:
    till = bench.plug()
    dialogue = till.pay(1250)
    for event in dialogue.events():
        if isinstance(event, t.Approval):
            till.close()  # the box dies here
            break
    again = bench.plug()
    assert eventually(lambda: ready(again)) == 0
    assert states(bench) == [(1250, "reversed")]


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def ready(till: t.Terminal) -> int:
    status = till.status()
    if status:
        raise Retry("test", "busy")
    return status


def test_a_decline_is_a_note_and_an_end_and_takes_no_receipt_number(bench: Bench) -> None:
    till = bench.plug()
    bench.controls.choose("decline", wait_for_tap=False)
    assert kinds(run(till.pay(500))) == ["Started", "NotApproved", "Aborted"]
    assert states(bench) == []
    last = till.last_payment()
    assert last is not None
    assert (last.receipt_no, last.amount_minor) == (1, 1)
    assert kinds(run(till.pay(500))) == ["Started", "Approval", "Completed"]


def test_a_wrong_pin_is_followed_by_an_approval_in_one_transaction(bench: Bench) -> None:
    bench.controls.choose("wrong-pin-then-approve", wait_for_tap=False)
    assert kinds(run(bench.plug().pay(700))) == ["Started", "NotApproved", "Approval", "Completed"]
    assert states(bench) == [(700, "booked")]


def test_a_silent_terminal_answers_nothing_until_told_and_has_booked_nothing(bench: Bench) -> None:
    till = bench.plug()
    bench.controls.choose("silent", wait_for_tap=False)
    dialogue = till.pay(900)
    events = dialogue.events()
    assert next(events) == t.Started()
    events.close()
    with pytest.raises(Retry, match="reader-silent"):
        till.status()
    bench.controls.choose("approve", wait_for_tap=False)
    assert eventually(till.status) == 0
    assert states(bench) == []


def test_a_terminal_that_vanishes_has_booked_and_tells_so_when_it_is_back(bench: Bench) -> None:
    till = bench.plug()
    bench.controls.choose("approve-then-vanish", wait_for_tap=False)
    events = run(till.pay(900))
    assert kinds(events) == ["Started", "Approval", "Lost"]
    assert not till.alive
    approval = next(each for each in events if isinstance(each, t.Approval))
    last = bench.plug().last_payment()
    assert last is not None
    assert last.approved
    assert (last.tid, last.receipt_no, last.amount_minor) == (approval.told.tid, approval.told.receipt_no, 900)
    assert states(bench) == [(900, "booked")]


def test_a_payment_waiting_for_a_card_can_be_cancelled(bench: Bench) -> None:
    till = bench.plug()
    bench.controls.choose("approve", wait_for_tap=True)
    dialogue = till.pay(900)
    events = []
    for event in dialogue.events():
        events.append(event)
        if isinstance(event, t.Intermediate):
            dialogue.abort()
    assert kinds(events) == ["Started", "Aborted"]
    assert states(bench) == []


def test_the_card_is_awaited_until_somebody_presents_it(bench: Bench) -> None:
    till = bench.plug()
    bench.controls.choose("approve", wait_for_tap=True)
    with pytest.raises(Refused, match="panel-no-card-wanted"):
        bench.controls.present()
    dialogue = till.pay(900)
    for event in dialogue.events():
        if isinstance(event, t.Intermediate) and event.code == 0x0A:
            wait_until(lambda: bench.controls.view().wants_card)
            time.sleep(HABITS.card_after_s * 2)
            assert states(bench) == []
            bench.controls.present()
        if isinstance(event, t.Approval):
            dialogue.accept()
    assert states(bench) == [(900, "booked")]


def test_a_buyer_may_search_for_the_card_longer_than_the_till_waits_for_a_silent_terminal(tmp_path: Path) -> None:
    with patient(tmp_path) as bench:
        till = bench.plug()
        bench.controls.choose("approve", wait_for_tap=True)
        dialogue, begun, told = till.pay(900), time.monotonic(), 0
        for event in dialogue.events():
            if isinstance(event, t.Intermediate) and event.code == 0x0A:
                told += 1
                if time.monotonic() > begun + till.link.timers.t4_s and bench.controls.view().wants_card:
                    bench.controls.present()
            if isinstance(event, t.Approval):
                assert dialogue.accept().certain()
        assert kinds([event]) == ["Completed"]
        assert told > 2
        assert states(bench) == [(900, "booked")]


def test_a_terminal_nobody_holds_a_card_to_gives_up_by_itself_and_says_cancelled(tmp_path: Path) -> None:
    with patient(tmp_path, card_wait_s=3.0) as bench:
        till = bench.plug()
        bench.controls.choose("approve", wait_for_tap=True)
        events = run(till.pay(900))
        assert kinds(events) == ["Started", "Aborted"]
        assert [each.code for each in events if isinstance(each, t.Aborted)] == [0x6C]
        assert states(bench) == []
        bench.controls.choose("approve", wait_for_tap=False)
        assert kinds(run(till.pay(500))) == ["Started", "Approval", "Completed"]


def test_a_wish_to_stop_that_comes_with_the_first_step_is_heard(bench: Bench) -> None:
    till = bench.plug()
    bench.controls.choose("approve", wait_for_tap=True)
    dialogue = till.pay(900)
    events = []
    for event in dialogue.events():
        events.append(event)
        if isinstance(event, t.Started):
            dialogue.abort()
    assert kinds(events) == ["Started", "Aborted"]
    assert states(bench) == []


def test_the_day_is_closed_with_the_sum_of_what_was_booked(bench: Bench) -> None:
    till = bench.plug()
    for amount in (1250, 750):
        run(till.pay(amount))
    run(till.pay(9999), accept=False)
    told = till.end_of_day()
    assert (told.total_minor, told.count, told.tid) == (2000, 2, bench.ledger.tid)
    assert till.end_of_day().total_minor == 0
    assert states(bench) == []


def test_a_payment_of_the_day_can_be_reversed_once(bench: Bench) -> None:
    till = bench.plug()
    run(till.pay(1250))
    assert kinds(run(till.reverse(2))) == ["Started", "Approval", "Completed"]
    assert kinds(run(till.reverse(2))) == ["Started", "NotApproved", "Aborted"]
    assert kinds(run(till.reverse(77))) == ["Started", "NotApproved", "Aborted"]
    assert till.end_of_day().total_minor == 0


def test_the_till_may_close_and_reopen_the_port(bench: Bench) -> None:
    for amount in (100, 200):
        till = bench.plug()
        run(till.pay(amount))
        till.close()
    assert states(bench) == [(200, "booked"), (100, "booked")]


def test_a_wrong_password_is_refused(tmp_path: Path) -> None:
    bench = Bench(tmp_path, password="123456")
    with pytest.raises(Refused, match="reader-refused"):
        bench.plug()
    bench.end()


def test_a_foreign_currency_is_refused_before_any_card(bench: Bench) -> None:
    (event,) = bench.plug().pay(100, "CHF").events()
    assert isinstance(event, t.NotStarted)
    assert event.code == 0x6F


def test_a_device_that_cannot_be_made_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(Broken, match="simulator-device"):
        simulate(tmp_path, tmp_path / "file" / "port", 0)


PROGRAM = """
import sys
from pathlib import Path
from stall.reader.simulated.simulator import simulate
simulate(Path(sys.argv[1]), Path(sys.argv[2]), 0, card_after_s=0.1)
"""

Start = Callable[[], "subprocess.Popen[bytes]"]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts the terminal as a process; none of them outlives the test."""
    with contextlib.ExitStack() as started:

        def start() -> subprocess.Popen[bytes]:
            command = [sys.executable, "-c", PROGRAM, str(tmp_path), str(tmp_path / "port")]
            process = started.enter_context(subprocess.Popen(command))
            started.callback(process.kill)  # before the wait of Popen's own exit
            return process

        yield start


def plug_in(port: Path) -> Driver:
    till = open_terminal(Reader(link=f"serial:{port}", profile="simulated"))
    try:
        till.register("EUR")
    except Retry:
        till.close()
        raise
    return till


def test_what_the_till_knows_as_acknowledged_survives_a_kill_and_the_port_comes_back(
    tmp_path: Path, start: Start
) -> None:
    first = start()
    till = eventually(lambda: plug_in(tmp_path / "port"))
    dialogue = till.pay(4200, "EUR")
    for event in dialogue.events():
        if isinstance(event, t.Approval):
            assert dialogue.accept().certain()
            break
    else:
        pytest.fail("the payment was not approved")
    first.kill()
    first.wait(PATIENCE_S)
    till.close()
    second = start()
    till = eventually(lambda: plug_in(tmp_path / "port"))
    last = till.last_payment()
    assert last is not None
    assert (last.approved, last.amount_minor) == (True, 4200)
    till.close()
    second.terminate()
    assert second.wait(PATIENCE_S) == 0
    assert not (tmp_path / "port").is_symlink()
