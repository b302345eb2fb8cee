"""Make a new box: key folder, lock files, database, first epoch. Everything or nothing."""

from __future__ import annotations

import os
import secrets as random
from pathlib import Path

from stall.clock import Clock
from stall.errors import Broken, Refused
from stall.store import journal, locks, migrations, secrets
from stall.store.db import Database
from stall.store.secrets import BoxSecrets

EPOCH_BYTES = 16


def create(folder: Path, clock: Clock) -> BoxSecrets:
    """Make the data folder of a box.

    Raises Refused `box-exists` when it already holds one, Broken `folder-unwritable`.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        probe = folder / f".writable-{os.getpid()}"
        probe.touch(mode=0o600)
        probe.unlink()
    except OSError as error:
        raise Broken(
            "folder-unwritable",
            f"{folder} cannot be written ({error.strerror}). Choose another folder or mend its rights.",
        ) from error
    if (folder / "stall.sqlite").exists():
        raise Refused(
            "box-exists", f"{folder} already holds a stall. Choose another folder, or use the one that is there."
        )
    locks.make_lock_files(folder)
    held = locks.own_run(folder)
    try:
        own = secrets.load_or_make(folder / "keys")
        for name in ("files", "zips", "covers"):
            (folder / name).mkdir(mode=0o700, exist_ok=True)
        fresh = folder / "stall.sqlite.new"
        fresh.unlink(missing_ok=True)
        migrations.migrate(fresh)
        migrations.leave_no_log(fresh)
        fresh.replace(folder / "stall.sqlite")
    finally:
        held.release()
    _first_epoch(folder, clock, own)
    return own


def _first_epoch(folder: Path, clock: Clock, own: BoxSecrets) -> None:
    db = Database(folder, clock, own)
    try:
        with db.transaction() as tx:
            journal.open_epoch(tx.conn, tx.moment, random.token_bytes(EPOCH_BYTES), parent=None)
    finally:
        db.close()
