"""A clock that jumps while people buy: nothing is lost, dates stay in order, selling goes on.

The other clocks of `clocks.WRONG` belong to the long run.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults import clocks

SEED = 20_261_121
pytestmark = pytest.mark.timeout(300)


def test_it_sells_through_a_clock_that_is_ten_years_ahead_and_back_again(tmp_path: Path) -> None:
    summary = clocks.scenario("forward 10 years", SEED, tmp_path)
    assert summary.found == []
    assert summary.promised > 10
