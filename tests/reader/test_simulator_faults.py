"""Each fault of the simulated terminal as the till hears it, and what stands in the terminal's books afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from stall.reader.simulated.controls import Mode
from stall.reader.simulated.fate import At, Fate
from stall.reader.simulated.faults import FAULTS
from tests.reader.bench import Bench, pay, story

PAID = "Started Approval yes Completed"
BOOKED, REVERSED = [("payment", 1250, "booked")], [("payment", 1250, "reversed")]


@pytest.fixture(scope="module", params=["pty"])
def bench(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    bench = Bench(tmp_path_factory.mktemp("terminal"), tcp=request.param == "tcp")
    yield bench
    bench.end()


@pytest.fixture(autouse=True)
def _reversing(bench: Bench) -> None:
    bench.ledger.reversal = "reverse"


@dataclass(frozen=True)
class Case:
    fate: Fate
    heard: str
    booked: list[tuple[str, int, str]]
    tcp: bool = False


def case(
    mode: Mode, heard: str, booked: list[tuple[str, int, str]], *, tcp: bool = False, times: int = 1, at: At = At.STATUS
) -> Case:
    return Case(Fate(mode, times, at), heard, booked, tcp)


CASES = [
    case(Mode.APPROVE, PAID, BOOKED, tcp=True),
    case(Mode.DECLINE, "Started NotApproved Aborted", [], tcp=True),
    case(Mode.WRONG_PIN, "Started NotApproved Approval yes Completed", BOOKED),
    case(Mode.CANCELLED, "Started Aborted", []),
    case(Mode.OFFLINE, PAID, BOOKED),
    case(Mode.WRONG_AMOUNT, "Started Approval Aborted", [("payment", 1350, "reversed")], tcp=True),
    case(Mode.WRONG_CURRENCY, "Started Approval Aborted", REVERSED),
    case(Mode.UNMASKED_CARD, PAID, BOOKED),
    case(Mode.LONG_TRACE, PAID, BOOKED),
    case(Mode.STATUS_TWICE, PAID, BOOKED, tcp=True),
    case(Mode.COMPLETION_ONLY, "Started Completed", REVERSED, tcp=True),
    case(Mode.TEXTS_CP437, PAID, BOOKED),
    case(Mode.TEXTS_LATIN1, PAID, BOOKED),
    case(Mode.PRINT_LINES, PAID, BOOKED),
    case(Mode.SET_CLOCK, PAID, BOOKED),
    case(Mode.BUSY, "NotStarted", []),
    case(Mode.NO_HOST, "NotStarted", [], tcp=True),
    case(Mode.DAY_END_OPEN, "NotStarted", []),
    case(Mode.SILENT, "Started Lost", [], tcp=True),
    case(Mode.LATE_ANSWER, "Lost", REVERSED, tcp=True),
    case(Mode.LONG_WAIT, PAID, BOOKED),
    case(Mode.HANG_UP_BEFORE, "Started Lost", REVERSED, tcp=True),
    case(Mode.HANG_UP_AFTER, "Started Approval yes? Lost", REVERSED),
    case(Mode.VANISH, "Started Approval yes Lost", BOOKED, tcp=True),
    case(Mode.POWER_OFF, "Started Lost", REVERSED),
    case(Mode.POWER_OFF_AFTER_YES, "Started Approval yes? Lost", BOOKED),
    *(case(mode, PAID, BOOKED, at=at) for mode in (Mode.LOST_ACK, Mode.LATE_ACK, Mode.NAKS, Mode.BAD_CRC) for at in At),
    *(case(mode, PAID, BOOKED, times=2) for mode in (Mode.LOST_ACK, Mode.NAKS, Mode.BAD_CRC)),
    *(case(mode, PAID, BOOKED, at=at, tcp=at is At.STATUS) for mode in (Mode.SPLIT, Mode.DUPLICATE) for at in At),
    case(Mode.LOST_ACK, PAID, BOOKED, times=3),  # what the terminal says next shows that it heard
    case(Mode.NAKS, "Lost", [], times=3, at=At.COMMAND),
    case(Mode.NAKS, "Started Approval yes? Aborted", REVERSED, times=3),
    case(Mode.BAD_CRC, "Started Aborted", REVERSED, times=3),
    case(Mode.BAD_CRC, "Started Approval yes Lost", BOOKED, times=3, at=At.COMPLETION),
]  # fmt: skip


def name_of(case: Case) -> str:
    fate = case.fate
    return f"{fate.mode} {fate.times} at {fate.at}" if FAULTS[fate.mode].group == "The serial line" else str(fate.mode)


@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_each_fault_is_heard_and_booked_as_it_is(bench: Bench, case: Case) -> None:
    till = bench.plug()
    bench.new()
    bench.fated(case.fate)
    assert story(pay(till.pay(1250), 1250)) == case.heard
    if case.heard.endswith("Lost"):
        bench.plug()  # it is done with what the till did not hear
    assert bench.truth() == case.booked
