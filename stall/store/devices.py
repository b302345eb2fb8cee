"""Enrolled phones and tablets, and the codes that enrol one. Tokens and codes are kept as SHA-256 only; rows are never deleted."""

from __future__ import annotations

import hashlib
import sqlite3
from dataclasses import dataclass

from stall.store.db import Tx


@dataclass(frozen=True, slots=True)
class Device:
    """An enrolled device: its number, the name somebody gave it, since when, and until when where it ended (ms UTC)."""

    no: int
    name: str
    enrolled_ms: int
    ended_ms: int | None


def digest_of(secret: bytes) -> bytes:
    """What is kept of a token or a code."""
    return hashlib.sha256(secret).digest()


def by_token(conn: sqlite3.Connection, token: bytes) -> Device | None:
    """The device of a token, unless it ended."""
    row = conn.execute(
        "SELECT no, name, enrolled_ms, ended_ms FROM devices WHERE digest = ? AND ended_ms IS NULL", (digest_of(token),)
    ).fetchone()
    return None if row is None else Device(*row)


def find(conn: sqlite3.Connection, no: int) -> Device | None:
    """One device, ended or not."""
    row = conn.execute("SELECT no, name, enrolled_ms, ended_ms FROM devices WHERE no = ?", (no,)).fetchone()
    return None if row is None else Device(*row)


def every(conn: sqlite3.Connection) -> list[Device]:
    """All of them, in the order they came."""
    rows = conn.execute("SELECT no, name, enrolled_ms, ended_ms FROM devices ORDER BY no").fetchall()
    return [Device(*row) for row in rows]


def add(tx: Tx, token: bytes, name: str) -> int:
    """Add a device and return its number."""
    row = tx.conn.execute(
        "INSERT INTO devices (digest, name, enrolled_ms) VALUES (?, ?, ?) RETURNING no",
        (digest_of(token), name, tx.now_ms),
    ).fetchone()
    return int(row[0])


def rename(tx: Tx, no: int, name: str) -> None:
    """Give a device another name."""
    tx.conn.execute("UPDATE devices SET name = ? WHERE no = ?", (name, no))


def end(tx: Tx, no: int) -> bool:
    """End a device; False if it was ended, or never was."""
    ended = tx.conn.execute("UPDATE devices SET ended_ms = ? WHERE no = ? AND ended_ms IS NULL", (tx.now_ms, no))
    return ended.rowcount > 0


def keep_code(tx: Tx, code: bytes, *, until_ms: int | None, once: bool) -> None:
    """Let a code enrol: the label's until another label is made (`until_ms` None), or one device until then."""
    if until_ms is None:
        tx.conn.execute("DELETE FROM enrolments WHERE until_ms IS NULL")
    tx.conn.execute("DELETE FROM enrolments WHERE until_ms <= ?", (tx.now_ms,))
    tx.conn.execute(
        "INSERT INTO enrolments (digest, made_ms, until_ms, once) VALUES (?, ?, ?, ?)",
        (digest_of(code), tx.now_ms, until_ms, int(once)),
    )


def forget_codes(tx: Tx) -> None:
    """Let no code enrol any more, the label's neither."""
    tx.conn.execute("DELETE FROM enrolments")


def use_code(tx: Tx, code: bytes) -> bool:
    """Whether a code enrols now; one that is for one device is used up."""
    digest = digest_of(code)
    row = tx.conn.execute(
        "SELECT once FROM enrolments WHERE digest = ? AND (until_ms IS NULL OR until_ms > ?)", (digest, tx.now_ms)
    ).fetchone()
    if row is not None and row[0]:
        tx.conn.execute("DELETE FROM enrolments WHERE digest = ?", (digest,))
    return row is not None
