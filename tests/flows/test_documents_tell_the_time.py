"""The newest `iat` of a document the box trusts is a floor of its time: delegation, manifest and lease, at acceptance."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from stall import app
from stall.flows.accept_document import accept_delegation, accept_lease
from stall.flows.record_pack import record_pack
from stall.store import journal
from stall.store.box import Box
from stall.wire import manifest
from tests.fakes import stock
from tests.fakes.clock import START_MS, FakeClock
from tests.fakes.stock import CREATOR, PRINTS

DAY_S, HOUR_S = 86_400, 3_600
ISSUED_S = START_MS // 1000 + 10 * DAY_S


@pytest.fixture
def clock() -> FakeClock:
    """A board without any source of time, ten days behind."""
    return FakeClock(wall=0, source=None)


@pytest.fixture
def box(tmp_path: Path, clock: FakeClock) -> Iterator[Box]:
    app.create_box(tmp_path / "box", pin="123456", clock=FakeClock())
    opened = app.open_box(tmp_path / "box", clock=clock)
    yield opened
    opened.close()


def test_each_document_moves_the_floor_up_to_its_own_time(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    monkeypatch.setattr(stock, "NOW_S", ISSUED_S + DAY_S)  # the stand-in dates it a day earlier
    with box.db.transaction() as tx:
        accept_delegation(tx, stock._delegation(box.secrets.signing))
        epoch = journal.read_head(tx.conn).epoch_text
    seen.append(box.now_ms())
    monkeypatch.setattr(stock, "NOW_S", ISSUED_S + DAY_S + HOUR_S)
    token, made = stock._manifest(PRINTS), stock._on_disk(box.folder, PRINTS)
    signed = manifest.verify(token, {CREATOR.thumbprint: CREATOR.public})
    with box.db.transaction() as tx:
        record_pack(tx, signed, token, made, "EUR")
    seen.append(box.now_ms())
    monkeypatch.setattr(stock, "NOW_S", ISSUED_S + 2 * HOUR_S + 60)  # and this one a minute
    with box.db.transaction() as tx:
        accept_lease(tx, stock._lease(box.secrets.signing, epoch, signed, token))
    seen.append(box.now_ms())
    assert seen == [(ISSUED_S + hours * HOUR_S) * 1000 for hours in (0, 1, 2)]


def test_the_floor_of_a_document_outlives_a_restart(
    box: Box, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stock, "NOW_S", ISSUED_S + DAY_S)
    with box.db.transaction() as tx:
        accept_delegation(tx, stock._delegation(box.secrets.signing))
    box.close()
    clock.reboot(wall=0)
    again = app.open_box(box.folder, clock=clock)
    assert again.now_ms() == ISSUED_S * 1000
    again.close()


def test_what_was_running_keeps_the_time_it_had_left(box: Box) -> None:
    with box.db.transaction() as tx:
        tx.conn.execute("UPDATE staff SET locked_until_ms = ?", (START_MS + 60_000,))
        tx.raise_floor(ISSUED_S * 1000)
    (locked_until,) = box.db.read().execute("SELECT locked_until_ms FROM staff").fetchone()
    assert locked_until == ISSUED_S * 1000 + 60_000
