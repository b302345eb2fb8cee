"""Of a card its last four digits are kept and its scheme, whatever the terminal tells, with `trace = true`.

The terminal says the whole card in every unit it sends. Pages and reader are real processes; then every file, every
sealed row, every line logged and every page served is searched.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from stall.domain.payment import Reason, State
from stall.flows import card_attempt
from stall.reader.simulated.cable import PtyCable
from stall.reader.simulated.controls import Controls
from stall.reader.simulated.faults import FAULTS
from stall.reader.simulated.ledger import Ledger
from stall.reader.simulated.payment import Habits
from stall.reader.simulated.simulator import SimulatedTerminal
from stall.reader.simulated.telium.payment import OFFERED
from stall.reader.simulated.telium.simulator import SimulatedTerminal as FrenchTerminal
from stall.reader.telium.timers import Timers as FrenchTimers
from stall.reader.zvt.timers import Timers
from stall.settings import Reader
from tests.reader import loose_card as card
from tests.reader import loose_lips
from tests.reader.loose_lips import Lips
from tests.reader.loose_stall import Stall

pytestmark = pytest.mark.timeout(180)  # four processes and some thirty pages, on a machine that may have much to do
SCALE, FRENCH_SCALE = 1 / 10, 1 / 60
HABITS = Habits(card_after_s=0.05, silent_s=0.5, vanish_s=0.3, answer_s=1.0, step_s=0.0)
STATUS, STEP, COMPLETION, ABORT, LINE, SLIP = 0x040F, 0x04FF, 0x060F, 0x061E, 0x06D1, 0x06D3


@pytest.fixture
def lips(monkeypatch: pytest.MonkeyPatch) -> Lips:
    return loose_lips.loosen(monkeypatch)


@pytest.fixture
def german(tmp_path: Path, lips: Lips) -> Iterator[Stall]:
    """A stall with a ZVT terminal that takes nothing back by itself."""

    def make(ledger: Ledger, controls: Controls, port: Path) -> SimulatedTerminal:
        return SimulatedTerminal(ledger, controls, port, "000000", Timers(SCALE), HABITS)

    reader = Reader(link=f"serial:{tmp_path / 'port'}", profile="simulated", time_scale=SCALE, trace=True)
    made = Stall(tmp_path, Controls(FAULTS, hardware=True), make, reader)
    made.start()
    yield made
    made.end()


@pytest.fixture
def french(tmp_path: Path, lips: Lips) -> Iterator[Stall]:
    """A stall with a Concert E+ terminal that sends a report with each answer, though nobody asks for one."""

    def make(ledger: Ledger, controls: Controls, port: Path) -> FrenchTerminal:
        habits = replace(HABITS, silent_s=0.2)
        return FrenchTerminal(ledger, controls, PtyCable(port), FrenchTimers(FRENCH_SCALE), habits)

    link = f"serial:{tmp_path / 'port'}"
    reader = Reader(link=link, protocol="telium", profile="telium-refunds", time_scale=FRENCH_SCALE, trace=True)
    made = Stall(tmp_path, Controls(OFFERED), make, reader)
    made.start()
    yield made
    made.end()


def look_into_everything(stall: Stall) -> list[str]:
    """After the last payment: every page and every report, then the search."""
    stall.look_at_everything()
    stall.run("reader", "probe")
    stall.run("report", "reconcile")
    stall.run("journal", "verify")
    stall.run("journal", "export")
    stall.stop()
    return stall.findings()


def it_was_all_there(written: dict[str, bytes]) -> None:
    """A search of nothing finds nothing: trace, sealed rows and pages are among what was looked into."""
    assert b"reader.unit" in written["reader"]
    assert b"04 0f" in written["reader"]
    assert b"scheme" in written["sealed rows"]
    assert b'"checkpoint"' in written["journal-export"]
    assert {"stall.sqlite", "reader-watch", "reader-probe", "report-reconcile", "web"} <= written.keys()
    assert any(name.startswith("buyers /g/") for name in written)
    assert any(name.startswith("till /sale/") for name in written)


def test_a_zvt_terminal_that_tells_all_of_a_card_leaves_four_digits_of_it(german: Stall, lips: Lips) -> None:
    stall = german
    paid = [
        stall.sell(mode) for mode in ("approve", "unmasked-card", "print-lines", "offline", "wrong-pin-then-approve")
    ]
    assert [each.state for each in paid] == [State.PAID] * len(paid)
    for mode in ("decline", "cancelled", "no-host", "busy"):
        assert stall.sell(mode).state is State.DECLINED
    assert stall.sell("wrong-amount").state is State.REVERSED
    assert not stall.sell("hang-up-before-status").open
    assert not stall.sell("approve-then-vanish").open
    assert stall.give_back(paid[0], "reverse").state is State.PAID
    stall.job("/day/check")
    stall.job("/day/end")
    assert stall.give_back(paid[1], "refund").state is State.PAID
    assert all(lips.said.get(command) for command in (STATUS, STEP, COMPLETION, ABORT, LINE, SLIP)), lips.said
    assert look_into_everything(stall) == []
    assert set(stall.last4()) == {card.LAST4}
    it_was_all_there(dict(stall.written()))


def test_a_french_terminal_that_reports_the_card_leaves_nothing_of_it(french: Stall, lips: Lips) -> None:
    stall = french
    paid = [stall.sell(mode) for mode in ("approve", "unmasked-card", "duplicate")]
    assert [each.state for each in paid] == [State.PAID] * len(paid)
    assert stall.sell("decline").state is State.DECLINED
    unknown = stall.sell("late-answer")
    assert (unknown.state, unknown.reason) == (State.UNKNOWN, Reason.READER_LOST)
    with stall.box.db.transaction() as tx:
        card_attempt.decide(tx, unknown.no, "paid", "maker", "the slip says accepted")
    assert stall.give_back(paid[0], "refund").state is State.PAID
    assert lips.said[0] >= 6
    assert look_into_everything(stall) == []
    assert set(stall.last4()) == {None}
