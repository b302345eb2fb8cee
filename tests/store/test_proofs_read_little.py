"""Roots and proofs at any size equal those over all events, read few rows, and never rest on a wrong hash."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stall import app
from stall.errors import Broken, LocalWireError
from stall.flows.keep_hashes import RUNS, keep_hashes, mend_hashes, tidy_hashes
from stall.store import proofs, tiles
from stall.store.box import Box
from stall.store.schema import event_id, tile_id
from stall.wire import merkle
from tests.fakes import home
from tests.fakes.clock import FakeClock
from tests.wire import plain_proofs

LONG = 65_536 + 3 * 256 + 77
SIZES = st.integers(0, LONG)


def fill(box: Box, upto: int) -> list[bytes]:
    """Journal events that nobody needs to read, cheaply; return the hashes of all."""
    with box.db.transaction() as tx:
        hashes = tiles.leaves(tx.conn, 1, 0, upto)
        rows = [(event_id(1, seq), b"event %d" % seq) for seq in range(len(hashes), upto)]
        tx.conn.executemany("INSERT INTO events (id, bytes) VALUES (?, ?)", rows)
        hashes += [merkle.leaf_hash(data) for _, data in rows]
        frontier = merkle.Frontier.empty()
        for leaf in hashes:
            frontier = frontier.append(leaf)
        tx.conn.execute("UPDATE journal SET size = ?, frontier = ?", (upto, frontier.to_bytes()))
    return hashes


def keep_all(box: Box) -> None:
    for _ in range(LONG // tiles.RUN + 2):
        if not keep_hashes(box.db, 1):
            return
    raise AssertionError("keeping hashes does not come to an end")


@pytest.fixture(scope="module")
def long_folder(empty_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[bytes]]:
    folder = home.copied(empty_folder, tmp_path_factory.mktemp("long") / "box")
    opened = app.open_box(folder, clock=FakeClock())
    hashes = fill(opened, LONG)
    keep_all(opened)
    opened.close()
    return folder, hashes


@pytest.fixture(scope="module")
def long(long_folder: tuple[Path, list[bytes]]) -> Iterator[tuple[Box, list[bytes]]]:
    opened = app.open_box(long_folder[0], clock=FakeClock())
    yield opened, long_folder[1]
    opened.close()


class Rows:
    """Counts what is read."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.events = self.tiles = 0
        leaves, row_of = tiles.leaves, tiles.row_of

        def counted_leaves(*args: object) -> list[bytes]:
            found: list[bytes] = leaves(*args)  # type: ignore[arg-type]  # passed on as they came
            self.events += len(found)
            return found

        def counted_row(*args: object) -> list[bytes]:
            self.tiles += 1
            return row_of(*args)  # type: ignore[arg-type]  # passed on as they came

        monkeypatch.setattr(tiles, "leaves", counted_leaves)
        monkeypatch.setattr(tiles, "row_of", counted_row)


@settings(max_examples=50)
@given(pair=st.tuples(SIZES, SIZES))
def test_roots_and_consistency_hold_at_every_pair_of_sizes(
    long: tuple[Box, list[bytes]], pair: tuple[int, int]
) -> None:
    box, hashes = long
    size1, size2 = sorted(pair)
    root1, root2 = (proofs.root_at(box.db.read(), 1, size) for size in (size1, size2))
    assert root1 == merkle.root_of(hashes[:size1])
    proof = proofs.open_tree(box.db.read(), 1).consistency(size1, size2)
    merkle.verify_consistency(size1, size2, proof, root1, root2)


@settings(max_examples=50)
@given(size=st.integers(1, LONG), data=st.data())
def test_every_event_is_proved_to_be_included(long: tuple[Box, list[bytes]], size: int, data: st.DataObject) -> None:
    box, hashes = long
    index = data.draw(st.integers(0, size - 1))
    proof = proofs.inclusion(box.db.read(), 1, index, size)
    merkle.verify_inclusion(index, size, hashes[index], proof, proofs.root_at(box.db.read(), 1, size))


def test_proofs_are_those_over_all_events_at_sizes_around_the_rows(box: Box) -> None:
    hashes = fill(box, 530)
    keep_all(box)
    tree = proofs.open_tree(box.db.read(), 1)
    for size2 in (1, 2, 255, 256, 257, 513, 530):
        for size1 in range(0, size2 + 1, 3):
            assert tree.consistency(size1, size2) == plain_proofs.consistency(size1, hashes[:size2])
        for index in range(0, size2, 3):
            assert tree.inclusion(index, size2) == merkle.inclusion_proof(index, hashes[:size2])


def test_a_proof_reads_the_events_after_the_last_row_and_a_handful_of_rows(
    long: tuple[Box, list[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    box, _ = long
    conn, read = box.db.read(), Rows(monkeypatch)
    dice = random.Random(1)
    for _ in range(20):
        read.events = read.tiles = 0
        size1, size2 = sorted((dice.randrange(1, LONG), dice.randrange(1, LONG)))
        proofs.open_tree(conn, 1).consistency(size1, size2)
        assert (read.events, read.tiles <= 12) == (LONG % 256, True), (size1, size2, read.tiles)
        read.events = read.tiles = 0
        proofs.inclusion(conn, 1, size1 - 1, size2)
        proofs.root_at(conn, 1, size1)
        assert (read.events, read.tiles <= 24) == (2 * (LONG % 256), True), (size1, size2, read.tiles)


def test_ten_thousand_proofs_in_order_read_each_row_about_once(
    long: tuple[Box, list[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    read = Rows(monkeypatch)
    tree = proofs.open_tree(long[0].db.read(), 1)
    for index in range(40_000, 50_000):
        tree.inclusion(index, LONG)
    assert (read.events, read.tiles < 60) == (LONG % 256, True), read.tiles


def test_hashes_are_kept_in_runs_of_bounded_length(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(box, 3 * tiles.RUN + 700)
    read = Rows(monkeypatch)
    lengths = []
    while keep_hashes(box.db, 1):
        lengths.append(read.events)
        read.events = 0
    assert lengths == [tiles.RUN] * 3 + [700]
    assert tiles.tiled(box.db.read(), 1) == 3 * tiles.RUN + 512


def test_a_run_hashed_by_two_processes_is_kept_once(box: Box) -> None:
    hashes = fill(box, 600)
    run = tiles.next_run(box.db.read(), 1)
    assert run is not None
    for first in (True, False):
        with box.db.transaction() as tx:
            assert tiles.keep(tx, run) is first
    assert proofs.root_at(box.db.read(), 1, 600) == merkle.root_of(hashes)


@pytest.mark.parametrize(
    ("level", "index", "damage"),
    [
        (0, 0, "zeroblob(8192)"),
        (0, 1, "substr(hashes, 1, 8160)"),
        (0, 255, "substr(hashes, 33) || substr(hashes, 1, 32)"),
        (1, 0, "zeroblob(8192)"),
        (1, 1, "substr(hashes, 1, 32) || zeroblob(length(hashes) - 32)"),
        (2, 0, "zeroblob(length(hashes))"),
    ],
)
def test_wrong_hashes_are_never_used_and_taken_away(
    long_folder: tuple[Path, list[bytes]], tmp_path: Path, level: int, index: int, damage: str
) -> None:
    folder, hashes = home.copied(long_folder[0], tmp_path / "box"), long_folder[1]
    box = app.open_box(folder, clock=FakeClock())
    with box.db.transaction() as tx:
        tx.conn.execute(f"UPDATE tiles SET hashes = CAST({damage} AS BLOB) WHERE id = ?", (tile_id(1, level, index),))
    tree = proofs.open_tree(box.db.read(), 1)
    for at in (0, 300, 65_535, 65_536, LONG - 1):
        merkle.verify_inclusion(at, LONG, hashes[at], tree.inclusion(at, LONG), merkle.root_of(hashes))
    assert not tree.sound
    assert not mend_hashes(box.db, 1)
    assert tiles.tiled(box.db.read(), 1) == 0
    box.close()


def test_hashes_taken_away_are_made_again(box: Box) -> None:
    fill(box, 1000)
    keep_all(box)
    with box.db.transaction() as tx:
        tiles.forget(tx, 1)
    keep_all(box)
    assert tiles.tiled(box.db.read(), 1) == 768
    assert mend_hashes(box.db, 1)


def test_no_proof_is_given_over_events_that_are_not_the_journals(box: Box) -> None:
    fill(box, 700)
    keep_all(box)
    with box.db.transaction() as tx:
        tx.conn.execute("UPDATE events SET bytes = x'00' WHERE id = ?", (event_id(1, 600),))
    with pytest.raises(Broken) as refusal:
        proofs.root_at(box.db.read(), 1, 600)
    assert refusal.value.code == "journal-broken"
    assert "Keep a copy of the data folder before anything else" in refusal.value.sentence


def test_no_proof_is_given_beyond_the_journal(box: Box) -> None:
    fill(box, 10)
    tree = proofs.open_tree(box.db.read(), 1)
    for ask in (
        lambda: tree.frontier(11),
        lambda: tree.frontier(-1),
        lambda: tree.inclusion(10, 10),
        lambda: tree.inclusion(0, 11),
        lambda: tree.consistency(3, 2),
        lambda: tree.consistency(0, 11),
    ):
        with pytest.raises(LocalWireError) as refusal:
            ask()
        assert refusal.value.code == "proof-out-of-range"


def test_housekeeping_keeps_hashes_mends_wrong_ones_at_its_first_turn_and_does_no_long_work(
    box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(box, 1000)
    tidy_hashes(box.db, thorough=True)
    with box.db.transaction() as tx:
        tx.conn.execute("UPDATE tiles SET hashes = zeroblob(8192) WHERE id = ?", (tile_id(1, 0, 1),))
    tidy_hashes(box.db, thorough=False)
    assert not proofs.open_tree(box.db.read(), 1).check_all()
    tidy_hashes(box.db, thorough=True)
    assert proofs.open_tree(box.db.read(), 1).check_all()
    assert tiles.tiled(box.db.read(), 1) == 768
    fill(box, 1000 + (RUNS + 2) * tiles.RUN)
    read = Rows(monkeypatch)
    tidy_hashes(box.db, thorough=False)
    assert read.events == RUNS * tiles.RUN
