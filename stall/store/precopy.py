"""The database as it was before a migration, kept beside it until the newer version has come up.

A newer version that does not come up is taken back, and the older one reads no newer database. Putting the copy back may lose
nothing: where anything happened at the stall meanwhile, it stays where it is (`happened_since`).
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from stall import disk
from stall.store import locks, migrations, place, readonly
from stall.store.place import DATABASE, Kept

COPY = "stall.sqlite.before"
#: Events that a box writes by itself when it starts: nobody was told anything.
_BY_ITSELF = frozenset({"epoch", "exception"})


def migrate(folder: Path) -> bool:
    """Bring a stopped box to this version, keeping a copy from before; whether there was anything to do.

    Raises Refused `box-running`, and what the disk and `migrations.migrate` raise; the database is then as it was.
    """
    held = locks.own_run(folder)
    try:
        drop(folder)  # one that an earlier migration left is older than what was sold since
        if not migrations.outdated(folder / DATABASE):
            return False
        with disk.whole_file(folder / COPY, 0o600) as file, (folder / DATABASE).open("rb") as database:
            shutil.copyfileobj(database, file)
        migrations.migrate(folder / DATABASE)
        return True
    finally:
        held.release()


def happened_since(folder: Path) -> bool:
    """Whether the journal of a stopped box holds more than the copy, beyond what a start writes by itself; never without a copy.

    Raises Refused `box-running`, and what SQLite raises.
    """
    if not (folder / COPY).exists():
        return False
    held = locks.own_run(folder)
    try:
        with readonly.untouched(folder / COPY) as copy:
            (last,) = copy.execute("SELECT coalesce(max(id), -1) FROM events").fetchone()
        with readonly.untouched(folder / DATABASE) as now:
            newer = now.execute("SELECT bytes FROM events WHERE id > ?", (last,))
            return any(json.loads(event)["kind"] not in _BY_ITSELF for (event,) in newer)
    finally:
        held.release()


def put_back(folder: Path) -> None:
    """Take the copy in place of the database; then there is none any more. May be cut off and done again.

    Only where nothing `happened_since`. Raises Refused `box-running`.
    """
    held = locks.own_run(folder)
    try:
        kept = place.read(folder)
        fresh = folder / f"{DATABASE}.new"
        with disk.whole_file(fresh, 0o600) as file, (folder / COPY).open("rb") as copy:
            shutil.copyfileobj(copy, file)
        if kept is not None:
            place.keep(folder, Kept(place.here(folder, fresh.name), kept.witness))
        for beside in ("-wal", "-shm"):
            (folder / f"{DATABASE}{beside}").unlink(missing_ok=True)
        fresh.replace(folder / DATABASE)
        disk.sync_folder(folder)
        drop(folder)
    finally:
        held.release()


def drop(folder: Path) -> None:
    """The copy is needed no more: it goes, with the people in it, and does not come back by a power cut."""
    (folder / COPY).unlink(missing_ok=True)
    disk.sync_folder(folder)
