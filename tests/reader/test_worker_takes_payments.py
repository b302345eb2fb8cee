"""The worker between a real database and a real (simulated) terminal on a real pseudo-terminal.

Each ends with the same question: do the terminal's books and ours agree?
"""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from stall.clock import SystemClock
from stall.domain.payment import State
from stall.flows import card_attempt, day_end, take_card
from stall.reader.worker import Worker
from stall.store import readers
from stall.store.db import Database
from tests.fakes.stock import ZINE
from tests.flows import selling
from tests.reader.scene import HABITS, RealTimeClock, Scene, booked


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


def test_a_payment_answered_too_late_is_not_agreed_to_by_asking_about_it(hasty: Scene) -> None:
    scene = hasty
    scene.start_worker()
    scene.controls.choose("late-answer", wait_for_tap=False)
    asked = selling.ask(scene.stall, selling.basket(scene.stall))
    ended = scene.ended(asked)
    assert (ended.state, booked(scene.ledger)) in {(State.REVERSED, (0, 0)), (State.DECLINED, (0, 0))}
    assert "approved" not in states(scene)
    scene.books_agree()
