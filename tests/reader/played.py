"""A stall whose reader is the real process, and a ZVT terminal played by the test block by block on the other end.

The test decides what the terminal did, and may cut the cable or kill the reader at any instant in between.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import msgspec

from stall import app, settings
from stall.clock import SystemClock
from stall.errors import Retry
from stall.reader.simulated.pty_device import PtyDevice
from stall.reader.zvt.link import Link
from stall.reader.zvt.timers import Timers
from stall.settings import Reader
from stall.store import attempts
from stall.store.attempts import Attempt
from stall.wire.readers import zvt_terminal as wire
from tests.fakes import stock
from tests.fakes.stock import Stocked
from tests.flows import selling
from tests.reader.scene import RealTimeClock

Crash = Literal["cable", "kill"]

SCALE = 1 / 10
PATIENCE_S = 30.0
TID, BEFORE, OURS, AMOUNT = "52000001", 41, 42, 450
"""The terminal, its last receipt before the payment, the payment's, and its amount in minor units."""
YES, COMPLETION = bytes.fromhex("80 00 00"), bytes.fromhex("06 0F 00")
PAY, REVERSE, ASK, STATUS, TOTALS = b"\x06\x01", b"\x06\x30", b"\x06\x20", b"\x05\x01", b"\x06\x10"
_CARD = wire.Card("VISA", 0x0A, "4281", "Visa")


def receipt(number: int, amount: int = AMOUNT, *, tid: str = TID, original: int | None = None) -> bytes:
    """`04 0F` of a receipt, as it is told first and again; with the trace of the `original` it takes back."""
    booking = wire.Booking(amount, "EUR", tid, number, number, "120000", "1121", "000007", _CARD, original)
    return wire.status_information(booking)


class Played:
    """Both ends. `heard` are the commands of the till in order; `says` what the terminal tells of its last receipt."""

    def __init__(self, folder: Path, template: Path, profile: str = "simulated") -> None:
        self._port = folder / "port"
        stock.copy(template, folder / "box").box.close()
        own = settings.load(folder / "box")
        reader = Reader(link=f"serial:{self._port}", profile=profile, time_scale=SCALE)
        settings.save(folder / "box", msgspec.structs.replace(own, reader=reader))
        system, clock = SystemClock(), RealTimeClock()
        clock.boot = system.boot_id()
        clock.boottime_ms = system.boottime_ms  # type: ignore[method-assign]  # the same boot for both processes
        self.stall = Stocked(app.open_box(folder / "box", clock=clock), clock, folder / "box")
        self.heard: list[bytes] = []
        self.last, self.total = receipt(BEFORE, 999), 0
        self._reader: subprocess.Popen[bytes] | None = None
        self._plug_in()

    def end(self) -> None:
        self.kill_reader()
        self.peer.close()
        self.stall.box.close()

    def start_reader(self) -> None:
        command = [sys.executable, "-m", "stall", "reader", "--data", str(self.stall.folder)]
        self._reader = subprocess.Popen(command, stderr=subprocess.DEVNULL)

    def kill_reader(self) -> None:
        if self._reader is not None:
            self._reader.send_signal(signal.SIGKILL)
            self._reader.wait(PATIENCE_S)

    def sell(self) -> int:
        """Start the reader, let it find the terminal as it was before, and ask for a payment; return the attempt."""
        self.start_reader()
        self.serve(lambda: ASK in self.heard and self.display() == "Ready")
        attempt = selling.ask(self.stall, selling.basket(self.stall))
        self.serve(lambda: PAY in self.heard)
        return attempt

    def serve(self, until: Callable[[], object]) -> None:
        """Answer what an idle terminal answers, until it is so. What moves money is heard and not answered."""
        deadline = time.monotonic() + PATIENCE_S
        while not until():
            assert time.monotonic() < deadline, f"it did not come to that in time; heard {self.heard}"
            received = self.peer.receive(0.05)
            command = b"" if received is None else received.data[:2]
            if command[:1] in {b"\x05", b"\x06"}:
                self.heard.append(command)
                if command not in {PAY, REVERSE}:
                    self.say(YES, *self._told(command), COMPLETION)

    def say(self, *apdus: bytes) -> None:
        """Say them one after the other, each but the first answered before the next."""
        for apdu in apdus:
            if not self.peer.send(apdu).acked(PATIENCE_S):
                raise Retry("test", "the till is not there")
            if apdu[:1] != b"\x80":
                self.hear(YES)

    def hear(self, wanted: bytes) -> None:
        received = self.peer.receive(PATIENCE_S)
        assert received is not None
        assert received.data == wanted

    def approve(self) -> None:
        """Say yes and the payment's receipt, whose answer nobody waits for."""
        self.say(YES)
        assert self.peer.send(receipt(OURS)).acked(PATIENCE_S)

    def deaf_to_the_answer(self) -> None:
        """Whatever comes next is not acknowledged, as if it had never arrived."""
        self._deaf = threading.Event()

        def wait(_apdu: bytes) -> None:
            self._deaf.wait(PATIENCE_S)
            raise Retry("test", "gone")

        self.peer.before_ack = wait

    def crash(self, how: Crash) -> None:
        """Pull the cable, or kill the reader and pull it; then everything is there again."""
        if how == "kill":
            self.kill_reader()
        self._deaf.set()
        self.peer.close()
        self._plug_in()
        if how == "kill":
            self.start_reader()

    def until(self, holds: Callable[[], object]) -> None:
        """Wait for something on our side, while the terminal keeps quiet."""
        deadline = time.monotonic() + PATIENCE_S
        while not holds():
            assert time.monotonic() < deadline, "it did not come to that in time"
            time.sleep(0.005)

    def state(self, attempt: int) -> str:
        return self.now(attempt).state.value

    def now(self, attempt: int) -> Attempt:
        return attempts.get(self.stall.box.db.read(), attempt)

    def ended(self, attempt: int) -> Attempt:
        """Answer the till's questions until it knows what became of the payment."""
        self.serve(lambda: not self.now(attempt).open)
        return self.now(attempt)

    def story(self) -> list[str]:
        """The states that were journaled, in order."""
        return [each.body["state"] for each in selling.events(self.stall, "attempt")]

    def display(self) -> str:
        row = self.stall.box.db.read().execute("SELECT display FROM readers").fetchone()
        return "" if row is None else str(row[0])

    def _told(self, command: bytes) -> list[bytes]:
        if command == ASK:
            return [self.last] if self.last else []
        if command == TOTALS:
            return [wire.day_end(TID, "EUR", "120000", "1121", BEFORE, OURS, [("Visa", 1, self.total)])]
        return []

    def _plug_in(self) -> None:
        self._deaf = threading.Event()
        self.peer = Link(PtyDevice(self._port), Timers(SCALE))
