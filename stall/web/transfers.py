"""Tells the journal's side how many bytes of a file really went out, without holding up whoever sent them.

The server closes a file when its last byte is in the kernel's hands or the phone is gone. That happens
on the thread that moves everybody's bytes, so closing only queues a note; a thread of ours writes it down.
"""

from __future__ import annotations

import errno
import io
import os
import threading
from collections import deque
from collections.abc import Callable
from functools import partial
from pathlib import Path

from stall import log
from stall.errors import StallError
from stall.flows.record_transfer import Transfer, record_transfer
from stall.store.box import Box
from stall.store.db import Tx
from stall.web.ranges import Span

logger = log.get("web")


#: Transfers that wait to be written down; more than that is lost, and a count lost is not a sale lost.
MOST_WAITING = 10_000
#: As many are written down together.
TOGETHER = 200


class Transfers:
    """Writes finished transfers down, in order and many at once, on one thread of its own."""

    def __init__(self, box: Box) -> None:
        """Start the thread; call `stop` before the box closes."""
        self._box = box
        self._done: deque[Transfer] = deque()
        self._something = threading.Condition()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="transfers", daemon=True)
        self._thread.start()

    def report(self, done: Transfer) -> None:
        """Take note of one transfer; returns at once, on any thread."""
        with self._something:
            if len(self._done) < MOST_WAITING:
                self._done.append(done)
                self._something.notify()

    def stop(self) -> None:
        """Write down what is waiting, then end the thread."""
        with self._something:
            self._stopping = True
            self._something.notify()
        self._thread.join(timeout=5)

    def _run(self) -> None:
        while batch := self._next():
            try:
                self._box.write("housekeeping", partial(_record, batch))
            except StallError as error:  # a count lost is not a sale lost; the next transfer is written again
                logger.warning("transfer.not_recorded", error=error.code, times=len(batch))

    def _next(self) -> list[Transfer]:
        """What waits, as much as is written at once; nothing when it is time to end."""
        with self._something:
            self._something.wait_for(lambda: self._done or self._stopping)
            return [self._done.popleft() for _ in range(min(TOGETHER, len(self._done)))]


def _record(batch: list[Transfer], tx: Tx) -> None:
    for done in batch:
        record_transfer(tx, done)


class SpanFile(io.RawIOBase):
    """One span of a file as a file that ends where the span does; on close it says how much was read.

    waitress hands such a file to the thread that talks to the sockets (wsgi.file_wrapper): it reads ahead,
    seeks back and skips only what the socket took, so the position at close is what went out.
    """

    def __init__(self, path: Path, span: Span, on_close: Callable[[int], None]) -> None:
        """Open `path` at the span's beginning. Raises OSError."""
        super().__init__()
        self._file = path.open("rb", buffering=0)
        self._span = span
        self._on_close = on_close
        self._file.seek(span.first)

    def readable(self) -> bool:
        """It can be read."""
        return True

    def seekable(self) -> bool:
        """It can be sought, which is what makes the server treat it as a file."""
        return True

    def read(self, size: int = -1, /) -> bytes:
        """Read up to `size` bytes, never past the span. Raises OSError where the file ends before the span does.

        The server takes no bytes for "not yet" and would ask again without end.
        """
        left = self._span.length - self.tell()
        data = self._file.read(left if size < 0 else min(size, left)) or b""
        if not data and size and left > 0:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return data

    def tell(self) -> int:
        """How far into the span."""
        return self._file.tell() - self._span.first

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        """Move within the span."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self.tell(), os.SEEK_END: self._span.length}[whence]
        self._file.seek(self._span.first + base + offset)
        return base + offset

    def close(self) -> None:
        """Close the file and report, once."""
        if self.closed:
            return
        sent = self.tell()
        self._file.close()
        super().close()
        self._on_close(sent)
