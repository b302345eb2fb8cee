"""A database that exists twice: cash and cards at once, numbers only after a new lease.

One that came back from the past belongs to the long run (`copies.SCENARIOS`).
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults import copies

SEED = 20_261_121
pytestmark = pytest.mark.timeout(400)


def test_a_copied_box_sells_on_and_neither_of_the_two_sells_the_others_numbers(tmp_path: Path) -> None:
    assert copies.scenario("copied box", SEED, tmp_path).found == []
