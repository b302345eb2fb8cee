"""What a claim costs, in counts: statements, rows, events, syncs, bytes. Times belong to the benchmark."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from stall import app
from stall.flows.fill_basket import Wish, fill_basket
from stall.flows.take_cash import take_comp
from stall.flows.take_free import take_free
from stall.store import journal, presses
from stall.store.audit import audit
from stall.store.box import Box
from stall.store.db import Tx
from stall.wire import event, merkle
from tests.bench import growth, load, programs, stand
from tests.preload import library
from tests.preload.counts import Counts

DROP = stand.limited(0)
VAT_BP = 1900
#: From SAVEPOINT to RELEASE. Each costs some microseconds of the one core a claim has, and lets other threads in.
STATEMENTS = 17
#: What every further one of those taken together adds: a row of each table.
STATEMENTS_EACH = 7
BATCH = 16
BYTES = 14_000


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bench") / "box"
    stand.make(folder, 1, 2000)
    return folder


@pytest.fixture
def box(made: Path) -> Iterator[Box]:
    opened = app.open_box(made)
    yield opened
    opened.close()


def take(tx: Tx) -> int:
    with tx.savepoint():
        return take_free(tx, DROP, presses.new_key(), VAT_BP)


def test_a_take_is_few_statements(box: Box) -> None:
    with box.db.transaction() as tx:
        take(tx)
        seen: list[str] = []
        tx.conn.set_trace_callback(seen.append)
        take(tx)
        tx.conn.set_trace_callback(None)
    assert len(seen) <= STATEMENTS, "\n".join(seen)


def test_a_take_is_as_many_statements_however_many_were_sold(box: Box) -> None:
    steps: list[int] = []
    for sold in (0, 1000):
        with box.db.transaction() as tx:
            for _ in range(sold):
                take(tx)
            count = 0

            def step() -> None:
                nonlocal count
                count += 1

            tx.conn.set_progress_handler(step, 1)
            take(tx)
            tx.conn.set_progress_handler(None, 1)
            steps.append(count)
    assert steps[1] <= steps[0] * 1.1, steps  # instructions of SQLite's machine


def test_a_take_is_one_event_and_one_row_of_each_kind(box: Box) -> None:
    tables = ("events", "sales", "lines", "attempts", "claims", "presses")

    def counted() -> list[int]:
        return [box.db.read().execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in tables]

    before = counted()
    with box.db.transaction() as tx:
        take(tx)
    assert [after - was for after, was in zip(counted(), before, strict=True)] == [1] * len(tables)
    assert audit(box.db.read(), box.secrets.signing.public).ok


def test_a_take_leaves_the_rows_that_basket_hold_and_payment_leave(box: Box) -> None:
    with box.db.transaction() as tx:
        short = take(tx)
        long = fill_basket(tx, [Wish(DROP)], origin="take", vat_bp=VAT_BP)
        take_comp(tx, long, 1, "")
    own = {"no", "id", "sale", "receipt_event", "digest", "ed", "asked", "decided_by"}
    for table, key in (
        ("sales", "no"),
        ("lines", "id >> 8"),
        ("attempts", "sale"),
        ("claims", "id >> 8"),
        ("numbers", "sale"),
    ):
        rows = [
            dict(box.db.read().execute(f"SELECT * FROM {table} WHERE {key} = ?", (sale,)).fetchone())
            for sale in (short, long)
        ]
        one, other = ({name: value for name, value in row.items() if name not in own} for row in rows)
        assert one == other, table
    events = [
        json.loads(journal.event_bytes(box.db.read(), row[0]) or b"")
        for row in box.db.read().execute("SELECT receipt_event FROM sales WHERE no IN (?, ?)", (short, long))
    ]
    assert events[0]["kind"] == events[1]["kind"] == "sale"
    assert events[0]["body"].keys() == events[1]["body"].keys() - {"decided_by"}


@pytest.mark.preload
def test_a_batch_is_one_sync_and_few_bytes(tmp_path: Path) -> None:
    counts = Counts.make(tmp_path / "counts")
    home = tmp_path / "watched"
    home.mkdir()
    stand.make(home / "box", 1, 2000)
    environment = library.environment(under=home, counts=counts.path)
    written = programs.run("batches", home / "box", DROP, BATCH, 40, counts.path, seconds=10, environment=environment)
    syncs, size = written["syncs"], written["bytes"]
    assert syncs <= 40 + 3 * (1 + written["copied_back"]), written  # copying the log back syncs twice, a new log once
    assert size / (40 * BATCH) <= BYTES, written


def test_a_grown_journal_is_a_valid_one(tmp_path: Path) -> None:
    folder = tmp_path / "box"
    stand.make(folder, 1, 10)
    growth.grow(folder, 700)
    opened = app.open_box(folder)
    try:
        head = journal.read_head(opened.db.read())
        data = [each for _, each in journal.all_events(opened.db.read(), head.epoch_no)]
        assert head.size == len(data) == 700
        assert [event.encode(event.decode(each)) for each in data] == data
        assert merkle.root_of([merkle.leaf_hash(each) for each in data]) == head.frontier.root()
    finally:
        opened.close()


def test_the_crowd_reads_an_answer_to_its_end() -> None:
    answer = b"HTTP/1.1 303 See Other\r\nContent-Length: 3\r\nLocation: /o/x\r\n\r\nabc"
    assert [load.whole_answer(answer[:length]) for length in (0, 20, len(answer) - 1, len(answer))] == [False] * 3 + [
        True
    ]
