"""The one database: whether it is there, whole, of our version, in its place, and which life of it runs."""

from __future__ import annotations

import datetime
import shlex
import sqlite3
from collections.abc import Iterator

from stall.box.doctor.finding import Finding, fault, of_error, ok, unknown, warning
from stall.box.doctor.patient import Patient
from stall.store import checkup, damage, epochs, locks, place
from stall.store.readonly import untouched
from stall.store.schema import PLACED, VERSION

#: The pages of a larger database are not all read: a doctor is asked while people wait (s).
CHECK_S = 10.0


def check_database(patient: Patient) -> Iterator[Finding]:
    """See that the database can be read, is whole, and is of this version."""
    if patient.conn is None:
        if patient.trouble is not None:
            yield of_error("database.file", patient.trouble)
        return
    try:
        version = checkup.version(patient.conn)
        wrong = checkup.quick_check(patient.conn, CHECK_S)
        if wrong:
            wrong = _looked_at_again(patient)
    except sqlite3.Error as error:
        yield of_error("database.file", damage.explained(error))
        return
    if wrong:
        yield fault(
            "database.pages",
            f"The database is damaged: {wrong[0]}.",
            "Stop selling, keep a copy of the data folder, put your newest backup in its place. All of it:"
            f" stall journal verify --data {patient.shown_data}",
            found=wrong,
        )
    elif wrong is None:
        yield unknown(
            "database.pages",
            f"The database is so large that its pages were not all read in {CHECK_S:.0f} s.",
            f"Read all of it when there is time: stall journal verify --data {patient.shown_data}",
        )
    else:
        yield ok("database.pages", "The database is whole (quick check).")
    yield from _version(patient, version)
    yield from _beside(patient, version)


def _looked_at_again(patient: Patient) -> list[str] | None:
    """What is wrong at a second look: a stall that began to write in the middle of the first may look like damage."""
    with untouched(patient.data / place.DATABASE) as conn:
        return checkup.quick_check(conn, CHECK_S)


def _version(patient: Patient, found: int) -> Iterator[Finding]:
    if found < VERSION:
        yield fault(
            "database.version",
            f"The database is of an older stall (step {found} of {VERSION}), so nothing starts.",
            f"Stop the stall, then: stall migrate --data {patient.shown_data}",
            found=found,
        )
    elif found > VERSION:
        yield fault(
            "database.version",
            f"The database is of a newer stall (step {found}, this one knows {VERSION}).",
            "Install that version again; an older one cannot open it.",
            found=found,
        )


def _beside(patient: Patient, version: int) -> Iterator[Finding]:
    """The lock files, and the place the database was last at: moved, it begins a new life."""
    gone = [name for name in (locks.TURN, locks.DOOR, locks.RUN) if not (patient.data / name).exists()]
    if gone:
        yield fault(
            "database.locks",
            f"{' and '.join(gone)} is gone, and no process writes without it.",
            "Stop the stall and put the data folder back from a backup.",
            gone=gone,
        )
    if version < PLACED:
        return
    kept = place.read(patient.data)
    if kept is None or kept.place != place.here(patient.data):
        yield warning(
            "database.place",
            "The database lies elsewhere than it last ran: a copy, another board, or put back. Its next start begins a new epoch.",
            "If this is a copy, do not sell on it. If it is the box itself, start it, and have its creator lease the unsold numbers again.",
        )


def check_numbers(patient: Patient) -> Iterator[Finding]:
    """Say which life runs, and which edition numbers wait for a lease that names it."""
    conn = patient.box
    if conn is None:
        return
    running, frozen = epochs.running(conn), epochs.frozen(conn)
    began = datetime.datetime.fromtimestamp(running.opened_ms // 1000, datetime.UTC)
    facts = {"epoch": running.epoch, "no": running.no, "reason": running.reason}
    yield ok("database.epoch", f"Epoch {running.no} runs since {began:%Y-%m-%d}.", **facts)
    for each in frozen:
        yield warning(
            "database.frozen",
            f"{each.title}: numbers {each.text} are frozen since the database began a new epoch.",
            f"On the creator's laptop: stall lease issue --pack PACK --numbers {shlex.quote(each.text)} …, then here: stall accept LEASE",
            drop=each.drop_id,
            numbers=each.text,
        )
