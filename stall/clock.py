"""The box's sources of time. A Raspberry Pi has no clock it can trust, so every time says its source.

`store.journal` combines these readings with the floor it keeps; nobody else calls the system clock.
"""

from __future__ import annotations

import ctypes
import time
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Protocol

#: No moment before this one is believed (ms UTC, 2026-11-01): the software did not exist.
BUILD_MS = 1_793_491_200_000

#: A jump forward beyond this needs the maker (ms).
JUMP_LIMIT_MS = 48 * 3600 * 1000

_STA_UNSYNC = 0x0040
_TIMEX_BYTES = 256
_TIMEX_STATUS_OFFSET = 5 * ctypes.sizeof(ctypes.c_long)  # struct timex: modes, padded to a long, and four longs


class Source(StrEnum):
    """Where a time came from; the `clk` of events and receipts."""

    NTP = "ntp"
    RTC = "rtc"
    OPERATOR = "operator"
    FLOOR = "floor"


class Clock(Protocol):
    """What the store needs to know about time."""

    def wall_ms(self) -> int:
        """UTC in ms as the operating system believes it."""
        ...

    def boottime_ms(self) -> int:
        """Milliseconds since boot, counting sleep."""
        ...

    def boot_id(self) -> str:
        """A name for this boot, different after every restart of the machine."""
        ...

    def system_source(self) -> Source | None:
        """NTP or RTC when the operating system's clock rests on one, else None."""
        ...


class SystemClock:
    """The clock of the machine we run on."""

    def wall_ms(self) -> int:
        """UTC in ms as the operating system believes it."""
        return time.time_ns() // 1_000_000

    def boottime_ms(self) -> int:
        """Milliseconds since boot, counting sleep where the system can (Linux)."""
        if hasattr(time, "CLOCK_BOOTTIME"):
            return time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000
        return time.monotonic_ns() // 1_000_000

    def boot_id(self) -> str:
        """The kernel's boot id, or the boot moment to ten seconds where there is none."""
        return _kernel_boot_id() or f"since-{(time.time() - time.monotonic()) // 10:.0f}"

    def system_source(self) -> Source | None:
        """NTP when the kernel says its clock is disciplined, RTC when a clock chip is fitted."""
        if _kernel_synchronised():
            return Source.NTP
        return Source.RTC if _has_clock_chip() else None


@lru_cache(maxsize=1)
def _has_clock_chip() -> bool:
    return Path("/dev/rtc0").exists()  # soldered on: it neither comes nor goes while we run


@lru_cache(maxsize=1)
def _kernel_boot_id() -> str | None:
    path = Path("/proc/sys/kernel/random/boot_id")
    try:
        return path.read_text(encoding="ascii").strip()
    except OSError:
        return None


@lru_cache(maxsize=1)
def _adjtimex() -> object | None:
    try:
        return ctypes.CDLL(None).adjtimex
    except (OSError, AttributeError, TypeError):  # no such call, or no such library, on this system
        return None


def _kernel_synchronised() -> bool:
    """Ask adjtimex(2) for the status bits without setting anything (modes = 0)."""
    call = _adjtimex()
    if not callable(call):
        return False
    buffer = ctypes.create_string_buffer(_TIMEX_BYTES)
    if call(buffer) < 0:
        return False
    status = int.from_bytes(buffer.raw[_TIMEX_STATUS_OFFSET : _TIMEX_STATUS_OFFSET + 4], "little")
    return not status & _STA_UNSYNC
