"""Who copies the write-ahead log back, and when: only the holder of the door, never a connection that closes."""

from __future__ import annotations

import fcntl
import sqlite3
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from stall import app
from stall.store import journal, locks, wal
from stall.store.asks import Asked
from stall.store.box import Box
from stall.store.db import CHECKPOINT_PAGES, CHECKPOINT_PAGES_HURRIED, Tx
from stall.store.readonly import connect_readonly
from tests.fakes.clock import FakeClock

PAGE = 4096


def write_pages(box: Box, pages: int) -> None:
    with box.db.transaction() as tx:
        tx.conn.execute(
            "INSERT INTO exceptions (kind, sentence, at_ms) VALUES ('x', ?, 0)", ("x" * (pages - 1) * PAGE,)
        )


def log_bytes(box: Box) -> int:
    log = Path(f"{box.db.path}-wal")
    return log.stat().st_size if log.exists() else 0


def taken(path: Path) -> bool:
    with path.open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return True
    return False


def test_the_last_writer_closes_inside_the_door(box: Box, folder: Path) -> None:
    write_pages(box, 50)
    before = log_bytes(box)
    closing = threading.Thread(target=box.close)
    with locks.door(folder):
        closing.start()
        deadline = time.monotonic() + 20
        while not taken(folder / locks.TURN):  # until it stands in the turnstile, waiting for the door
            assert time.monotonic() < deadline, "it did not come to the door"
        assert log_bytes(box) == before > 0
    closing.join(20)
    assert not closing.is_alive()
    assert log_bytes(box) == 0


def test_where_the_door_is_gone_closing_copies_nothing_back_and_loses_nothing(
    box: Box, folder: Path, clock: FakeClock
) -> None:
    write_pages(box, 50)
    with box.db.transaction() as tx:
        tx.append("test", {"word": "kept"})
    size, before = journal.read_head(box.db.read()).size, log_bytes(box)
    (folder / locks.DOOR).unlink()
    box.close()
    assert log_bytes(box) == before > 0
    locks.make_lock_files(folder)
    again = app.open_box(folder, clock=clock)
    assert journal.read_head(again.db.read()).size == size
    again.close()


def test_a_reader_holding_an_old_view_lets_the_log_grow_only_until_it_ends(box: Box) -> None:
    reader = connect_readonly(box.db.path)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM exceptions").fetchone()
    for _ in range(4):
        write_pages(box, CHECKPOINT_PAGES + 1)
    assert wal.grown(box.db.path, wal.EMPTY, 4 * CHECKPOINT_PAGES)  # nothing past the reader's view can be copied back
    reader.close()
    write_pages(box, CHECKPOINT_PAGES + 1)
    grown = log_bytes(box)
    for _ in range(4):
        write_pages(box, CHECKPOINT_PAGES + 1)
    assert log_bytes(box) == grown  # the log began again at its front


def test_the_log_can_be_emptied_when_the_day_is_closed(box: Box) -> None:
    write_pages(box, 50)
    assert box.db.truncate_log()
    assert log_bytes(box) == 0
    with box.db.transaction() as tx:
        assert tx.conn.execute("PRAGMA busy_timeout").fetchone()[0] == 5000


def test_emptying_the_log_waits_for_no_reader_and_fails_nothing(box: Box, folder: Path) -> None:
    reader = connect_readonly(box.db.path)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM exceptions").fetchone()
    write_pages(box, 50)
    assert not box.db.truncate_log()
    reader.close()
    (folder / locks.DOOR).unlink()
    assert not box.db.truncate_log()


def test_no_connection_copies_back_by_itself(box: Box) -> None:
    with box.db.transaction() as tx:
        for conn in (tx.conn, box.db.read(), watching := connect_readonly(box.db.path)):
            assert conn.execute("PRAGMA wal_autocheckpoint").fetchone()[0] == 0
            assert conn.execute("PRAGMA busy_timeout").fetchone()[0] == 5000
    watching.close()


def test_a_reader_cannot_be_made_a_writer(box: Box) -> None:
    conn = box.db.read()
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        conn.execute("PRAGMA user_version=99")


def copies_of(box: Box) -> list[str]:
    """The checkpoints this box will make from now on."""
    seen: list[str] = []
    write_pages(box, 1)
    box.db._writing_connection().set_trace_callback(lambda sql: seen.append(sql) if "wal_checkpoint" in sql else None)
    return seen


def test_it_is_put_off_while_another_process_waits_but_not_for_ever(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    copies = copies_of(box)
    monkeypatch.setattr(locks.Door, "awaited", lambda _door: True)
    written = 0
    while not copies and written < 5 * CHECKPOINT_PAGES_HURRIED:
        write_pages(box, 500)
        written += 500
    assert CHECKPOINT_PAGES_HURRIED <= written <= CHECKPOINT_PAGES_HURRIED + 1000


def test_it_is_done_as_soon_as_nobody_waits_any_more(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    copies = copies_of(box)
    monkeypatch.setattr(locks.Door, "awaited", lambda _door: True)
    write_pages(box, CHECKPOINT_PAGES + 100)
    assert copies == []
    monkeypatch.setattr(locks.Door, "awaited", lambda _door: False)
    write_pages(box, 1)
    assert len(copies) == 1


def test_it_is_put_off_while_a_payment_waits(folder: Path, clock: FakeClock) -> None:
    box = app.open_box(folder, clock=clock, crowd=True)
    order: list[str] = []
    crowd = box.crowd
    assert crowd is not None
    waiting = crowd._waiting
    payment = threading.Thread(target=lambda: crowd.write("payment", lambda _tx: None))

    class Long:
        def do(self, tx: Tx, wishes: Sequence[object]) -> list[None]:
            tx.conn.execute(
                "INSERT INTO exceptions (kind, sentence, at_ms) VALUES ('x', ?, 0)",
                ("x" * (CHECKPOINT_PAGES + 100) * PAGE,),
            )
            return [None for _ in wishes]

        def tell(self, asked: Sequence[Asked]) -> None:
            payment.start()
            while not waiting["payment"]:  # it came right after the commit
                pass

    crowd.write("claim", lambda tx: tx.append("test", {}))
    box.db._writing_connection().set_trace_callback(
        lambda sql: order.append(sql) if sql == "COMMIT" or "wal_checkpoint" in sql else None
    )
    crowd.ask("claim", Long(), None, None)
    while len(order) < 3:
        pass
    payment.join(20)
    assert order == ["COMMIT", "COMMIT", "PRAGMA wal_checkpoint(PASSIVE)"]
    box.close()
