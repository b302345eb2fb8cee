"""Joint work: what is asked without waiting is done together, answered after COMMIT, and each refused for itself."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

from stall import app
from stall.errors import Refused, Retry
from stall.store import journal, locks, writer
from stall.store.asks import Asked
from stall.store.box import Box
from stall.store.db import Tx
from stall.store.writer import CrowdWriter
from tests.fakes.clock import FakeClock

LIMIT_S = 20.0


@pytest.fixture
def box(folder: Path, clock: FakeClock) -> Iterator[Box]:
    opened = app.open_box(folder, clock=clock, crowd=True)
    yield opened
    opened.close()


@pytest.fixture
def crowd(box: Box) -> CrowdWriter:
    assert box.crowd is not None
    return box.crowd


class Notes:
    """Notes words in the journal; a wish may be a word, an exception to refuse it with, or one to raise."""

    def __init__(self, raises: dict[str, Exception] | None = None) -> None:
        self.raises = raises or {}
        self.done: list[list[str]] = []
        self.told: dict[str, Any] = {}
        self.heard = threading.Semaphore(0)

    def do(self, tx: Tx, wishes: Sequence[str]) -> list[Any]:
        self.done.append(list(wishes))
        for word in wishes:
            if word in self.raises:
                tx.append("test", {"word": "undone"})
                raise self.raises[word]
        return [
            Refused("drop-sold-out", word) if word == "no" else tx.append("test", {"word": word}) for word in wishes
        ]

    def tell(self, asked: Sequence[Asked]) -> None:
        for item in asked:
            self.told[item.caller] = item.refusal or item.result
            self.heard.release()

    def wait(self, count: int) -> None:
        for _ in range(count):
            assert self.heard.acquire(timeout=LIMIT_S)


def ask(folder: Path, crowd: CrowdWriter, *wishes: tuple[Notes, str]) -> None:
    """Ask for all while somebody else holds the door, so that they wait together."""
    with locks.door(folder):
        for joint, word in wishes:
            crowd.ask("claim", joint, word, word)
    for joint in {joint for joint, _ in wishes}:
        joint.wait(sum(1 for each, _ in wishes if each is joint))


def test_it_is_done_together_and_each_is_told_its_own_result(box: Box, crowd: CrowdWriter, folder: Path) -> None:
    notes, size = Notes(), journal.read_head(box.db.read()).size
    words = [str(n) for n in range(5)]
    ask(folder, crowd, *[(notes, word) for word in words])
    assert list(chain(*notes.done)) == words
    assert len(notes.done) <= 2  # the first may have been taken before the others came
    assert notes.told == {word: size + n for n, word in enumerate(words)}


def test_no_more_are_done_together_than_a_hurry_can_wait_for(crowd: CrowdWriter, folder: Path) -> None:
    notes = Notes()
    ask(folder, crowd, *[(notes, str(n)) for n in range(3 * writer.TOGETHER)])
    assert max(map(len, notes.done)) == writer.TOGETHER


def test_only_neighbours_of_the_same_kind_are_done_together(crowd: CrowdWriter, folder: Path) -> None:
    one, other = Notes(), Notes()
    ask(folder, crowd, (one, "a"), (other, "b"), (one, "c"))
    assert (one.done, other.done) == ([["a"], ["c"]], [["b"]])


def test_one_refused_leaves_the_others_theirs(crowd: CrowdWriter, folder: Path) -> None:
    notes = Notes()
    ask(folder, crowd, (notes, "a"), (notes, "no"), (notes, "b"))
    assert isinstance(notes.told["no"], Refused)
    assert notes.told["b"] == notes.told["a"] + 1


def test_one_that_fails_is_found_by_doing_them_one_by_one(box: Box, crowd: CrowdWriter, folder: Path) -> None:
    for trouble in (ValueError("a fault of ours"), sqlite3.IntegrityError("twice")):
        notes, size = Notes({"bad": trouble}), journal.read_head(box.db.read()).size
        ask(folder, crowd, (notes, "a"), (notes, "bad"), (notes, "b"))
        assert notes.told == {"a": size, "bad": trouble, "b": size + 1}  # and what it had written is undone
        assert journal.read_head(box.db.read()).size == size + 2


def test_trouble_with_the_database_refuses_all_and_nothing_is_written(
    box: Box, crowd: CrowdWriter, folder: Path
) -> None:
    size = journal.read_head(box.db.read()).size
    notes = Notes({"bad": sqlite3.OperationalError("database disk image is malformed")})
    crowd.write("payment", lambda tx: tx.append("test", {}))
    with locks.door(folder):
        crowd.ask("housekeeping", notes, "a", "a")
        crowd.ask("housekeeping", notes, "bad", "bad")
    notes.wait(2)
    assert getattr(notes.told["bad"], "code", None) == "database-damaged"
    kept = [word for word, told in notes.told.items() if isinstance(told, int)]
    assert journal.read_head(box.db.read()).size == size + 1 + len(kept)


def test_nobody_is_told_before_the_commit(box: Box, crowd: CrowdWriter) -> None:
    order: list[str] = []

    class Ordered(Notes):
        def tell(self, asked: Sequence[Asked]) -> None:
            order.append("told")
            super().tell(asked)

    with box.db.transaction():
        pass
    box.db._writing_connection().set_trace_callback(lambda sql: order.append(sql) if sql == "COMMIT" else None)
    notes = Ordered()
    crowd.ask("claim", notes, "word", "word")
    notes.wait(1)
    assert order == ["COMMIT", "told"]


def test_whoever_fails_to_hear_takes_nothing_from_the_others(crowd: CrowdWriter, folder: Path) -> None:
    class Deaf(Notes):
        def tell(self, asked: Sequence[Asked]) -> None:
            super().tell(asked)
            raise RuntimeError("not listening")

    deaf, notes = Deaf(), Notes()
    ask(folder, crowd, (deaf, "a"), (notes, "b"))
    assert set(notes.told) == {"b"}
    assert crowd.write("payment", lambda tx: tx.append("test", {})) > notes.told["b"]


def test_what_waited_too_long_is_taken_back_and_never_done(crowd: CrowdWriter, folder: Path) -> None:
    notes = Notes()
    with locks.door(folder):
        crowd.ask("claim", notes, "begun", "begun")  # the writer stands at the door for this one, or takes it back too
        crowd.ask("claim", notes, "late", "late")
        assert crowd.withdraw("claim", LIMIT_S) == []
        late = crowd.withdraw("claim", 0.0)
    assert "late" in [item.caller for item in late]
    crowd.write("payment", lambda tx: tx.append("test", {}))
    assert "late" not in list(chain(*notes.done))


def test_a_writer_that_dies_tells_those_who_wait(box: Box, crowd: CrowdWriter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(box.db, "_on_unknown", lambda _error: None)
    monkeypatch.setattr(CrowdWriter, "_commit", lambda *_: (_ for _ in ()).throw(MemoryError()))
    notes = Notes()
    crowd.ask("claim", notes, "word", "word")
    notes.wait(1)
    assert getattr(notes.told["word"], "code", None) == "writer-died"
    with pytest.raises(Retry) as refusal:
        crowd.ask("claim", notes, "next", "next")
    assert refusal.value.code == "writer-stopped"
