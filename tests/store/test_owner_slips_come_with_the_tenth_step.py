"""A box of version 9 learns to print owner slips: what was printed stays as it was, and no slip is wanted that nobody asked for."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from sqlite_utils import Database as Tables

from stall.store import migrations, schema

JOBS = [
    (1, "receipt", 77, "done", 1, 88, 2, 3, 1000, 2000, ""),
    (4, "drawer", None, "asked", 0, None, None, None, 3000, None, None),
]


def test_jobs_and_printer_are_kept_and_slips_can_be_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "stall.sqlite"
    with closing(sqlite3.connect(path, isolation_level=None)) as conn:
        migrations.steps.apply(Tables(conn), stop_before="0010_papers")
        conn.executemany(f"INSERT INTO print_jobs VALUES ({', '.join('?' * 11)})", JOBS)
        conn.execute("INSERT INTO printer VALUES (1, 'ready', 'The printer is ready.', 1, 0, 5)")
        conn.execute("PRAGMA user_version=9")
    for _ in range(2):
        migrations.migrate(path)
    with closing(sqlite3.connect(path)) as conn:
        assert conn.execute("PRAGMA user_version").fetchone()[0] == schema.VERSION
        assert conn.execute("SELECT * FROM print_jobs ORDER BY no").fetchall() == JOBS
        assert conn.execute("SELECT * FROM printer").fetchall() == [(1, "ready", "The printer is ready.", 1, 0, 5, 0)]
        conn.execute("INSERT INTO print_jobs (kind, subject, state, asked_ms) VALUES ('owner', 9, 'asked', 0)")
        indexes = {row[1] for row in conn.execute("PRAGMA index_list(print_jobs)")}
    assert indexes == {"print_jobs_of", "print_jobs_waiting"}
