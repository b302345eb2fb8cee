"""Tells the journal's side how many bytes of a file really went out, without holding up whoever sent them.

The server closes a file when its last byte is in the kernel's hands or the phone is gone. That happens
on the thread that moves everybody's bytes, so closing only queues a note; a thread of ours writes it down.
"""

from __future__ import annotations

import errno
import io
import os
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from queue import SimpleQueue

from stall import log
from stall.errors import StallError
from stall.flows.record_transfer import Transfer, record_transfer
from stall.store.box import Box
from stall.web.ranges import Span

logger = log.get("web")


class Transfers:
    """Writes finished transfers down, in order, on one thread of its own."""

    def __init__(self, box: Box) -> None:
        """Start the thread; call `stop` before the box closes."""
        self._box = box
        self._done: SimpleQueue[Transfer | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="transfers", daemon=True)
        self._thread.start()

    def report(self, done: Transfer) -> None:
        """Take note of one transfer; returns at once, on any thread."""
        self._done.put(done)

    def stop(self) -> None:
        """Write down what is waiting, then end the thread."""
        self._done.put(None)
        self._thread.join(timeout=5)

    def _run(self) -> None:
        while (done := self._done.get()) is not None:
            try:
                self._box.write("housekeeping", partial(record_transfer, done=done))
            except StallError as error:  # a count lost is not a sale lost; the next transfer is written again
                logger.warning("transfer.not_recorded", error=error.code)


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
