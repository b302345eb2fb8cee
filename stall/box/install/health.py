"""Whether the stall came up: its units, and the buyers' first page over the unix socket that nginx asks too."""

from __future__ import annotations

import http.client
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from stall.box.config import places
from stall.box.install import services
from stall.box.install.machine import Machine

#: Without these nothing is sold. The others (a radio that is not there) are told and stop nothing, unless they ran before.
CORE = ("stall-web.service", "stall-sync.service", "stall-nginx.service")
#: As long as the units themselves may take to be ready (TimeoutStartSec): a small board that does other things too needs it.
PATIENCE_S = 180
PAUSE_S = 0.5
#: A unit that was started anew so often since we started it does not come up.
VAIN = 5
_ASK_S = 5


@dataclass(frozen=True, slots=True)
class State:
    """A unit: as systemd calls it, and how often it was started anew by itself."""

    word: str
    restarts: int

    @property
    def active(self) -> bool:
        """It is up."""
        return self.word == "active"

    @property
    def failed(self) -> bool:
        """It does not come up."""
        return self.word == "failed" or self.restarts >= VAIN


class _Unix(http.client.HTTPConnection):
    """A connection to the app as nginx has it."""

    def __init__(self, place: Path) -> None:
        super().__init__("localhost", timeout=_ASK_S)
        self.place = place

    def connect(self) -> None:
        """Over the socket of the buyers' pages."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(_ASK_S)
        self.sock.connect(str(self.place))


def answers(place: Path, address: str) -> bool:
    """Whether the buyers' first page is there."""
    connection = _Unix(place)
    try:
        connection.request("GET", "/", headers={"Host": address.partition("//")[2], "X-Forwarded-For": "127.0.0.1"})
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def wait(
    machine: Machine,
    required: Sequence[str],
    address: str,
    sleep: Callable[[float], None],
    monotonic: Callable[[], float],
) -> str:
    """Wait until every required unit is up and the first page answers, twice running; empty, or what did not come up.

    A unit that is started again and again is up now and then: what counts is that nothing was started in between.
    """
    until, good = monotonic() + PATIENCE_S, 0
    seen: dict[str, State] = {}
    while True:
        found = states(machine, required)
        down = [unit for unit, state in found.items() if not state.active]
        page = not down and answers(machine.at(places.BUYERS_SOCKET), address)
        good = good + 1 if page and (good == 0 or found == seen) else int(page)
        seen = found
        if good > 1:
            return ""
        failed = [unit for unit, state in found.items() if state.failed]
        if failed or monotonic() > until:
            worst = (failed or down or ["stall-web.service"])[0]
            what = "does not start" if failed or down else "runs, but shows no page"
            return f"{worst} {what}: {services.said_last(machine, worst)}"
        sleep(PAUSE_S)


def states(machine: Machine, units: Sequence[str]) -> dict[str, State]:
    """How each unit does; of a machine that does not run, none."""
    found = {}
    for unit, told in services.facts(machine, units).items():
        often = told.get("NRestarts", "")
        found[unit] = State(told.get("ActiveState", ""), int(often) if often.isdecimal() else 0)
    return found
