"""The box's sources of time. A Raspberry Pi has no clock it can trust, so every time says its source.

`store.journal` combines these readings with the floor it keeps; nobody else calls the system clock.
"""

from __future__ import annotations

import ctypes
import os
import re
import time
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Protocol

from stall import clock_chip

#: No moment before this one is believed (ms UTC, 2026-11-01): the software did not exist.
BUILD_MS = 1_793_491_200_000

#: A jump forward beyond this needs the maker (ms).
JUMP_LIMIT_MS = 48 * 3600 * 1000

#: What systemd-timesyncd leaves when it set the clock in this boot. It stays when the network is gone, and can be seen by a unit that
#: may not ask the kernel (`ProtectClock=`).
SYNCHRONISED = "run/systemd/timesync/synchronized"

#: Names the boot where the kernel's own name of it cannot be seen (`ProcSubset=pid`): `%b` of a unit.
BOOT_VARIABLE = "STALL_BOOT_ID"

#: How long one look at the clock chips counts (s): reading one may take a millisecond on its bus.
CHIP_LOOK_S = 60

_BOOT_ID = re.compile(r"[0-9a-f]{32}", re.ASCII)
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
    """The clock of the machine we run on; `root` is where its file systems begin."""

    def __init__(self, root: Path = Path("/")) -> None:
        """Nothing is looked at yet."""
        self._root = root
        self._chip_seen: tuple[float, bool] | None = None

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
        """NTP when the clock was set by the network in this boot, RTC when it goes by a clock chip that kept the time."""
        if _kernel_synchronised() or (self._root / SYNCHRONISED).exists():
            return Source.NTP
        return Source.RTC if self._goes_by_chip() else None

    def _goes_by_chip(self) -> bool:
        seen, now = self._chip_seen, time.monotonic()
        if seen is None or now - seen[0] >= CHIP_LOOK_S:
            seen = self._chip_seen = (now, clock_chip.believed(self.wall_ms() // 1000, BUILD_MS // 1000, self._root))
        return seen[1]


@lru_cache(maxsize=1)
def _kernel_boot_id() -> str | None:
    """As the kernel writes it, with dashes, also where only the unit's name of it is known: all processes must agree."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        told = os.environ.get(BOOT_VARIABLE, "").replace("-", "")
        return f"{told[:8]}-{told[8:12]}-{told[12:16]}-{told[16:20]}-{told[20:]}" if _BOOT_ID.fullmatch(told) else None


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
