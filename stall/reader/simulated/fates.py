"""Who decides what happens next: the person at the panel, else the script, else nothing happens."""

from __future__ import annotations

import threading
from collections.abc import Callable

from stall.reader.simulated.controls import Controls, Mode
from stall.reader.simulated.fate import Fate
from stall.reader.simulated.ledger import Ledger
from stall.reader.simulated.script import CommandRow, Name, Script

_PAYMENTS = "payment"


class Fates:
    """The fate of each command, counted in the books. Any thread may call any method."""

    def __init__(self, ledger: Ledger, controls: Controls, script: Script) -> None:
        """Begin the script, or go on where its books say it has got to."""
        self._ledger, self._controls, self._script = ledger, controls, script
        self._lock = threading.Lock()
        self._pending: dict[Name | None, Fate] = {}
        habits = script.terminal
        ledger.begin_script(
            script.digest,
            next_receipt=habits.next_receipt,
            wrap=habits.wrap,
            reversal=habits.auto_reversal,
            day_end_required=habits.day_end_required,
        )

    def expect(self, name: Name | None) -> Fate:
        """What will happen to the next payment (None), reversal or refund; the same until it is taken."""
        return self._held(name, lambda: self._payment() if name is None else self._charging(name))

    def take(self, name: Name | None) -> Fate:
        """The same, for the one that begins."""
        fate = self.expect(name)
        with self._lock:
            self._pending.pop(name, None)
        return fate

    def command(self, name: Name) -> CommandRow | None:
        """What happens to the command that arrived, when anything does."""
        return self._script.command_row(name, self._ledger.count(name))

    def _held(self, name: Name | None, decide: Callable[[], Fate]) -> Fate:
        with self._lock:
            if name not in self._pending:
                self._pending[name] = decide()
            return self._pending[name]

    def _payment(self) -> Fate:
        times = self._controls.view().times
        mode = self._controls.take_mode()
        if mode is not Mode.APPROVE:
            return Fate(mode, times)
        return self._script.payment_fate(self._ledger.count(_PAYMENTS))

    def _charging(self, name: Name) -> Fate:
        row = self.command(name)
        return Fate() if row is None else Fate(Mode(row.fault), code=row.code)
