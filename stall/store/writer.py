"""The crowd's writer: many waiting requests, one trip through the door, one COMMIT, then the answers.

`stall web` has exactly one. It takes whatever is waiting, payments before claims before
housekeeping, gives each a savepoint, commits once and only then answers. Natural batching needs
no timer: what queued while the disk synced is the next batch, and what comes while that is done
joins it. Whoever must not wait (a payment, another process at the door) ends it early.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from stall import log
from stall.errors import Retry
from stall.store.asks import Asked, Item, Joint, Waited
from stall.store.damage import OutcomeUnknown
from stall.store.db import Database, Tx

T = TypeVar("T")

LANES = ("payment", "claim", "housekeeping")
#: Most items in one transaction; more only lengthen the wait of the first.
BATCH = 256
#: Items a transaction may have though a payment is in it or another process waits: a crowd must get on too.
FEW = 4
#: Items done together; more save little and let whoever is in a hurry wait longer.
TOGETHER = 32
#: How long a request waits for its answer before it gives up waiting (s). Work not begun by then is never done;
#: work already in a transaction is not undone.
PATIENCE_S = 30.0


class CrowdWriter:
    """Runs submitted work in batches on a thread of its own."""

    def __init__(self, db: Database) -> None:
        """Start the thread; call `stop` at the end of the process."""
        self._db = db
        self._waiting: dict[str, deque[Item]] = {lane: deque() for lane in LANES}
        self._told: list[Asked] = []
        self._changed = threading.Condition()
        self._batch: list[Item] = []
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="crowd-writer", daemon=True)
        self._thread.start()

    def write(self, lane: str, work: Callable[[Tx], T]) -> T:
        """Run `work` inside the next transaction and return its result after COMMIT.

        What `work` raises is raised here, and only its own part is undone. Raises Retry
        `writer-busy` when no answer came in time, `writer-stopped` at shutdown.
        """
        item = Waited(work)
        self._add(lane, item)
        if not item.wait(PATIENCE_S):
            with self._changed:
                item.given_up = True
            raise Retry("writer-busy", "The stall is very busy. Look at the order again in a moment.", 5.0)
        if item.refusal is not None:
            raise item.refusal
        answer: T = item.result
        return answer

    def ask(self, lane: str, joint: Joint, wish: Any, caller: Any) -> None:
        """Have `wish` done with others of the same `joint` in the next transaction; `joint.tell` hears of it afterwards.

        Returns at once. Raises Retry `writer-stopped` at shutdown.
        """
        self._add(lane, Asked(joint, wish, caller, self._told))

    def withdraw(self, lane: str, older_than_s: float) -> list[Asked]:
        """Take back what was asked so long ago and is not begun: nobody will be told of it, it is never done."""
        latest = time.monotonic() - older_than_s
        with self._changed:
            waiting = self._waiting[lane]
            late = [item for item in waiting if isinstance(item, Asked) and item.asked_at < latest]
            for item in late:
                waiting.remove(item)
        return late

    def _add(self, lane: str, item: Item) -> None:
        with self._changed:
            if self._stopping:
                raise Retry("writer-stopped", "The stall is closing down. Try again in a moment.", 2.0)
            self._waiting[lane].append(item)
            self._changed.notify()

    def stop(self) -> None:
        """Finish what is waiting, then end the thread."""
        with self._changed:
            self._stopping = True
            self._changed.notify()
        self._thread.join(timeout=10)

    def _run(self) -> None:
        """Work until stopped. If this thread ended otherwise, every request would hang: then the process ends with it."""
        try:
            self._work()
        except BaseException as trouble:  # noqa: BLE001 - whatever it was, whoever waits must hear of it
            log.get("store").error("writer.died", reason=str(trouble))
            self._end(
                OutcomeUnknown("writer-died", "The part of the stall that writes broke off. Start the stall again.")
            )

    def _end(self, error: OutcomeUnknown) -> None:
        with self._changed:
            self._stopping = True
            left = [item for lane in LANES for item in self._waiting[lane]] + self._batch
            for lane in LANES:
                self._waiting[lane].clear()
        for item in left:
            item.refuse(error)
        self._tell_asked()
        self._db.stop_writing(error)

    def _work(self) -> None:
        while self._anything_waits():
            self._commit()

    def _anything_waits(self) -> bool:
        """Wait for something to do; False when the writer was stopped and nothing is left."""
        with self._changed:
            while not self._stopping and not any(self._waiting.values()):
                self._changed.wait()
            self._batch = []
            return any(self._waiting.values())

    def _next(self, lanes: Sequence[str] = LANES, most: int = 1) -> list[Item]:
        """Take what waits in the first lane that has something; from then on it can no longer be given up.

        Several only where they are done together.
        """
        with self._changed:
            for lane in lanes:
                taken = _first_of(self._waiting[lane], most)
                if taken:
                    self._batch += taken
                    return taken
        return []

    def _items(self, tx: Tx) -> Iterator[list[Item]]:
        """Take one after the other for one transaction, until nothing waits or somebody cannot wait any longer."""
        payment = False
        while len(self._batch) < BATCH:
            if not any(self._waiting.values()):
                return
            payment = payment or bool(self._waiting["payment"])
            hurry = payment or tx.awaited()
            room = (FEW if hurry else BATCH) - len(self._batch)
            items = self._next(LANES, min(room, TOGETHER)) if room > 0 else self._next(("payment",))
            if not items:
                return
            yield items

    def _commit(self) -> None:
        """One transaction for many items. Nobody is answered before COMMIT returned."""

        def answer_all() -> bool:
            for item in self._batch:
                item.answer()
            self._tell_asked()
            return bool(self._waiting["payment"])

        try:
            with self._db.transaction(committed=answer_all) as tx:
                for items in self._items(tx):
                    _do(tx, items)
        except BaseException as trouble:  # noqa: BLE001 - everybody in it must hear of it
            if not self._batch:  # the door itself is shut: that is an answer to all who wait before it
                while self._next():
                    pass
            for item in self._batch:
                item.refuse(trouble)
        self._tell_asked()

    def _tell_asked(self) -> None:
        """Tell each joint work of its items that were answered."""
        told, self._told[:] = list(self._told), []
        by_joint: dict[Joint, list[Asked]] = {}
        for item in told:
            by_joint.setdefault(item.joint, []).append(item)
        for joint, items in by_joint.items():
            try:
                joint.tell(items)
            except Exception as fault:  # noqa: BLE001 - what is committed stays, and the others must hear of theirs
                log.get("store").error("writer.not_told", items=len(items), reason=str(fault))


def _first_of(waiting: deque[Item], most: int) -> list[Item]:
    """Take the first item that was not given up, and what follows it as long as it is done together with it."""
    while waiting:
        first = waiting.popleft()
        if isinstance(first, Asked):
            taken: list[Item] = [first]
            while len(taken) < most and waiting and getattr(waiting[0], "joint", None) is first.joint:
                taken.append(waiting.popleft())
            return taken
        if isinstance(first, Waited) and not first.given_up:
            return [first]
    return []


def _do(tx: Tx, items: Sequence[Item]) -> None:
    """Do one item, or some together. What the disk or the database says of itself ends the batch; the rest is the items' own."""
    try:
        with tx.savepoint():
            for item, result in zip(items, _results(tx, items), strict=True):
                if isinstance(item, Asked) and isinstance(result, BaseException):
                    item.refusal = result
                else:
                    item.result = result
    except sqlite3.Error as error:
        if not isinstance(error, sqlite3.IntegrityError):
            raise
        _refuse_or_divide(tx, items, error)
    except Exception as error:  # noqa: BLE001 - it belongs to the request that asked, not to the batch
        _refuse_or_divide(tx, items, error)


def _results(tx: Tx, items: Sequence[Item]) -> Sequence[Any]:
    first = items[0]
    if isinstance(first, Asked):
        return first.joint.do(tx, [item.wish for item in items if isinstance(item, Asked)])
    assert isinstance(first, Waited)  # noqa: S101 - there is no third kind; tells the type checker
    return [first.work(tx)]


def _refuse_or_divide(tx: Tx, items: Sequence[Item], error: Exception) -> None:
    """What was done together and failed is done one by one: then it is the failing one's alone."""
    if len(items) == 1:
        items[0].result, items[0].refusal = None, error
        return
    for item in items:
        item.result = item.refusal = None
        _do(tx, [item])
