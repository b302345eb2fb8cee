"""The worker between a real database and a simulated Concert E+ terminal on a real pseudo-terminal.

Whatever happens on the cable: the till asks once, and what nobody heard is for a person.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from stall.domain.payment import State
from stall.flows import card_attempt
from stall.reader import worker
from stall.store import readers
from tests.flows import selling
from tests.reader.french_scene import FrenchScene
from tests.reader.scene import booked

MADE_UP = b"40000000"


@pytest.fixture
def scene(tmp_path: Path, template: Path) -> Iterator[FrenchScene]:
    made = FrenchScene(tmp_path, template)
    yield made
    made.end()


@pytest.fixture
def hasty(tmp_path: Path, template: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FrenchScene]:
    """The two minutes for the buyer in three seconds; an unclear payment is looked at every fifth of one."""
    monkeypatch.setattr(worker, "ASK_AGAIN_S", 0.2)
    made = FrenchScene(tmp_path, template, scale=1 / 40)
    yield made
    made.end()


@pytest.fixture
def calm(tmp_path: Path, template: Path) -> Iterator[FrenchScene]:
    """Slow enough for a pulled cable to be noticed before the till believes in its ACK."""
    made = FrenchScene(tmp_path, template, scale=1 / 3)
    yield made
    made.end()


def states(scene: FrenchScene) -> list[str]:
    return [each.body["state"] for each in selling.events(scene.stall, "attempt")]


def decide(scene: FrenchScene, attempt: int, outcome: str) -> None:
    with scene.box.db.transaction() as tx:
        if outcome == "paid":
            card_attempt.decide(tx, attempt, "paid", "staff", "the slip says accepted")
        else:
            card_attempt.decide(tx, attempt, "declined", "staff", "the slip says refused")


def until_unknown(scene: FrenchScene, attempt: int) -> None:
    scene.until(lambda: scene.attempt(attempt).state is State.UNKNOWN)


def test_an_approved_card_is_paid_and_sold(scene: FrenchScene) -> None:
    scene.start_worker()
    sale = selling.basket(scene.stall)
    paid = scene.ended(selling.ask(scene.stall, sale))
    assert states(scene) == ["requested", "sent", "approved", "paid"]
    reader = readers.find(scene.box.db.read(), 1)
    assert reader is not None
    assert reader.can == {readers.NOT_ASKED}
    assert (paid.tid, paid.receipt_no) == (None, None)
    assert selling.receipt_of(scene.stall, sale).pay[0].m == "card"
    assert selling.numbers(scene.stall, sale) == [1]
    scene.books_agree()


def test_a_declined_card_leaves_the_sale_open_for_another_try(scene: FrenchScene) -> None:
    scene.start_worker()
    sale = selling.basket(scene.stall)
    scene.controls.choose("decline", wait_for_tap=False)
    assert scene.ended(selling.ask(scene.stall, sale)).state is State.DECLINED
    assert scene.ended(selling.ask(scene.stall, sale, ordinal=2)).state is State.PAID
    assert scene.cable.asks == 2
    scene.books_agree()


@pytest.mark.parametrize(
    ("fault", "asks"),
    [("lost-ack", 1), ("naks", 2), ("bad-crc", 1), ("split", 1), ("duplicate", 1), ("status-twice", 1)],
)
def test_a_bad_line_neither_loses_nor_doubles_a_payment(scene: FrenchScene, fault: str, asks: int) -> None:
    scene.start_worker()
    scene.controls.choose(fault, wait_for_tap=False)
    sale = selling.basket(scene.stall)
    assert scene.ended(selling.ask(scene.stall, sale)).state is State.PAID
    assert scene.cable.asks == asks
    assert states(scene) == ["requested", "sent", "approved", "paid"]
    assert scene.ended(selling.ask(scene.stall, selling.basket(scene.stall))).state is State.PAID
    scene.books_agree()


def test_a_report_nobody_asked_for_leaves_no_card_number_anywhere(
    scene: FrenchScene, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    scene.start_worker()
    scene.controls.choose("unmasked-card", wait_for_tap=False)
    assert scene.ended(selling.ask(scene.stall, selling.basket(scene.stall))).state is State.PAID
    scene.books_agree()
    logged = "".join(capfd.readouterr()).encode()
    kept = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file() and not path.is_symlink()]
    assert not any(MADE_UP in each for each in [logged, *kept])


def test_a_silent_terminal_leaves_the_payment_to_a_person_who_decides(hasty: FrenchScene) -> None:
    scene = hasty
    scene.start_worker()
    scene.controls.choose("silent", wait_for_tap=False)
    sale = selling.basket(scene.stall)
    attempt = selling.ask(scene.stall, sale)
    until_unknown(scene, attempt)
    scene.until(lambda: "decide here" in scene.display)
    assert scene.cable.asks == 1
    decide(scene, attempt, "declined")
    scene.until(lambda: scene.link() == "ready")
    assert scene.ended(selling.ask(scene.stall, sale, ordinal=2)).state is State.PAID
    assert scene.cable.asks == 2
    scene.books_agree()


def test_an_answer_that_comes_too_late_is_shown_to_whoever_decides(hasty: FrenchScene) -> None:
    scene = hasty
    scene.start_worker()
    scene.controls.choose("late-answer", wait_for_tap=False)
    sale = selling.basket(scene.stall)
    attempt = selling.ask(scene.stall, sale)
    until_unknown(scene, attempt)
    scene.until(lambda: "says now: accepted" in scene.display)
    assert "4.50" in scene.display
    assert scene.attempt(attempt).state is State.UNKNOWN
    decide(scene, attempt, "paid")
    scene.until(lambda: scene.link() == "ready")
    assert selling.numbers(scene.stall, sale) == [1]
    assert scene.cable.asks == 1
    scene.books_agree()


@pytest.mark.parametrize("fault", ["wrong-amount", "wrong-currency"])
def test_an_answer_to_something_else_is_never_paid(scene: FrenchScene, fault: str) -> None:
    scene.start_worker()
    scene.controls.choose(fault, wait_for_tap=False)
    sale = selling.basket(scene.stall)
    attempt = selling.ask(scene.stall, sale)
    until_unknown(scene, attempt)
    assert scene.attempt(attempt).reason == "contradiction"
    assert states(scene) == ["requested", "sent", "unknown"]
    assert scene.cable.asks == 1
    decide(scene, attempt, "paid")
    assert selling.numbers(scene.stall, sale) == [1]


@pytest.mark.parametrize("fault", ["hang-up-before-status", "hang-up-after-status", "approve-then-vanish"])
def test_a_cable_pulled_around_the_answer_is_for_a_person_too(calm: FrenchScene, fault: str) -> None:
    scene = calm
    scene.start_worker()
    scene.controls.choose(fault, wait_for_tap=False)
    attempt = selling.ask(scene.stall, selling.basket(scene.stall))
    until_unknown(scene, attempt)
    scene.until(lambda: "decide here" in scene.display)
    assert booked(scene.ledger) == (1, 450)
    assert scene.cable.asks == 1
    decide(scene, attempt, "paid")
    scene.until(lambda: scene.link() == "ready")
    scene.books_agree()


def test_a_terminal_with_numbers_of_its_own_is_believed_too(tmp_path: Path, template: Path) -> None:
    scene = FrenchScene(tmp_path, template, own_numbers=True)
    try:
        scene.start_worker()
        for _ in range(2):
            assert scene.ended(selling.ask(scene.stall, selling.basket(scene.stall))).state is State.PAID
        scene.books_agree()
    finally:
        scene.end()


def test_after_a_decision_an_answer_that_may_be_the_earlier_one_decides_nothing(
    tmp_path: Path, template: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "ASK_AGAIN_S", 0.2)
    scene = FrenchScene(tmp_path, template, scale=1 / 40, own_numbers=True)
    try:
        scene.start_worker()
        scene.controls.choose("silent", wait_for_tap=False)
        first = selling.ask(scene.stall, selling.basket(scene.stall))
        until_unknown(scene, first)
        decide(scene, first, "declined")
        scene.until(lambda: scene.link() == "ready")
        second = selling.ask(scene.stall, selling.basket(scene.stall))
        until_unknown(scene, second)
        decide(scene, second, "paid")
        scene.until(lambda: scene.link() == "ready")
        with scene.box.db.transaction() as tx:  # later, when the answer to the first comes no more
            tx.conn.execute("UPDATE attempts SET ended_ms = ended_ms - 3000 WHERE no <= ?", (second,))
        assert scene.ended(selling.ask(scene.stall, selling.basket(scene.stall))).state is State.PAID
        scene.books_agree()
    finally:
        scene.end()


def test_without_a_terminal_a_request_is_answered_at_once(scene: FrenchScene) -> None:
    scene.start_worker()
    scene._unplug.set()
    scene.until(lambda: scene.link() == "lost")
    ended = scene.ended(selling.ask(scene.stall, selling.basket(scene.stall)))
    assert (ended.state, ended.reason) == (State.NOT_SENT, "reader_lost")


def test_an_answer_that_comes_after_a_person_decided_otherwise_is_on_the_report(
    hasty: FrenchScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = hasty
    monkeypatch.setattr(worker, "KEEP_ALIVE_S", 0.2)
    scene.start_worker()
    scene.controls.choose("late-answer", wait_for_tap=False)
    attempt = selling.ask(scene.stall, selling.basket(scene.stall))
    until_unknown(scene, attempt)
    decide(scene, attempt, "declined")
    scene.until(lambda: selling.events(scene.stall, "exception"))
    (noted,) = selling.events(scene.stall, "exception")
    assert "took €4.50 for sale 1" in noted.body["sentence"]
    assert scene.attempt(attempt).state is State.DECLINED
