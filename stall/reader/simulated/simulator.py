"""`stall simulate zvt`: a card terminal as a process of its own, with its own books, cable and panel.

It speaks real ZVT, with real link acknowledgements over a pseudo-terminal or bare units over TCP. What the till
believes never reaches it but through that cable; what it books never reaches the till but through that cable.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from pathlib import Path

from stall.errors import Retry, WireError
from stall.reader.simulated.cable import Cable, PtyCable
from stall.reader.simulated.commands import CHARGES, Commands
from stall.reader.simulated.controls import Controls
from stall.reader.simulated.fate import Fate
from stall.reader.simulated.fates import Fates
from stall.reader.simulated.faults import FAULTS
from stall.reader.simulated.faulty_device import FaultyDevice
from stall.reader.simulated.ledger import Ledger
from stall.reader.simulated.panel import Panel
from stall.reader.simulated.payment import Habits, Unplugged
from stall.reader.simulated.script import Script
from stall.reader.simulated.stopping import stopped_by_signals
from stall.reader.simulated.till_side import TillSide
from stall.reader.transport import Transport
from stall.reader.zvt.link import Link
from stall.reader.zvt.timers import Timers
from stall.wire.readers import zvt_terminal as wire

_LISTEN_S = 0.2
_ACK_SETTLES_S = 0.1
_LATE_ACK = 1.2
"""How late a late acknowledgement is, in T2."""


class SimulatedTerminal:
    """The terminal itself: waits for commands on its cable until told to stop."""

    def __init__(
        self,
        ledger: Ledger,
        controls: Controls,
        cable: Path | Cable,
        password: str,
        timers: Timers,
        habits: Habits,
        script: Script | None = None,
    ) -> None:
        """`cable`: a path is the name of a pseudo-terminal. A `script` begins here; nothing else happens before `run`."""
        self._ledger, self._controls = ledger, controls
        self._cable: Cable = PtyCable(cable) if isinstance(cable, Path) else cable
        self._timers, self._habits = timers, habits
        self._script = script or Script()
        self._password = self._script.terminal.password or password
        self._fates = Fates(ledger, controls, self._script)
        self.ready = threading.Event()

    def run(self, stop: threading.Event) -> None:
        """Plug in, serve, and plug in again after a pulled cable, until `stop`. Raises Broken without a device or books."""
        try:
            while not stop.is_set():
                self._controls.wait_until_back(stop)
                device = self._cable.plug_in(lambda: self._wanted(stop))
                if device is None:
                    self._go_away()
                else:
                    self._served(device, stop)
        finally:
            self._cable.pull()

    def _wanted(self, stop: threading.Event) -> bool:
        """Whether a till may call; asked by a cable that is there, so it is noted here that it is."""
        view = self._controls.view()
        there = view.cable_in and view.powered and not stop.is_set()
        if there and not view.plugged_in:
            self._controls.plugged(plugged_in=True)
            self._controls.show("Ready", f"Terminal {self._ledger.tid}")
        if there and self._cable.listening:
            self.ready.set()
        return there

    def _served(self, device: Transport, stop: threading.Event) -> None:
        """One connection, to its end; what was cut off by it is settled."""
        faulty = FaultyDevice(device, _LATE_ACK * self._timers.t2_s, self._expected)
        link = Link(faulty, self._timers)
        self._controls.broken_off = link.close
        self._controls.plugged(plugged_in=True)
        self.ready.set()
        away_s = 0.0
        try:
            self._serve(link, faulty, stop)
        except Retry:
            pass
        except Unplugged as gone:
            if link.framed or not faulty.deaf:
                stop.wait(_ACK_SETTLES_S)  # the last ACK reaches the till before the line hangs up
            away_s = self._habits.vanish_s
            self._say_gone(power=gone.power)
        finally:
            self._controls.broken_off = None
            link.close()
            self._controls.plugged(plugged_in=False)
        self._ledger.settle_open()
        if away_s or not self._wanted(stop):
            self._go_away()
            stop.wait(away_s)

    def _go_away(self) -> None:
        self._cable.pull()
        view = self._controls.view()
        if not view.powered:
            self._controls.show("Off", "It is switched on again on this page.")
        elif not view.cable_in:
            self._controls.show("No signal", "The cable is put back on this page.")

    def _say_gone(self, *, power: bool) -> None:
        if power:
            self._controls.show("Off", "The power failed. It starts again by itself.")
        else:
            self._controls.show("No signal", "The cable was pulled. It is put back by itself.")

    def _expected(self, command: bytes) -> Fate:
        """The fate of a command that has arrived and is not acknowledged yet."""
        return self._fates.expect(CHARGES[int.from_bytes(command)])

    def _hear(self, apdu: bytes) -> None:
        """Write down what is to move money, on the link's thread, before it is acknowledged."""
        with contextlib.suppress(WireError):  # a unit with a wrong length moves nothing
            request = wire.parse_request(apdu)
            if request.command in CHARGES:
                self._ledger.hear(request.command, request.amount_minor, request.receipt_no)

    def _serve(self, link: Link, device: FaultyDevice, stop: threading.Event) -> None:
        till = TillSide(link, device, stop, self._habits.answer_s, self._hear)
        commands = Commands(
            till, self._ledger, self._controls, self._password, self._habits, self._fates, self._script.terminal, stop
        )
        commands.idle()
        while not stop.is_set():
            received = link.receive(_LISTEN_S)
            if received is not None:
                with contextlib.suppress(WireError):  # a unit with a wrong length is not answered
                    commands.handle(wire.parse_request(received.data))


def simulate(
    data: Path,
    cable: Path | Cable,
    panel_port: int,
    *,
    password: str = "000000",  # noqa: S107 - the factory setting of ZVT terminals, not a secret of ours
    scale: float = 1.0,
    card_after_s: float = 1.5,
    silent_s: float = 20.0,
    vanish_s: float = 5.0,
    card_wait_s: float = 90.0,
    tid: str | None = None,
    script: Script | None = None,
    stop: threading.Event | None = None,
    told: Callable[[int], None] = lambda _port: None,
) -> None:
    """Run terminal and panel until SIGINT, SIGTERM or `stop`; `told` hears the panel's port once it is there.

    `data`: folder of ledger.sqlite; `cable`: a path names the port for `serial:…`; `panel_port`: on 127.0.0.1.
    `scale` shortens the protocol's own times, and how long it stays silent or away; how long people take is in real
    seconds. Raises Broken `simulator-ledger`, `simulator-device` and Refused `panel-port`.
    """
    stop = stop or threading.Event()
    timers = Timers(scale)
    habits = Habits(
        card_after_s,
        silent_s * scale,
        vanish_s * scale,
        answer_s=30.0 * scale,
        step_s=0.4 * min(1.0, scale),
        card_wait_s=card_wait_s,
        remind_s=min(3.0, timers.t4_s / 6),
    )
    tid = tid if script is None else script.terminal.tid or tid
    ledger, controls = Ledger(data / "ledger.sqlite", tid), Controls(FAULTS, hardware=True)
    terminal = SimulatedTerminal(ledger, controls, cable, password, timers, habits, script)
    with stopped_by_signals(stop), Panel(controls, ledger, panel_port) as panel:
        told(panel.port)
        terminal.run(stop)
