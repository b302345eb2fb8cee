"""Sales by card while everything fails at once: afterwards the terminal's books and ours agree, to the cent and the item.

The short run of `./setup.sh bench readers`; a difference names the folder it left and the stall whose seed makes it again.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.money import driver
from tests.money.plan import shares

SALES, SEED, STALLS = 80, 20261128, 2


@pytest.mark.timeout(600)  # a busy machine takes ten times as long
def test_after_faults_kills_and_pulled_cables_both_books_agree(tmp_path: Path) -> None:
    with ThreadPoolExecutor(STALLS) as pool:
        outcome = driver.together(pool, shares(SALES, SEED, STALLS), tmp_path)
    assert outcome.found == []
    assert outcome.counts["sales"] == SALES
    assert outcome.counts["payments booked"] > SALES // 2
    assert sum(outcome.counts[f"killed: {name}"] for name in ("reader", "web", "simulate")) >= 5
    assert outcome.counts["unplugged: cable"] + outcome.counts["unplugged: power"] >= 3
    assert len(outcome.faults) >= 15
    assert outcome.unknowns.total() >= 5
