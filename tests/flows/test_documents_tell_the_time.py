"""The newest `iat` of a document the box trusts is a floor of its time: delegation, manifest and lease, at acceptance."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from stall import app
from stall.flows.accept_document import accept_delegation, accept_lease
from stall.flows.record_pack import Prepared, record_pack
from stall.store.box import Box
from stall.wire import manifest
from tests.fakes import papers
from tests.fakes.clock import START_MS, FakeClock
from tests.fakes.papers import CREATOR, DAY_S

HOUR_S = 3_600
ISSUED_S = START_MS // 1000 + 10 * DAY_S
PRINTS = papers.Offer(
    "prints", "Harbour Prints", 450, 5, (manifest.File(path="1.jpg", size=1, sha256="0" * 64, type="image/jpeg"),)
)


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


def delegate(box: Box) -> None:
    with box.db.transaction() as tx:
        accept_delegation(tx, papers.delegate_box(box.secrets.signing, now_s=ISSUED_S, since_s=ISSUED_S))


def test_each_document_moves_the_floor_up_to_its_own_time(box: Box) -> None:
    seen = []
    delegate(box)
    seen.append(box.now_ms())
    later_s = ISSUED_S + HOUR_S
    token = papers.sign_manifest(PRINTS, bytes(16), now_s=later_s, since_s=later_s)
    signed = manifest.verify(token, {CREATOR.thumbprint: CREATOR.public})
    with box.db.transaction() as tx:
        record_pack(tx, signed, token, Prepared(None, "prints.zip", 1, "0" * 64), "EUR")
    seen.append(box.now_ms())
    leasing = papers.Leasing(bytes(16), later_s + HOUR_S + 60, ((1, 5),))  # dated a minute earlier
    with box.db.transaction() as tx:
        accept_lease(tx, leasing.sign(box, PRINTS.drop, token))
    seen.append(box.now_ms())
    assert seen == [(ISSUED_S + hours * HOUR_S) * 1000 for hours in (0, 1, 2)]


def test_the_floor_of_a_document_outlives_a_restart(box: Box, clock: FakeClock) -> None:
    delegate(box)
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
