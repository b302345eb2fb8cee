"""The worker between a real database and a real (simulated) terminal on a real pseudo-terminal.

Each ends with the same question: do the terminal's books and ours agree?
"""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from stall import app, settings
from stall.clock import SystemClock
from stall.domain.payment import State
from stall.flows import card_attempt, day_end, take_card
from stall.reader.simulated.controls import Controls
from stall.reader.simulated.ledger import Ledger
from stall.reader.simulated.payment import Habits
from stall.reader.simulated.simulator import SimulatedTerminal
from stall.reader.worker import Worker
from stall.reader.zvt.timers import Timers
from stall.settings import Reader
from stall.store import attempts, readers
from stall.store.attempts import Attempt
from stall.store.audit import audit
from stall.store.box import Box
from stall.store.db import Database
from tests.fakes import stock
from tests.fakes.clock import FakeClock
from tests.fakes.stock import ZINE, Stocked
from tests.flows import selling

SCALE = 1 / 10
HABITS = Habits(card_after_s=0.05, silent_s=1.0, vanish_s=0.3, answer_s=1.0, step_s=0.01)


class RealTimeClock(FakeClock):
    """The stock's date, but time since boot as it really passes: the worker lives in real time."""

    def boottime_ms(self) -> int:
        return time.monotonic_ns() // 1_000_000


class Scene:
    """A stall with a terminal on its cable and, when started, a worker between them."""

    def __init__(self, folder: Path, template: Path, scale: float = SCALE, habits: Habits = HABITS) -> None:
        self.port = folder / "port"
        stocked = stock.copy(template, folder / "box")
        stocked.box.close()
        own = settings.load(folder / "box")
        reader = Reader(link=f"serial:{self.port}", profile="simulated", time_scale=scale)
        settings.save(folder / "box", msgspec.structs.replace(own, reader=reader))
        clock = RealTimeClock()
        self.box: Box = app.open_box(folder / "box", clock=clock)
        self.stall = Stocked(self.box, clock, folder / "box")
        self.ledger, self.controls = Ledger(folder / "ledger.sqlite"), Controls()
        self._unplug, self._stop = threading.Event(), threading.Event()
        terminal = SimulatedTerminal(self.ledger, self.controls, self.port, "000000", Timers(scale), habits)
        self._terminal = threading.Thread(target=terminal.run, args=(self._unplug,))
        self._terminal.start()
        assert terminal.ready.wait(5)
        self._worker: threading.Thread | None = None

    def start_worker(self) -> None:
        assert self.box.settings.reader is not None
        self._stop = threading.Event()
        worker = Worker(self.box, 1, self.box.settings.reader, self._stop)
        self._worker = threading.Thread(target=worker.run)
        self._worker.start()
        self.until(lambda: self.link() == "ready")

    def stop_worker(self) -> None:
        if self._worker is not None:
            self._stop.set()
            self._worker.join(15)
            assert not self._worker.is_alive()
            self._worker = None

    def end(self) -> None:
        self._unplug.set()
        self.stop_worker()
        self._terminal.join(5)
        self.box.close()

    def link(self) -> str | None:
        found = readers.find(self.box.db.read(), 1)
        return None if found is None else found.link

    def attempt(self, no: int) -> Attempt:
        return attempts.get(self.box.db.read(), no)

    def until(self, holds: Callable[[], object], seconds: float = 15) -> None:
        deadline = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < deadline, "it did not come to that in time"
            time.sleep(0.01)

    def ended(self, no: int) -> Attempt:
        self.until(lambda: not self.attempt(no).open)
        return self.attempt(no)

    def books_agree(self) -> None:
        """What the terminal booked is what our receipts say was paid by card, and the journal holds."""
        ours = audit(self.box.db.read(), self.box.secrets.signing.public)
        assert ours.findings == []
        _, total = booked(self.ledger)
        assert total == ours.tenders.get("card", 0)


def booked(ledger: Ledger) -> tuple[int, int]:
    """How many payments stand in the terminal's own books, and their sum."""
    commissioning = 1  # the entry every terminal is delivered with
    standing = [
        e.amount for e in ledger.entries() if (e.kind, e.state) == ("payment", "booked") and e.id > commissioning
    ]
    return len(standing), sum(standing)


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("stocked") / "box"
    stock.stock(folder, FakeClock())
    return folder


@pytest.fixture
def scene(tmp_path: Path, template: Path) -> Iterator[Scene]:
    made = Scene(tmp_path, template)
    yield made
    made.end()


def states(scene: Scene) -> list[str]:
    return [each.body["state"] for each in selling.events(scene.stall, "attempt")]


def test_an_approved_card_is_paid_with_the_terminals_facts(scene: Scene) -> None:
    scene.start_worker()
    sale = selling.basket(scene.stall)
    paid = scene.ended(selling.ask(scene.stall, sale))
    assert states(scene) == ["requested", "sent", "approved", "paid"]
    assert paid.tid is not None
    assert paid.receipt_no is not None
    assert selling.receipt_of(scene.stall, sale).pay[0].m == "card"
    scene.books_agree()


def test_a_declined_card_leaves_the_sale_open_for_another_try(scene: Scene) -> None:
    scene.start_worker()
    scene.controls.choose("decline", wait_for_tap=False)
    sale = selling.basket(scene.stall)
    assert scene.ended(selling.ask(scene.stall, sale)).state is State.DECLINED
    assert scene.ended(selling.ask(scene.stall, sale, ordinal=2)).state is State.PAID
    assert selling.numbers(scene.stall, sale) == [1]
    scene.books_agree()


@pytest.fixture
def impatient(tmp_path: Path, template: Path) -> Iterator[Scene]:
    """As `scene`, with a terminal that waits half a second for a card."""
    made = Scene(tmp_path, template, habits=replace(HABITS, card_wait_s=0.5))
    yield made
    made.end()


def test_a_card_that_never_comes_ends_declined_as_cancelled(impatient: Scene) -> None:
    scene = impatient
    scene.start_worker()
    scene.controls.choose("approve", wait_for_tap=True)
    ended = scene.ended(selling.ask(scene.stall, selling.basket(scene.stall)))
    assert (ended.state, ended.reason) == (State.DECLINED, "cancelled")
    assert states(scene) == ["requested", "sent", "declined"]
    scene.books_agree()


def test_a_wrong_pin_is_asked_again_in_the_same_payment(scene: Scene) -> None:
    scene.start_worker()
    scene.controls.choose("wrong-pin-then-approve", wait_for_tap=False)
    assert scene.ended(selling.ask(scene.stall, selling.basket(scene.stall))).state is State.PAID
    assert states(scene) == ["requested", "sent", "approved", "paid"]
    scene.books_agree()


@pytest.fixture
def hasty(tmp_path: Path, template: Path) -> Iterator[Scene]:
    """As `scene`, with three minutes of silence in five seconds."""
    made = Scene(tmp_path, template, scale=1 / 36)
    yield made
    made.end()


def test_a_silent_terminal_is_unknown_then_asked_never_charged_again(hasty: Scene) -> None:
    scene = hasty
    scene.start_worker()
    scene.controls.choose("silent", wait_for_tap=False)
    attempt = selling.ask(scene.stall, selling.basket(scene.stall))
    scene.until(lambda: "unknown" in states(scene), 30)
    scene.ended(attempt)
    assert states(scene).count("sent") == 1
    scene.books_agree()


def test_a_terminal_that_vanishes_after_the_approval_has_been_paid(scene: Scene) -> None:
    scene.start_worker()
    scene.controls.choose("approve-then-vanish", wait_for_tap=False)
    assert scene.ended(selling.ask(scene.stall, selling.basket(scene.stall))).state is State.PAID
    scene.until(lambda: scene.link() == "lost")
    scene.until(lambda: scene.link() == "ready")
    scene.books_agree()


def test_a_cancelled_payment_ends_declined_and_nothing_is_booked(scene: Scene) -> None:
    scene.start_worker()
    scene.controls.choose("approve", wait_for_tap=True)
    attempt = selling.ask(scene.stall, selling.basket(scene.stall))
    scene.until(lambda: scene.controls.view().wants_card)
    with scene.box.db.transaction() as tx:
        take_card.cancel_card(tx, attempt)
    ended = scene.ended(attempt)
    assert (ended.state, ended.reason) == (State.DECLINED, "cancelled")
    assert booked(scene.ledger) == (0, 0)
    scene.books_agree()


def test_without_a_terminal_a_request_is_answered_at_once(scene: Scene) -> None:
    scene.start_worker()
    scene._unplug.set()
    scene.until(lambda: scene.link() == "lost")
    ended = scene.ended(selling.ask(scene.stall, selling.basket(scene.stall)))
    assert (ended.state, ended.reason) == (State.NOT_SENT, "reader_lost")


def test_the_end_of_day_tells_what_the_terminal_took(scene: Scene) -> None:
    scene.start_worker()
    for _ in range(2):
        scene.ended(selling.ask(scene.stall, selling.basket(scene.stall, ZINE)))
    with scene.box.db.transaction() as tx:
        job = day_end.ask_day_end(tx, 1)
    scene.until(lambda: (readers.job(scene.box.db.read(), job) or ("", ""))[0] == "done")
    row = scene.box.db.read().execute("SELECT total_minor, count, cur FROM day_ends").fetchone()
    assert tuple(row) == (600, 2, "EUR")


def test_the_log_is_emptied_once_the_end_of_day_is_kept(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    kept: list[int] = []

    def look_and_empty(db: Database) -> bool:
        kept.append(db.read().execute("SELECT count(*) FROM day_ends").fetchone()[0])
        return truncate(db)

    truncate = Database.truncate_log
    monkeypatch.setattr(Database, "truncate_log", look_and_empty)
    scene.start_worker()
    with scene.box.db.transaction() as tx:
        job = day_end.ask_day_end(tx, 1)
    scene.until(lambda: (readers.job(scene.box.db.read(), job) or ("", ""))[0] == "done")
    scene.until(lambda: kept == [1])


def test_an_end_of_day_cut_off_in_the_middle_is_not_asked_for_again_by_itself(scene: Scene) -> None:
    with scene.box.db.transaction() as tx:
        readers.report(tx, 1, "Reader", "lost", "")
        job = day_end.ask_day_end(tx, 1)
        readers.begin_job(tx, job)
    scene.start_worker()
    state, words = readers.job(scene.box.db.read(), job) or ("", None)
    assert state == "failed"
    assert "cut off" in (words or "")


def test_a_wrong_password_is_told_at_the_till_and_the_worker_lives(scene: Scene) -> None:
    assert scene.box.settings.reader is not None
    wrong = msgspec.structs.replace(scene.box.settings.reader, password="999999")
    scene.box.settings = msgspec.structs.replace(scene.box.settings, reader=wrong)
    stop = threading.Event()
    running = threading.Thread(target=Worker(scene.box, 1, wrong, stop).run)
    running.start()
    scene.until(lambda: "refused" in getattr(readers.find(scene.box.db.read(), 1), "display", ""))
    assert running.is_alive()
    stop.set()
    running.join(15)


def test_two_workers_never_share_a_reader(scene: Scene) -> None:
    scene.start_worker()
    second = subprocess.run(
        [sys.executable, "-m", "stall", "reader", "--data", str(scene.stall.folder)],
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert second.returncode == 1
    assert "already runs" in second.stderr


class Killable:
    """The worker as the real process, to be killed."""

    def __init__(self, scene: Scene) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "stall", "reader", "--data", str(scene.stall.folder)], stderr=subprocess.DEVNULL
        )
        scene.until(lambda: scene.link() == "ready")

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)


@pytest.fixture
def machine(tmp_path: Path, template: Path) -> Iterator[Scene]:
    """As `scene`, with the machine's own boot id, which the worker's process sees too."""
    made = Scene(tmp_path, template)
    own = made.box.clock
    assert isinstance(own, RealTimeClock)
    system = SystemClock()
    own.boot = system.boot_id()
    own.boottime_ms = system.boottime_ms  # type: ignore[method-assign]  # the same boot for both processes
    yield made
    made.end()


def test_killed_while_the_card_is_awaited_the_payment_is_asked_about_after_the_restart(machine: Scene) -> None:
    machine.controls.choose("approve", wait_for_tap=True)
    first = Killable(machine)
    attempt = selling.ask(machine.stall, selling.basket(machine.stall))
    machine.until(lambda: machine.controls.view().wants_card)
    first.kill()
    assert machine.attempt(attempt).state is State.SENT
    machine.controls.present()  # the buyer's card goes in all the same
    second = Killable(machine)
    ended = machine.ended(attempt)
    second.kill()
    assert ended.state in {State.DECLINED, State.REVERSED}  # nobody acknowledged, so the terminal took it back
    assert states(machine).count("sent") == 1
    machine.books_agree()


def test_killed_after_the_approval_was_journaled_the_terminal_decides(machine: Scene) -> None:
    first = Killable(machine)
    attempt = selling.ask(machine.stall, selling.basket(machine.stall))
    machine.until(lambda: machine.attempt(attempt).state in {State.APPROVED, State.PAID})
    first.kill()
    second = Killable(machine)
    machine.ended(attempt)
    second.kill()
    machine.books_agree()


def test_a_person_can_end_what_the_terminal_cannot(scene: Scene) -> None:
    scene.start_worker()
    scene.stop_worker()
    with scene.box.db.transaction() as tx:  # another terminal's number: the query will not match
        tx.conn.execute("UPDATE readers SET tid = '99999999'")
    attempt = selling.ask(scene.stall, selling.basket(scene.stall))
    selling.send(scene.stall, attempt)
    scene._stop = threading.Event()
    assert scene.box.settings.reader is not None
    worker = Worker(scene.box, 1, scene.box.settings.reader, scene._stop)
    scene._worker = threading.Thread(target=worker.run)
    scene._worker.start()
    scene.until(lambda: "decide here" in scene.attempt(attempt).display)
    with scene.box.db.transaction() as tx:
        card_attempt.decide(tx, attempt, "declined", "maker", "no slip at the terminal")
    scene.until(lambda: scene.link() == "ready")
    scene.books_agree()
