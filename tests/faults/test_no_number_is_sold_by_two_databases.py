"""A database that exists twice, or came back from the past: cash and cards at once, numbers only after a new lease."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults import copies

SEED = 20_261_121
pytestmark = pytest.mark.timeout(400)


@pytest.mark.parametrize("what", ["copied box", "old image put back"])
def test_no_number_is_sold_twice_by(tmp_path: Path, what: str) -> None:
    assert copies.scenario(what, SEED, tmp_path).found == []
