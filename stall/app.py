"""Composition root: opens or makes the one Box that every process and test works with."""

from __future__ import annotations

import secrets as random
import shlex
import sqlite3
from dataclasses import dataclass
from pathlib import Path

from stall import settings as settings_file
from stall.clock import Clock, SystemClock
from stall.errors import Broken
from stall.flows.recognise import recognise
from stall.settings import Settings
from stall.store import damage, journal, secrets
from stall.store.box import Box
from stall.store.db import Database, stop_the_process
from stall.store.room import Room
from stall.store.writer import CrowdWriter

PIN_DIGITS = 6


@dataclass(frozen=True, slots=True)
class NewBox:
    """What a maker needs to know of a box just made; the PIN is shown this once. `bound`: its key opens on this board only."""

    did: str
    thumbprint: str
    epoch: str
    pin: str
    bound: bool


def open_box(
    folder: Path, *, crowd: bool = False, all_day: bool = False, looking: bool = False, clock: Clock | None = None
) -> Box:
    """Open a data folder. One that was copied, moved or put back begins a new epoch first (flows.recognise).

    Not for `looking`: whoever only reads, perhaps in a copy, changes nothing. `all_day` processes stop at once when a write has an unknown outcome, to be started anew;
    `crowd` starts the crowd's writer (only `stall web`). Raises Broken `box-missing`, `box-unreadable`, and what
    settings, secrets and Database raise.
    """
    check_holds_a_box(folder)
    folder = folder.absolute()  # Flask reads a relative one from its own folder, and finds no picture there
    own_clock = clock or SystemClock()
    own_secrets = secrets.load(folder / "keys")
    own_settings = settings_file.load(folder)
    db = Database(folder, own_clock, own_secrets, on_unknown=stop_the_process if all_day else None)
    try:
        box = Box(folder, own_settings, own_clock, own_secrets, db, Room(folder, own_settings.disk))
        if not looking:
            recognise(db)
        if all_day:
            db.truncate_log()  # a process cut off in its COMMIT may have left there what no disk has confirmed yet
    except sqlite3.Error as error:
        db.close()
        raise damage.explained(error) from error
    except UnicodeDecodeError as error:  # SQLite's own words quote a name of the schema that is no text any more
        db.close()
        raise damage.explained(sqlite3.OperationalError("its tables have names that are no text")) from error
    except BaseException:
        db.close()
        raise
    if crowd:
        box.crowd = CrowdWriter(db)
    return box


def check_holds_a_box(folder: Path) -> None:
    """Say first of all that there is no box here: a missing key or lock file is then no damage."""
    try:
        there = (folder / "stall.sqlite").is_file()
    except PermissionError as error:
        raise Broken(
            "box-unreadable",
            f"You may not look into {folder}. Say sudo before the command, or work as the user this stall belongs to.",
        ) from error
    if not there:
        raise Broken(
            "box-missing",
            f"There is no stall in {folder.absolute()}. Check the name behind --data, or make one with:"
            f" stall keys new box --data {shlex.quote(str(folder))}",
        )


def create_box(folder: Path, name: str = "Stall", *, pin: str | None = None, clock: Clock | None = None) -> NewBox:
    """Make a new box with its keys, database and PIN. Raises what `store.create` raises."""
    from stall.store import create

    own = create.create(folder, clock or SystemClock())
    if not (folder / settings_file.FILE).exists():
        settings_file.save(folder, Settings(name=name))
    chosen = new_pin(folder, pin, clock=clock)
    box = open_box(folder, clock=clock)
    try:
        epoch = journal.read_head(box.db.read()).epoch_text
        return NewBox(own.signing.did, own.signing.thumbprint, epoch, chosen, own.bound)
    finally:
        box.close()


def new_pin(folder: Path, pin: str | None = None, *, clock: Clock | None = None) -> str:
    """Set the maker's PIN, drawn at random unless given, and return it; it can not be read again."""
    from stall.flows import staff_pin

    chosen = pin or "".join(str(random.randbelow(10)) for _ in range(PIN_DIGITS))
    pin_hash = staff_pin.HASHER.hash(chosen)
    box = open_box(folder, clock=clock)
    try:
        box.write("payment", lambda tx: staff_pin.set_pin(tx, pin_hash))
    finally:
        box.close()
    return chosen
