"""What the two ways through a socket have in common: TCP and Bluetooth."""

from __future__ import annotations

import contextlib
import fcntl
import select
import socket
import struct
import termios
import time

from stall.reader.transports.pipe import POLL_S, WRITE_S, lost


class SocketTransport:
    """A connected stream socket as a Transport; whoever makes one says whether its bytes come in blocks."""

    framed = False

    def __init__(self, connected: socket.socket) -> None:
        self._socket = connected
        self._socket.settimeout(WRITE_S)

    def read(self, n: int, timeout_s: float) -> bytes:
        """See Transport.read."""
        try:
            ready, _, _ = select.select([self._socket.fileno()], [], [], max(0.0, timeout_s))
            data = self._socket.recv(n) if ready else None
        except (OSError, ValueError) as error:
            raise lost(error) from error
        if data == b"":
            raise lost(OSError("the terminal closed the connection"))
        return data or b""

    def write(self, data: bytes) -> None:
        """See Transport.write."""
        try:
            self._socket.sendall(data)
        except OSError as error:
            raise lost(error) from error

    def close(self) -> None:
        """See Transport.close."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        with contextlib.suppress(OSError):
            self._socket.close()

    def drained(self, timeout_s: float) -> bool:
        """See Transport.drained. On TCP the kernel counts a byte until the other host has acknowledged it."""
        deadline = time.monotonic() + timeout_s
        try:
            while self._unacknowledged():
                if time.monotonic() >= deadline:
                    return False
                time.sleep(POLL_S)
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
