"""`stall simulate zvt`: a card terminal as a process of its own, with its own books, cable and panel.

It speaks real ZVT with real link acknowledgements over a pseudo-terminal. What the till believes never
reaches it but through that cable; what it books never reaches the till but through that cable.
"""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

from stall.errors import Retry, WireError
from stall.reader.simulated.commands import Commands
from stall.reader.simulated.controls import Controls
from stall.reader.simulated.ledger import Ledger
from stall.reader.simulated.panel import Panel
from stall.reader.simulated.payment import Habits, Unplugged
from stall.reader.simulated.pty_device import PtyDevice
from stall.reader.simulated.till_side import TillSide
from stall.reader.zvt.link import Link
from stall.reader.zvt.timers import Timers
from stall.wire.readers import zvt_terminal as wire

_LISTEN_S = 0.2
_ACK_SETTLES_S = 0.1


class SimulatedTerminal:
    """The terminal itself: waits for commands on its cable until told to stop."""

    def __init__(
        self, ledger: Ledger, controls: Controls, pty_link: Path, password: str, timers: Timers, habits: Habits
    ) -> None:
        """Nothing happens before `run`."""
        self._ledger, self._controls, self._pty_link = ledger, controls, pty_link
        self._password, self._timers, self._habits = password, timers, habits
        self.ready = threading.Event()

    def run(self, stop: threading.Event) -> None:
        """Plug in, serve, and plug in again after a pulled cable, until `stop`. Raises Broken without a device or books."""
        while not stop.is_set():
            link = Link(PtyDevice(self._pty_link), self._timers)
            self._controls.plugged(plugged_in=True)
            self.ready.set()
            try:
                with contextlib.suppress(Retry):
                    self._serve(link, stop)
                link.close()
            except Unplugged:
                stop.wait(_ACK_SETTLES_S)  # the last ACK reaches the till before the line hangs up
                link.close()
                self._stay_away(stop)
            finally:
                link.close()
                self._controls.plugged(plugged_in=False)

    def _stay_away(self, stop: threading.Event) -> None:
        self._controls.plugged(plugged_in=False)
        self._controls.show("No signal", "The cable was pulled. It is put back by itself.")
        stop.wait(self._habits.vanish_s)

    def _serve(self, link: Link, stop: threading.Event) -> None:
        till = TillSide(link, stop, self._habits.answer_s)
        commands = Commands(till, self._ledger, self._controls, self._password, self._habits, stop)
        commands.idle()
        while not stop.is_set():
            received = link.receive(_LISTEN_S)
            if received is not None:
                with contextlib.suppress(WireError):  # a unit with a wrong length is not answered
                    commands.handle(wire.parse_request(received.data))


def simulate(
    data: Path,
    pty_link: Path,
    panel_port: int,
    *,
    password: str = "000000",  # noqa: S107 - the factory setting of ZVT terminals, not a secret of ours
    scale: float = 1.0,
    card_after_s: float = 1.5,
    silent_s: float = 20.0,
    vanish_s: float = 5.0,
    card_wait_s: float = 90.0,
    tid: str | None = None,
    stop: threading.Event | None = None,
) -> None:
    """Run terminal and panel until SIGINT, SIGTERM or `stop`.

    `data`: folder of ledger.sqlite; `pty_link`: name of the port for `serial:…`; `panel_port`: on 127.0.0.1.
    `scale` shortens the protocol's own times; the others are in real seconds. Raises Broken
    `simulator-ledger`, `simulator-device` and Refused `panel-port`.
    """
    stop = stop or threading.Event()
    timers = Timers(scale)
    habits = Habits(
        card_after_s,
        silent_s,
        vanish_s,
        answer_s=30.0 * scale,
        step_s=0.4 * min(1.0, scale),
        card_wait_s=card_wait_s,
        remind_s=min(3.0, timers.t4_s / 6),
    )
    ledger, controls = Ledger(data / "ledger.sqlite", tid), Controls()
    terminal = SimulatedTerminal(ledger, controls, pty_link, password, timers, habits)
    with _stopped_by_signals(stop), Panel(controls, ledger, panel_port):
        terminal.run(stop)


@contextlib.contextmanager
def _stopped_by_signals(stop: threading.Event) -> Iterator[None]:
    """Set `stop` on SIGINT and SIGTERM while inside; only the main thread may change handlers."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def handler(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    before = {number: signal.signal(number, handler) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)
