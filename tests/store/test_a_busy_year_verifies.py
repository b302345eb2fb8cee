"""The year that other tests measure pages with is a real one: its journal verifies, and nothing of a stall's life is missing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from stall.store.audit import audit
from tests.fakes import busy_year
from tests.fakes.stock import Stocked

SALES = 1_000


@pytest.fixture
def year(shared_folder: Path, tmp_path: Path) -> Iterator[Stocked]:
    stocked = busy_year.copy(shared_folder, tmp_path / "box", SALES)
    yield stocked
    stocked.box.close()


def test_its_journal_verifies(year: Stocked) -> None:
    found = audit(year.box.db.read(), year.box.secrets.signing.public)
    assert found.findings == []
    assert found.receipts >= SALES


@pytest.mark.parametrize(
    "what",
    [
        "sales WHERE state = 'basket'",
        "sales WHERE state = 'dropped'",
        "sales WHERE void_event IS NOT NULL",
        "attempts WHERE tender = 'cash'",
        "attempts WHERE tender = 'comp'",
        "attempts WHERE tender = 'operator'",
        "attempts WHERE settlement = 'online'",
        "attempts WHERE offline = 1",
        "attempts WHERE state = 'declined'",
        "lines WHERE id & 255 = 199",
        "day_ends",
        "exceptions",
        "grants",
    ],
)
def test_there_is_some_of_everything(year: Stocked, what: str) -> None:
    (count,) = year.box.db.read().execute(f"SELECT count(*) FROM {what}").fetchone()
    assert count > 0


def test_there_are_as_many_sales_as_were_asked_for(year: Stocked) -> None:
    (count,) = year.box.db.read().execute("SELECT count(*) FROM sales WHERE state = 'paid'").fetchone()
    assert count == SALES
