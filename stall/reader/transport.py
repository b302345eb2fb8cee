"""The byte pipe to a card terminal, whatever it is made of, behind four methods: the front door.

No protocol here. Every error of the operating system becomes Retry `reader-lost`; whoever gets it closes
the pipe and opens it anew.
"""

from __future__ import annotations

from stall.errors import Refused
from stall.reader.transports import rfcomm, serial_line, tcp
from stall.reader.transports.pipe import Transport
from stall.reader.transports.rfcomm import RfcommTransport
from stall.reader.transports.serial_line import SerialTransport
from stall.reader.transports.tcp import TcpTransport

__all__ = ["RfcommTransport", "SerialTransport", "TcpTransport", "Transport", "connect"]


def connect(link: str, line: str = "", *, usual: str = "9600 8N2") -> Transport:
    """Open `serial:PATH`, `tcp:HOST[:PORT]` or `rfcomm:ADDRESS[:CHANNEL]`; the path anew each time, so a name may move on.

    `line` is how a serial line is set, empty for what is `usual` with the protocol.
    Raises Refused `reader-link`, `reader-line`, `reader-rfcomm`; Retry `reader-lost` when the terminal is not there,
    `reader-rights`, `reader-in-use`.
    """
    how = serial_line.line(line or usual)
    kind, _, rest = link.partition(":")
    match kind:
        case "serial" if rest:
            return SerialTransport(rest, how)
        case "tcp" if rest:
            return TcpTransport(*tcp.address(rest))
        case "rfcomm" if rest:
            return RfcommTransport(*rfcomm.address(rest))
    raise Refused(
        "reader-link",
        f"“{link}” is no card terminal. Write serial:/dev/serial/by-id/…, tcp:HOST:PORT or rfcomm:ADDRESS in the settings.",
    )
