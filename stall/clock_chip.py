"""The clock chips (RTC) of the machine, and whether one can be believed: a chip that is fitted has not yet kept the time.

Only sysfs is read (linux/Documentation/ABI/testing/sysfs-class-rtc), so it works where a unit sees no /dev. What a chip without
a battery says after a power cut is nothing at all (its driver knows that the oscillator stood still), 1970 (a Pi 5) or 2000 (a DS3231,
whose driver clears the mark of a stopped oscillator while it starts, so only the date tells).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

#: A chip and a system clock that was set from it differ by no more than this after weeks (s): both drift.
AGREES_S = 300


class Doubt(StrEnum):
    """Why a chip's time is not believed."""

    SILENT = "silent"
    FORGOT = "forgot"
    DIFFERS = "differs"


@dataclass(frozen=True, slots=True)
class Chip:
    """One chip: its driver's `name`, the time it says (s UTC, None: it says none), whether the kernel set its clock from it at boot.

    `battery_mv` is None where the chip does not measure its battery; only that of a Pi 5 does.
    """

    name: str
    says_s: int | None
    set_the_system: bool
    battery_mv: int | None

    def doubt(self, wall_s: int, not_before_s: int) -> Doubt | None:
        """Why this chip is no source of the system's clock, which says `wall_s`; None when it is one.

        Before `not_before_s` (s UTC) no chip of ours was ever set, so a time before it is that of a chip that lost its power.
        """
        if self.says_s is None:
            return Doubt.SILENT
        if self.says_s < not_before_s:
            return Doubt.FORGOT
        return Doubt.DIFFERS if abs(wall_s - self.says_s) > AGREES_S else None


def read(root: Path = Path("/")) -> list[Chip]:
    """Every clock chip this machine has, the first one first; none where the system tells of none."""
    return [_chip(folder) for folder in sorted((root / "sys/class/rtc").glob("rtc*"))]


def believed(wall_s: int, not_before_s: int, root: Path = Path("/")) -> bool:
    """Whether the system's clock rests on a chip that kept the time."""
    return any(chip.doubt(wall_s, not_before_s) is None for chip in read(root))


def _chip(folder: Path) -> Chip:
    microvolts = _number(folder / "battery_voltage") or _number(folder / "device/battery_voltage")
    return Chip(
        name=_text(folder / "name").split(" ")[0],
        says_s=_number(folder / "since_epoch"),
        set_the_system=_number(folder / "hctosys") == 1,
        battery_mv=None if microvolts is None else microvolts // 1000,
    )


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii", errors="replace").strip()
    except OSError:  # also what a driver answers that knows its oscillator stood still (EINVAL)
        return ""


def _number(path: Path) -> int | None:
    text = _text(path)
    return int(text) if text.isdecimal() else None
