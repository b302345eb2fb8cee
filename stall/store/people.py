"""The people of a stall: number, name, role, the hash of a PIN, and whether they still work here. Rows are never deleted."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from stall.domain.rights import Right, Role, roles_with
from stall.store.db import Tx

_COLUMNS = "no, role, name, active"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who may sign in, or once might."""

    no: int
    role: Role
    name: str
    active: bool


def find(conn: sqlite3.Connection, no: int) -> Person | None:
    """One person, or None."""
    row = conn.execute(f"SELECT {_COLUMNS} FROM staff WHERE no = ?", (no,)).fetchone()
    return None if row is None else _person(row)


def every(conn: sqlite3.Connection) -> list[Person]:
    """Everybody there ever was, in the order they came."""
    rows = conn.execute(f"SELECT {_COLUMNS} FROM staff ORDER BY no").fetchall()
    return [_person(row) for row in rows]


def working(conn: sqlite3.Connection) -> list[Person]:
    """Who may sign in now."""
    return [person for person in every(conn) if person.active]


def with_right(conn: sqlite3.Connection, right: Right) -> list[Person]:
    """Who may sign in now and has a right."""
    roles = roles_with(right)
    return [person for person in working(conn) if person.role in roles]


def called(conn: sqlite3.Connection, number: str | int) -> str:
    """Who is meant by the number an event or a row names; what is no number stays as it is."""
    text = str(number)
    person = find(conn, int(text)) if text.isascii() and text.isdecimal() and len(text) < 10 else None  # noqa: PLR2004 - no row has more digits
    return text if person is None else person.name


def add(tx: Tx, name: str, role: Role, pin_hash: str) -> int:
    """Add a person and return their number."""
    row = tx.conn.execute(
        "INSERT INTO staff (no, role, name, pin_hash) VALUES ((SELECT coalesce(max(no), 0) + 1 FROM staff), ?, ?, ?)"
        " RETURNING no",
        (role.value, name, pin_hash),
    ).fetchone()
    return int(row[0])


def change(tx: Tx, person: Person) -> None:
    """Write a person's name, role and whether they work here."""
    tx.conn.execute(
        "UPDATE staff SET role = ?, name = ?, active = ? WHERE no = ?",
        (person.role.value, person.name, int(person.active), person.no),
    )


def set_pin_hash(tx: Tx, no: int, pin_hash: str) -> None:
    """Give a person a new PIN, unlocked."""
    tx.conn.execute("UPDATE staff SET pin_hash = ?, tries = 0, locked_until_ms = 0 WHERE no = ?", (pin_hash, no))


def _person(row: sqlite3.Row) -> Person:
    return Person(row["no"], Role(row["role"]), row["name"], bool(row["active"]))
