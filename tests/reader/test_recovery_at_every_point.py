"""A card payment broken off at every point there is: what the box believes, after which question, and what it sends.

One test for each row of the table in docs/readers.md, named after it. The reader is the real process, killed or cut off
at that instant; the terminal is played, so each test knows what it truly did. Nothing is ever sent a second time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import get_args

import pytest

from stall.domain.payment import Reason, State
from stall.store import attempts, readers, sales
from tests.flows import selling
from tests.reader import played
from tests.reader.played import ASK, COMPLETION, OURS, PAY, TOTALS, YES, Crash, Played

DECLINED, STOPPED = bytes.fromhex("04 0F 02 27 05"), bytes.fromhex("06 1E 01 6C")
INSERT_CARD = bytes.fromhex("04 FF 01 0A")

crashes = pytest.mark.parametrize("how", get_args(Crash))
truths = pytest.mark.parametrize("charged", [True, False])
either = pytest.mark.parametrize(
    ("how", "charged"), [("kill", True), ("cable", False)], ids=["killed and charged", "cut off and not charged"]
)
Make = Callable[[str], Played]


@pytest.fixture
def make(tmp_path: Path, template: Path) -> Iterator[Make]:
    made: list[Played] = []

    def one(profile: str) -> Played:
        made.append(Played(tmp_path, template, profile))
        return made[-1]

    yield one
    for each in made:
        each.end()


@pytest.fixture
def scene(make: Make) -> Played:
    return make("simulated")


def found_out(scene: Played, attempt: int, *, charged: bool) -> None:
    """The terminal is asked, and what it says is what is believed."""
    if charged:
        scene.last = played.receipt(OURS)
    ended = scene.ended(attempt)
    assert scene.heard.count(ASK) >= 2, "nobody asked the terminal"
    assert (ended.state, ended.receipt_no) == ((State.PAID, OURS) if charged else (State.DECLINED, ended.receipt_no))
    assert charged or ended.reason == Reason.NOT_FOUND
    settled(scene, attempt, paid=charged)


def settled(scene: Played, attempt: int, *, paid: bool) -> None:
    """Asked for at most once; a receipt exactly if it is paid; and the reader takes the next payment."""
    assert scene.heard.count(PAY) <= 1
    assert scene.story().count("sent") <= 1
    sale = sales.get(scene.stall.box.db.read(), scene.now(attempt).sale)
    assert (sale.receipt_event is not None) is paid
    scene.serve(lambda: scene.display() == "Ready")
    selling.ask(scene.stall, selling.basket(scene.stall))
    asked = scene.heard.count(PAY)
    scene.serve(lambda: scene.heard.count(PAY) == asked + 1)


def test_requested_and_nothing_sent(scene: Played) -> None:
    """The power failed before the reader took it up: of an earlier boot nothing is sent any more."""
    with scene.stall.box.db.transaction() as tx:
        readers.report(tx, 1, "Reader", "ready", "Ready")
    scene.stall.clock.boot, now = "an earlier one", scene.stall.clock.boot
    attempt = selling.ask(scene.stall, selling.basket(scene.stall))
    scene.stall.clock.boot = now
    scene.start_reader()
    assert scene.ended(attempt).state is State.NOT_SENT
    assert PAY not in scene.heard
    settled(scene, attempt, paid=False)


def test_sent_is_journaled_and_no_byte_left(scene: Played) -> None:
    scene.start_reader()
    scene.serve(lambda: ASK in scene.heard and scene.display() == "Ready")
    scene.kill_reader()
    attempt = selling.ask(scene.stall, selling.basket(scene.stall))
    selling.send(scene.stall, attempt)
    scene.crash("kill")
    found_out(scene, attempt, charged=False)


@either
def test_command_sent_and_no_answer(scene: Played, how: Crash, charged: bool) -> None:
    attempt = scene.sell()
    scene.crash(how)
    found_out(scene, attempt, charged=charged)


@either
def test_command_taken_and_no_result(scene: Played, how: Crash, charged: bool) -> None:
    attempt = scene.sell()
    scene.say(YES, INSERT_CARD)
    scene.crash(how)
    found_out(scene, attempt, charged=charged)


@either
def test_approval_journaled_and_our_answer_maybe_sent(scene: Played, how: Crash, charged: bool) -> None:
    attempt = scene.sell()
    scene.say(YES)
    scene.deaf_to_the_answer()
    scene.peer.send(played.receipt(OURS))
    scene.until(lambda: scene.state(attempt) == "approved")
    scene.crash(how)
    if charged:
        scene.last = played.receipt(OURS)
    scene.serve(lambda: not scene.now(attempt).open or "decide here" in scene.now(attempt).display)
    if charged:
        assert scene.now(attempt).state is State.PAID
        settled(scene, attempt, paid=True)
    else:  # the receipt that was journaled is not the terminal's last one: a person looks
        assert scene.now(attempt).state is State.UNKNOWN
        assert sales.get(scene.stall.box.db.read(), scene.now(attempt).sale).receipt_event is None


@crashes
def test_answer_sent_and_no_completion(scene: Played, how: Crash) -> None:
    """Our yes was acknowledged: it is paid then and there, whatever follows."""
    attempt = scene.sell()
    scene.approve()
    scene.hear(YES)
    scene.until(lambda: scene.state(attempt) == "paid")
    scene.last = played.receipt(OURS)
    scene.crash(how)
    settled(scene, attempt, paid=True)
    assert scene.story()[:4] == ["requested", "sent", "approved", "paid"]


@either
def test_declined_status_is_not_final(scene: Played, how: Crash, charged: bool) -> None:
    """After a wrong PIN an approval may follow in the same transaction, which nobody heard."""
    attempt = scene.sell()
    scene.say(YES, bytes.fromhex("04 0F 02 27 37"))
    assert scene.state(attempt) == "sent"
    scene.crash(how)
    found_out(scene, attempt, charged=charged)


@pytest.mark.parametrize(
    ("end", "reason"),
    [
        ((DECLINED, COMPLETION), Reason.DECLINED),
        ((DECLINED, STOPPED), Reason.CANCELLED),
        ((STOPPED,), Reason.CANCELLED),
    ],
    ids=["declined then completed", "declined then aborted", "aborted alone"],
)
def test_end_without_an_approval(scene: Played, end: tuple[bytes, ...], reason: Reason) -> None:
    attempt = scene.sell()
    asked = scene.heard.count(ASK)
    scene.say(YES, *end)
    scene.until(lambda: not scene.now(attempt).open)
    assert (scene.now(attempt).state, scene.now(attempt).reason) == (State.DECLINED, reason)
    assert scene.heard.count(ASK) == asked, "there was nothing to ask"
    settled(scene, attempt, paid=False)


@truths
def test_completion_and_never_a_result(scene: Played, charged: bool) -> None:
    attempt = scene.sell()
    scene.say(YES, COMPLETION)
    found_out(scene, attempt, charged=charged)


@pytest.mark.parametrize(
    ("total", "state"),
    [(played.AMOUNT, State.PAID), (0, State.REVERSED), (played.AMOUNT + 1, State.UNKNOWN)],
    ids=["it is in its totals", "it is not", "they are something else"],
)
def test_a_terminal_that_may_reverse_by_itself_is_asked_for_its_totals(make: Make, total: int, state: State) -> None:
    scene = make("standard")
    attempt = scene.sell()
    scene.say(YES, INSERT_CARD)
    scene.last, scene.total = played.receipt(OURS), total
    scene.crash("kill")
    scene.serve(lambda: not scene.now(attempt).open or "decide here" in scene.now(attempt).display)
    assert TOTALS in scene.heard
    assert scene.now(attempt).state is state
    assert scene.heard.count(PAY) == 1


OTHERS = {
    "another amount": played.receipt(OURS, 451),
    "a receipt too many": played.receipt(OURS + 1),
    "no result": b"",
}


@pytest.mark.parametrize("other", OTHERS)
def test_whatever_else_the_terminal_says_is_for_a_person(scene: Played, other: str) -> None:
    attempt = scene.sell()
    scene.last = OTHERS[other]
    scene.crash("kill")
    scene.serve(lambda: "decide here" in scene.now(attempt).display)
    assert attempts.open_on_reader(scene.stall.box.db.read(), 1), "the reader takes no other payment meanwhile"
    assert scene.state(attempt) == "unknown"
    assert scene.heard.count(PAY) == 1
