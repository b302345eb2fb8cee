from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

import pytest
from sqlalchemy import Connection, Table, func, insert, select
from sqlalchemy.exc import OperationalError

from stall.cloud import ledger, schema
from stall.cloud.database import TRIES, LostRaceError, open_sqlite
from stall.cloud.ledger import JournalKey
from stall.errors import Retry
from stall.wire import merkle


@pytest.mark.parametrize("table", schema.metadata.sorted_tables, ids=lambda table: table.name)
def test_every_key_starts_with_the_owner(table: Table) -> None:
    assert next(iter(table.primary_key.columns)).name == "owner_id"
    for index in table.indexes:
        assert next(iter(index.columns)).name == "owner_id"
    for unique in table.constraints:
        columns = list(getattr(unique, "columns", []))
        assert not columns or columns[0].name == "owner_id"
    assert table.autoincrement_column is None
    assert not any(column.server_default for column in table.columns)


def owner(name: str) -> dict[str, object]:
    return {"owner_id": name, "creator": "did", "created_ms": 0}


def count(conn: Connection) -> int:
    return conn.scalar(select(func.count()).select_from(schema.owners)) or 0


class SerializationError(Exception):
    sqlstate = "40001"


@pytest.mark.parametrize(
    "fault",
    [LostRaceError(), OperationalError("COMMIT", {}, SerializationError("could not serialize access"))],
    ids=["lost race", "40001"],
)
def test_a_transaction_that_lost_is_run_again_whole(tmp_path: Path, fault: Exception) -> None:
    database = open_sqlite(tmp_path / "cloud.sqlite")
    runs = 0

    def work(conn: Connection) -> int:
        nonlocal runs
        runs += 1
        conn.execute(insert(schema.owners).values(owner("once")))
        if runs < 3:
            raise fault
        return count(conn)

    assert database.write(work) == 1  # what the lost runs wrote is gone
    assert runs == 3
    database.close()


def test_who_always_loses_is_told_to_come_back(tmp_path: Path) -> None:
    database = open_sqlite(tmp_path / "cloud.sqlite")
    runs = 0

    def work(_conn: Connection) -> None:
        nonlocal runs
        runs += 1
        raise LostRaceError

    with pytest.raises(Retry, match="cloud-busy"):
        database.write(work)
    assert runs == TRIES
    database.close()


def test_another_fault_is_not_tried_again(tmp_path: Path) -> None:
    database = open_sqlite(tmp_path / "cloud.sqlite")
    runs = 0

    def work(_conn: Connection) -> None:
        nonlocal runs
        runs += 1
        raise OperationalError("SELECT", {}, sqlite3.OperationalError("disk I/O error"))

    with pytest.raises(OperationalError):
        database.write(work)
    assert runs == 1
    database.close()


def test_a_reader_sees_one_state_while_a_writer_goes_on(tmp_path: Path) -> None:
    database = open_sqlite(tmp_path / "cloud.sqlite")
    writing, looked = threading.Event(), threading.Event()

    def write_between() -> None:
        assert writing.wait(5)
        database.write(lambda conn: conn.execute(insert(schema.owners).values(owner("new"))).rowcount)
        looked.set()

    thread = threading.Thread(target=write_between)
    thread.start()

    def look(conn: Connection) -> tuple[int, int]:
        before = count(conn)
        writing.set()
        assert looked.wait(5)
        return before, count(conn)

    assert database.read(look) == (0, 0)
    thread.join()
    assert database.read(count) == 1
    database.close()


def test_a_cursor_that_moved_meanwhile_is_a_lost_race(tmp_path: Path) -> None:
    database = open_sqlite(tmp_path / "cloud.sqlite")
    key = JournalKey("owner", "box", "epoch")
    one = merkle.Frontier.empty().append(merkle.leaf_hash(b"event"))

    def move_twice(conn: Connection) -> None:
        head = ledger.start_journal(conn, key, "delegation", 0)
        ledger.advance(conn, key, head, one, "delegation", 0)
        with pytest.raises(LostRaceError):
            ledger.advance(conn, key, head, one, "delegation", 0)

    database.write(move_twice)
    database.close()
