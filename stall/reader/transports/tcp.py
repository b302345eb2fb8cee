"""A terminal on the network: bare command units, no blocks."""

from __future__ import annotations

import contextlib
import re
import socket

from stall.errors import Refused
from stall.reader.transports.pipe import lost
from stall.reader.transports.sockets import SocketTransport

PORT = 20007
CONNECT_S = 5.0
#: A terminal that went away without a word is noticed within a minute (s, s, times).
KEEPALIVE = ((socket.TCP_KEEPIDLE, 30), (socket.TCP_KEEPINTVL, 10), (socket.TCP_KEEPCNT, 3))
_ADDRESS = re.compile(r"(?:\[(?P<six>[0-9A-Fa-f:.]+(?:%[\w.-]+)?)\]|(?P<host>[^\s:\[\]]+))(?::(?P<port>[0-9]{1,5}))?")


class TcpTransport(SocketTransport):
    """A TCP connection to a terminal, which listens."""

    def __init__(self, host: str, port: int) -> None:
        """Connect. Raises Retry `reader-lost` when nobody answers within 5 s."""
        try:
            connected = socket.create_connection((host, port), CONNECT_S)
        except OSError as error:
            raise lost(error) from error
        with contextlib.suppress(OSError):  # it may be gone again; whoever reads next hears so
            connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connected.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            for option, value in KEEPALIVE:
                connected.setsockopt(socket.IPPROTO_TCP, option, value)
        super().__init__(connected)


def address(text: str) -> tuple[str, int]:
    """Read `HOST`, `HOST:PORT` or `[IPv6]:PORT`. Raises Refused `reader-link`."""
    found = _ADDRESS.fullmatch(text)
    if found is None or not 0 < int(found["port"] or PORT) < 1 << 16:
        raise Refused(
            "reader-link",
            f"“{text}” is no address of a card terminal. Write it like tcp:192.168.4.20:20007 or tcp:[fd00::20]:20007.",
        )
    if found["port"] is None and (found["host"] or "").isdecimal():
        raise Refused(
            "reader-link",
            f"“tcp:{text}” names a port and no host. Write both, like tcp:127.0.0.1:{text}.",
        )
    return found["six"] or found["host"], int(found["port"] or PORT)
