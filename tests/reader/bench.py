"""A simulated terminal in a thread, much faster than at a stall, and the till's end of its cable."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from stall.errors import Retry, StallError
from stall.reader.simulated.cable import PtyCable
from stall.reader.simulated.controls import Controls
from stall.reader.simulated.fate import Fate
from stall.reader.simulated.faults import FAULTS
from stall.reader.simulated.ledger import Entry, Ledger
from stall.reader.simulated.payment import Habits
from stall.reader.simulated.script import Script
from stall.reader.simulated.simulator import SimulatedTerminal
from stall.reader.simulated.tcp_device import TcpPort
from stall.reader.transport import connect
from stall.reader.zvt.link import Link
from stall.reader.zvt.timers import Timers
from tests.reader import names as t

T = TypeVar("T")
PATIENCE_S = 30.0
"""How long to wait for what must come; a busy machine is no failure."""


class Fast(Timers):
    """A stall in a hurry, which still leaves each process its turn on a machine that has much to do."""

    @property
    def t1_s(self) -> float:
        return 0.1

    @property
    def t3_s(self) -> float:
        return 0.5

    @property
    def t4_s(self) -> float:
        return 1.0

    @property
    def decide_s(self) -> float:
        return 0.45


FAST = Fast(1 / 25)
HABITS = Habits(card_after_s=0.0, silent_s=1.2, vanish_s=0.05, answer_s=0.5, step_s=0.0, remind_s=0.2)


class Bench:
    """One terminal; many tills, one after the other."""

    def __init__(self, folder: Path, *, tcp: bool = False, script: Script | None = None) -> None:
        self.ledger, self.controls = Ledger(folder / "ledger.sqlite"), Controls(FAULTS, hardware=True)
        cable = TcpPort(0) if tcp else PtyCable(folder / "port")
        self.link = f"tcp:127.0.0.1:{cable.number}" if isinstance(cable, TcpPort) else f"serial:{folder / 'port'}"
        self.simulated = SimulatedTerminal(self.ledger, self.controls, cable, "000000", FAST, HABITS, script)
        self.timers = FAST
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self.simulated.run, args=(self.stop,))
        self.thread.start()
        assert self.simulated.ready.wait(PATIENCE_S)
        self._known = 1
        self.till: t.Terminal | None = None

    def fated(self, fate: Fate) -> None:
        """What happens to the next payment."""
        self.simulated._fates._pending[None] = fate

    def plug(self, profile: str = "simulated") -> t.Terminal:
        """A till connects and registers, again and again until the terminal is there and idle."""
        return eventually(lambda: self.plug_once(profile))

    def plug_once(self, profile: str = "simulated") -> t.Terminal:
        """The same, once. Raises Retry."""
        self.unplug()
        self.till = t.Terminal(Link(connect(self.link), FAST), t.PROFILES[profile], "000000")
        self.till.register()
        if self.till.status():
            raise Retry("test", "busy")
        return self.till

    def till_now(self) -> t.Terminal:
        """The till that is plugged in."""
        assert self.till is not None
        return self.till

    def unplug(self) -> None:
        if self.till is not None:
            self.till.close()

    def new(self) -> list[Entry]:
        """The lines of the books since this was last asked, the oldest first; none of them is open any more."""
        eventually(self._settled)
        entries = [each for each in reversed(self.ledger.entries()) if each.id > self._known]
        self._known += len(entries)
        return entries

    def truth(self) -> list[tuple[str, int, str]]:
        """The same as kind, amount and state."""
        return [(each.kind, each.amount, each.state) for each in self.new()]

    def _settled(self) -> None:
        """It shows that it is idle, and nothing is open."""
        if self.controls.view().display != "Ready" or any(each.state == "open" for each in self.ledger.entries()):
            raise Retry("test", "not done yet")

    def end(self) -> None:
        self.unplug()
        self.stop.set()
        self.thread.join(PATIENCE_S)


def eventually(attempt: Callable[[], T]) -> T:
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            return attempt()
        except StallError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.01)


def pay(dialogue: t.Dialogue, amount: int) -> list[t.Event | bool]:
    """Do as a till does: yes to what was asked for, no to anything else. Behind a yes: whether it was certain."""
    events: list[t.Event | bool] = []
    for event in dialogue.events():
        events.append(event)
        if isinstance(event, t.Approval):
            if (event.told.amount_minor, event.told.currency) == (amount, "EUR"):
                events.append(dialogue.accept().certain())
            else:
                dialogue.refuse()
    return events


def story(events: Sequence[t.Event | bool]) -> str:
    """The events in short, without the steps; `yes` for a certain one of the till, `yes?` for another."""
    told = [each for each in events if not isinstance(each, t.Intermediate)]
    return " ".join(("yes" if each else "yes?") if isinstance(each, bool) else type(each).__name__ for each in told)
