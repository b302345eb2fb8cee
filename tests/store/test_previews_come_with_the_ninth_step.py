"""A box of version 8 gains previews and accents: nothing of it is lost, and nothing is claimed that was not made."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from sqlite_utils import Database as Tables

from stall.store import migrations, schema

SHA = "ab" * 32


def of_version_8(path: Path) -> None:
    """A database as version 8 left it, with a pack of two files that was sold."""
    with closing(sqlite3.connect(path, isolation_level=None)) as conn:
        migrations.steps.apply(Tables(conn), stop_before="0009_buyers")
        conn.execute("INSERT INTO documents VALUES (1, 'stall-manifest+jwt', 'h', 'token', 5)")
        conn.execute("INSERT INTO creators VALUES (1, 'did:key:z', x'01')")
        conn.execute("INSERT INTO drops VALUES (1, 'harbour-prints', 1, 1, 1, 1, 50)")
        conn.execute(
            "INSERT INTO packs VALUES (1, 1, 1, 'h', 'Harbour Prints', 'limited', '', 'For private use', 450, 'EUR', 1, 2, 3,"
            " 5, 5, 600, 'c', 'z.zip', 9, 'z', 8)"
        )
        for n in range(2):
            conn.execute(
                "INSERT INTO files VALUES (?, ?, 4, ?, 'image/jpeg', 'main')", (schema.file_id(1, n), f"{n}.jpg", SHA)
            )
        conn.execute("PRAGMA user_version=8")


def test_a_box_of_version_8_keeps_its_packs_and_has_no_previews_yet(tmp_path: Path) -> None:
    path = tmp_path / "stall.sqlite"
    of_version_8(path)
    migrations.migrate(path)
    with closing(sqlite3.connect(path)) as conn:
        assert conn.execute("PRAGMA user_version").fetchone()[0] == schema.VERSION
        assert conn.execute("SELECT title, price_minor, accent FROM packs").fetchall() == [
            ("Harbour Prints", 450, None)
        ]
        files = conn.execute("SELECT path, sha256, role, preview_w, preview_h FROM files ORDER BY id").fetchall()
        assert files == [("0.jpg", SHA, "main", None, None), ("1.jpg", SHA, "main", None, None)]
        assert conn.execute("SELECT drop_id, switched_on, edition FROM drops").fetchall() == [("harbour-prints", 1, 50)]


def test_migrating_twice_is_migrating_once(tmp_path: Path) -> None:
    path = tmp_path / "stall.sqlite"
    of_version_8(path)
    for _ in range(2):
        migrations.migrate(path)
    with closing(sqlite3.connect(path)) as conn:
        columns = [row[1] for row in conn.execute("PRAGMA table_info(files)")]
    assert columns.count("preview_w") == columns.count("preview_h") == 1
