"""Reshaping a box and giving it a new PIN, from the command line."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from stall import app
from stall.cli import main
from stall.flows import staff_pin
from stall.store import schema


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(list(arguments))
    return int(ended.value.code or 0)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    app.create_box(tmp_path / "box", pin="123456")
    return tmp_path / "box"


def test_migrating_is_refused_while_the_stall_runs(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    running = app.open_box(folder)
    assert run("migrate", "--data", str(folder)) == 1
    assert "box-running" in capsys.readouterr().err
    running.close()
    assert run("migrate", "--data", str(folder)) == 0


def test_an_older_schema_is_brought_up_to_date(folder: Path) -> None:
    conn = sqlite3.connect(folder / "stall.sqlite")
    conn.execute("PRAGMA user_version=0")
    conn.close()
    assert run("keys", "show", str(folder)) == 1
    assert run("migrate", "--data", str(folder)) == 0
    conn = sqlite3.connect(folder / "stall.sqlite")
    assert conn.execute("PRAGMA user_version").fetchone()[0] == schema.VERSION
    conn.close()
    assert run("keys", "show", str(folder)) == 0


def test_a_new_pin_voids_the_old_one(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("keys", "pin", "--data", str(folder)) == 0
    shown = capsys.readouterr().out.rsplit(" ", 1)[1].strip()
    box = app.open_box(folder)
    with box.db.transaction() as tx:
        kept = staff_pin.begin_try(tx)
    box.close()
    assert staff_pin.matches(kept, shown)
    assert not staff_pin.matches(kept, "123456")
