"""The order in which the test run begins its files names files that are there."""

from __future__ import annotations

from tests.conftest import LONGEST_FIRST
from tests.house.sources import ROOT


def test_every_file_that_begins_first_is_there_and_named_once() -> None:
    assert [name for name in LONGEST_FIRST if not (ROOT / name).is_file()] == []
    assert len(set(LONGEST_FIRST)) == len(LONGEST_FIRST)
