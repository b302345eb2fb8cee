"""The listening sockets a service manager holds open for `stall web`: each is found by what it is, never by its place in a list.

They outlive us: nothing is unlinked at our end, and whoever connects meanwhile waits for the next process.
"""

from __future__ import annotations

import socket
from collections.abc import Iterable

from stall.errors import Refused


class Given:
    """What was given and is not taken yet."""

    def __init__(self, sockets: Iterable[socket.socket] = ()) -> None:
        """Keep them; whoever takes one closes it.

        One whose name somebody took away from the disk is left out: nobody finds it, so whoever wants it opens its own there.
        """
        self._left = list(sockets)
        #: Whether anything was given: then another process follows on the same sockets.
        self.some = bool(self._left)
        for sock in [sock for sock in self._left if not _is_found(sock)]:
            self._left.remove(sock)
            sock.close()

    def stream(self, address: str | tuple[str, int]) -> socket.socket | None:
        """The listening one at `address`: a path, or host and port; None where it was not given."""
        return self._take(socket.SOCK_STREAM, address)

    def datagrams(self, path: str) -> socket.socket | None:
        """The one that takes datagrams at `path`; None where it was not given."""
        return self._take(socket.SOCK_DGRAM, path)

    def none_left(self) -> None:
        """See that each was taken; close those that were not. Raises Refused `socket-unknown`.

        One that nobody serves would let whoever connects to it wait for good.
        """
        if not self._left:
            return
        told = ", ".join(str(_address(sock)) for sock in self._left)
        for sock in self._left:
            sock.close()
        self._left = []
        raise Refused(
            "socket-unknown",
            f"The service manager holds a socket open that this stall does not serve: {told}. Let stall-web.socket and settings.toml"
            " ([web] socket and till_port, [till] socket) say the same.",
        )

    def _take(self, kind: socket.SocketKind, address: str | tuple[str, int]) -> socket.socket | None:
        for sock in self._left:
            if sock.type == kind and _address(sock) == address and _listens(sock) == (kind == socket.SOCK_STREAM):
                self._left.remove(sock)
                return sock
        return None


def _address(sock: socket.socket) -> object:
    """Where it listens: the path, or host and port."""
    try:
        name = sock.getsockname()
    except OSError:
        return ""
    return tuple(name[:2]) if isinstance(name, tuple) else name


def _listens(sock: socket.socket) -> bool:
    return bool(sock.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN))


def _is_found(sock: socket.socket) -> bool:
    """Whether one with a name on the disk is reached by it."""
    name = _address(sock)
    waits = sock.type == socket.SOCK_DGRAM or _listens(sock)
    if sock.family != socket.AF_UNIX or not waits or not isinstance(name, str) or not name:
        return True
    with socket.socket(socket.AF_UNIX, sock.type) as asking:
        asking.setblocking(False)
        try:
            asking.connect(name)
        except (FileNotFoundError, ConnectionRefusedError):
            return False
        except OSError:  # so many wait that none is taken now
            return True
    return True
