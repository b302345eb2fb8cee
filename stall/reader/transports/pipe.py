"""What every way to a terminal offers, and the one sentence for a way that is gone."""

from __future__ import annotations

from typing import Protocol

from stall.errors import Retry

WRITE_S = 5.0
#: How often to look whether everything has left this machine (s).
POLL_S = 0.02


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


def lost(error: Exception) -> Retry:
    """The terminal is not there, or no longer. What is no OSError came of another thread closing the pipe."""
    reason = (error.strerror or str(error)) if isinstance(error, OSError) else "closed"
    return Retry("reader-lost", f"The card terminal is not connected ({reason}). Check its cable and power.", 2.0)
