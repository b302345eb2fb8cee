"""The power fails while an older box is brought up to date: the next `stall migrate` ends what was begun."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
from pathlib import Path
from random import Random

import pytest

from stall.store import migrations, place, schema
from tests.faults.power import images
from tests.faults.power.disk import Disk
from tests.faults.power.images import Left
from tests.faults.power.test_cuts_find_what_is_not_safe import TESTS
from tests.preload.records import Op, append_ack
from tests.preload.watched import Watched

pytestmark = [pytest.mark.preload, pytest.mark.timeout(180)]

IMAGES = 150
EPOCH = bytes(range(16))
#: A database as the first version made it, with an empty journal.
OLD = """
import sqlite3, sys
sys.path.insert(0, {tests!r})
from sqlite_utils import Database
from stall.store import migrations
conn = sqlite3.connect("stall.sqlite", isolation_level=None)
conn.execute("PRAGMA journal_mode=WAL"); conn.execute("PRAGMA synchronous=FULL")
migrations.steps.apply(Database(conn), stop_before="0002_hash_tiles")
conn.execute("INSERT INTO epochs (no, epoch, opened_ms) VALUES (1, ?, 0)", ({epoch!r},))
conn.execute(
    "INSERT INTO journal (id, epoch_no, size, frontier, last_at_ms, floor_ms, floor_boot, floor_boottime_ms)"
    " VALUES (1, 1, 0, x'', 0, 0, 'boot', 0)"
)
conn.execute("PRAGMA user_version=1")
conn.close()
import os
folder = os.open(".", os.O_RDONLY); os.fsync(folder); os.close(folder)
"""
MIGRATE = """
import sys
sys.path.insert(0, {tests!r})
from pathlib import Path
from stall.store import migrations
migrations.migrate(Path("stall.sqlite").resolve())
"""


def test_it_is_migrated_in_the_end_and_nothing_of_it_is_lost(watched: Watched, tmp_path: Path) -> None:
    watched.run(OLD.format(tests=TESTS, epoch=EPOCH))
    append_ack(watched.log, "there is an old box")
    watched.run(MIGRATE.format(tests=TESTS))
    records, disk, rng = watched.records, Disk(), Random(11)
    began = next(n for n, record in enumerate(records) if record.op is Op.ACK)
    cuts = sorted(rng.choice(range(began, len(records) + 1)) for _ in range(IMAGES))
    done = 0
    for n, cut in enumerate(cuts):
        for record in records[done:cut]:
            disk.apply(record)
        done = cut
        folder = tmp_path / "image"
        images.lay_out(images.build(disk, rng.choice(list(Left)), Random(n)), folder)
        migrations.migrate(folder / "stall.sqlite")
        check(folder)
        shutil.rmtree(folder)


def check(folder: Path) -> None:
    with contextlib.closing(sqlite3.connect(folder / "stall.sqlite")) as conn:
        assert conn.execute("PRAGMA user_version").fetchone()[0] == schema.VERSION
        assert conn.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        assert conn.execute("SELECT no, epoch FROM epochs").fetchall() == [(1, EPOCH)]
    kept = place.read(folder)
    assert kept is not None, "the place of an older box was not noted"
