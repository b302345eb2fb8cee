"""What goes wrong after COMMIT, or while rolling back, must not be told as a write that did not happen."""

from __future__ import annotations

import sqlite3

import pytest

from stall.store import journal, wal
from stall.store.box import Box


def test_a_committed_write_stands_though_the_log_cannot_be_copied_back(
    box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_descriptors(*_: object) -> None:
        raise OSError(24, "Too many open files")

    size = journal.read_head(box.db.read()).size
    monkeypatch.setattr(wal, "grown", no_descriptors)
    with box.db.transaction() as tx:
        tx.append("test", {})
    assert journal.read_head(box.db.read()).size == size + 1


def test_a_rollback_that_fails_leaves_a_door_that_opens_again(box: Box) -> None:
    """SQLite's own word for it: an authorizer that denies ROLLBACK makes the statement fail."""
    with box.db.transaction() as tx:
        tx.append("test", {})
    conn = box.db._writing_connection()
    conn.set_authorizer(_deny_rollback)
    with pytest.raises(ZeroDivisionError):
        _fail_after_an_event(box)
    size = journal.read_head(box.db.read()).size
    with box.db.transaction() as tx:
        assert tx.append("test", {}) == size


def _fail_after_an_event(box: Box) -> None:
    with box.db.transaction() as tx:
        tx.append("test", {"word": "undone"})
        raise ZeroDivisionError


def _deny_rollback(action: int, what: str | None, *_: object) -> int:
    denied = action == sqlite3.SQLITE_TRANSACTION and what == "ROLLBACK"
    return sqlite3.SQLITE_DENY if denied else sqlite3.SQLITE_OK
