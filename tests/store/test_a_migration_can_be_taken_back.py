"""A database is brought to a newer form with a copy beside it, which takes its place again where the newer version does not come up."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from stall import app
from stall.errors import Refused
from stall.store import journal, locks, migrations, place, precopy, schema
from tests.fakes.clock import FakeClock


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    app.create_box(tmp_path / "box", clock=FakeClock())
    return tmp_path / "box"


def epoch(folder: Path) -> str:
    box = app.open_box(folder, clock=FakeClock())
    try:
        return journal.read_head(box.db.read()).epoch_text
    finally:
        box.close()


def make_old(folder: Path) -> None:
    """As a version before would have left it: for `migrate` its number is all that counts."""
    conn = sqlite3.connect(folder / place.DATABASE, isolation_level=None)
    conn.execute(f"PRAGMA user_version={schema.VERSION - 1}")
    conn.execute("CREATE TABLE of_the_old_version (x)")
    conn.close()


def tables(folder: Path) -> set[str]:
    conn = sqlite3.connect(folder / place.DATABASE)
    try:
        return {name for (name,) in conn.execute("SELECT name FROM sqlite_master")}
    finally:
        conn.close()


def test_a_database_of_this_version_is_left_alone(folder: Path) -> None:
    assert precopy.migrate(folder) is False
    assert not (folder / precopy.COPY).exists()


def test_the_copy_comes_back_as_the_same_box_at_home(folder: Path) -> None:
    before = epoch(folder)
    make_old(folder)
    assert precopy.migrate(folder) is True
    assert (folder / precopy.COPY).stat().st_mode & 0o777 == 0o600
    conn = sqlite3.connect(folder / place.DATABASE, isolation_level=None)
    conn.execute("DROP TABLE of_the_old_version")
    conn.close()
    precopy.put_back(folder)
    assert not (folder / precopy.COPY).exists()
    assert "of_the_old_version" in tables(folder)
    kept = place.read(folder)
    assert kept is not None
    assert kept.place == place.here(folder)
    precopy.migrate(folder)
    assert epoch(folder) == before
    precopy.drop(folder)
    assert not (folder / precopy.COPY).exists()


def test_a_stall_that_runs_is_not_touched(folder: Path) -> None:
    make_old(folder)
    held = locks.share_run(folder)
    try:
        with pytest.raises(Refused) as said:
            precopy.migrate(folder)
    finally:
        held.release()
    assert said.value.code == "box-running"
    assert not (folder / precopy.COPY).exists()


def test_a_copy_that_an_earlier_run_left_never_takes_the_place_of_what_was_sold_since(folder: Path) -> None:
    (folder / precopy.COPY).write_bytes((folder / place.DATABASE).read_bytes())
    assert precopy.migrate(folder) is False
    assert not (folder / precopy.COPY).exists()


def test_whoever_keeps_the_log_from_being_emptied_stops_it(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migrations, "BUSY_S", 0.01)
    make_old(folder)
    looking = sqlite3.connect(folder / place.DATABASE, isolation_level=None)
    looking.execute("BEGIN")
    looking.execute("SELECT count(*) FROM epochs").fetchone()
    selling = sqlite3.connect(folder / place.DATABASE, isolation_level=None)
    selling.execute("CREATE TABLE sold_since (x)")
    try:
        with pytest.raises(Refused, match="reads the stall's database"):
            precopy.migrate(folder)
    finally:
        looking.close()
        selling.close()
    assert not (folder / precopy.COPY).exists()


@pytest.mark.parametrize(("kind", "lost"), [("sale", True), ("drop", True), ("epoch", False), ("exception", False)])
def test_what_happened_since_the_copy_is_found_and_what_a_start_writes_is_not(
    folder: Path, kind: str, lost: bool
) -> None:
    make_old(folder)
    precopy.migrate(folder)
    assert precopy.happened_since(folder) is False
    conn = sqlite3.connect(folder / place.DATABASE, isolation_level=None)
    conn.execute("INSERT INTO events SELECT max(id) + 1, ? FROM events", (json.dumps({"kind": kind}).encode(),))
    conn.close()
    assert precopy.happened_since(folder) is lost
    precopy.drop(folder)
    assert precopy.happened_since(folder) is False
