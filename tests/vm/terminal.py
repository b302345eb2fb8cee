"""The card terminal beside the virtual machine: `stall simulate zvt` on this machine, so that it lives on when the box's power goes.

Its cable is a pseudo-terminal here, a line of the machine's there, and a USB gadget inside. Who looks on can act at an
instant of a payment.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
import time
import tty
from collections.abc import Callable
from pathlib import Path

from tests.faults import terminal_books
from tests.faults.part import environment
from tests.faults.terminal_books import Booked

START_WITHIN_S = 60.0
#: How long after a command is given until a card is held to it (s).
CARD_AFTER_S = 2.0
_DLE_STX = b"\x10\x02"
#: What may be waited for on the cable, by who says it: the till's authorisation, the terminal's result, the till's yes to that.
ASKED, APPROVED, ACKNOWLEDGED = "asked", "approved", "acknowledged"
_SIGNS = {ASKED: _DLE_STX + b"\x06\x01", APPROVED: _DLE_STX + b"\x04\x0f", ACKNOWLEDGED: _DLE_STX + b"\x80\x00\x00"}


class Terminal:
    """A terminal and the near end of its cable."""

    def __init__(self, folder: Path, to_machine: Callable[[bytes], None]) -> None:
        """`to_machine` takes what the terminal says."""
        self._folder, self._to_machine = folder, to_machine
        self._folder.mkdir(parents=True, exist_ok=True)
        self._process: subprocess.Popen[bytes] | None = None
        self._near = -1
        self._stop = threading.Event()
        self._carrier: threading.Thread | None = None
        self._seen: dict[str, threading.Event] = {name: threading.Event() for name in _SIGNS}
        self._since_result = False

    def start(self) -> None:
        """Switch it on and hold its cable. Raises TimeoutError."""
        name = self._folder / "port"
        name.unlink(missing_ok=True)
        with (self._folder / "simulate.log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    sys.executable, "-m", "stall", "simulate", "zvt", "--data", str(self._folder), "--pty", str(name), "--panel", "0",
                    "--card-after", str(CARD_AFTER_S),
                ],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment(), start_new_session=True,
            )  # fmt: skip
        until = time.monotonic() + START_WITHIN_S
        while not name.exists():
            if time.monotonic() > until or self._process.poll() is not None:
                raise TimeoutError("the simulated terminal does not start")
            time.sleep(0.1)
        self._near = os.open(name, os.O_RDWR | os.O_NOCTTY)
        tty.setraw(self._near)
        self._carrier = threading.Thread(target=self._carry, name="cable", daemon=True)
        self._carrier.start()

    def stop(self) -> None:
        """Switch it off, by its process id."""
        self._stop.set()
        if self._process is not None:
            self._process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(10)
            self._process.kill()
            self._process.wait(10)
        if self._near >= 0:
            with contextlib.suppress(OSError):
                os.close(self._near)

    def hear(self, data: bytes) -> None:
        """What the box said, from the machine's line."""
        self._look(data, own=False)
        with contextlib.suppress(OSError):
            os.write(self._near, data)

    def expect(self) -> None:
        """Look for the signs of a payment anew."""
        for event in self._seen.values():
            event.clear()
        self._since_result = False

    def wait(self, sign: str, within_s: float) -> bool:
        """Whether this sign has passed on the cable since `expect`."""
        return self._seen[sign].wait(within_s)

    def books(self) -> list[Booked]:
        """The payments it booked."""
        return terminal_books.payments(self._folder / "ledger.sqlite")

    def _carry(self) -> None:
        while not self._stop.is_set():
            try:
                data = os.read(self._near, 4096)
            except OSError:
                time.sleep(0.1)
                continue
            self._look(data, own=True)
            self._to_machine(data)

    def _look(self, data: bytes, *, own: bool) -> None:
        """Note signs; a frame is short, and is written in one piece."""
        if own and _SIGNS[APPROVED] in data:
            self._since_result = True
            self._seen[APPROVED].set()
        if not own and _SIGNS[ASKED] in data:
            self._seen[ASKED].set()
        if not own and self._since_result and _SIGNS[ACKNOWLEDGED] in data:
            self._seen[ACKNOWLEDGED].set()
