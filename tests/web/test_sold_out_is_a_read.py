"""A crowd that comes too late is told so without one trip through the write door."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from stall.store import locks
from tests.fakes.stock import EDITION, PRINTS, Stocked
from tests.flows import selling
from tests.web.phone import press_of


@pytest.fixture
def entries(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Every entry through the door."""
    seen: list[Path] = []
    door = locks.door

    @contextmanager
    def counted(folder: Path) -> Iterator[locks.Door]:
        seen.append(folder)
        with door(folder) as held:
            yield held

    monkeypatch.setattr(locks, "door", counted)
    return seen


@pytest.mark.parametrize("button", ["order", "take"])
def test_a_press_on_what_is_sold_out_writes_nothing(
    buyer: FlaskClient, stocked_box: Stocked, entries: list[Path], button: str
) -> None:
    press = press_of(buyer.get(f"/d/{PRINTS}"))
    for _ in range(EDITION):
        selling.cash(stocked_box, selling.basket(stocked_box))
    entries.clear()
    answer = buyer.post(f"/d/{PRINTS}/{button}", data={"press": press})
    assert (answer.status_code, "sold out" in answer.text) == (409, True)
    assert entries == []
