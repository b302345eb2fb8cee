"""A box of version 9 keeps the names of its ZIPs, and claims no snippet that was not cut."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from sqlite_utils import Database as Tables

from stall.store import migrations, schema

SHA = "ab" * 32


def test_a_box_of_version_9_keeps_its_zips_and_has_no_snippets_yet(tmp_path: Path) -> None:
    path = tmp_path / "stall.sqlite"
    with closing(sqlite3.connect(path, isolation_level=None)) as conn:
        migrations.steps.apply(Tables(conn), stop_before="0010_papers")
        conn.execute("INSERT INTO documents VALUES (1, 'stall-manifest+jwt', 'h', 'token', 5)")
        conn.execute("INSERT INTO creators VALUES (1, 'did:key:z', x'01')")
        conn.execute("INSERT INTO drops VALUES (1, 'harbour-songs', 1, 1, 1, 1, 50)")
        conn.execute(
            "INSERT INTO packs VALUES (1, 1, 1, 'h', 'Harbour Songs', 'limited', '', 'For private use', 450, 'EUR', 1, 2, 3,"
            " 5, 5, 600, 'c', 'z.zip', 9, ?, 8, NULL, NULL)",
            (SHA,),
        )
        conn.execute("INSERT INTO files VALUES (?, '1.mp3', 4, ?, 'audio/mpeg', 'main', NULL, NULL)", (1 << 16, SHA))
        conn.execute("PRAGMA user_version=9")
    for _ in range(2):
        migrations.migrate(path)
    with closing(sqlite3.connect(path)) as conn:
        assert conn.execute("PRAGMA user_version").fetchone()[0] == schema.VERSION
        assert conn.execute("SELECT zip_name, zip_size, zip_key FROM packs").fetchall() == [("z.zip", 9, SHA)]
        assert conn.execute("SELECT path, snippet, snippet_s FROM files").fetchall() == [("1.mp3", None, None)]
