"""What every way to a printer offers, and the sentences for a way that is gone."""

from __future__ import annotations

import errno
import os
from typing import Protocol

from stall.errors import Retry

#: How long a printer may take nothing before it counts as gone (s): as long as a thick picture takes to print.
STALL_S = 10.0
#: Bytes handed over at a time: between two of them a stop is noticed, and how much left is known.
CHUNK = 1024


class Port(Protocol):
    """A way to a printer. `kept`: whether it stays open between jobs; a printer on the network serves one at a time."""

    kept: bool
    tells: bool
    """Whether anything can be read from it."""

    def write(self, data: bytes) -> int:
        """Hand over some of the bytes, waiting at most 10 s for room; return how many left. Raises Retry `printer-lost`."""
        ...

    def read(self, timeout_s: float) -> bytes:
        """What the printer said, waiting at most so long for the first byte; nothing on time-out. Raises Retry `printer-lost`."""
        ...

    def close(self) -> None:
        """Let go of it. Never raises."""
        ...


def lost(reason: str) -> Retry:
    """The printer is not there, or no longer."""
    return Retry(
        "printer-lost", f"The printer is not connected ({reason}). Check its cable and that it is switched on.", 2.0
    )


def takes_nothing() -> Retry:
    """It is there and takes no bytes."""
    return Retry(
        "printer-stuck",
        "The printer takes nothing more. Look at its paper and its lamps, or switch it off and on again.",
        2.0,
    )


def refused(path: str, error: OSError) -> Retry:
    """Why a device does not open, as what to do about it."""
    match error.errno:
        case errno.EACCES | errno.EPERM:
            return Retry(
                "printer-rights",
                f"This user may not open {path}. Add the stall's user to the group lp (USB) or dialout (serial), then restart.",
                5.0,
            )
        case errno.EBUSY | errno.EAGAIN:
            return Retry("printer-in-use", f"Another program has {path} open. Stop that program, perhaps CUPS.", 5.0)
        case errno.ENOENT | errno.ENODEV | errno.ENXIO:
            return lost(f"nothing is at {path}")
        case None:
            return lost(f"{path} cannot be used")
        case number:
            return lost(os.strerror(number))
