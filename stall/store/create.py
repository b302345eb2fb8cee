"""Make a new box: key folder, lock files, database, first epoch. Everything or nothing."""

from __future__ import annotations

import os
import secrets as random
from pathlib import Path

from stall.clock import Clock
from stall.errors import Broken, Refused
from stall.store import begun, floor, journal, locks, migrations, place, secrets
from stall.store.db import connect_writing
from stall.store.place import Kept, Witness
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
        for name in begun.FILLED:
            (folder / name).mkdir(mode=0o700, exist_ok=True)
        fresh = folder / "stall.sqlite.new"
        fresh.unlink(missing_ok=True)
        migrations.migrate(fresh)
        first = _first_epoch(fresh, clock)
        fresh.chmod(0o600)  # the log and the shared memory beside it take after it
        place.keep(folder, Kept(place.here(folder, fresh.name), first))
        fresh.replace(folder / "stall.sqlite")
    finally:
        held.release()
    return own


def _first_epoch(fresh: Path, clock: Clock) -> Witness:
    """Begin the journal before the database stands at its place, so that a box is there whole or not at all."""
    conn = connect_writing(fresh)
    try:
        conn.execute("BEGIN IMMEDIATE")
        first = journal.Opening(1, random.token_bytes(EPOCH_BYTES), None, 1, {"parent": None})
        journal.open_epoch(conn, floor.moment(conn, clock), first)
        conn.execute("COMMIT")
        conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        head = journal.read_head(conn)
        return Witness.of(head.epoch, head.size, head.frontier.root())
    finally:
        conn.close()
