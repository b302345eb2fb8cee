"""What buyers and till inside were told, as it arrives outside: one line each, merged into what the box must keep."""

from __future__ import annotations

import json
import threading
from typing import Any

from tests.faults.promised import Promised


class Promises:
    """Fed from threads; a line that the power cut in two was never told to anybody."""

    def __init__(self) -> None:
        self.told = Promised()
        self.complaints: list[str] = []
        self.asked: list[int] = []
        self.ended: list[tuple[int, str]] = []
        self._pending: dict[str, bytes] = {}
        self._lock = threading.Lock()

    def hear(self, line: str, data: bytes) -> None:
        """Take bytes from the line of this name."""
        with self._lock:
            *whole, self._pending[line] = (self._pending.get(line, b"") + data).split(b"\n")
            for each in whole:
                self._take(json.loads(each))

    def power_gone(self) -> None:
        """Forget halves of lines, and complaints of those who waited for an answer."""
        with self._lock:
            self._pending.clear()

    def as_told(self) -> dict[str, Any]:
        """Everything, as JSON takes it."""
        with self._lock:
            return vars(self.told.copy())

    def _take(self, words: dict[str, Any]) -> None:
        told = self.told
        for address, number in words.get("takes", {}).items():
            told.takes[address] = number if number is not None else told.takes.get(address)
        told.grants.update(words.get("grants", {}))
        for name, mine in (("cash", told.cash), ("cards", told.cards)):
            mine.update({int(sale): int(minor) for sale, minor in words.get(name, {}).items()})
        told.presses.update(words.get("presses", {}))
        if "complaint" in words:
            self.complaints.append(words["complaint"])
        if "asked" in words:
            self.asked.append(words["asked"])
        if "ended" in words:
            self.ended.append((words["ended"][0], words["ended"][1]))
