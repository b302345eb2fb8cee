"""A printer on the network: what arrives at its port 9100 is printed."""

from __future__ import annotations

import contextlib
import re
import select
import socket

from stall.box.printer.ports.port import CHUNK, STALL_S, lost, takes_nothing
from stall.errors import Refused

PORT = 9100
CONNECT_S = 3.0
_ADDRESS = re.compile(r"(?:\[(?P<six>[0-9A-Fa-f:.]+(?:%[\w.-]+)?)\]|(?P<host>[^\s:\[\]]+))(?::(?P<port>[0-9]{1,5}))?")


class NetworkPort:
    """A connection to a printer, for as long as one job takes: others may want it too."""

    kept = False
    tells = True

    def __init__(self, host: str, port: int) -> None:
        """Connect. Raises Retry `printer-lost` when nobody answers within 3 s."""
        try:
            self._socket = socket.create_connection((host, port), CONNECT_S)
        except OSError as error:
            raise lost(error.strerror or "it does not answer") from error
        self._socket.setblocking(False)

    def write(self, data: bytes) -> int:
        """See Port.write."""
        try:
            _, free, _ = select.select([], [self._socket], [], STALL_S)
            if not free:
                raise takes_nothing()
            return self._socket.send(data[:CHUNK])
        except BlockingIOError:
            return 0
        except (OSError, ValueError) as error:
            raise lost("it hung up") from error

    def read(self, timeout_s: float) -> bytes:
        """See Port.read."""
        try:
            ready, _, _ = select.select([self._socket], [], [], timeout_s)
            data = self._socket.recv(CHUNK) if ready else None
        except BlockingIOError:
            return b""
        except (OSError, ValueError) as error:
            raise lost("it hung up") from error
        if data == b"":
            raise lost("it closed the connection")
        return data or b""

    def close(self) -> None:
        """See Port.close. Says first that nothing more comes, so that a printer keeps what it has."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_WR)
        with contextlib.suppress(OSError):
            self._socket.close()


def address(text: str) -> tuple[str, int]:
    """Read `HOST`, `HOST:PORT` or `[IPv6]:PORT`. Raises Refused `printer-link`."""
    found = _ADDRESS.fullmatch(text)
    if found is None or not 0 < int(found["port"] or PORT) < 1 << 16:
        raise Refused(
            "printer-link",
            f"“tcp:{text}” is no address of a printer. Write it like tcp:192.168.4.30 or tcp:[fd00::30]:9100.",
        )
    return found["six"] or found["host"], int(found["port"] or PORT)
