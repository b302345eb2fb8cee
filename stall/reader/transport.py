"""The byte pipe to a card terminal: a serial device or a TCP connection, behind four methods.

No protocol here. Every error of the operating system becomes Retry `reader-lost`; whoever gets it closes
the pipe and opens it anew.
"""

from __future__ import annotations

import contextlib
import fcntl
import select
import socket
import struct
import termios
import time
from typing import Protocol

import serial

from stall.errors import Refused, Retry

SERIAL_BAUD = 9600
CONNECT_S = 5.0
WRITE_S = 5.0
_POLL_S = 0.02


class Transport(Protocol):
    """What the link layer needs. `framed`: True where bytes may be damaged (blocks with checksums and ACKs)."""

    framed: bool

    def read(self, n: int, timeout_s: float) -> bytes:
        """Up to `n` bytes, waiting at most `timeout_s` for the first; empty on time-out. Raises Retry."""
        ...

    def write(self, data: bytes) -> None:
        """Hand all bytes to the operating system. Raises Retry; then some may have left."""
        ...

    def close(self) -> None:
        """Let go of the device. Never raises."""
        ...

    def drained(self, timeout_s: float) -> bool:
        """Wait until nothing we wrote is left in this machine's send queue. False on time-out or loss."""
        ...


def _lost(error: OSError) -> Retry:
    reason = error.strerror or str(error)
    return Retry("reader-lost", f"The card terminal is not connected ({reason}). Check its cable and power.", 2.0)


class SerialTransport:
    """A serial device, 9600 8N2, opened for us alone (advisory lock)."""

    framed = True

    def __init__(self, path: str) -> None:
        """Open `path`. Raises Retry `reader-lost` when it is absent or in use."""
        try:
            # On a pseudo-terminal RTS and DTR do not exist; pyserial passes over that (ENOTTY) while opening.
            self._port = serial.Serial(
                path, SERIAL_BAUD, stopbits=serial.STOPBITS_TWO, timeout=0, write_timeout=WRITE_S, exclusive=True
            )
        except OSError as error:
            raise _lost(error) from error

    def read(self, n: int, timeout_s: float) -> bytes:
        """See Transport.read."""
        try:
            ready, _, _ = select.select([self._port.fileno()], [], [], max(0.0, timeout_s))
            return self._port.read(n) if ready else b""
        except (OSError, TypeError, ValueError) as error:  # TypeError, ValueError: closed by another thread
            raise _lost(error if isinstance(error, OSError) else OSError("closed")) from error

    def write(self, data: bytes) -> None:
        """See Transport.write."""
        try:
            self._port.write(data)
        except (OSError, TypeError) as error:
            raise _lost(error if isinstance(error, OSError) else OSError("closed")) from error

    def close(self) -> None:
        """See Transport.close."""
        with contextlib.suppress(OSError):
            self._port.close()

    def drained(self, timeout_s: float) -> bool:
        """See Transport.drained. On a serial line only the link's own ACK proves anything more."""
        deadline = time.monotonic() + timeout_s
        try:
            while self._port.out_waiting:
                if time.monotonic() >= deadline:
                    return False
                time.sleep(_POLL_S)
        except (OSError, TypeError):
            return False
        return True


class TcpTransport:
    """A terminal on the network: bare command units, no blocks."""

    framed = False

    def __init__(self, host: str, port: int) -> None:
        """Connect. Raises Retry `reader-lost` when nobody answers within 5 s."""
        try:
            self._socket = socket.create_connection((host, port), CONNECT_S)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._socket.settimeout(WRITE_S)
        except OSError as error:
            raise _lost(error) from error

    def read(self, n: int, timeout_s: float) -> bytes:
        """See Transport.read."""
        try:
            ready, _, _ = select.select([self._socket.fileno()], [], [], max(0.0, timeout_s))
            data = self._socket.recv(n) if ready else None
        except (OSError, ValueError) as error:
            raise _lost(error if isinstance(error, OSError) else OSError("closed")) from error
        if data == b"":
            raise _lost(OSError("the terminal closed the connection"))
        return data or b""

    def write(self, data: bytes) -> None:
        """See Transport.write."""
        try:
            self._socket.sendall(data)
        except OSError as error:
            raise _lost(error) from error

    def close(self) -> None:
        """See Transport.close."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        with contextlib.suppress(OSError):
            self._socket.close()

    def drained(self, timeout_s: float) -> bool:
        """See Transport.drained: the kernel counts a byte until the other host has acknowledged it."""
        deadline = time.monotonic() + timeout_s
        try:
            while self._unacknowledged():
                if time.monotonic() >= deadline:
                    return False
                time.sleep(_POLL_S)
        except OSError:
            return False
        return True

    def _unacknowledged(self) -> int:
        """SIOCOUTQ, which has TIOCOUTQ's number; raises OSError where the system lacks it, so: not certain."""
        # A connection that was reset has an empty queue too; its error tells the two apart.
        if error := self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            raise OSError(error, "connection lost")
        answer = fcntl.ioctl(self._socket.fileno(), termios.TIOCOUTQ, struct.pack("i", 0))
        return int(struct.unpack("i", answer)[0])


def connect(link: str) -> Transport:
    """Open `serial:/dev/serial/by-id/…` or `tcp:host:port` (default port 20007).

    Raises Refused `reader-link` for any other text and Retry `reader-lost` when the terminal is not there.
    """
    kind, _, rest = link.partition(":")
    if kind == "serial" and rest:
        return SerialTransport(rest)
    host, _, port = rest.partition(":")
    if kind == "tcp" and host and (port or "20007").isdecimal():
        return TcpTransport(host, int(port or 20007))
    raise Refused(
        "reader-link",
        f"{link!r} is no card terminal. Write serial:/dev/serial/by-id/… or tcp:host:port in the settings.",
    )
