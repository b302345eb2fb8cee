"""Numbers and sums that look like ours and are not: receipt numbers that begin anew, totals of before, another's payment."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from stall.domain.payment import Kind, State
from stall.flows import day_end, give_back
from stall.reader.simulated.script import Script, TerminalHabits
from stall.reader.simulated.simulator import SimulatedTerminal
from stall.reader.zvt.timers import Timers
from stall.store import readers, sales
from tests.flows import selling
from tests.reader.played import COMPLETION, OURS, REVERSE, YES, Played, receipt
from tests.reader.scene import Scene, booked

REFUSE = bytes.fromhex("84 66 00")


@pytest.fixture
def make(tmp_path: Path, template: Path) -> Iterator[Callable[[str], Played]]:
    made: list[Played] = []

    def one(profile: str) -> Played:
        made.append(Played(tmp_path, template, profile))
        return made[-1]

    yield one
    for each in made:
        each.end()


class Forgetful(Scene):
    """Its receipt numbers begin anew after each end of day, and an approval nobody answers stands."""

    def plug_in(self) -> None:
        self._unplug = threading.Event()
        script = Script(terminal=TerminalHabits(reset_receipts=True, auto_reversal="keep"))
        terminal = SimulatedTerminal(
            self.ledger, self.controls, self.port, "000000", Timers(self._scale), self._habits, script
        )
        self._terminal = threading.Thread(target=terminal.run, args=(self._unplug,))
        self._terminal.start()
        assert terminal.ready.wait(15)

    def close_day(self) -> None:
        with self.box.db.transaction() as tx:
            job = day_end.ask_day_end(tx, 1)
        self.until(lambda: (readers.job(self.box.db.read(), job) or ("",))[0] == "done")
        self.until(lambda: self.link() == "ready")


@pytest.fixture
def forgetful(tmp_path: Path, template: Path) -> Iterator[Forgetful]:
    made = Forgetful(tmp_path, template)
    yield made
    made.end()


def paid(scene: Played) -> int:
    attempt = scene.sell()
    scene.approve()
    scene.hear(YES)
    scene.say(COMPLETION)
    scene.last = receipt(OURS)
    scene.serve(lambda: not scene.now(attempt).open and scene.display() == "Ready")
    assert scene.now(attempt).state is State.PAID
    return attempt


def asked_back(scene: Played, of: int) -> int:
    """Ask for the way back; the terminal has heard it and not answered."""
    with scene.stall.box.db.transaction() as tx:
        back = give_back.ask_back(tx, of, 2, Kind.REVERSE, "maker")
    scene.serve(lambda: REVERSE in scene.heard)
    return back


def test_a_charged_payment_with_the_number_of_yesterdays_last_is_not_called_unpaid(forgetful: Forgetful) -> None:
    scene = forgetful
    scene.start_worker()
    scene.close_day()
    scene.ended(selling.ask(scene.stall, selling.basket(scene.stall)))
    scene.close_day()
    scene.controls.choose("hang-up-before-status", wait_for_tap=False)
    attempt = selling.ask(scene.stall, selling.basket(scene.stall))
    scene.until(lambda: "decide here" in scene.attempt(attempt).display or not scene.attempt(attempt).open)
    assert booked(scene.ledger)[0] == 2
    assert scene.attempt(attempt).state is State.UNKNOWN


def test_a_way_back_after_the_terminal_closed_its_day_by_itself_takes_no_other_buyers_payment(
    forgetful: Forgetful,
) -> None:
    scene = forgetful
    scene.start_worker()
    scene.close_day()
    first = scene.ended(selling.ask(scene.stall, selling.basket(scene.stall)))
    scene.until(lambda: scene.link() == "ready")
    scene.ledger.close_day(scene.ledger.day(), reset_receipts=True)  # on its own keys: nobody told the box
    second = scene.ended(selling.ask(scene.stall, selling.basket(scene.stall)))
    assert (first.receipt_no, first.tid) == (second.receipt_no, second.tid)
    with scene.box.db.transaction() as tx:
        back = give_back.ask_back(tx, first.no, 2, Kind.REVERSE, "maker")
    scene.until(lambda: scene.attempt(back).state not in {State.REQUESTED, State.SENT})
    assert scene.attempt(back).state is not State.PAID
    assert sales.get(scene.box.db.read(), first.sale).void_event is None


def test_money_in_the_terminals_day_from_before_the_box_proves_no_payment(make: Callable[[str], Played]) -> None:
    scene = make("standard")
    scene.total = 450
    attempt = scene.sell()
    scene.say(YES)
    scene.last = receipt(OURS)  # approved, and taken back by the terminal itself: its total is what it was
    scene.crash("kill")
    assert scene.ended(attempt).state is State.REVERSED


def test_a_day_end_without_totals_leaves_nothing_to_compare_with(make: Callable[[str], Played]) -> None:
    scene = make("standard")
    first = paid(scene)
    scene.total = 450
    with scene.stall.box.db.transaction() as tx:
        job = day_end.ask_day_end(tx, 1)
    scene.serve(lambda: (readers.job(scene.stall.box.db.read(), job) or ("",))[0] == "failed")
    assert readers.expected_total(scene.stall.box.db.read(), 1) is None
    assert scene.now(first).state is State.PAID


@pytest.mark.parametrize(
    "told",
    [receipt(OURS + 1, original=4711), receipt(OURS + 1, tid="52999999", original=OURS), receipt(OURS + 1)],
    ids=["another payment", "another terminal", "a payment of its own"],
)
def test_a_reversal_that_names_another_payment_is_refused(make: Callable[[str], Played], told: bytes) -> None:
    scene = make("simulated")
    first = paid(scene)
    back = asked_back(scene, first)
    scene.say(YES)
    assert scene.peer.send(told).acked(30)
    scene.hear(REFUSE)
    assert sales.get(scene.stall.box.db.read(), scene.now(first).sale).void_event is None
    assert scene.now(back).state is not State.PAID


def test_the_reversal_of_our_payment_is_agreed_to(make: Callable[[str], Played]) -> None:
    scene = make("simulated")
    first = paid(scene)
    back = asked_back(scene, first)
    scene.say(YES)
    assert scene.peer.send(receipt(OURS + 1, original=OURS)).acked(30)
    scene.hear(YES)
    scene.say(COMPLETION)
    assert scene.ended(back).state is State.PAID


def test_after_another_terminal_was_plugged_in_nothing_is_taken_back_on_it(make: Callable[[str], Played]) -> None:
    scene = make("simulated")
    first = paid(scene)
    scene.kill_reader()
    with scene.stall.box.db.transaction() as tx:
        back = give_back.ask_back(tx, first, 2, Kind.REVERSE, "maker")
    scene.last = receipt(7, tid="52999999")
    scene.start_reader()
    scene.serve(lambda: not scene.now(back).open)
    assert scene.now(back).state is State.NOT_SENT
    assert REVERSE not in scene.heard
