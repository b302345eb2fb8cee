"""A box of version 9 gains room for closing statements and countersigned certificates: what it had stays, and nothing is closed."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from sqlite_utils import Database as Tables

from stall.store import migrations, schema


def of_version_9(path: Path) -> None:
    """A database as version 9 left it, with a drop of which one copy was certified."""
    with closing(sqlite3.connect(path, isolation_level=None)) as conn:
        migrations.steps.apply(Tables(conn), stop_before="0010_papers")
        conn.execute("INSERT INTO creators VALUES (1, 'did:key:z', x'01')")
        conn.execute("INSERT INTO drops VALUES (1, 'harbour-prints', 1, 1, 1, 1, 50)")
        conn.execute("INSERT INTO certificates VALUES (256, x'01', 7, '{}')")
        conn.execute("PRAGMA user_version=9")


def test_a_box_of_version_9_keeps_its_certificates_and_no_drop_is_closed(tmp_path: Path) -> None:
    path = tmp_path / "stall.sqlite"
    of_version_9(path)
    for _ in range(2):  # migrating twice is migrating once
        migrations.migrate(path)
    with closing(sqlite3.connect(path)) as conn:
        assert conn.execute("PRAGMA user_version").fetchone()[0] == schema.VERSION
        assert conn.execute("SELECT drop_id, closing, closing_document FROM drops").fetchall() == [
            ("harbour-prints", None, None)
        ]
        assert conn.execute("SELECT line, document, countersigned FROM certificates").fetchall() == [(256, "{}", None)]
