"""The simulated terminal on a network: a port on loopback that takes one till at a time."""

from __future__ import annotations

import contextlib
import select
import socket
from collections.abc import Callable

from stall.errors import Refused, Retry

LOOPBACK = "127.0.0.1"
_LOOK_S = 0.1
_WRITE_S = 5.0


def _unplugged(error: OSError) -> Retry:
    return Retry(
        "simulator-unplugged", f"The simulated terminal's connection ended ({error}). The next one is taken by itself."
    )


class TcpDevice:
    """A Transport (see stall.reader.transport): one till's connection."""

    framed = False

    def __init__(self, connection: socket.socket) -> None:
        """Take over a connection that was accepted."""
        connection.settimeout(_WRITE_S)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._connection = connection

    def read(self, n: int, timeout_s: float) -> bytes:
        """See Transport.read."""
        try:
            ready, _, _ = select.select([self._connection], [], [], max(0.0, timeout_s))
            data = self._connection.recv(n) if ready else None
            if data == b"":
                raise OSError("the till closed it")
        except (OSError, ValueError) as error:  # ValueError: closed by another thread
            raise _unplugged(error if isinstance(error, OSError) else OSError("closed")) from error
        return data or b""

    def write(self, data: bytes) -> None:
        """See Transport.write."""
        try:
            self._connection.sendall(data)
        except OSError as error:
            raise _unplugged(error) from error

    def drained(self, timeout_s: float) -> bool:
        """See Transport.drained; the terminal relies on answers only."""
        return timeout_s >= 0

    def close(self) -> None:
        """Hang up."""
        with contextlib.suppress(OSError):
            self._connection.shutdown(socket.SHUT_RDWR)
        self._connection.close()


class TcpPort:
    """A port on 127.0.0.1. Nobody is taken while the terminal is away."""

    def __init__(self, port: int) -> None:
        """Listen; 0 takes a free port, see `.number`. Raises Refused `simulator-port` when it is in use."""
        self._listener: socket.socket | None = _listen(port)
        self.number = int(self._listener.getsockname()[1])

    @property
    def listening(self) -> bool:
        """See Cable.listening."""
        return self._listener is not None

    def plug_in(self, wanted: Callable[[], bool]) -> TcpDevice | None:
        """Wait for a till; None once nobody is `wanted` any more. Raises Refused `simulator-port`."""
        if self._listener is None:
            self._listener = _listen(self.number)
        while wanted():
            ready, _, _ = select.select([self._listener], [], [], _LOOK_S)
            if ready:
                with contextlib.suppress(OSError):  # gone again already
                    return TcpDevice(self._listener.accept()[0])
        return None

    def pull(self) -> None:
        """Be unreachable until plugged in again."""
        listener, self._listener = self._listener, None
        if listener is not None:
            listener.close()


def _listen(port: int) -> socket.socket:
    """Listen on it, with room for one till to wait its turn."""
    try:
        return socket.create_server((LOOPBACK, port), backlog=1)
    except OSError as error:
        raise Refused(
            "simulator-port", f"The simulated terminal cannot use port {port} ({error.strerror}). Choose another one."
        ) from error
