"""The database as it was before a migration, kept beside it until the newer version has come up.

A newer version that does not come up is taken back, and the older one reads no newer database. Nothing is sold in between, so
putting the copy back loses nothing; where something was signed meanwhile, the box begins a new epoch as with any old copy.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from stall import disk
from stall.store import locks, migrations, place
from stall.store.place import DATABASE, Kept

COPY = "stall.sqlite.before"


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


def put_back(folder: Path) -> None:
    """Take the copy in place of the database; then there is none any more. May be cut off and done again. Raises Refused `box-running`."""
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
