"""A service manager's ear: the socket that processes tell how they stand, and what came in."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

PATIENCE_S = 30.0


class Ear:
    """Listens at `path`; give its name to a process as NOTIFY_SOCKET."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind("\0" + path[1:] if path.startswith("@") else path)
        self.heard: list[str] = []

    def next(self, within_s: float = PATIENCE_S) -> str:
        """The next thing said; "" if nothing was."""
        self._socket.settimeout(within_s)
        try:
            said = self._socket.recv(4096).decode()
        except TimeoutError:
            return ""
        self.heard.append(said)
        return said

    def until(self, wanted: str) -> str:
        """What was said that begins with that; asserts that it comes."""
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            if (said := self.next(1.0)).startswith(wanted):
                return said
        raise AssertionError(f"{wanted} was never said, but {self.heard}")

    def forget(self) -> None:
        """Take what was said so far: the kernel holds ten, and what is said then is lost."""
        while self.next(0.001):
            pass

    def fed(self, seconds: float) -> int:
        """How often the watchdog is fed within so many seconds from now."""
        self.forget()
        end, count = time.monotonic() + seconds, 0
        while (left := end - time.monotonic()) > 0:
            count += self.next(left) == "WATCHDOG=1"
        return count

    def close(self) -> None:
        self._socket.close()


class Watched:
    """A `stall` command that a manager started and watches."""

    def __init__(self, folder: Path, name: str, *command: str, watchdog_s: float = 0.9) -> None:
        self.ear = Ear(str(folder / f"{name}.n"))
        told = {"NOTIFY_SOCKET": self.ear.path, "WATCHDOG_USEC": str(round(watchdog_s * 1e6))}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "stall", *command],
            env={**os.environ, **told},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )

    def stop(self) -> int:
        """Ask it to end; give its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE_S)

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        if self.process.stderr is not None:
            self.process.stderr.close()
        self.ear.close()
