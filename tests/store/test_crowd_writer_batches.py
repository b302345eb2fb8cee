"""Many waiting requests share one COMMIT; each is answered for itself and only after it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from stall import app
from stall.errors import Refused, Retry
from stall.flows.confirm_clock import confirm_clock
from stall.store import journal, locks, writer
from stall.store.box import Box
from stall.store.damage import OutcomeUnknown
from stall.store.db import Database, Tx
from tests.fakes.clock import FakeClock


@pytest.fixture
def crowd(folder: Path, clock: FakeClock) -> Iterator[Box]:
    opened = app.open_box(folder, clock=clock, crowd=True)
    yield opened
    opened.close()


Work = Callable[[Tx], Any]


def note(word: str) -> Work:
    return lambda tx: tx.append("test", {"word": word})


def while_the_door_is_held(folder: Path, box: Box, calls: list[tuple[str, Work]]) -> list[Any]:
    """Submit `calls` while somebody else holds the door, so that they queue; return answers or errors in order."""
    box.write("housekeeping", note("first"))
    with ThreadPoolExecutor(max_workers=len(calls)) as pool:
        with locks.door(folder):
            waiting = [pool.submit(box.write, lane, work) for lane, work in calls]
            while waiting_in(box) < len(calls):
                pass
        return [each.exception(timeout=10) or each.result() for each in waiting]


def waiting_in(box: Box) -> int:
    assert box.crowd is not None
    return sum(len(lane) for lane in box.crowd._waiting.values())


def commits_of(box: Box) -> list[str]:
    seen: list[str] = []
    with box.db.transaction():
        pass
    box.db._writing_connection().set_trace_callback(lambda sql: seen.append(sql) if sql == "COMMIT" else None)
    return seen


def test_what_waited_is_committed_once(crowd: Box, folder: Path) -> None:
    commits = commits_of(crowd)
    answers = while_the_door_is_held(folder, crowd, [("claim", note(str(n))) for n in range(30)])
    assert len(commits) == 2  # the first alone, the thirty together
    assert sorted(answers) == list(range(2, 32))


def test_payments_go_before_claims_before_housekeeping(crowd: Box, folder: Path) -> None:
    calls = [("housekeeping", note("h")), ("claim", note("c")), ("payment", note("p"))]
    housekeeping, claim, payment = while_the_door_is_held(folder, crowd, calls)
    assert [payment, claim, housekeeping] == [2, 3, 4]


def test_one_refused_item_does_not_spoil_the_batch(crowd: Box, folder: Path) -> None:
    def refused(tx: Tx) -> None:
        tx.append("test", {"word": "undone"})
        raise Refused("drop-sold-out", "It is sold out.")

    before, between, after = while_the_door_is_held(
        folder, crowd, [("claim", note("a")), ("claim", refused), ("claim", note("b"))]
    )
    assert isinstance(between, Refused)
    assert [before, after] == [2, 3]  # the undone event left no gap
    assert journal.read_head(crowd.db.read()).size == 4


def test_nobody_is_answered_before_the_commit(crowd: Box) -> None:
    order: list[str] = []
    with crowd.db.transaction():
        pass
    crowd.db._writing_connection().set_trace_callback(lambda sql: order.append(sql) if sql == "COMMIT" else None)
    crowd.write("payment", lambda _tx: order.append("work"))
    order.append("answered")
    assert order == ["work", "COMMIT", "answered"]


def test_trouble_with_the_database_reaches_everybody_in_the_transaction_and_nobody_else(
    crowd: Box, folder: Path
) -> None:
    calls: list[tuple[str, Work]] = [
        ("payment", note("undone")),
        ("claim", lambda tx: tx.conn.execute("SELECT * FROM nowhere")),
        ("housekeeping", note("a")),
    ]
    before, itself, after = while_the_door_is_held(folder, crowd, calls)
    assert isinstance(before, Exception)
    assert isinstance(itself, Exception)
    assert after == 2
    assert crowd.write("claim", note("next")) == 3


def test_what_comes_while_others_are_done_joins_them(crowd: Box) -> None:
    assert crowd.crowd is not None
    commits, waiting = commits_of(crowd), crowd.crowd._waiting

    def meanwhile(tx: Tx) -> int:
        late.append(pool.submit(crowd.write, "claim", note("late")))
        while not waiting["claim"]:
            pass
        return tx.append("test", {"word": "early"})

    late: list[Any] = []
    with ThreadPoolExecutor(max_workers=1) as pool:
        early = crowd.write("claim", meanwhile)
        assert (early, late[0].result(timeout=10), commits) == (1, 2, ["COMMIT"])


def test_a_payment_ends_a_batch_after_a_few(crowd: Box, folder: Path) -> None:
    commits = commits_of(crowd)
    calls = [("claim", note(str(n))) for n in range(20)] + [("payment", note("p"))]
    answers = while_the_door_is_held(folder, crowd, calls)
    assert answers[-1] == 2
    assert len(commits) == 3  # the first; the payment and three; the other seventeen


def test_who_waits_at_the_door_ends_a_batch_after_a_few(
    crowd: Box, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commits = commits_of(crowd)
    monkeypatch.setattr(locks.Door, "awaited", lambda _door: True)
    while_the_door_is_held(folder, crowd, [("claim", note(str(n))) for n in range(20)])
    assert len(commits) == 6  # the first, and four at a time


def test_a_process_in_the_turnstile_is_seen_through_the_door(folder: Path) -> None:
    with locks.door(folder) as held:
        assert not held.awaited()
        inside = threading.Event()

        def enter() -> None:
            with locks.door(folder):
                inside.set()

        other = threading.Thread(target=enter)
        other.start()
        deadline = time.monotonic() + 20
        while not held.awaited() and time.monotonic() < deadline:
            pass
        assert held.awaited()
        assert not inside.is_set()
    other.join(timeout=20)
    assert inside.is_set()


def test_a_door_that_is_shut_is_told_to_all_who_wait(crowd: Box, folder: Path) -> None:
    (folder / locks.DOOR).unlink()
    with ThreadPoolExecutor(max_workers=3) as pool:
        waiting = [pool.submit(crowd.write, "claim", note(str(n))) for n in range(3)]
        codes = {getattr(each.exception(timeout=20), "code", None) for each in waiting}
    assert codes == {"door-missing"}


def test_after_closing_nothing_is_taken(crowd: Box) -> None:
    assert crowd.crowd is not None
    crowd.crowd.stop()
    with pytest.raises(Retry) as refusal:
        crowd.write("payment", note("late"))
    assert refusal.value.code == "writer-stopped"


def test_work_given_up_before_it_began_is_never_done(crowd: Box, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "PATIENCE_S", 0.05)
    size = journal.read_head(crowd.db.read()).size
    with locks.door(folder), pytest.raises(Retry) as refusal:
        crowd.write("payment", note("late"))
    assert refusal.value.code == "writer-busy"
    monkeypatch.setattr(writer, "PATIENCE_S", 30.0)
    assert crowd.write("payment", note("next")) == size


def test_nothing_is_done_twice_after_an_error(crowd: Box, folder: Path) -> None:
    done: list[str] = []

    def fail(tx: Tx) -> None:
        done.append("failed")
        tx.conn.execute("SELECT * FROM nowhere")

    undone, failed, later = while_the_door_is_held(
        folder,
        crowd,
        [
            ("payment", lambda _tx: done.append("undone")),
            ("claim", fail),
            ("housekeeping", lambda _tx: done.append("later")),
        ],
    )
    assert done == ["undone", "failed", "later"]
    assert isinstance(undone, Exception)
    assert isinstance(failed, Exception)
    assert later is None


def test_a_writer_that_dies_leaves_nobody_waiting_and_nobody_served(
    crowd: Box, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped: list[str] = []
    crowd.db._on_unknown = lambda error: stopped.append(error.code)
    monkeypatch.setattr(writer.CrowdWriter, "_commit", lambda *_: (_ for _ in ()).throw(MemoryError()))
    with pytest.raises(OutcomeUnknown) as refusal:
        crowd.write("payment", note("waiting"))
    assert refusal.value.code == "writer-died"
    assert stopped == ["writer-died"]  # a process that runs all day ends here
    with pytest.raises(Retry) as later:
        crowd.write("payment", note("later"))
    assert later.value.code == "writer-stopped"
    with pytest.raises(OutcomeUnknown), crowd.db.transaction():
        pass


def test_a_clock_set_by_an_item_that_is_undone_is_undone_with_it(crowd: Box, folder: Path, clock: FakeClock) -> None:
    def set_and_fail(tx: Tx) -> None:
        confirm_clock(tx, clock.wall + 10**9)
        raise Refused("drop-sold-out", "It is sold out.")

    _, now_ms = while_the_door_is_held(
        folder, crowd, [("payment", set_and_fail), ("claim", lambda tx: (tx.append("test", {}), tx.now_ms)[1])]
    )
    assert now_ms == clock.wall


def test_trouble_after_the_commit_is_no_refusal_of_what_is_committed(
    crowd: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    size = journal.read_head(crowd.db.read()).size
    monkeypatch.setattr(Database, "_copy_back", lambda *_: (_ for _ in ()).throw(MemoryError()))
    answers = [crowd.write("claim", note(str(n))) for n in range(20)]
    assert answers == list(range(size, size + 20))
