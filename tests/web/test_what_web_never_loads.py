"""What the buyers' side loads: asked in a process of its own, by real requests."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bench import front_stand, programs


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str] | int]:
    folder = tmp_path_factory.mktemp("loaded") / "box"
    front_stand.make(folder, 1, 3)
    answer: dict[str, list[str] | int] = programs.run("loaded", Path(folder), front_stand.PHOTOS, seconds=60)
    return answer


@pytest.mark.parametrize("when", ["start", "all", "till"])
def test_libraries_of_other_processes_are_never_loaded(told: dict[str, list[str] | int], when: str) -> None:
    assert told[when] == []


def test_codes_are_drawn_by_nothing_on_the_way_to_the_file(told: dict[str, list[str] | int]) -> None:
    assert told["before"] == told["start"] == told["sale"] == []


def test_every_address_was_asked_for(told: dict[str, list[str] | int]) -> None:
    pages = told["pages"]
    assert isinstance(pages, int)
    assert pages >= 12
