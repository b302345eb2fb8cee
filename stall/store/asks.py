"""What the crowd's writer is asked to do: work a thread waits for, and work that is done for many at once.

Holds no lock of the writer's and begins nothing; `store.writer` does.
"""

from __future__ import annotations

import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from stall.store.db import Tx


class Joint(Protocol):
    """Work that many ask for at once and that is cheaper done for all of them together. Compared by identity."""

    def do(self, tx: Tx, wishes: Sequence[Any]) -> Sequence[Any]:
        """Do it for each wish, as if one came after the other: give its result, or the exception that refuses it alone."""

    def tell(self, asked: Sequence[Asked]) -> None:
        """Hear the answers after COMMIT, or the refusals. On the writer's thread: quick, and never raising."""


class Item(ABC):
    """Work of one request. `answer` is called once there is a result that is committed, or a refusal."""

    __slots__ = ("_answered", "refusal", "result")

    def __init__(self) -> None:
        self.result: Any = None
        self.refusal: BaseException | None = None
        self._answered = False

    def answer(self) -> None:
        """Let whoever waits go on. Once, whoever calls it again; by the writer's thread alone."""
        if not self._answered:
            self._answered = True
            self._tell()

    def refuse(self, trouble: BaseException) -> None:
        """Answer with trouble, unless it was answered already: what is committed stays committed."""
        if not self._answered:
            self.refusal = trouble
            self.answer()

    @abstractmethod
    def _tell(self) -> None:
        """Let whoever asked know."""


class Waited(Item):
    """An item whose thread waits. A lock that is let go tells of the answer: half the cost of a Future, a claim's worth."""

    __slots__ = ("_waiter", "given_up", "work")

    def __init__(self, work: Callable[[Tx], Any]) -> None:
        super().__init__()
        self.work = work
        self.given_up = False
        self._waiter = threading.Lock()
        self._waiter.acquire()

    def _tell(self) -> None:
        self._waiter.release()

    def wait(self, timeout_s: float) -> bool:
        """Wait for the answer; False when none came in time."""
        return self._waiter.acquire(timeout=timeout_s)


class Asked(Item):
    """An item no thread waits for: its `joint` work is told, with what it was asked and by whom (`caller`)."""

    __slots__ = ("asked_at", "caller", "joint", "told", "wish")

    def __init__(self, joint: Joint, wish: Any, caller: Any, told: list[Asked]) -> None:
        super().__init__()
        self.joint, self.wish, self.caller, self.told = joint, wish, caller, told
        self.asked_at = time.monotonic()

    def _tell(self) -> None:
        self.told.append(self)
