"""The PINs of a stall's people: counted before they are checked, locked after five wrong tries. The slow hash is computed outside the door."""

from __future__ import annotations

import re
import sqlite3
import threading

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from stall.errors import Broken, Refused
from stall.flows.tell_of_staff import Deed, tell
from stall.store import people, sessions, tries
from stall.store.db import Tx

TRIES = 5
#: Wrong PINs on one device, whoever they were for: more than one person's own, fewer than three's.
DEVICE_TRIES = 12
LOCK_MS = 15 * 60 * 1000
MAKER = 1

#: RFC 9106's second choice scaled to a 512 MB board: 19 MiB, two passes, one lane (OWASP minimum);
#: the lock above is what a short PIN rests on.
HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
#: The hash of nobody's PIN, made with the same cost: whoever is unknown takes as long as whoever is wrong.
NOBODY = "$argon2id$v=19$m=19456,t=2,p=1$9RWah9wh9asR7Wrse+UjwQ$wmDg+ca18WQKTwqAp8MfbHFyBkea3zCiv51XAkzWY2k"

#: Hashes computed at the same moment in one process: each takes its 19 MiB, whoever types, and a board has 512 MB for everything.
_AT_ONCE = threading.BoundedSemaphore(2)

_PIN = re.compile(r"\d{4,12}", re.ASCII)


def check_new(pin: str) -> str:
    """Read a PIN somebody chose. Raises Refused `pin-malformed` unless it is 4 to 12 digits."""
    chosen = pin.strip()
    if _PIN.fullmatch(chosen) is None:
        raise Refused("pin-malformed", "A PIN is 4 to 12 digits. Choose another one.")
    return chosen


def set_pin(tx: Tx, pin_hash: str, person: int = MAKER) -> None:
    """Give a person a PIN from its argon2 hash, and end their sessions; the maker is made where there is none yet.

    Raises Refused `person-unknown`.
    """
    if people.find(tx.conn, person) is not None:
        people.set_pin_hash(tx, person, pin_hash)
        sessions.end_of_person(tx, person)
        tell(tx, Deed.NEW_PIN, person=person)
    elif person == MAKER:
        tx.conn.execute("INSERT INTO staff (no, role, name, pin_hash) VALUES (1, 'maker', 'Maker', ?)", (pin_hash,))
    else:
        raise unknown()


def unknown() -> Refused:
    """Told of a number nobody has."""
    return Refused("person-unknown", "Nobody at this stall has that number. Look at the list of people.")


def begin_try(tx: Tx, person: int = MAKER) -> str:
    """Count a try before it is checked, so that tries at the same moment cannot slip through; return the hash.

    Raises Refused `pin-locked`, Broken `pin-missing`.
    """
    row = tx.conn.execute("SELECT pin_hash, locked_until_ms FROM staff WHERE no = ?", (person,)).fetchone()
    if row is None:
        raise Broken("pin-missing", "This stall has no PIN. Make one with: stall keys pin --data FOLDER")
    if row["locked_until_ms"] > tx.now_ms:
        minutes = -(-(row["locked_until_ms"] - tx.now_ms) // 60_000)
        raise Refused("pin-locked", f"Too many wrong PINs. Try again in {minutes} minutes.")
    count(tx, person)
    return str(row["pin_hash"])


def count(tx: Tx, person: int) -> None:
    """Count one try for a person; the fifth locks."""
    tx.conn.execute(
        "UPDATE staff SET tries = iif(tries + 1 >= ?, 0, tries + 1),"
        " locked_until_ms = iif(tries + 1 >= ?, ?, 0) WHERE no = ?",
        (TRIES, TRIES, tx.now_ms + LOCK_MS, person),
    )


def is_locked(conn: sqlite3.Connection, person: int, now_ms: int) -> bool:
    """Whether a person's PIN must wait."""
    row = conn.execute("SELECT locked_until_ms FROM staff WHERE no = ?", (person,)).fetchone()
    return row is not None and row[0] > now_ms


def tries_left(conn: sqlite3.Connection, now_ms: int, person: int = MAKER) -> int:
    """How many wrong PINs may still be typed before the lock; 0 while it is locked."""
    row = conn.execute("SELECT tries, locked_until_ms FROM staff WHERE no = ?", (person,)).fetchone()
    return 0 if row is None or row[1] > now_ms else TRIES - int(row[0])


def end_try(tx: Tx, person: int = MAKER) -> None:
    """The PIN was right: forget the wrong tries."""
    tx.conn.execute("UPDATE staff SET tries = 0, locked_until_ms = 0 WHERE no = ?", (person,))


def forgive(tx: Tx, person: int, where: str) -> None:
    """The PIN was right, there: forget the wrong tries of both."""
    end_try(tx, person)
    tries.forgive(tx, where)


def hash_new(pin: str) -> str:
    """The hash of a PIN somebody chose; never inside the door. Raises Refused `pin-malformed`."""
    chosen = check_new(pin)
    with _AT_ONCE:
        return HASHER.hash(chosen)


def matches(pin_hash: str, pin: str) -> bool:
    """Compare a PIN with its hash; takes tens of milliseconds, so never inside the door."""
    try:
        with _AT_ONCE:
            return HASHER.verify(pin_hash, pin)
    except (VerifyMismatchError, InvalidHashError):
        return False
