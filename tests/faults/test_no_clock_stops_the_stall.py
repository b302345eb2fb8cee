"""A clock that jumps or stands still while people buy: nothing is lost, dates stay in order, selling goes on."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults import clocks

SEED = 20_261_121
pytestmark = pytest.mark.timeout(300)


@pytest.mark.parametrize("wrong", ["forward 10 years", "backward 20 years"])
def test_it_sells_through_a_clock_that_is(tmp_path: Path, wrong: str) -> None:
    summary = clocks.scenario(wrong, SEED, tmp_path)
    assert summary.found == []
    assert summary.promised > 10
