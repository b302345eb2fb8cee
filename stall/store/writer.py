"""The crowd's writer: many waiting requests, one trip through the door, one COMMIT, then the answers.

`stall web` has exactly one. It takes whatever is waiting, payments before claims before
housekeeping, gives each a savepoint, commits once and only then answers. Natural batching needs
no timer: what queued while the disk synced is the next batch, and what comes while that is done
joins it. Whoever must not wait (a payment, another process at the door) ends it early.
"""

from __future__ import annotations

import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from stall import log
from stall.errors import Retry
from stall.store.db import Database, OutcomeUnknown, Tx

T = TypeVar("T")

LANES = ("payment", "claim", "housekeeping")
#: Most items in one transaction; more only lengthen the wait of the first.
BATCH = 256
#: Items a transaction may have though a payment is in it or another process waits: a crowd must get on too.
FEW = 8
#: How long a request waits for its answer before it gives up waiting (s). Work not begun by then is never done;
#: work already in a transaction is not undone.
PATIENCE_S = 30.0


class Item:
    """Work somebody waits for. A lock that is let go tells of the answer: half the cost of a Future, a claim's worth."""

    __slots__ = ("_answered", "_waiter", "given_up", "refusal", "result", "work")

    def __init__(self, work: Callable[[Tx], Any]) -> None:
        self.work = work
        self.given_up = False
        self.result: Any = None
        self.refusal: BaseException | None = None
        self._answered = False
        self._waiter = threading.Lock()
        self._waiter.acquire()

    def answer(self) -> None:
        """Let whoever waits go on, with the result or the refusal. Once, whoever calls it again; by the writer's thread alone."""
        if not self._answered:
            self._answered = True
            self._waiter.release()

    def refuse(self, trouble: BaseException) -> None:
        """Answer with trouble, unless it was answered already: what is committed stays committed."""
        if not self._answered:
            self.refusal = trouble
            self.answer()

    def wait(self, timeout_s: float) -> bool:
        """Wait for the answer; False when none came in time."""
        return self._waiter.acquire(timeout=timeout_s)


class CrowdWriter:
    """Runs submitted work in batches on a thread of its own."""

    def __init__(self, db: Database) -> None:
        """Start the thread; call `stop` at the end of the process."""
        self._db = db
        self._waiting: dict[str, deque[Item]] = {lane: deque() for lane in LANES}
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
        item = Item(work)
        with self._changed:
            if self._stopping:
                raise Retry("writer-stopped", "The stall is closing down. Try again in a moment.", 2.0)
            self._waiting[lane].append(item)
            self._changed.notify()
        if not item.wait(PATIENCE_S):
            with self._changed:
                item.given_up = True
            raise Retry("writer-busy", "The stall is very busy. Look at the order again in a moment.", 5.0)
        if item.refusal is not None:
            raise item.refusal
        answer: T = item.result
        return answer

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

    def _next(self, lanes: Sequence[str] = LANES) -> Item | None:
        """Take what waits in the first lane that has something; from then on it can no longer be given up."""
        with self._changed:
            for lane in lanes:
                while self._waiting[lane]:
                    item = self._waiting[lane].popleft()
                    if not item.given_up:
                        self._batch.append(item)
                        return item
        return None

    def _items(self, tx: Tx) -> Iterator[Item]:
        """Take one item after the other for one transaction, until nothing waits or somebody cannot wait any longer."""
        payment = False
        while len(self._batch) < BATCH:
            payment = payment or bool(self._waiting["payment"])
            hurry = len(self._batch) >= FEW and (payment or tx.awaited())
            item = self._next(("payment",) if hurry else LANES)
            if item is None:
                return
            yield item

    def _commit(self) -> None:
        """One transaction for many items. Nobody is answered before COMMIT returned."""

        def answer_all() -> None:
            for item in self._batch:
                item.answer()

        try:
            with self._db.transaction(committed=answer_all) as tx:
                for item in self._items(tx):
                    _do(tx, item)
        except BaseException as trouble:  # noqa: BLE001 - everybody in it must hear of it
            if not self._batch:  # the door itself is shut: that is an answer to all who wait before it
                while self._next() is not None:
                    pass
            for item in self._batch:
                item.refuse(trouble)


def _do(tx: Tx, item: Item) -> None:
    """Do one item. What the disk or the database says of itself ends the batch; the rest is the item's own."""
    try:
        with tx.savepoint():
            item.result = item.work(tx)
    except sqlite3.IntegrityError as error:
        item.refusal = error
    except sqlite3.Error:
        raise
    except Exception as error:  # noqa: BLE001 - it belongs to the request that asked, not to the batch
        item.refusal = error
