"""`stall simulate telium`: a Concert E+ terminal as a process of its own, with its own books, cable and panel.

It speaks the real protocol, link layer and all. What the till believes never reaches it but through its cable; what
it books never reaches the till but through that cable.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from stall.errors import Retry, WireError
from stall.reader.simulated.cable import Cable
from stall.reader.simulated.controls import Controls
from stall.reader.simulated.fates import Fates
from stall.reader.simulated.ledger import Ledger
from stall.reader.simulated.panel import Panel
from stall.reader.simulated.payment import Habits, Unplugged
from stall.reader.simulated.script import Script
from stall.reader.simulated.stopping import stopped_by_signals
from stall.reader.simulated.telium.line import FaultyLine
from stall.reader.simulated.telium.payment import OFFERED, Payment
from stall.reader.telium.link import TERMINAL, Link
from stall.reader.telium.timers import Timers
from stall.reader.transport import Transport
from stall.wire.readers import telium_terminal as wire

_LISTEN_S = 0.2
_SETTLES = 0.25
"""How long what was written last may take to reach the till before the line hangs up, in the time it stays open for EOT."""


class SimulatedTerminal:
    """The terminal itself: waits for asks on its cable until told to stop."""

    def __init__(
        self,
        ledger: Ledger,
        controls: Controls,
        cable: Cable,
        timers: Timers,
        habits: Habits,
        script: Script | None = None,
        *,
        own_numbers: bool = False,
    ) -> None:
        """A `script` begins here; nothing else happens before `run`. `own_numbers`: see Payment."""
        self._ledger, self._controls, self._cable = ledger, controls, cable
        self._timers, self._habits, self._own_numbers = timers, habits, own_numbers
        self._fates = Fates(ledger, controls, script or Script())
        self.ready = threading.Event()

    def run(self, stop: threading.Event) -> None:
        """Plug in, serve, and plug in again after a pulled cable, until `stop`. Raises Broken without a device or books."""
        try:
            while not stop.is_set():
                device = self._cable.plug_in(lambda: self._wanted(stop))
                if device is not None:
                    self._served(device, stop)
        finally:
            self._cable.pull()

    def _wanted(self, stop: threading.Event) -> bool:
        """Asked by a cable that is there: a till may call now."""
        if not stop.is_set() and not self._controls.view().plugged_in:
            self._controls.plugged(plugged_in=True)
            self._idle()
        if not stop.is_set():
            self.ready.set()
        return not stop.is_set()

    def _served(self, device: Transport, stop: threading.Event) -> None:
        """One connection, to its end."""
        line = FaultyLine(device, self._fates)
        link = Link(line, self._timers, side=TERMINAL)
        try:
            self._serve(link, line, stop)
        except Retry:
            pass  # the till hung up, or the cable is gone: plug in again
        except Unplugged:
            stop.wait(_SETTLES * self._timers.close_s)
            link.close()
            self._stay_away(stop)
        finally:
            link.close()

    def _stay_away(self, stop: threading.Event) -> None:
        self._cable.pull()
        self._controls.plugged(plugged_in=False)
        self._controls.show("No signal", "The cable was pulled. It is put back by itself.")
        stop.wait(self._habits.vanish_s)

    def _serve(self, link: Link, line: FaultyLine, stop: threading.Event) -> None:
        self._idle()
        while not stop.is_set():
            heard = link.hear(_LISTEN_S)
            ask = None if heard is None else _read(heard.body)
            if ask is None:
                continue
            try:
                Payment(
                    link, self._ledger, self._controls, self._habits, stop, ask, self._fates.take(None),
                    own_numbers=self._own_numbers,
                ).take()  # fmt: skip
            finally:
                line.rest()
            self._idle()

    def _idle(self) -> None:
        self._controls.show("Ready", f"Terminal {self._ledger.tid}")


def simulate(
    data: Path,
    cable: Cable,
    panel_port: int,
    *,
    scale: float = 1.0,
    card_after_s: float = 1.5,
    script: Script | None = None,
    own_numbers: bool = False,
    stop: threading.Event | None = None,
    told: Callable[[int], None] = lambda _port: None,
) -> None:
    """Run terminal and panel until SIGINT, SIGTERM or `stop`; `told` hears the panel's port once it is there.

    `data`: folder of ledger.sqlite; `panel_port`: on 127.0.0.1. `scale` shortens the protocol's own times; the
    others are in real seconds. Raises Broken `simulator-ledger`, `simulator-device` and Refused `panel-port`.
    """
    stop = stop or threading.Event()
    tid = None if script is None else script.terminal.tid
    ledger, controls = Ledger(data / "ledger.sqlite", tid), Controls(OFFERED)
    terminal = SimulatedTerminal(
        ledger, controls, cable, Timers(scale), Habits(card_after_s=card_after_s), script, own_numbers=own_numbers
    )
    with stopped_by_signals(stop), Panel(controls, ledger, panel_port) as panel:
        told(panel.port)
        terminal.run(stop)


def _read(body: bytes) -> wire.Ask | None:
    """An ask, or None for what cannot be read; like a real terminal it says nothing to that."""
    try:
        return wire.parse_ask(body)
    except WireError:
        return None
