"""What a seed decides it decides again: the same faults in the same order, whatever dies in between."""

from __future__ import annotations

from pathlib import Path

import pytest

from stall.reader.simulated import script as scripts
from stall.reader.simulated.controls import Controls
from stall.reader.simulated.fate import Fate
from stall.reader.simulated.fates import Fates
from stall.reader.simulated.faults import FAULTS
from stall.reader.simulated.ledger import Ledger
from tests.money import plan
from tests.money.plan import Share, shares

PAYMENTS = 60


def share(seed: int = 7) -> Share:
    return shares(40, seed, 1)[0]


def script_of(folder: Path, seed: int) -> Path:
    file = folder / f"{seed}.toml"
    file.write_text(plan.script(share(seed)), encoding="utf-8")
    return file


def met(folder: Path, script: Path, *, dies_every: int = PAYMENTS) -> list[Fate]:
    """The fates of so many payments at a terminal that is started again after every few of them."""
    taken: list[Fate] = []
    while len(taken) < PAYMENTS:
        ledger = Ledger(folder / "ledger.sqlite", "52000001")
        fates = Fates(ledger, Controls(FAULTS, hardware=True), scripts.load(script))
        taken += [fates.take(None) for _ in range(min(dies_every, PAYMENTS - len(taken)))]
    return taken


def test_the_terminal_meets_the_same_faults_again(tmp_path: Path) -> None:
    script = script_of(tmp_path, 7)
    first = met(tmp_path / "first", script)
    assert first == met(tmp_path / "second", script)
    assert len({fate.mode for fate in first}) > 10


@pytest.mark.parametrize("dies_every", [1, 7])
def test_a_terminal_killed_in_between_goes_on_with_them(tmp_path: Path, dies_every: int) -> None:
    script = script_of(tmp_path, 7)
    assert met(tmp_path / "whole", script) == met(tmp_path / "killed", script, dies_every=dies_every)


def test_another_seed_makes_others(tmp_path: Path) -> None:
    assert met(tmp_path / "one", script_of(tmp_path, 7)) != met(tmp_path / "other", script_of(tmp_path, 8))


def test_buyers_and_kills_are_drawn_from_the_seed_too() -> None:
    drawn = [
        [plan.wanted(chance) for _ in range(20)] for chance in (share().chance("till-1"), share().chance("till-1"))
    ]
    assert drawn[0] == drawn[1]
    assert drawn[0] != [plan.wanted(chance) for chance in [share().chance("till-2")] for _ in range(20)]


def test_the_stalls_of_a_run_share_its_sales_and_differ_in_make() -> None:
    made = shares(1001, 1, 4)
    assert sum(each.sales for each in made) == 1001
    assert len({each.make for each in made}) == len(plan.MAKES)
