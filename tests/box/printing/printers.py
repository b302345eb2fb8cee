"""Printers for the tests: they answer as the makers say, print what they get, and break in the middle when told."""

from __future__ import annotations

import contextlib
import os
import pty
import select
import socket
import threading
import tty
from dataclasses import dataclass, field

from tests.box.printing import paper_reader
from tests.box.printing.paper_reader import Printed

READY = {1: 0x12, 2: 0x12, 4: 0x12}
OUT_OF_PAPER = {1: 0x1A, 2: 0x32, 4: 0x72}
NEARLY_OUT = {1: 0x12, 2: 0x12, 4: 0x1E}
COVER_OPEN = {1: 0x1A, 2: 0x16, 4: 0x12}
OFFLINE = {1: 0x1A, 2: 0x12, 4: 0x12}
JAMMED = {1: 0x1A, 2: 0x52, 4: 0x12}


@dataclass
class Behaviour:
    """What a printer does. After `limit` bytes of paper it stands as `then`, or pulls its cable where that is None."""

    stands: dict[int, int] = field(default_factory=lambda: dict(READY))
    silent: bool = False
    echoes: bool = True
    limit: int | None = None
    then: dict[int, int] | None = None
    received: bytearray = field(default_factory=bytearray)
    jobs: int = 0

    def take(self, data: bytes) -> bytes | None:
        """What it answers to bytes; None where its cable is pulled."""
        answer = bytearray()
        at = 0
        while at < len(data):
            if data[at : at + 2] == b"\x10\x04":
                if not self.silent:
                    answer.append(self.stands[data[at + 2]])
                at += 3
            elif data[at : at + 3] == b"\x1dr\x01":
                if self.echoes and not self.silent and self.stands in (READY, NEARLY_OUT):
                    answer.append(0)
                at += 3
            else:
                self.received.append(data[at])
                at += 1
            if self.limit is not None and len(self.received) > self.limit:
                if self.then is None:
                    return None
                self.stands, self.limit = self.then, None
        return bytes(answer)

    def printed(self, width_mm: int = 58) -> Printed:
        return paper_reader.read(bytes(self.received), width_mm)


class NetworkPrinter:
    """A printer at a port of this machine, one connection at a time, as most are."""

    def __init__(self, behaviour: Behaviour | None = None) -> None:
        self.behaviour = behaviour or Behaviour()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._stopping = threading.Event()
        self.connections = 0
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    @property
    def link(self) -> str:
        return f"tcp:127.0.0.1:{self._listening.getsockname()[1]}"

    def close(self) -> None:
        self._stopping.set()
        self._thread.join(5)
        self._listening.close()

    def _serve(self) -> None:
        while not self._stopping.is_set():
            ready, _, _ = select.select([self._listening], [], [], 0.02)
            if ready:
                connection, _ = self._listening.accept()
                self.connections += 1
                with connection, contextlib.suppress(OSError):
                    self._talk(connection)

    def _talk(self, connection: socket.socket) -> None:
        while not self._stopping.is_set():
            ready, _, _ = select.select([connection], [], [], 0.02)
            data = connection.recv(4096) if ready else None
            if data == b"":
                return
            answer = self.behaviour.take(data or b"")
            if answer is None:
                return
            connection.sendall(answer)


class SerialPrinter:
    """A printer at the other end of a pseudo-terminal."""

    def __init__(self, behaviour: Behaviour | None = None) -> None:
        self.behaviour = behaviour or Behaviour()
        self._ours, theirs = pty.openpty()
        tty.setraw(theirs)
        self.path = os.ttyname(theirs)
        self._theirs = theirs
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    @property
    def link(self) -> str:
        return f"serial:{self.path}"

    def close(self) -> None:
        self._stopping.set()
        self._thread.join(5)
        for descriptor in (self._ours, self._theirs):
            with contextlib.suppress(OSError):
                os.close(descriptor)

    def _serve(self) -> None:
        while not self._stopping.is_set():
            ready, _, _ = select.select([self._ours], [], [], 0.02)
            with contextlib.suppress(OSError):
                answer = self.behaviour.take(os.read(self._ours, 4096) if ready else b"")
                if answer is None:
                    os.close(self._theirs)
                    os.close(self._ours)
                    return
                if answer:
                    os.write(self._ours, answer)
