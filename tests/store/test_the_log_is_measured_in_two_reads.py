"""Whether the log must be copied back is asked after every write, so asking is two small reads."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from stall.store import wal
from stall.store.box import Box


def frame_by_frame(database: Path) -> wal.LogLength:
    """The plain way ("WAL File Format"): from the front, count the frames that bear the salts of the header."""
    log = Path(f"{database}-wal").read_bytes()
    page, salts, frames = int.from_bytes(log[8:12], "big"), log[16:24], 0
    for start in range(32, len(log), 24 + page):
        if log[start + 8 : start + 16] != salts:
            break
        frames += 1
    return wal.LogLength(salts, frames)


def test_it_has_grown_exactly_when_a_full_measure_says_so(box: Box) -> None:
    since = wal.EMPTY
    for size in (1, 3, 9, 20, 40):
        with box.db.transaction() as tx:
            tx.append("test", {"word": "x" * 4096 * size})
        now = frame_by_frame(box.db.path)
        frames = now.frames - (since.frames if since.salts == now.salts else 0)
        assert wal.grown(box.db.path, since, frames) is None
        assert wal.grown(box.db.path, since, frames - 1) == now
        since = now


def test_asking_in_vain_reads_the_header_and_one_frame(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    with box.db.transaction() as tx:
        tx.append("test", {})
    reads: list[int] = []
    real = os.pread

    def counting(descriptor: int, length: int, offset: int) -> bytes:
        reads.append(length)
        return real(descriptor, length, offset)

    monkeypatch.setattr(os, "pread", counting)
    assert wal.grown(box.db.path, wal.EMPTY, 1000) is None
    assert len(reads) == 2


def test_without_a_log_there_is_nothing_to_copy_back(box: Box) -> None:
    assert wal.grown(box.folder / "none.sqlite", wal.EMPTY, 0) is None
