"""The simulated terminal's cable: a pseudo-terminal behind a stable name, which can be pulled and put back.

The far end is opened raw and kept open here, so that the till may close and reopen it at will.
"""

from __future__ import annotations

import contextlib
import os
import pty
import secrets
import select
import threading
import tty
from pathlib import Path

from stall.errors import Broken, Retry


class PtyDevice:
    """A Transport (see stall.reader.transport) whose other end is a device file under `name`."""

    framed = True

    def __init__(self, name: Path) -> None:
        """Make the device and put its link in place of an older one. Raises Broken `simulator-device`."""
        self._name = name
        self._master, self._slave = pty.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        self.path = os.ttyname(self._slave)
        self._open = True
        self._lock = threading.Lock()
        fresh = name.with_name(f"{name.name}.{secrets.token_hex(4)}")
        try:
            name.parent.mkdir(parents=True, exist_ok=True)
            fresh.symlink_to(self.path)
            fresh.replace(name)
        except OSError as error:
            self.close()
            raise Broken(
                "simulator-device",
                f"The simulated terminal's port cannot be made at {name} ({error.strerror}). Choose another name.",
            ) from error

    def read(self, n: int, timeout_s: float) -> bytes:
        """See Transport.read."""
        try:
            ready, _, _ = select.select([self._master], [], [], max(0.0, timeout_s))
            with self._lock:  # never read a descriptor that another thread has closed and the system reused
                if not self._open:
                    raise OSError("closed")
                return os.read(self._master, n) if ready else b""
        except (OSError, ValueError) as error:
            raise Retry(
                "simulator-unplugged", "The simulated terminal's cable was pulled. It is put back by itself."
            ) from error

    def write(self, data: bytes) -> None:
        """See Transport.write. Like a real cable it loses what nobody reads."""
        try:
            with self._lock:
                if not self._open:
                    raise OSError("closed")
                os.write(self._master, data)
        except BlockingIOError:
            return
        except OSError as error:
            raise Retry(
                "simulator-unplugged", "The simulated terminal's cable was pulled. It is put back by itself."
            ) from error

    def drained(self, timeout_s: float) -> bool:
        """See Transport.drained; a block is known to have arrived by its ACK only."""
        return timeout_s >= 0

    def close(self) -> None:
        """Pull the cable: the till's end hangs up, and the name goes if it still is ours."""
        if not self._open:
            return
        self._open = False
        with contextlib.suppress(OSError):
            if str(self._name.readlink()) == self.path:
                self._name.unlink()
        with self._lock:
            os.close(self._slave)
            os.close(self._master)
