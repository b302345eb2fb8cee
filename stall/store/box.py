"""One stall's data folder, opened: what every process of the box works with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from stall.clock import Clock
from stall.settings import Settings
from stall.store import floor
from stall.store.db import Database, Tx
from stall.store.room import Room
from stall.store.secrets import BoxSecrets
from stall.store.writer import CrowdWriter

T = TypeVar("T")


@dataclass(slots=True)
class Box:
    """One stall's data folder, opened. Close it at the end of the process."""

    folder: Path
    settings: Settings
    clock: Clock
    secrets: BoxSecrets
    db: Database
    room: Room
    crowd: CrowdWriter | None = None

    def write(self, lane: str, work: Callable[[Tx], T]) -> T:
        """Run `work` in a transaction: batched with the crowd's in `stall web`, alone elsewhere.

        `lane` is payment, claim or housekeeping. Returns after COMMIT.
        """
        if self.crowd is not None:
            return self.crowd.write(lane, work)
        with self.db.transaction() as tx:
            return work(tx)

    def begin(self, lane: str, work: Callable[[Tx], T]) -> T:
        """As `write`, for what begins a sale or a payment: Raises Refused `disk-nearly-full` or `disk-read-only` when the disk takes no more."""
        self.room.check()
        return self.write(lane, work)

    def now_ms(self) -> int:
        """The box's time for looking, not for recording: what a transaction begun now would say.

        After a step of the clock that no transaction has met yet it is still the time of before: what runs out here is
        moved along by the next transaction (store.deadlines), and nothing may look over meanwhile. Read it before the
        row it is compared with.
        """
        at = floor.moment(self.db.read(), self.clock)
        return at.now_ms - at.stepped_ms

    def close(self) -> None:
        """Finish what is waiting and close the database."""
        if self.crowd is not None:
            self.crowd.stop()
        self.db.close()
