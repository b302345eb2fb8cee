"""The addresses of a demo on this machine: which ports it takes, and how phones near it can reach it."""

from __future__ import annotations

import contextlib
import errno
import socket
import time
from dataclasses import astuple, dataclass

from stall.errors import Refused

LOOPBACK = "127.0.0.1"
FIRST_PORT = 8000
NAMES = ("buyers", "till", "terminal", "cloud")
#: A demo that was just killed lets go of its ports within this time (s).
LET_GO_S = 2.5
#: An address that is nobody's (RFC 5737); asking for the way there sends nothing.
NOWHERE = ("192.0.2.1", 9)


@dataclass(frozen=True, slots=True)
class Ports:
    """TCP ports, one per part: buyers' pages, till, the terminal's panel, cloud."""

    buyers: int
    till: int
    terminal: int
    cloud: int

    @classmethod
    def from_base(cls, base: int) -> Ports:
        """Four ports in a row."""
        return cls(base, base + 1, base + 2, base + 3)

    @classmethod
    def free(cls) -> Ports:
        """Four ports the system calls free just now, on loopback."""
        with contextlib.ExitStack() as stack:
            taken = [stack.enter_context(socket.create_server((LOOPBACK, 0))) for _ in NAMES]
            return cls(*(int(each.getsockname()[1]) for each in taken))

    def check(self, host: str = LOOPBACK, patience_s: float = 0.0) -> None:
        """See that all four can be had; `host` is where buyers' pages listen. Waits `patience_s` for a taken one.

        Raises Refused `demo-port-in-use`, naming the port, and `demo-port-refused`.
        """
        until = time.monotonic() + patience_s
        for name, port in zip(NAMES, astuple(self), strict=True):
            _check(host if name == "buyers" else LOOPBACK, port, name, until)


def lan_address() -> str:
    """The address phones on the same network reach this machine under. Raises Refused `demo-no-lan`."""
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
        asked.connect(NOWHERE)
        found = str(asked.getsockname()[0])
        if not found.startswith(("127.", "0.")):
            return found
    raise Refused(
        "demo-no-lan", "This machine is on no network that phones could join. Connect it, or leave out --lan."
    )


def _check(host: str, port: int, name: str, until: float) -> None:
    while True:
        try:
            socket.create_server((host, port)).close()
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise Refused(
                    "demo-port-refused",
                    f"Port {port} on {host}, for the {name}, cannot be had ({error.strerror}). Choose others with --port-base N.",
                ) from error
            if time.monotonic() >= until:
                raise Refused(
                    "demo-port-in-use",
                    f"Port {port} on {host}, for the {name}, is taken by another program."
                    " Stop that one, or choose other ports with --port-base N.",
                ) from error
            time.sleep(0.1)
        else:
            return
